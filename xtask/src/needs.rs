//! What the steps need beside Rust and a C compiler, and how a Debian machine comes by it.
//!
//! Nothing is installed that no chosen step asks for, and nothing is skipped because it is missing.

use std::env;
use std::fmt;

use anyhow::{Result, bail};

use crate::shell::{program, run, succeeds};

/// Something that must be on the machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Need {
    /// A program on the search path.
    Program { name: &'static str, package: &'static str },
    /// Python with its modules for virtual environments, which Debian ships apart.
    PythonVenv,
    /// A part of the Rust toolchain that cargo runs as a subcommand.
    Component { name: &'static str, subcommand: &'static str },
}

impl Need {
    fn is_met(self) -> bool {
        match self {
            Self::Program { name, .. } => on_path(name),
            Self::PythonVenv => succeeds(program("python3").args(["-c", "import venv, ensurepip"])),
            Self::Component { subcommand, .. } => {
                succeeds(program("cargo").args([subcommand, "--version"]))
            }
        }
    }

    /// The Debian package that meets it, with what that depends on.
    fn package(self) -> Option<&'static str> {
        match self {
            Self::Program { package, .. } => Some(package),
            Self::PythonVenv => Some("python3-venv"),
            Self::Component { .. } => None,
        }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Program { name, package } => write!(f, "{name} (Debian: {package})"),
            Self::PythonVenv => f.write_str("python3 with venv (Debian: python3-venv)"),
            Self::Component { name, .. } => write!(f, "{name} (rustup component add {name})"),
        }
    }
}

/// Makes sure that all of these are there, each with who asks for it, and installs what is missing where that is
/// allowed.
///
/// # Errors
///
/// Names everything that is still missing, and who asks for it.
pub(crate) fn meet(wanted: impl Iterator<Item = (Need, &'static str)> + Clone) -> Result<()> {
    let missing = missing(wanted.clone());
    if missing.is_empty() {
        return Ok(());
    }
    println!("missing on this machine:");
    for (need, asker) in &missing {
        println!("  {need}, for `{asker}`");
    }
    let packages: Vec<&str> = missing.iter().filter_map(|(need, _)| need.package()).collect();
    if !packages.is_empty() {
        install_packages(&packages)?;
    }
    for (need, _) in &missing {
        if let Need::Component { name, .. } = need
            && on_path("rustup")
        {
            run(program("rustup").args(["component", "add", name]))?;
        }
    }
    let still = self::missing(wanted);
    if still.is_empty() {
        return Ok(());
    }
    let named: Vec<String> =
        still.iter().map(|(need, asker)| format!("{need}, for `{asker}`")).collect();
    bail!("cannot go on without:\n  {}", named.join("\n  "))
}

/// Each unmet need once, with the first who asks for it.
fn missing(wanted: impl Iterator<Item = (Need, &'static str)>) -> Vec<(Need, &'static str)> {
    let mut missing: Vec<(Need, &str)> = Vec::new();
    for (need, asker) in wanted {
        if !missing.iter().any(|(known, _)| *known == need) && !need.is_met() {
            missing.push((need, asker));
        }
    }
    missing
}

/// Installs with apt, as root or through a `sudo` that asks nothing. Elsewhere does nothing: the caller looks again.
fn install_packages(packages: &[&str]) -> Result<()> {
    if !on_path("apt-get") {
        return Ok(());
    }
    let prefix: &[&str] = if is_root() {
        &[]
    } else if succeeds(program("sudo").args(["-n", "true"])) {
        &["sudo", "-n"]
    } else {
        return Ok(());
    };
    let apt = |arguments: &[&str]| {
        let words = [prefix, &["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"], arguments];
        let words = words.concat();
        run(program(words[0]).args(&words[1..]))
    };
    apt(&["update", "-q"])?;
    apt(&[&["install", "-q", "-y", "--no-install-recommends"], packages].concat())
}

fn is_root() -> bool {
    let id = program("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn on_path(name: &str) -> bool {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).any(|folder| folder.join(name).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHELL: Need = Need::Program { name: "sh", package: "dash" };
    const NOWHERE: Need = Need::Program { name: "no-such-program-anywhere", package: "nowhere" };

    #[test]
    fn what_is_there_is_not_missing() {
        assert_eq!(missing([(SHELL, "a")].into_iter()), []);
    }

    #[test]
    fn what_is_missing_is_named_once_with_the_first_who_asks() {
        let wanted = [(SHELL, "a"), (NOWHERE, "a"), (NOWHERE, "b")];
        assert_eq!(missing(wanted.into_iter()), [(NOWHERE, "a")]);
    }
}
