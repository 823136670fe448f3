//! What the steps need beside Rust and a C compiler, and how a Debian machine comes by it.
//!
//! Nothing is installed that no chosen step asks for, and nothing is skipped because it is missing.

use std::env;
use std::fmt;

use anyhow::{Result, bail};

use crate::shell::{program, run, succeeds};
use crate::step::Step;

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

/// Makes sure that everything these steps need is there, installing what is missing where that is allowed.
///
/// # Errors
///
/// Names everything that is still missing, and for which step.
pub(crate) fn meet(steps: &[&Step]) -> Result<()> {
    let missing = missing(steps);
    if missing.is_empty() {
        return Ok(());
    }
    println!("missing on this machine:");
    for (need, step) in &missing {
        println!("  {need}, for the step `{step}`");
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
    let still = self::missing(steps);
    if still.is_empty() {
        return Ok(());
    }
    let named: Vec<String> =
        still.iter().map(|(need, step)| format!("{need}, for the step `{step}`")).collect();
    bail!("cannot go on without:\n  {}", named.join("\n  "))
}

/// Each unmet need once, with the first step that has it.
fn missing(steps: &[&Step]) -> Vec<(Need, &'static str)> {
    let mut missing: Vec<(Need, &str)> = Vec::new();
    for step in steps {
        for need in step.needs {
            if !missing.iter().any(|(known, _)| known == need) && !need.is_met() {
                missing.push((*need, step.name));
            }
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

    fn step(name: &'static str, needs: &'static [Need]) -> Step {
        Step { name, proves: "nothing", needs, run: || Ok(()) }
    }

    const SHELL: Need = Need::Program { name: "sh", package: "dash" };
    const NOWHERE: Need = Need::Program { name: "no-such-program-anywhere", package: "nowhere" };

    #[test]
    fn what_is_there_is_not_missing() {
        assert_eq!(missing(&[&step("a", &[SHELL])]), []);
    }

    #[test]
    fn what_is_missing_is_named_once_with_the_first_step_that_needs_it() {
        let (a, b) = (step("a", &[SHELL, NOWHERE]), step("b", &[NOWHERE]));
        assert_eq!(missing(&[&a, &b]), [(NOWHERE, "a")]);
    }
}
