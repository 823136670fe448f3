//! The programs around a PostgreSQL server: what makes its data, and what speaks to it as the superuser.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use crate::error::{Error, Result};
use crate::folder::Folder;
use crate::process::run;
use crate::program;
use crate::user::User;

/// The oldest major version that is supported.
const OLDEST: u32 = 15;
const PACKAGE: &str = "postgresql";

/// The folder of the data within one that is ours.
pub(super) const DATA: &str = "data";

/// The folder of all programs of one version.
#[derive(Debug)]
pub(super) struct Programs(PathBuf);

impl Programs {
    /// The first that is not too old.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`], or [`Error::TooOld`] for the first where each is.
    pub(super) fn find() -> Result<Self> {
        let mut refused = None;
        for program in program::all("postgres") {
            // What is on the search path may be a link to where the others lie.
            let program = program.canonicalize().unwrap_or(program);
            let mut command = program::run(&program);
            command.arg("--version");
            let found = run(command)?;
            match (major(&found), program.parent()) {
                (Some(OLDEST..), Some(folder)) if folder.join("initdb").is_file() => {
                    return Ok(Self(folder.to_owned()));
                }
                _ => {
                    refused =
                        refused.or(Some(Error::TooOld { path: program, found, least: OLDEST }));
                }
            }
        }
        let missing = || Error::Missing { program: "postgres".to_owned(), package: PACKAGE };
        Err(refused.unwrap_or_else(missing))
    }

    pub(super) fn postgres(&self) -> PathBuf {
        self.0.join("postgres")
    }

    /// Fills the folder `data` with an empty cluster: a copy of the first one that this process made, which is quicker
    /// than to make another.
    pub(super) fn initialize(&self, data: &Path, user: User) -> Result<()> {
        static FIRST: Mutex<Option<Folder>> = Mutex::new(None);
        let mut first = FIRST.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = match first.take() {
            Some(made) => made,
            None => self.first(user)?,
        };
        let mut copy = as_user(Path::new("/bin/cp"), user, data);
        copy.args(["--recursive", "--reflink=auto"]).arg(folder.join(DATA)).arg(data);
        let copied = run(copy);
        *first = Some(folder);
        copied.map(|_| ())
    }

    fn first(&self, user: User) -> Result<Folder> {
        let folder = Folder::create("cluster", user)?;
        let data = folder.join(DATA);
        let mut initdb = as_user(&self.0.join("initdb"), user, &data);
        initdb.args(["--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8"]);
        // The access rules are another file of ours.
        initdb.args(["--auth=reject", "--no-sync", "--no-instructions"]);
        initdb.arg("--pgdata").arg(data);
        run(initdb)?;
        Ok(folder)
    }

    /// Fills the folder `data` with a copy that follows the server behind the socket in `socket`.
    pub(super) fn copy(
        &self,
        socket: &Path,
        port: u16,
        name: &str,
        data: &Path,
        user: User,
    ) -> Result<()> {
        let from =
            format!("host={} port={port} user=postgres application_name={name}", socket.display());
        let mut copy = as_user(&self.0.join("pg_basebackup"), user, data);
        copy.args(["--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast"]);
        copy.args(["--no-sync", "--dbname", &from, "--pgdata"]).arg(data);
        run(copy).map(|_| ())
    }

    pub(super) fn psql(
        &self,
        socket: &Path,
        port: u16,
        database: &str,
        statements: &str,
    ) -> Result<String> {
        let mut psql = self.client("psql", socket, port);
        psql.args([
            "--no-psqlrc",
            "--quiet",
            "--no-align",
            "--tuples-only",
            "--set=ON_ERROR_STOP=1",
        ]);
        psql.args(["--dbname", database, "--command", statements]);
        run(psql)
    }

    fn client(&self, name: &str, socket: &Path, port: u16) -> Command {
        let mut client = without_settings(program::run(&self.0.join(name)));
        client.arg("--host").arg(socket).arg(format!("--port={port}")).arg("--username=postgres");
        client
    }
}

/// The file in which a server says who it is, what it borrowed and how far it has come; it is there until the server
/// ends in order.
#[derive(Debug)]
pub(super) struct State(PathBuf);

impl State {
    pub(super) fn of(data: &Path) -> Self {
        Self(data.join("postmaster.pid"))
    }

    /// Whether the server that is this process takes connections.
    pub(super) fn says_ready(&self, pid: u32) -> bool {
        let said = self.read();
        // An earlier one that was killed has left its own.
        let is_its_own = said.lines().next() == Some(&pid.to_string());
        is_its_own && said.lines().nth(7).is_some_and(|status| status.trim() == "ready")
    }

    fn read(&self) -> String {
        fs::read_to_string(&self.0).unwrap_or_default()
    }
}

impl Drop for State {
    /// Gives back the shared memory that a killed server leaves with the kernel until it is started again. One that is
    /// not would use up, over many runs of the tests, what there is.
    fn drop(&mut self) {
        let left = self.read();
        // The key and the number of the segment.
        let segment = left.lines().nth(6).and_then(|line| line.split_whitespace().nth(1));
        if let Some(segment) = segment {
            let mut remove = Command::new("ipcrm");
            remove.args(["--shmem-id", segment]);
            let _ = run(remove);
        }
    }
}

/// A program that fills the folder `data`. It is ended with us: by the kernel, and its children as those who work inside
/// what is to be removed.
fn as_user(program: &Path, user: User, data: &Path) -> Command {
    let mut command = without_settings(user.command(program, &["--pdeathsig", "KILL"]));
    command.current_dir(data.parent().unwrap_or(data));
    command
}

/// Variables of whoever runs the tests would lead the client elsewhere.
fn without_settings(mut client: Command) -> Command {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PG") {
            client.env_remove(name);
        }
    }
    client.env("PGCONNECT_TIMEOUT", "5");
    client
}

/// From `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
fn major(version: &str) -> Option<u32> {
    let number = version.split_whitespace().nth(2)?;
    let digits = number.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_major_version_is_the_first_number() {
        assert_eq!(major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"), Some(15));
        assert_eq!(major("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major("nothing"), None);
    }
}
