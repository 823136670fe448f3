//! Temporary folders that are gone in the end, whatever the end is.
//!
//! A value that is dropped removes its folder. A process that is killed drops nothing, and neither does one that keeps
//! its servers in statics, as tests do; for those a shell waits at the other end of a pipe, and when the pipe closes,
//! it ends whoever still works inside the process's folder, unmounts what is mounted there, and removes it.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::error::{Attempt as _, Error, Result};
use crate::user::User;

/// A folder of one server. Its owner alone may look inside.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn create(name: &str, owner: User) -> Result<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = of_this_process()?.join(format!("{name}-{number}"));
        fs::create_dir(&path).at(&path)?;
        fs::set_permissions(&path, Permissions::from_mode(0o700)).at(&path)?;
        owner.own(&path)?;
        Ok(Self(path))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Where this fails the shell tries again when the process ends.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Waits for the end of whoever holds its input. Processes with a folder below `$1` as their working directory are
/// ours, by whatever number; those that were told to stop get two seconds to do it.
const CLEAN_UP: &str = r#"
inside() {
    for process in /proc/[0-9]*; do
        case "$(readlink "$process/cwd")" in "$1"/*) echo "${process#/proc/}" ;; esac
    done
}
read -r _
for _ in 1 2 3 4 5 6 7 8 9 10; do
    [ -n "$(inside "$1")" ] || break
    sleep 0.2
done
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    for pid in $(inside "$1"); do kill -KILL "$pid"; done
    while read -r _ at _; do
        case "$at" in "$1"/*) umount --lazy "$at" ;; esac
    done < /proc/mounts
    rm -rf "$1"
    [ -e "$1" ] || break
    sleep 0.5
done
"#;

/// The folder that holds those of all servers of this process.
fn of_this_process() -> Result<&'static Path> {
    static FOLDER: OnceLock<Result<(PathBuf, ChildStdin), String>> = OnceLock::new();
    match FOLDER.get_or_init(|| prepare().map_err(|error| error.to_string())) {
        Ok((path, _until_we_end)) => Ok(path),
        Err(error) => Err(Error::Impossible(error.clone())),
    }
}

fn prepare() -> Result<(PathBuf, ChildStdin)> {
    let folder = tempfile::Builder::new().prefix("cloakroom-").tempdir();
    let path = folder.attempting(|| "a temporary folder".to_owned())?.keep();
    // Others pass through it to what is theirs.
    fs::set_permissions(&path, Permissions::from_mode(0o711)).at(&path)?;
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", CLEAN_UP, "clean-up"]).arg(&path).current_dir("/");
    // Apart from our group, so that it outlives the interrupt that ends us.
    shell.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = shell.spawn().attempting(|| "/bin/sh".to_owned())?;
    let input =
        child.stdin.take().ok_or_else(|| Error::Impossible("a shell without input".into()))?;
    Ok((path, input))
}
