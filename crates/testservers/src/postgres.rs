//! PostgreSQL.

mod cluster;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::process::Signal;

use self::cluster::{DATA, Programs, State};
use crate::authority::{self, Authority};
use crate::error::{Attempt as _, Result};
use crate::folder::Folder;
use crate::patience::eventually;
use crate::port::Port;
use crate::process::{End, Process, Recipe};
use crate::user::User;

/// The role that owns the databases; it is not a superuser, as in production it should not be.
pub const ROLE: &str = "cloakroom";
/// The role's password. It holds spaces, because users' passwords do.
pub const PASSWORD: &str = "only for tests on loopback";
/// As a URL has it.
const PASSWORD_IN_URL: &str = "only%20for%20tests%20on%20loopback";

/// How a [`Postgres`] is to be.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `fsync`, on by default: what is said about crashes must be tried with it. Where no crash is tried, off is quicker.
    pub durable: bool,
    /// Where the data lies, such as a [`Disk`](crate::Disk) that can be filled; a temporary folder by default.
    pub data: Option<PathBuf>,
    /// More settings, by name.
    pub more: Vec<(&'static str, String)>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { durable: true, data: None, more: Vec::new() }
    }
}

/// Whether the primary awaits its replica before it acknowledges a commit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Replication {
    /// Nothing that was acknowledged is lost when the replica takes over; without the replica nothing is acknowledged.
    Synchronous,
    /// The replica may lack what was acknowledged last.
    Asynchronous,
}

/// A PostgreSQL server (15 or later) with TLS on, which asks for a password (SCRAM).
#[derive(Debug)]
pub struct Postgres {
    process: Process,
    // After the process, whose end it looks at.
    state: State,
    programs: Programs,
    port: Port,
    user: User,
    authority: Arc<Authority>,
    /// How many replicas it has had.
    replicas: AtomicU32,
    databases: AtomicU32,
    settings: Settings,
    // Last, so that the server is gone before its data.
    folder: Folder,
}

impl Postgres {
    /// A durable one in a temporary folder.
    ///
    /// # Errors
    ///
    /// Names what is missing on this machine, or what the server said when it did not come up.
    pub fn start() -> Result<Self> {
        Self::start_with(Settings::default())
    }

    /// One with these settings; see [`Postgres::start`].
    pub fn start_with(settings: Settings) -> Result<Self> {
        let postgres =
            Self::prepare(settings, Arc::new(Authority::create()?), |programs, data, user| {
                programs.initialize(data, user)
            })?;
        postgres.start_again()?;
        postgres.sql("postgres", &format!("CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'"))?;
        Ok(postgres)
    }

    /// `postgres://…` for the role [`ROLE`] at this database, without a word about TLS.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        self.url_at(self.port(), database)
    }

    /// The same through another port, such as that of a [`Wire`](crate::Wire).
    #[must_use]
    pub fn url_at(&self, port: u16, database: &str) -> String {
        url_at(port, database)
    }

    /// Its port on `127.0.0.1`, the same after every start.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// The certificate (PEM) of the authority that vouches for `localhost` and `127.0.0.1`.
    #[must_use]
    pub fn ca(&self) -> PathBuf {
        self.authority.path()
    }

    /// Shows a certificate for another name from now on, from the same authority: who verifies the name must refuse it.
    /// `localhost` brings back the good one.
    pub fn show_certificate_for(&self, name: &str) -> Result<()> {
        let names =
            if name == "localhost" { authority::NAMES.into() } else { format!("DNS:{name}") };
        self.authority.issue(&names, self.folder.path(), "server", self.user)?;
        let reloads = || self.log().matches(RELOADED).count();
        let before = reloads();
        self.process.signal(Signal::HUP)?;
        eventually(
            "a reload of PostgreSQL's certificate",
            || Ok((reloads() > before).then_some(())),
        )
    }

    /// A new empty database of the role's, by a name that none had before.
    pub fn create_database(&self) -> Result<String> {
        self.create_database_from("template0")
    }

    /// A new database that begins as a copy of `template`, which nobody may be connected to meanwhile.
    pub fn create_database_from(&self, template: &str) -> Result<String> {
        let name = format!("{ROLE}_{}", self.databases.fetch_add(1, Ordering::Relaxed) + 1);
        self.sql("postgres", &format!("CREATE DATABASE {name} TEMPLATE {template} OWNER {ROLE}"))?;
        Ok(name)
    }

    /// Removes a database, with whoever is connected to it.
    pub fn drop_database(&self, name: &str) -> Result<()> {
        self.sql("postgres", &format!("DROP DATABASE {name} WITH (FORCE)")).map(|_| ())
    }

    /// What `psql` prints for these statements, run as the superuser: rows as lines, columns between `|`.
    pub fn sql(&self, database: &str, statements: &str) -> Result<String> {
        self.programs.psql(self.folder.path(), self.port(), database, statements)
    }

    /// What a power cut does to processes: `SIGKILL` for all of them at once.
    pub fn kill(&self) -> Result<()> {
        self.process.kill()
    }

    /// Starts it on the same data and port after [`kill`](Self::kill) or [`stop`](Self::stop).
    pub fn start_again(&self) -> Result<()> {
        self.process.start(&[], |pid| Ok(self.state.says_ready(pid)))
    }

    /// Ends it as an administrator does who does not wait for clients (a *fast* shutdown).
    pub fn stop(&self) -> Result<()> {
        self.process.stop(Signal::INT)
    }

    /// `SIGSTOP`: it keeps its connections and answers nothing, until it may [`go_on`](Self::go_on).
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

    /// A streaming replica, caught up and readable when this returns. It has the same authority, role and databases.
    pub fn replica(&self, replication: Replication) -> Result<Self> {
        let number = self.replicas.fetch_add(1, Ordering::Relaxed) + 1;
        let name = format!("replica_{number}");
        let settings = Settings { data: None, ..self.settings.clone() };
        let replica = Self::prepare(settings, self.authority.clone(), |programs, data, user| {
            programs.copy(self.folder.path(), self.port(), &name, data, user)
        })?;
        replica.databases.store(self.databases.load(Ordering::Relaxed), Ordering::Relaxed);
        replica.start_again()?;
        let wanted = match replication {
            Replication::Asynchronous => "async",
            Replication::Synchronous => {
                self.sql(
                    "postgres",
                    &format!("ALTER SYSTEM SET synchronous_standby_names = '{name}'"),
                )?;
                self.sql("postgres", "SELECT pg_reload_conf()")?;
                "sync"
            }
        };
        let state = format!(
            "SELECT state || ' ' || sync_state FROM pg_stat_replication WHERE application_name = '{name}'"
        );
        eventually("a replica that has caught up", || {
            let state = self.sql("postgres", &state)?;
            Ok((state == format!("streaming {wanted}")).then_some(()))
        })?;
        Ok(replica)
    }

    /// Returns when this replica has received all that its primary has written by now.
    pub fn catch_up_with(&self, primary: &Self) -> Result<()> {
        let place = primary.sql("postgres", "SELECT pg_current_wal_insert_lsn()")?;
        let has_it = format!("SELECT pg_last_wal_receive_lsn() >= '{place}'");
        eventually("a replica that has caught up", || {
            Ok((self.sql("postgres", &has_it)? == "t").then_some(()))
        })
    }

    /// Makes a replica a primary; returns when it takes writes.
    ///
    /// # Errors
    ///
    /// When it is none, among others.
    pub fn promote(&self) -> Result<()> {
        self.sql("postgres", "SELECT pg_promote()")?;
        eventually("a replica that takes writes", || {
            Ok((self.sql("postgres", "SELECT pg_is_in_recovery()")? == "f").then_some(()))
        })
    }

    fn prepare(
        settings: Settings,
        authority: Arc<Authority>,
        fill: impl FnOnce(&Programs, &Path, User) -> Result<()>,
    ) -> Result<Self> {
        let programs = Programs::find()?;
        let user = User::without_privileges()?;
        let folder = Folder::create("postgres", user)?;
        let port = Port::free()?;
        let data = settings.data.clone().unwrap_or_else(|| folder.path().to_owned()).join(DATA);
        fill(&programs, &data, user)?;
        let rules = folder.join("pg_hba.conf");
        fs::write(&rules, RULES).at(&rules)?;
        user.own(&rules)?;
        authority.issue(authority::NAMES, folder.path(), "server", user)?;
        let process = Process::new(Recipe {
            program: programs.postgres(),
            arguments: arguments(&settings, &folder, &data, port.number()),
            environment: Vec::new(),
            folder: folder.path().to_owned(),
            user,
            // An immediate shutdown: like a crash for the data, but the kernel gets back what it lent.
            end: End::Quit,
            log: folder.join("log"),
        });
        let state = State::of(&data);
        let (replicas, databases) = (AtomicU32::new(0), AtomicU32::new(0));
        Ok(Self {
            process,
            state,
            programs,
            port,
            user,
            authority,
            replicas,
            databases,
            settings,
            folder,
        })
    }
}

/// What it logs when it has read its configuration again.
const RELOADED: &str = "received SIGHUP, reloading configuration files";

/// Whoever reaches the socket in the private folder is trusted; over TCP a password is asked for, with or without TLS.
const RULES: &str = "\
local all         all                trust
local replication all                trust
host  all         all  127.0.0.1/32  scram-sha-256
";

/// Room for many tests at once, in little memory; checkpoints seldom come between; nothing outside the folder is used.
const COMMON: &[(&str, &str)] = &[
    ("listen_addresses", "127.0.0.1"),
    ("max_connections", "400"),
    ("shared_buffers", "32MB"),
    ("max_wal_size", "1GB"),
    ("max_wal_senders", "8"),
    ("dynamic_shared_memory_type", "mmap"),
    ("password_encryption", "scram-sha-256"),
    ("ssl", "on"),
    ("jit", "off"),
    ("log_line_prefix", "%m [%p] %q%u@%d "),
    ("unix_socket_permissions", "0700"),
];

fn arguments(settings: &Settings, folder: &Folder, data: &Path, port: u16) -> Vec<OsString> {
    let file = |name: &str| folder.join(name).display().to_string();
    let ours = [
        ("port", port.to_string()),
        ("unix_socket_directories", folder.path().display().to_string()),
        ("hba_file", file("pg_hba.conf")),
        ("ssl_cert_file", file("server.crt")),
        ("ssl_key_file", file("server.key")),
        ("fsync", if settings.durable { "on" } else { "off" }.to_owned()),
    ];
    let common = COMMON.iter().map(|(name, value)| (*name, (*value).to_owned()));
    let set = common.chain(ours).chain(settings.more.iter().cloned());
    let set = set.flat_map(|(name, value)| ["-c".into(), format!("{name}={value}").into()]);
    [OsString::from("-D"), data.into()].into_iter().chain(set).collect()
}

pub(crate) fn url_at(port: u16, database: &str) -> String {
    format!("postgres://{ROLE}:{PASSWORD_IN_URL}@127.0.0.1:{port}/{database}")
}
