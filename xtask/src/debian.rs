//! Debian's packages: installed with apt, or only unpacked below `target/`.
//!
//! Debian starts a service when it installs it, and again with the machine. What is wanted for a minute's test is
//! unpacked instead: nothing of the machine changes, and nothing runs that a step does not run.

use std::{fs, io};

use anyhow::Result;
pub(crate) use cloakroom_testservers::program::find;
use cloakroom_testservers::program::unpacked;

use crate::shell::{program, run, succeeds};

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

/// Whether a library lies where Debian puts those of this machine's kind.
pub(crate) fn has_library(name: &str) -> bool {
    let folders = fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    folders.map(|folder| folder.path().join(name)).any(|path| path.exists())
}

/// Unpacks a package, and of what it depends on what this machine lacks.
fn unpack(package: &str) -> Result<()> {
    let fetched = unpacked().join("fetched");
    match fs::remove_dir_all(&fetched) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => fs::create_dir_all(&fetched)?,
    }
    let mut simulation = program("apt-get");
    simulation.args(["--simulate", "install", "--no-install-recommends", package]);
    let simulated = simulation.output()?;
    let simulated = String::from_utf8_lossy(&simulated.stdout);
    let packages = would_be_installed(&simulated).filter(|it| *it != package).chain([package]);
    let mut download = program("apt-get");
    download.current_dir(&fetched).args(["download", "-q"]).args(packages);
    // Without the lists of packages there is nothing to fetch, and the caller says what is missing.
    if run(&mut download).is_err() {
        return Ok(());
    }
    for file in fs::read_dir(&fetched)? {
        run(program("dpkg-deb").arg("--extract").arg(file?.path()).arg(unpacked()))?;
    }
    Ok(fs::remove_dir_all(&fetched)?)
}

/// From the lines `Inst name (version …)`, which name what a package needs and the machine has not.
fn would_be_installed(simulated: &str) -> impl Iterator<Item = &str> {
    simulated.lines().filter_map(|line| line.strip_prefix("Inst ")?.split(' ').next())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_package_needs_is_read_from_a_simulation() {
        let simulated = "\
Reading package lists...
The following NEW packages will be installed:
  libevent-2.1-7 pgbouncer
Inst libevent-2.1-7 (2.1.12-stable-8 Debian:12.12/oldstable [amd64])
Inst pgbouncer (1.18.0-1+deb12u1 Debian:12.12/oldstable [amd64])
Conf libevent-2.1-7 (2.1.12-stable-8 Debian:12.12/oldstable [amd64])
";
        let packages: Vec<&str> = would_be_installed(simulated).collect();
        assert_eq!(packages, ["libevent-2.1-7", "pgbouncer"]);
    }
}
