//! Proxies in front of the server, with the files of `deploy/`, which the documents quote for operators to copy.
//!
//! Whoever comes through a proxy must be met as if the server stood at the public address itself: by TLS, by its name,
//! by their own address, with cookies that a strict client keeps; and whoever follows the feed is told at once. Services that
//! know nothing of sign-ins are met by whom the server's rules let in, and by nobody else; and no client shows a certificate by
//! writing it. Each proxy runs on free ports as the user that runs this; nothing of the machine's own proxies is read or touched.

mod caddy;
pub(crate) mod configuration;
mod entering;
mod following;
mod front;
mod nginx;
mod service;
mod visit;
mod visitor;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use self::front::Front;
use self::service::Service;
use crate::http::Request;
use crate::server::{self, Folder, Server};
use crate::shell::root;

/// What the files of `deploy/` call the server.
const NAME: &str = "id.example.com";

/// Starts a proxy in a folder of its own.
type Start = fn(&Path, Behind) -> Result<Front>;

/// The ports of what is behind a proxy.
#[derive(Clone, Copy)]
struct Behind {
    server: u16,
    service: u16,
}

const ALL: [(&str, Start); 2] = [("nginx", nginx::start), ("caddy", caddy::start)];

pub(crate) fn run() -> Result<()> {
    server::build()?;
    let folder = Folder::create("proxies")?;
    let plain = folder.path().join("plain");
    fs::create_dir(&plain)?;
    drop(Server::start_configured(&plain, &root().join("deploy/cloakroom.toml"))?);
    let settings = folder.path().join("cloakroom.toml");
    let operators = fs::read_to_string(root().join("deploy/forward-auth/cloakroom.toml"))?;
    fs::write(&settings, format!("client_certificate_header = \"Client-Cert\"\n{operators}"))?;
    let server = Server::start_configured(folder.path(), &settings)?;
    let secret = following::register(folder.path(), &settings)?;
    let service = Service::start()?;
    let behind = Behind { server: server.port(), service: service.port };
    for (name, start) in ALL {
        let place = folder.path().join(name);
        fs::create_dir(&place)?;
        let front = start(&place, behind).context(name)?;
        visit::through(&front, &place, &format!("{name}@example.test")).context(name)?;
        println!("{name}: pages, API, cookies and addresses are as without a proxy");
        entering::through(&front, &place, &service, &format!("enters-{name}@example.test"))
            .context(name)?;
        println!("{name}: services behind it are entered by whom their rules let in");
        let email = format!("ends-{name}@example.test");
        let delay = following::through(&front, &place, &secret, &email).context(name)?;
        println!("{name}: a follower of the feed is told at once of who signs out ({delay})");
    }
    no_client_showed_a_certificate(&server)?;
    drop(server);
    folder.remove()
}

/// What clients wrote where a proxy writes certificates did not reach the server, which says what it cannot read there.
fn no_client_showed_a_certificate(server: &Server) -> Result<()> {
    let unread = "a trusted proxy wrote something else than one certificate";
    ensure!(!server.said()?.contains(unread), "a header of a client's passed for a proxy's");
    server.connect()?.send(&Request::get("/forward-auth").header("Client-Cert", "forged"))?;
    ensure!(server.said()?.contains(unread), "the server does not say what it cannot read");
    Ok(())
}
