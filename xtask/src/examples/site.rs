//! Where everything is, and what nginx is told of it.

use anyhow::Result;
use cloakroom_testservers::Certificate;

use crate::proxies::configuration::{self, SERVER, SERVICE};

pub(super) const ID: &str = "id.cloakroom.localhost";
pub(super) const API: &str = "api.cloakroom.localhost";
pub(super) const HANDBOOK: &str = "handbook.cloakroom.localhost";
/// Another site than all of the above: no cookie of theirs comes here.
pub(super) const NOTES: &str = "app.notes.localhost";

/// Above the server and what it guards.
pub(super) const DOMAIN: &str = "cloakroom.localhost";

/// The addresses that people see; nginx listens at one port for all names.
pub(super) struct Addresses {
    port: u16,
}

impl Addresses {
    pub(super) fn at(port: u16) -> Self {
        Self { port }
    }

    pub(super) fn of(&self, host: &str) -> String {
        format!("https://{host}:{}", self.port)
    }

    pub(super) fn issuer(&self) -> String {
        self.of(ID)
    }

    pub(super) fn api(&self) -> String {
        self.of(API)
    }

    /// On the server's own host, where session data opens.
    pub(super) fn shop(&self) -> String {
        format!("{}/shop", self.issuer())
    }

    /// The rule by which the server guards the handbook.
    pub(super) fn rule(&self) -> String {
        format!("{HANDBOOK}:{} name=email", self.port)
    }
}

/// The ports of what stands behind nginx.
pub(super) struct Ports {
    pub(super) server: u16,
    pub(super) shop: u16,
    pub(super) api: u16,
    pub(super) notes: u16,
    pub(super) handbook: u16,
}

/// The file for nginx. The handbook stands behind the very one that operators copy.
pub(super) fn site(
    addresses: &Addresses,
    ports: &Ports,
    certificate: &Certificate,
) -> Result<String> {
    let plain = [
        server(addresses, certificate, ID, &[to("/", ports.server), to("/shop", ports.shop)]),
        server(addresses, certificate, API, &[to("/", ports.api)]),
        server(addresses, certificate, NOTES, &[to("/", ports.notes)]),
    ];
    let port = addresses.port;
    let guarded = configuration::read(
        "forward-auth/nginx.conf",
        &[
            (SERVER, &format!("127.0.0.1:{}", ports.server)),
            (SERVICE, &format!("127.0.0.1:{}", ports.handbook)),
            ("    listen [::]:443 ssl http2;\n", ""),
            ("listen 443 ", &format!("listen 127.0.0.1:{port} ")),
            ("/etc/ssl/wiki.example.com.crt", &certificate.certificate.display().to_string()),
            ("/etc/ssl/wiki.example.com.key", &certificate.key.display().to_string()),
            ("server_name wiki.example.com;", &format!("server_name {HANDBOOK};")),
            // The file is for the port that addresses need not name.
            (
                "https://$server_name$request_uri",
                &format!("https://$server_name:{port}$request_uri"),
            ),
            ("https://id.example.com/", &format!("{}/", addresses.issuer())),
        ],
    )?;
    Ok(format!("{}\n{guarded}", plain.concat()))
}

fn server(
    addresses: &Addresses,
    certificate: &Certificate,
    name: &str,
    locations: &[String],
) -> String {
    format!(
        "server {{
    server_name {name};
    listen 127.0.0.1:{} ssl http2;
    ssl_certificate {};
    ssl_certificate_key {};
    proxy_http_version 1.1;
    proxy_buffering off;
    proxy_set_header Connection \"\";
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto $scheme;
{}}}
",
        addresses.port,
        certificate.certificate.display(),
        certificate.key.display(),
        locations.concat(),
    )
}

fn to(path: &str, port: u16) -> String {
    format!("    location {path} {{ proxy_pass http://127.0.0.1:{port}; }}\n")
}
