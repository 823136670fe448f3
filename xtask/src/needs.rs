//! What the steps need beside Rust and a C compiler, and how a Debian machine comes by it.
//!
//! Nothing is installed that no chosen step asks for, and nothing is skipped because it is missing.

use std::fmt;

use anyhow::{Result, bail};

use crate::debian;
use crate::shell::{program, run, succeeds};

/// Something that must be on the machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Need {
    /// A program on the search path.
    Program { name: &'static str, package: &'static str },
    /// A program that Debian would start as a service: its package is unpacked for the steps and not installed.
    Service { name: &'static str, package: &'static str },
    /// A library that programs are started with.
    Library { name: &'static str, package: &'static str },
    /// Python with its modules for virtual environments, which Debian ships apart.
    PythonVenv,
    /// A part of the Rust toolchain that cargo runs as a subcommand.
    Component { name: &'static str, subcommand: &'static str },
}

impl Need {
    fn is_met(self) -> bool {
        match self {
            Self::Program { name, .. } | Self::Service { name, .. } => debian::find(name).is_some(),
            Self::Library { name, .. } => debian::has_library(name),
            Self::PythonVenv => succeeds(program("python3").args(["-c", "import venv, ensurepip"])),
            Self::Component { subcommand, .. } => {
                succeeds(program("cargo").args([subcommand, "--version"]))
            }
        }
    }

    /// The Debian package to install, with what it depends on.
    fn to_install(self) -> Option<&'static str> {
        match self {
            Self::Program { package, .. } | Self::Library { package, .. } => Some(package),
            Self::PythonVenv => Some("python3-venv"),
            Self::Service { .. } | Self::Component { .. } => None,
        }
    }

    /// The Debian package to unpack.
    fn to_unpack(self) -> Option<&'static str> {
        match self {
            Self::Service { package, .. } => Some(package),
            _ => None,
        }
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Program { name, package }
            | Self::Service { name, package }
            | Self::Library { name, package } => {
                write!(f, "{name} (Debian: {package})")
            }
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
    let to_install: Vec<&str> = missing.iter().filter_map(|(it, _)| it.to_install()).collect();
    let to_unpack: Vec<&str> = missing.iter().filter_map(|(it, _)| it.to_unpack()).collect();
    if !to_install.is_empty() || !to_unpack.is_empty() {
        debian::fetch(&to_install, &to_unpack)?;
    }
    for (need, _) in &missing {
        if let Need::Component { name, .. } = need
            && debian::find("rustup").is_some()
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
