//! What Linux says of a running process, and of the machine.

use std::{fs, io, time::Duration};

use crate::exit::Failure;

/// How long its threads were on a processor so far, as the scheduler counts it: to the nanosecond.
pub(crate) fn on_processor(pid: u32) -> Result<Duration, Failure> {
    let mut all = Duration::ZERO;
    for thread in fs::read_dir(format!("/proc/{pid}/task")).map_err(|error| unreadable(&error))? {
        let path = thread.map_err(|error| unreadable(&error))?.path().join("schedstat");
        // A thread may have ended meanwhile.
        let Ok(text) = fs::read_to_string(path) else { continue };
        let nanoseconds = text.split_whitespace().next().and_then(|text| text.parse().ok());
        all += Duration::from_nanos(nanoseconds.ok_or_else(|| strange("schedstat"))?);
    }
    Ok(all)
}

/// The memory that it holds and no file stands for, in bytes.
pub(crate) fn own_memory(pid: u32) -> Result<u64, Failure> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))
        .map_err(|error| unreadable(&error))?;
    let kibibytes = value_of(&text, "Anonymous").and_then(|value| value.split(' ').next());
    let kibibytes: Option<u64> = kibibytes.and_then(|text| text.parse().ok());
    Ok(kibibytes.ok_or_else(|| strange("smaps_rollup"))? * 1024)
}

/// The processor, how many cores of it, and the system.
pub(crate) fn machine() -> (String, usize, String) {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let model = value_of(&cpu, "model name").unwrap_or("an unnamed processor").to_owned();
    let cores = cpu.lines().filter(|line| line.starts_with("processor")).count().max(1);
    (model, cores, format!("Linux {}", kernel.trim()))
}

/// The value of the first line `name : value`.
fn value_of<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_once(':').map(|(_, value)| value.trim())
}

fn unreadable(error: &io::Error) -> Failure {
    Failure::Unavailable(format!(
        "processor time and memory are read from /proc, as Linux has it, and it cannot be read: {error}"
    ))
}

fn strange(file: &str) -> Failure {
    Failure::Unavailable(format!("/proc/…/{file} is not as expected; a Linux from 4.14 has it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_works_and_holds_memory() {
        let pid = std::process::id();
        assert!(on_processor(pid).unwrap() > Duration::ZERO);
        assert!(own_memory(pid).unwrap() > 100_000);
        // Nobody has this number.
        assert!(on_processor(u32::MAX).is_err() && own_memory(u32::MAX).is_err());
    }

    #[test]
    fn a_value_is_found_by_its_name() {
        let text = "processor\t: 0\nmodel name\t: Some CPU @ 2.00GHz\nAnonymous:     1234 kB\n";
        assert_eq!(value_of(text, "model name"), Some("Some CPU @ 2.00GHz"));
        assert_eq!(value_of(text, "Anonymous"), Some("1234 kB"));
        assert_eq!(value_of(text, "bogomips"), None);
    }
}
