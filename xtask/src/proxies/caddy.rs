//! Caddy with `deploy/Caddyfile`, and a certificate from the authority that it brings along.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use cloakroom_testservers::program::run as from_debian;

use super::Behind;
use super::configuration::{self, SERVER, SERVICE};
use super::entering::{ORDERS, WIKI};
use super::front::{Front, Ports};
use crate::debian;

pub(super) fn start(folder: &Path, behind: Behind) -> Result<Front> {
    let ports = Ports::free()?;
    let kept = folder.join("kept");
    let server = format!("127.0.0.1:{}", behind.server);
    let service = format!("127.0.0.1:{}", behind.service);
    let site = configuration::read("Caddyfile", &[(SERVER, &server)])?;
    let own = [(SERVER, server.as_str()), (SERVICE, service.as_str())];
    let wiki = configuration::read("forward-auth/Caddyfile", &own)?;
    let orders = wiki.replace(WIKI, ORDERS);
    fs::write(folder.join("site"), [site, wiki, orders].join("\n"))?;
    fs::write(folder.join("Caddyfile"), around(ports, &kept))?;
    let mut caddy = from_debian(&debian::find("caddy").context("there is no caddy")?);
    // It keeps copies of its configuration, and looks for a home to keep them in.
    caddy.env("HOME", folder).env("XDG_CONFIG_HOME", folder).env("XDG_DATA_HOME", folder);
    caddy.current_dir(folder).args(["run", "--config", "Caddyfile"]);
    Front::start(caddy, folder, ports, kept.join("pki/authorities/local/root.crt"))
}

/// Options for all sites: nobody outside is asked for a certificate, and no path outside the folder is used.
fn around(Ports { http, https }: Ports, kept: &Path) -> String {
    format!(
        "{{
    admin off
    default_bind 127.0.0.1
    http_port {http}
    https_port {https}
    local_certs
    skip_install_trust
    storage file_system {}
}}
import site
",
        kept.display()
    )
}
