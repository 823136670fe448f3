//! Proxies in front of the server, with the files of `deploy/`, which the documents quote for operators to copy.
//!
//! Whoever comes through a proxy must be met as if the server stood at the public address itself: by TLS, by its name,
//! by their own address, with cookies that a strict client keeps. Each proxy runs on free ports as the user that runs
//! this; nothing of the machine's own proxies is read or touched.

mod caddy;
mod configuration;
mod front;
mod nginx;
mod visit;
mod visitor;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use self::front::Front;
use crate::server::{self, Folder, Server};
use crate::shell::root;

/// What the files of `deploy/` call the server.
const NAME: &str = "id.example.com";

/// Starts a proxy in a folder of its own, in front of the server at a port.
type Start = fn(&Path, u16) -> Result<Front>;

const ALL: [(&str, Start); 2] = [("nginx", nginx::start), ("caddy", caddy::start)];

pub(crate) fn run() -> Result<()> {
    server::build()?;
    let folder = Folder::create("proxies")?;
    let settings = root().join("deploy/cloakroom.toml");
    let server = Server::start_configured(folder.path(), &settings)?;
    for (name, start) in ALL {
        let place = folder.path().join(name);
        fs::create_dir(&place)?;
        let front = start(&place, server.port()).context(name)?;
        visit::through(&front, &place, &format!("{name}@example.test")).context(name)?;
        println!("{name}: pages, API, cookies and addresses are as without a proxy");
    }
    drop(server);
    folder.remove()
}
