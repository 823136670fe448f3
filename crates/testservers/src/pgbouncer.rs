//! `PgBouncer` in front of a PostgreSQL server: one connection there serves many clients, a transaction each.

use std::fs;
use std::path::PathBuf;

use crate::error::{Attempt as _, Result};
use crate::folder::Folder;
use crate::port::Port;
use crate::postgres::{PASSWORD, Postgres, ROLE, url_at};
use crate::process::{End, Process, Recipe};
use crate::user::User;
use crate::{port, program};

/// How many connections to a database there are at most; clients beyond them wait for the end of a transaction.
const POOL: u32 = 20;

/// A pooler in transaction mode. Its clients lose what a connection remembers: `LISTEN`, `SET`, advisory locks of
/// sessions, and in versions before 1.21 prepared statements.
#[derive(Debug)]
pub struct PgBouncer {
    process: Process,
    port: Port,
    // Last, so that the pooler is gone before its files.
    _folder: Folder,
}

impl PgBouncer {
    /// One before all databases of `postgres`, for the same role with the same password.
    ///
    /// # Errors
    ///
    /// Names what is missing on this machine, or what the pooler said when it did not come up.
    pub fn in_front_of(postgres: &Postgres) -> Result<Self> {
        Self::in_front_of_port(postgres.port())
    }

    /// The same at another port, such as that of a [`Wire`](crate::Wire) that leads to PostgreSQL.
    pub fn in_front_of_port(upstream: u16) -> Result<Self> {
        let program = program::need(&["pgbouncer"], "pgbouncer")?;
        // It refuses root.
        let user = User::without_privileges()?;
        let folder = Folder::create("pgbouncer", user)?;
        let port = Port::free()?;
        let write = |name: &str, text: String| -> Result<PathBuf> {
            let path = folder.join(name);
            fs::write(&path, text).at(&path)?;
            user.own(&path)?;
            Ok(path)
        };
        write("users.txt", format!("\"{ROLE}\" \"{PASSWORD}\"\n"))?;
        let file = write("pgbouncer.ini", configuration(port.number(), upstream))?;
        let process = Process::new(Recipe {
            program,
            arguments: vec![file.into()],
            environment: Vec::new(),
            folder: folder.path().to_owned(),
            user,
            end: End::Kill,
            log: folder.join("log"),
        });
        let bouncer = Self { process, port, _folder: folder };
        bouncer.start_again()?;
        Ok(bouncer)
    }

    /// `postgres://…` for the role [`ROLE`] at this database, through the pooler.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        url_at(self.port(), database)
    }

    /// Its port on `127.0.0.1`, the same after every start.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// `SIGKILL`.
    pub fn kill(&self) -> Result<()> {
        self.process.kill()
    }

    /// Starts it after [`kill`](Self::kill).
    pub fn start_again(&self) -> Result<()> {
        self.process.start(&[], |_| Ok(port::answers(self.port())))
    }

    /// `SIGSTOP`: it keeps its connections and passes nothing on, until it may [`go_on`](Self::go_on).
    pub fn pause(&self) -> Result<()> {
        self.process.pause()
    }

    /// `SIGCONT`.
    pub fn go_on(&self) -> Result<()> {
        self.process.go_on()
    }

    /// What it logged.
    #[must_use]
    pub fn log(&self) -> String {
        self.process.log()
    }
}

fn configuration(port: u16, upstream: u16) -> String {
    format!(
        "[databases]
* = host=127.0.0.1 port={upstream}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = users.txt
pool_mode = transaction
default_pool_size = {POOL}
max_client_conn = 1000
server_connect_timeout = 2
server_idle_timeout = 10
server_login_retry = 0.2
"
    )
}
