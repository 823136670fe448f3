//! What was measured, and on what.

use std::fs;

use anyhow::Result;

use crate::shell::program;

/// One line each for the machine, the compiler and the commit.
pub(crate) fn facts() -> Result<String> {
    let cpu = fs::read_to_string("/proc/cpuinfo")?;
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let model = value_of(&cpu, "model name").unwrap_or("unknown processor");
    let cores = cpu.lines().filter(|line| line.starts_with("processor")).count();
    Ok(format!(
        "- {model}, {cores} cores, Linux {}\n- {}\n- commit {}\n",
        kernel.trim(),
        first_line("rustc", &["--version"]),
        first_line("git", &["describe", "--always", "--dirty"]),
    ))
}

/// The value of the first line `name : value`.
fn value_of<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_once(':').map(|(_, value)| value.trim())
}

/// What a program says first; a source archive has no git, and is unknown.
fn first_line(name: &str, arguments: &[&str]) -> String {
    let said = program(name).args(arguments).output();
    let said = said.ok().filter(|output| output.status.success()).map(|output| output.stdout);
    let said = String::from_utf8(said.unwrap_or_default()).unwrap_or_default();
    said.lines().next().unwrap_or("unknown").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_by_its_name() {
        let text = "processor\t: 0\nmodel name\t: Some CPU @ 2.00GHz\nmodel name\t: another\n";
        assert_eq!(value_of(text, "model name"), Some("Some CPU @ 2.00GHz"));
        assert_eq!(value_of(text, "bogomips"), None);
    }

    #[test]
    fn what_cannot_be_asked_is_unknown() {
        assert_eq!(first_line("no-such-program-anywhere", &[]), "unknown");
        assert_ne!(first_line("rustc", &["--version"]), "unknown");
    }
}
