//! Redis, or Valkey where there is no Redis: alone, as a cluster, or watched by sentinels.

pub mod cluster;
pub mod sentinel;

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use crate::authority::{self, Authority};
use crate::error::{Attempt as _, Error, Result};
use crate::folder::Folder;
use crate::patience::eventually;
use crate::port::Port;
use crate::process::{End, Process, Recipe, run};
use crate::program;
use crate::user::User;

/// What is asked for where a password is.
pub const PASSWORD: &str = "only-for-tests-on-loopback";

const PACKAGE: &str = "redis-server";
const PACKAGE_OF_CLIENT: &str = "redis-tools";

/// How a [`Redis`] is to be. By default it keeps nothing, asks for nothing and speaks in the clear.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Keeps an append-only file, synced each second: what was written survives a kill of the process.
    pub append_only: bool,
    /// Asks for [`PASSWORD`].
    pub password: bool,
    /// Speaks TLS only, with a certificate from an authority of its own.
    pub tls: bool,
    /// More settings, by name.
    pub more: Vec<(&'static str, String)>,
}

/// A single server.
#[derive(Debug)]
pub struct Redis {
    process: Process,
    client: PathBuf,
    port: Port,
    authority: Option<Authority>,
    settings: Settings,
    // Last, so that the server is gone before its data.
    folder: Folder,
}

/// What a server held at one moment, to be brought back later.
#[derive(Clone, Debug)]
pub struct Snapshot(Vec<u8>);

impl Redis {
    /// One that keeps nothing, without password and TLS.
    ///
    /// # Errors
    ///
    /// Names what is missing on this machine, or what the server said when it did not come up.
    pub fn start() -> Result<Self> {
        Self::start_with(Settings::default())
    }

    /// One with these settings; see [`Redis::start`].
    pub fn start_with(settings: Settings) -> Result<Self> {
        let redis = Self::prepare(settings, &[])?;
        redis.start_again()?;
        Ok(redis)
    }

    fn prepare(settings: Settings, words: &[&str]) -> Result<Self> {
        let program = program::need(&["redis-server", "valkey-server"], PACKAGE)?;
        let client = program::need(&["redis-cli", "valkey-cli"], PACKAGE_OF_CLIENT)?;
        let folder = Folder::create("redis", User::Ourselves)?;
        let port = Port::free()?;
        let authority = settings.tls.then(Authority::create).transpose()?;
        if let Some(authority) = &authority {
            authority.issue(authority::NAMES, folder.path(), "server", User::Ourselves)?;
        }
        let mut arguments: Vec<OsString> = words.iter().map(OsString::from).collect();
        arguments.extend(arguments_of(&settings, port.number()).map(OsString::from));
        let process = Process::new(Recipe {
            program,
            arguments,
            environment: Vec::new(),
            folder: folder.path().to_owned(),
            user: User::Ourselves,
            end: End::Kill,
            log: folder.join("log"),
        });
        Ok(Self { process, client, port, authority, settings, folder })
    }

    /// `redis://…`, or `rediss://…` with TLS; with the password where there is one.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_at(self.port())
    }

    /// The same through another port, such as that of a [`Wire`](crate::Wire).
    #[must_use]
    pub fn url_at(&self, port: u16) -> String {
        let scheme = if self.settings.tls { "rediss" } else { "redis" };
        let password =
            if self.settings.password { format!("default:{PASSWORD}@") } else { String::new() };
        format!("{scheme}://{password}127.0.0.1:{port}")
    }

    /// Its port on `127.0.0.1`, the same after every start.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// The certificate (PEM) of the authority that vouches for `localhost` and `127.0.0.1`, where it speaks TLS.
    #[must_use]
    pub fn ca(&self) -> Option<PathBuf> {
        self.authority.as_ref().map(Authority::path)
    }

    /// What `redis-cli` prints for one command.
    ///
    /// # Errors
    ///
    /// When the server cannot be asked, or answers with an error, which then is in the message.
    pub fn command(&self, words: &[&str]) -> Result<String> {
        let mut client = program::run(&self.client);
        client.args(["-h", "127.0.0.1", "-p", &self.port().to_string(), "-e"]);
        if self.settings.password {
            client.env("REDISCLI_AUTH", PASSWORD);
        }
        if let Some(ca) = self.ca() {
            client.arg("--tls").arg("--cacert").arg(ca);
        }
        client.args(words);
        run(client)
    }

    /// `SIGKILL`.
    pub fn kill(&self) -> Result<()> {
        self.process.kill()
    }

    /// Starts it after [`kill`](Self::kill), with what it kept: what the append-only file holds, or else nothing.
    pub fn start_again(&self) -> Result<()> {
        self.start_saying(&[])
    }

    /// Kills it, if it runs, and starts it without anything that it had.
    pub fn start_empty(&self) -> Result<()> {
        self.kill()?;
        self.forget()?;
        self.start_again()
    }

    /// What it holds now.
    pub fn snapshot(&self) -> Result<Snapshot> {
        self.command(&["SAVE"])?;
        let dump = self.dump();
        let bytes = fs::read(&dump).at(&dump)?;
        // Otherwise the next start would find it.
        fs::remove_file(&dump).at(&dump)?;
        Ok(Snapshot(bytes))
    }

    /// Kills it, if it runs, and starts it with what it held when the snapshot was taken, as from an old backup.
    pub fn restore(&self, snapshot: &Snapshot) -> Result<()> {
        self.kill()?;
        self.forget()?;
        let dump = self.dump();
        fs::write(&dump, &snapshot.0).at(&dump)?;
        // With an append-only file it would not look at the snapshot.
        self.start_saying(&["--appendonly", "no"])?;
        fs::remove_file(&dump).at(&dump)?;
        if self.settings.append_only {
            self.command(&["CONFIG", "SET", "appendonly", "yes"])?;
            eventually("an append-only file made from a snapshot", || {
                let about = self.command(&["INFO", "persistence"])?;
                let is_made =
                    ["aof_rewrite_in_progress:0", "aof_rewrite_scheduled:0", "aof_enabled:1"];
                Ok(is_made.iter().all(|it| about.contains(it)).then_some(()))
            })?;
        }
        Ok(())
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

    fn start_saying(&self, more: &[&str]) -> Result<()> {
        self.process.start(more, |_| Ok(self.command(&["PING"]).is_ok_and(|it| it == "PONG")))
    }

    fn dump(&self) -> PathBuf {
        self.folder.join("dump.rdb")
    }

    fn forget(&self) -> Result<()> {
        for (path, is_folder) in [(self.dump(), false), (self.folder.join("appendonlydir"), true)] {
            let gone = if is_folder { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            match gone {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Error::Io { what: path.display().to_string(), source: error });
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// As the command line has them. It works in its folder, so files are named without one.
fn arguments_of(settings: &Settings, port: u16) -> impl Iterator<Item = String> {
    let port = port.to_string();
    let mut set: Vec<(&str, String)> = vec![
        ("bind", "127.0.0.1".into()),
        ("save", String::new()),
        ("appendonly", if settings.append_only { "yes" } else { "no" }.into()),
    ];
    if settings.tls {
        set.extend([("port", "0".into()), ("tls-port", port)]);
        set.extend([("tls-cert-file", "server.crt".into()), ("tls-key-file", "server.key".into())]);
        // Clients need no certificates, so nobody need vouch for them.
        set.push(("tls-auth-clients", "no".into()));
        set.push(("tls-ca-cert-file", "server.crt".into()));
    } else {
        set.push(("port", port));
    }
    if settings.password {
        set.push(("requirepass", PASSWORD.into()));
    }
    set.extend(settings.more.iter().cloned());
    set.into_iter()
        .flat_map(|(name, value)| [format!("--{name}"), value])
        .collect::<Vec<_>>()
        .into_iter()
}
