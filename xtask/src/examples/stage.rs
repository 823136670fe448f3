//! Everything that runs together.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use cloakroom_testservers::Authority;
use cloakroom_testservers::balancer::AROUND;
use cloakroom_testservers::program::run as from_debian;
use serde_json::Value;

use super::service::Service;
use super::site::{API, Addresses, DOMAIN, HANDBOOK, ID, NOTES, Ports, site};
use crate::debian;
use crate::server::{Server, binary, free_port};
use crate::shell::{program, target};
use crate::strangers::add_administrator;
use crate::tools::node;

pub(super) const ADMINISTRATOR: (&str, &str) = ("admin@example.test", "an administrator of tests");

/// Ends with the value that stands for it.
pub(super) struct Stage {
    services: Vec<Service>,
    server: Option<Server>,
    ports: Ports,
    pub(super) addresses: Addresses,
    hosts: PathBuf,
    pub(super) authority: Authority,
}

impl Stage {
    /// Starts all of it in a folder, behind an nginx at this port.
    pub(super) fn set(folder: &Path, port: u16) -> Result<Self> {
        let authority = Authority::create()?;
        let hosts = folder.join("hosts");
        let names = [ID, API, HANDBOOK, NOTES];
        fs::write(&hosts, names.map(|name| format!("127.0.0.1 {name}\n")).concat())?;
        let ports = Ports {
            server: free_port()?,
            shop: free_port()?,
            api: free_port()?,
            notes: free_port()?,
            handbook: free_port()?,
        };
        let addresses = Addresses::at(port);
        let server = start_server(folder, ports.server, &addresses)?;
        let mut stage =
            Self { services: Vec::new(), server: Some(server), ports, addresses, hosts, authority };
        let (email, password) = ADMINISTRATOR;
        add_administrator(&folder.join("data"), email, password)?;
        stage.add_nginx(folder, port, &names)?;
        stage.add_shop(folder)?;
        stage.add_api(folder)?;
        stage.add_device(folder)?;
        stage.add_notes(folder)?;
        stage.add_handbook(folder)?;
        Ok(stage)
    }

    fn add_nginx(&mut self, folder: &Path, port: u16, names: &[&str]) -> Result<()> {
        let names: Vec<String> = names.iter().map(|name| format!("DNS:{name}")).collect();
        let certificate = self.authority.certify(&names.join(","), folder)?;
        let site = site(&self.addresses, &self.ports, &certificate)?;
        fs::write(folder.join("site.conf"), site)?;
        fs::write(folder.join("nginx.conf"), AROUND)?;
        let mut nginx = from_debian(&debian::find("nginx").context("there is no nginx")?);
        nginx.arg("-p").arg(folder).args(["-c", "nginx.conf", "-e", "stderr"]);
        self.services.push(Service::start("nginx", nginx, folder, port)?);
        Ok(())
    }

    fn add_shop(&mut self, folder: &Path) -> Result<()> {
        let mut shop = program(example("cloakroom-example-shop"));
        let secret = self.service_client(folder, "shop", &self.addresses.shop())?;
        shop.env("CLIENT_SECRET", secret);
        self.add("shop", shop, folder, self.ports.shop)
    }

    fn add_api(&mut self, folder: &Path) -> Result<()> {
        let mut api = program(example("cloakroom-example-api"));
        let origin = self.addresses.api();
        api.env("CLIENT_SECRET", self.service_client(folder, "api", &origin)?);
        api.env("ORIGIN", origin);
        self.add("api", api, folder, self.ports.api)
    }

    fn add_device(&self, folder: &Path) -> Result<()> {
        let device = [
            "--template=mobile",
            "--grant-type=device_code",
            "--grant-type=refresh_token",
            "--scope=openid",
            "--scope=orders",
            "--audience",
            &self.addresses.api(),
        ];
        self.client(folder, "coats", &device)?;
        Ok(())
    }

    fn add_notes(&mut self, folder: &Path) -> Result<()> {
        let origin = self.addresses.of(NOTES);
        let (back, after) = (format!("{origin}/callback"), format!("{origin}/"));
        let sign_in =
            ["--first-party", "--redirect-uri", &back, "--post-logout-redirect-uri", &after];
        let secret = self.client(folder, "notes", &sign_in)?.context("the notes have no secret")?;
        let mut notes = node("examples/spa")?;
        notes.arg("src/main.mjs").env("CLIENT_SECRET", secret);
        notes.env("BACKEND_SECRET", self.service_client(folder, "notes-backend", &origin)?);
        notes.env("ORIGIN", origin).env("NOTES", folder.join("notes.json"));
        self.add("notes", notes, folder, self.ports.notes)
    }

    /// It has no client: it knows nothing of the server.
    fn add_handbook(&mut self, folder: &Path) -> Result<()> {
        let mut handbook = node("examples/proxy")?;
        handbook.arg("app.mjs").env("ACCOUNT", format!("{}/account", self.addresses.issuer()));
        self.add("handbook", handbook, folder, self.ports.handbook)
    }

    fn add(&mut self, name: &str, mut command: Command, folder: &Path, port: u16) -> Result<()> {
        command.env("LISTEN", format!("127.0.0.1:{port}"));
        self.tell(&mut command);
        self.services.push(Service::start(name, command, folder, port)?);
        Ok(())
    }

    /// Registers a service that follows the feed, and tells its secret.
    fn service_client(&self, folder: &Path, id: &str, audience: &str) -> Result<String> {
        let service = ["--template=service", "--scope=revocations", "--audience", audience];
        self.client(folder, id, &service)?.with_context(|| format!("{id} has no secret"))
    }

    /// Registers a client, and tells its secret, if it has one.
    fn client(&self, folder: &Path, id: &str, arguments: &[&str]) -> Result<Option<String>> {
        let mut add = program(binary());
        add.args(["client", "add", id, "--json"]).args(arguments);
        add.arg(format!("--data-dir={}", folder.join("data").display()));
        let output = add.env("CLOAKROOM_PUBLIC_URL", self.addresses.issuer()).output()?;
        ensure!(
            output.status.success(),
            "client {id}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let added: Value = serde_json::from_slice(&output.stdout)?;
        let secret = added["secret"].as_str().or_else(|| added["client_secret"].as_str());
        Ok(secret.map(str::to_owned))
    }

    /// Tells a program where the others are, and whom to believe.
    pub(super) fn tell(&self, command: &mut Command) {
        command.envs(self.told());
    }

    /// How a person would call the device.
    pub(super) fn command_line(&self) -> String {
        let told = self.told().map(|(name, value)| format!("{name}={value}")).join(" ");
        format!("{told} {} sign-in", example("coats").display())
    }

    fn told(&self) -> [(&'static str, String); 6] {
        let authority = self.authority.path().display().to_string();
        [
            ("ISSUER", self.addresses.issuer()),
            ("API", self.addresses.api()),
            ("SSL_CERT_FILE", authority.clone()),
            ("NODE_EXTRA_CA_CERTS", authority),
            ("LD_PRELOAD", "libnss_wrapper.so".to_owned()),
            ("NSS_WRAPPER_HOSTS", self.hosts.display().to_string()),
        ]
    }

    /// `kill -9`, and another start on the same data.
    pub(super) fn with_another_server(mut self, folder: &Path) -> Result<Self> {
        if let Some(server) = self.server.take() {
            server.kill()?;
        }
        self.server = Some(start_server(folder, self.ports.server, &self.addresses)?);
        Ok(self)
    }
}

/// Where cargo leaves a program of the examples.
pub(super) fn example(name: &str) -> PathBuf {
    target().join("debug").join(name)
}

fn start_server(folder: &Path, port: u16, addresses: &Addresses) -> Result<Server> {
    let settings = [
        &format!("--public-url={}", addresses.issuer()),
        "--trusted-proxies=127.0.0.1",
        &format!("--cookie-domain={DOMAIN}"),
        &format!("--forward-auth={}", addresses.rule()),
    ];
    Server::start_again(port, folder, &settings)
}
