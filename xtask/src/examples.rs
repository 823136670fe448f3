//! The examples together: one server, the shop, the API and the device, over https on host names of their own.
//!
//! nginx stands before all of them with a certificate of an authority that is thrown away. Browsers resolve `*.localhost` to
//! this machine by themselves; for programs `libnss_wrapper` does, and nothing of the machine is changed.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use cloakroom_testservers::balancer::AROUND;
use cloakroom_testservers::program::run as from_debian;
use cloakroom_testservers::{Authority, Certificate};
use serde_json::Value;

use crate::debian;
use crate::http::Connection;
use crate::needs::Need;
use crate::server::{self, Folder, Server, binary, free_port};
use crate::shell::{cargo, program, run as run_aloud, target};
use crate::stopwatch::Stopwatch;
use crate::strangers::add_administrator;
use crate::tools::{NODE, NPM, node, npm_ci};

pub(crate) const NEEDS: &[Need] = &[
    NODE,
    NPM,
    Need::Program { name: "chromium", package: "chromium" },
    Need::Program { name: "openssl", package: "openssl" },
    Need::Service { name: "nginx", package: "nginx" },
    Need::Library { name: "libnss_wrapper.so", package: "libnss-wrapper" },
];

const ID: &str = "id.cloakroom.localhost";
const API: &str = "api.cloakroom.localhost";
const ADMINISTRATOR: (&str, &str) = ("admin@example.test", "an administrator of tests");

/// How long a service may take to listen.
const PATIENCE: Duration = Duration::from_mins(1);

/// Drives a browser and the device through everything.
pub(crate) fn run() -> Result<()> {
    const TESTS: &str = "tests/browser";
    build()?;
    npm_ci(TESTS)?;
    let folder = Folder::create("examples")?;
    let mut stage = Stage::set(folder.path(), free_port()?)?;
    let mut visit = node(TESTS)?;
    visit.arg("examples.mjs").stdin(Stdio::piped()).stdout(Stdio::piped());
    visit.env("SHOP", format!("{}/shop", stage.issuer)).env("COATS", example("coats"));
    visit.env("COATS_FILE", folder.path().join("coats.token"));
    stage.tell(&mut visit);
    let mut visit = visit.spawn()?;
    let mut answers = visit.stdin.take().context("it was asked for")?;
    for line in BufReader::new(visit.stdout.take().context("it was asked for")?).lines() {
        match line?.as_str() {
            // `kill -9`, and another start on the same data.
            "restart the server" => {
                stage = stage.with_another_server(folder.path())?;
                writeln!(answers, "done")?;
            }
            words => println!("{words}"),
        }
    }
    ensure!(visit.wait()?.success(), "a visitor of the examples did not get what they came for");
    drop(stage);
    folder.remove()
}

/// Serves them until it is interrupted.
pub(crate) fn serve() -> Result<()> {
    const PORT: u16 = 8443;
    crate::needs::meet(NEEDS.iter().map(|need| (*need, "examples")))?;
    build()?;
    let folder = Folder::create("examples")?;
    let stage = Stage::set(folder.path(), PORT)?;
    let (email, password) = ADMINISTRATOR;
    println!("\nthe shop          {}/shop", stage.issuer);
    println!("your account      {}/account", stage.issuer);
    println!("administrator     {email}, {password}");
    println!("the API           {}", stage.api);
    println!("the device        {}", stage.command_line());
    println!(
        "\nBrowsers warn of the certificate: its authority is {}",
        stage.authority.path().display()
    );
    println!("Ctrl-C ends everything.");
    loop {
        thread::park();
    }
}

fn build() -> Result<()> {
    server::build()?;
    let packages =
        ["shop", "api", "device"].map(|name| format!("--package=cloakroom-example-{name}"));
    run_aloud(cargo().args(["build", "--locked"]).args(packages))
}

fn example(name: &str) -> PathBuf {
    target().join("debug").join(name)
}

/// Everything that runs, until it is dropped.
struct Stage {
    services: Vec<Service>,
    server: Option<Server>,
    server_port: u16,
    issuer: String,
    api: String,
    hosts: PathBuf,
    authority: Authority,
}

impl Stage {
    fn set(folder: &Path, port: u16) -> Result<Self> {
        let authority = Authority::create()?;
        let hosts = folder.join("hosts");
        fs::write(&hosts, format!("127.0.0.1 {ID}\n127.0.0.1 {API}\n"))?;
        let (issuer, api) = (format!("https://{ID}:{port}"), format!("https://{API}:{port}"));
        let server_port = free_port()?;
        let server = start_server(folder, server_port, &issuer)?;
        let mut stage = Self {
            services: Vec::new(),
            server: Some(server),
            server_port,
            issuer,
            api,
            hosts,
            authority,
        };
        let (email, password) = ADMINISTRATOR;
        add_administrator(&folder.join("data"), email, password)?;
        let (shop_port, api_port) = (free_port()?, free_port()?);
        let certificate = stage.authority.certify(&format!("DNS:{ID},DNS:{API}"), folder)?;
        fs::write(folder.join("site.conf"), stage.site(port, shop_port, api_port, &certificate))?;
        fs::write(folder.join("nginx.conf"), AROUND)?;
        let mut nginx = from_debian(&debian::find("nginx").context("there is no nginx")?);
        nginx.arg("-p").arg(folder).args(["-c", "nginx.conf", "-e", "stderr"]);
        stage.services.push(Service::start("nginx", nginx, folder, port)?);
        let audience = format!("{}/shop", stage.issuer);
        let service = ["--template=service", "--scope=revocations"];
        let shop =
            stage.client(folder, "shop", &[&service[..], &["--audience", &audience]].concat())?;
        let secret = shop.context("the shop has no secret")?;
        stage.add("cloakroom-example-shop", &secret, folder, shop_port)?;
        let audience = stage.api.clone();
        let api =
            stage.client(folder, "api", &[&service[..], &["--audience", &audience]].concat())?;
        let secret = api.context("the API has no secret")?;
        stage.add("cloakroom-example-api", &secret, folder, api_port)?;
        let device = [
            "--template=mobile",
            "--grant-type=device_code",
            "--grant-type=refresh_token",
            "--scope=openid",
            "--scope=orders",
            "--audience",
            &audience,
        ];
        stage.client(folder, "coats", &device)?;
        Ok(stage)
    }

    /// Registers a client, and tells its secret, if it has one.
    fn client(&self, folder: &Path, id: &str, arguments: &[&str]) -> Result<Option<String>> {
        let mut add = program(binary());
        add.args(["client", "add", id, "--json"]).args(arguments);
        add.arg(format!("--data-dir={}", folder.join("data").display()));
        let output = add.env("CLOAKROOM_PUBLIC_URL", &self.issuer).output()?;
        ensure!(
            output.status.success(),
            "client {id}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let added: Value = serde_json::from_slice(&output.stdout)?;
        let secret = added["secret"].as_str().or_else(|| added["client_secret"].as_str());
        Ok(secret.map(str::to_owned))
    }

    fn add(&mut self, name: &'static str, secret: &str, folder: &Path, port: u16) -> Result<()> {
        let mut command = program(example(name));
        command.env("CLIENT_SECRET", secret).env("ORIGIN", &self.api);
        command.env("LISTEN", format!("127.0.0.1:{port}"));
        self.tell(&mut command);
        self.services.push(Service::start(name, command, folder, port)?);
        Ok(())
    }

    /// Tells a program where the others are, and whom to believe.
    fn tell(&self, command: &mut Command) {
        command.env("ISSUER", &self.issuer).env("API", &self.api);
        command.env("SSL_CERT_FILE", self.authority.path());
        command.env("LD_PRELOAD", "libnss_wrapper.so").env("NSS_WRAPPER_HOSTS", &self.hosts);
    }

    /// How a person would call the device.
    fn command_line(&self) -> String {
        let told = [
            ("ISSUER", self.issuer.clone()),
            ("API", self.api.clone()),
            ("SSL_CERT_FILE", self.authority.path().display().to_string()),
            ("LD_PRELOAD", "libnss_wrapper.so".to_owned()),
            ("NSS_WRAPPER_HOSTS", self.hosts.display().to_string()),
        ];
        let told = told.map(|(name, value)| format!("{name}={value}")).join(" ");
        format!("{told} {} sign-in", example("coats").display())
    }

    fn with_another_server(mut self, folder: &Path) -> Result<Self> {
        if let Some(server) = self.server.take() {
            server.kill()?;
        }
        self.server = Some(start_server(folder, self.server_port, &self.issuer)?);
        Ok(self)
    }

    fn site(&self, port: u16, shop: u16, api: u16, certificate: &Certificate) -> String {
        let Certificate { certificate, key } = certificate;
        let tls = format!(
            "listen 127.0.0.1:{port} ssl;
    ssl_certificate {};
    ssl_certificate_key {};
    proxy_http_version 1.1;
    proxy_buffering off;
    proxy_set_header Connection \"\";
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto $scheme;",
            certificate.display(),
            key.display(),
        );
        format!(
            "server {{
    server_name {ID};
    {tls}
    location / {{ proxy_pass http://127.0.0.1:{}; }}
    location /shop {{ proxy_pass http://127.0.0.1:{shop}; }}
}}
server {{
    server_name {API};
    {tls}
    location / {{ proxy_pass http://127.0.0.1:{api}; }}
}}
",
            self.server_port,
        )
    }
}

fn start_server(folder: &Path, port: u16, issuer: &str) -> Result<Server> {
    let public_url = format!("--public-url={issuer}");
    Server::start_again(port, folder, &[&public_url, "--trusted-proxies=127.0.0.1"])
}

/// A program that listens at a port.
struct Service(Child);

impl Service {
    fn start(name: &str, mut command: Command, folder: &Path, port: u16) -> Result<Self> {
        let path = folder.join(format!("{name}.log"));
        let log = File::create(&path)?;
        let child =
            command.stdout(log.try_clone()?).stderr(log).spawn().context(name.to_owned())?;
        let mut service = Self(child);
        let watch = Stopwatch::start();
        while Connection::open(port).is_err() {
            let ended = service.0.try_wait()?.is_some();
            if ended || watch.elapsed() > PATIENCE {
                bail!("{name} does not listen:\n{}", fs::read_to_string(path)?);
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(service)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
