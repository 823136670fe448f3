//! Where programs are: on the machine, or unpacked from Debian's packages by `cargo xtask test`.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::{Error, Result};

/// Where Debian keeps what only an administrator has on the search path.
const FOR_ADMINISTRATORS: &str = "/usr/sbin";

/// What `setpriv` is told, so that a user who is not root runs programs below a home of root's: they may pass through it, and
/// are no root. Without the last, access(2) says that they may not, and initdb looks for its programs by that.
pub const PASSES_WHERE_ROOT_DOES: &[&str] =
    &["--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--securebits=+no_setuid_fixup"];

/// Where packages are unpacked that are not to be installed, because Debian would start their services.
#[must_use]
pub fn unpacked() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    root.unwrap_or(Path::new("/")).join("target/xtask/debian")
}

/// The first program of this name: on the search path, for administrators, among PostgreSQL's (newest first), or
/// unpacked.
#[must_use]
pub fn find(name: &str) -> Option<PathBuf> {
    all(name).next()
}

/// All of this name, in the order of [`find`].
pub(crate) fn all(name: &str) -> impl Iterator<Item = PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let on_path: Vec<PathBuf> = env::split_paths(&path).collect();
    let unpacked = unpacked();
    on_path
        .into_iter()
        .chain([FOR_ADMINISTRATORS.into()])
        .chain(of_postgres(Path::new("/")))
        // Before the clients in `usr/bin`, which choose among servers that Debian's scripts have set up.
        .chain(of_postgres(&unpacked))
        .chain(["usr/bin", "usr/sbin"].map(|folder| unpacked.join(folder)))
        .map(move |folder| folder.join(name))
        .filter(|program| program.is_file())
        .collect::<Vec<_>>()
        .into_iter()
}

/// A command that runs a found program; one that was unpacked finds its libraries beside it.
#[must_use]
pub fn run(path: &Path) -> Command {
    with_libraries_of(path, Command::new(path))
}

/// Another command that will become the program at `path`.
pub(crate) fn command(path: &Path, by: &str) -> Command {
    with_libraries_of(path, Command::new(by))
}

/// The first of these programs that there is.
pub(crate) fn need(names: &[&str], package: &'static str) -> Result<PathBuf> {
    names
        .iter()
        .find_map(|name| find(name))
        .ok_or_else(|| Error::Missing { program: names.join(" or "), package })
}

fn with_libraries_of(path: &Path, mut command: Command) -> Command {
    command.stdin(Stdio::null());
    let unpacked = unpacked();
    if path.starts_with(&unpacked) {
        command.env("LD_LIBRARY_PATH", libraries(&unpacked));
    }
    command
}

/// Debian gives each machine's libraries a folder of their own (`usr/lib/x86_64-linux-gnu`).
fn libraries(root: &Path) -> OsString {
    let above = [root.join("usr/lib"), root.join("lib")];
    let folders = above.iter().flat_map(|folder| folders_in(folder));
    let ours = folders.filter(|it| it.to_string_lossy().contains("-linux-gnu"));
    env::join_paths(ours).unwrap_or_default()
}

fn of_postgres(root: &Path) -> Vec<PathBuf> {
    let mut versions = folders_in(&root.join("usr/lib/postgresql"));
    versions.sort_by_key(|folder| {
        let name = folder.file_name().unwrap_or_default();
        std::cmp::Reverse(name.to_string_lossy().parse::<u32>().unwrap_or_default())
    });
    versions.into_iter().map(|folder| folder.join("bin")).collect()
}

fn folders_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_dir()).collect()
}
