//! Debian's packages: installed with apt, or only unpacked below `target/`.
//!
//! Debian starts a service when it installs it, and again with the machine. What is wanted for a minute's test is
//! unpacked instead: nothing of the machine changes, and nothing runs that a step does not run.

use std::fs;
use std::path::{Path, PathBuf};
use std::{env, io};

use anyhow::{Context, Result};

use crate::shell::{program, root, run, succeeds};

/// Where Debian keeps what only an administrator has on the search path.
const FOR_ADMINISTRATORS: &str = "/usr/sbin";

/// A program on the search path, or for administrators, or unpacked earlier.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let unpacked = ["usr/bin", "usr/sbin"].map(|folder| unpacked().join(folder));
    env::split_paths(&path)
        .chain([FOR_ADMINISTRATORS.into()])
        .chain(unpacked)
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
}

/// Installs these and unpacks those, as root or through a `sudo` that asks nothing. Where neither can be, and where
/// there is no apt, does what it can: the caller looks again.
pub(crate) fn fetch(to_install: &[&str], to_unpack: &[&str]) -> Result<()> {
    if find("apt-get").is_none() {
        return Ok(());
    }
    if let Some(prefix) = as_root() {
        let apt = |arguments: &[&str]| {
            let words = [prefix, &["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"], arguments];
            let words = words.concat();
            run(program(words[0]).args(&words[1..]))
        };
        apt(&["update", "-q"])?;
        if !to_install.is_empty() {
            apt(&[&["install", "-q", "-y", "--no-install-recommends"], to_install].concat())?;
        }
    }
    to_unpack.iter().try_for_each(|package| unpack(package))
}

/// Unpacks a package without what it depends on: whoever wants it so asks for that apart.
fn unpack(package: &str) -> Result<()> {
    let fetched = unpacked().join("fetched");
    match fs::remove_dir_all(&fetched) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => fs::create_dir_all(&fetched)?,
    }
    // Without the lists of packages there is nothing to fetch, and the caller says what is missing.
    if run(program("apt-get").current_dir(&fetched).args(["download", "-q", package])).is_err() {
        return Ok(());
    }
    let file = fs::read_dir(&fetched)?.next().context("apt-get fetched no package")??.path();
    run(program("dpkg-deb").arg("--extract").arg(file).arg(unpacked()))
}

fn unpacked() -> PathBuf {
    root().join(Path::new("target/xtask/debian"))
}

fn as_root() -> Option<&'static [&'static str]> {
    let id = program("id").arg("-u").output();
    if id.is_ok_and(|output| output.stdout.trim_ascii() == b"0") {
        Some(&[])
    } else if succeeds(program("sudo").args(["-n", "true"])) {
        Some(&["sudo", "-n"])
    } else {
        None
    }
}
