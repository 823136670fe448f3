//! Who runs a server: PostgreSQL and `PgBouncer` refuse root.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;
use std::process::Command;

use crate::error::{Attempt as _, Error, Result};
use crate::program;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum User {
    Ourselves,
    Other { uid: u32, gid: u32 },
}

impl User {
    /// Ourselves, unless we are root.
    pub(crate) fn without_privileges() -> Result<Self> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self::Ourselves);
        }
        let users = fs::read_to_string("/etc/passwd").at(Path::new("/etc/passwd"))?;
        let named = |name: &str| users.lines().find_map(|line| entry(line, name));
        named("postgres").or_else(|| named("nobody")).ok_or_else(|| {
            Error::Impossible(
                "PostgreSQL refuses root, and neither `postgres` nor `nobody` is a user here"
                    .into(),
            )
        })
    }

    /// The program as this user runs it, once with `options` of `setpriv`, which becomes the program.
    pub(crate) fn command(self, path: &Path, options: &[&str]) -> Command {
        let mut command = program::command(path, "setpriv");
        command.args(options);
        if let Self::Other { uid, gid } = self {
            command.arg(format!("--reuid={uid}")).arg(format!("--regid={gid}"));
            command.arg("--clear-groups");
            if !everybody_reaches(path) {
                command.args(program::PASSES_WHERE_ROOT_DOES);
            }
        }
        command.arg("--").arg(path);
        command
    }

    /// Makes it the owner of a file or folder of ours.
    pub(crate) fn own(self, path: &Path) -> Result<()> {
        match self {
            Self::Ourselves => Ok(()),
            Self::Other { uid, gid } => chown(path, Some(uid), Some(gid)).at(path),
        }
    }
}

/// From `name:x:uid:gid:…`.
fn entry(line: &str, name: &str) -> Option<User> {
    let mut fields = line.strip_prefix(name)?.strip_prefix(':')?.split(':').skip(1);
    let mut number = || fields.next()?.parse().ok();
    Some(User::Other { uid: number()?, gid: number()? })
}

fn everybody_reaches(path: &Path) -> bool {
    let open =
        |folder: &Path| fs::metadata(folder).is_ok_and(|it| it.permissions().mode() & 1 == 1);
    path.ancestors().all(open)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_the_whole_name() {
        let line = "postgres:x:101:104:PostgreSQL administrator,,,:/var/lib/postgresql:/bin/bash";
        assert_eq!(entry(line, "postgres"), Some(User::Other { uid: 101, gid: 104 }));
        assert_eq!(entry(line, "post"), None);
    }
}
