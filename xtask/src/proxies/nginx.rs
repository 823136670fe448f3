//! nginx with `deploy/nginx.conf`, and a certificate that it signed itself.

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use cloakroom_testservers::balancer::AROUND;
use cloakroom_testservers::program::run as from_debian;

use super::configuration::{self, SERVER, SERVICE};
use super::entering::{ORDERS, WIKI};
use super::front::{Front, Ports};
use super::{Behind, NAME};
use crate::debian;
use crate::shell::{program, succeeds};

pub(super) fn start(folder: &Path, behind: Behind) -> Result<Front> {
    let ports = Ports::free()?;
    let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    make_certificate(&certificate, &key)?;
    let site = configuration::read(
        "nginx.conf",
        &[
            (SERVER, &format!("127.0.0.1:{}", behind.server)),
            ("listen 80;", &format!("listen 127.0.0.1:{};", ports.http)),
            ("listen 443 ", &format!("listen 127.0.0.1:{} ", ports.https)),
            ("[::]:80;", &format!("[::1]:{};", ports.http)),
            ("[::]:443 ", &format!("[::1]:{} ", ports.https)),
            ("/etc/ssl/id.example.com.crt", &certificate.display().to_string()),
            ("/etc/ssl/id.example.com.key", &key.display().to_string()),
        ],
    )?;
    let wiki = configuration::read(
        "forward-auth/nginx.conf",
        &[
            (SERVER, &format!("127.0.0.1:{}", behind.server)),
            (SERVICE, &format!("127.0.0.1:{}", behind.service)),
            ("listen 443 ", &format!("listen 127.0.0.1:{} ", ports.https)),
            ("[::]:443 ", &format!("[::1]:{} ", ports.https)),
            ("/etc/ssl/wiki.example.com.crt", &certificate.display().to_string()),
            ("/etc/ssl/wiki.example.com.key", &key.display().to_string()),
        ],
    )?;
    let (_, again) = wiki.split_once("\nserver {").context("there is no server")?;
    let orders = format!("server {{{again}").replace(WIKI, ORDERS);
    let sites = [site, wiki, orders].join("\n");
    fs::write(folder.join("site.conf"), without_missing_addresses(&sites))?;
    fs::write(folder.join("nginx.conf"), AROUND)?;
    let mut nginx = from_debian(&debian::find("nginx").context("there is no nginx")?);
    nginx.arg("-p").arg(folder).args(["-c", "nginx.conf", "-e", "stderr"]);
    Front::start(nginx, folder, ports, certificate)
}

/// A machine without IPv6 has no address to listen at there.
fn without_missing_addresses(site: &str) -> String {
    let has_six = TcpListener::bind("[::1]:0").is_ok();
    let lines = site.lines().filter(|line| has_six || !line.contains("[::1]"));
    lines.flat_map(|line| [line, "\n"]).collect()
}

fn make_certificate(certificate: &Path, key: &Path) -> Result<()> {
    let mut openssl = program("openssl");
    openssl.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]);
    openssl.args(["-noenc", "-days", "2", "-subj", &format!("/CN={NAME}")]);
    let names = format!("subjectAltName=DNS:{NAME},DNS:{WIKI},DNS:{ORDERS}");
    openssl.args(["-addext", &names]);
    openssl.arg("-out").arg(certificate).arg("-keyout").arg(key);
    ensure!(succeeds(&mut openssl), "openssl made no certificate");
    Ok(())
}
