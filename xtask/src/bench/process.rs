//! What Linux says of a running process.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// Linux counts time for user space in hundredths of a second, whatever the kernel's own clock does.
const TICK: Duration = Duration::from_millis(10);

/// The processor time of all its threads so far, in user space and in the kernel.
pub(crate) fn cpu_time(pid: u32) -> Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    ticks(&stat).map(|ticks| TICK * ticks).context("/proc/…/stat is not as expected")
}

/// The memory that is resident, in bytes.
pub(crate) fn resident(pid: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next());
    let kilobytes: u64 = kilobytes.context("no VmRSS")?.parse()?;
    Ok(kilobytes * 1024)
}

/// utime and stime, fields 14 and 15; the name in field 2 may hold spaces, but ends with the last parenthesis.
fn ticks(stat: &str) -> Option<u32> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let user: u32 = fields.next()?.parse().ok()?;
    let system: u32 = fields.next()?.parse().ok()?;
    Some(user + system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_in_user_space_and_in_the_kernel_is_added() {
        let stat = "42 (a (strange) name) S 1 42 42 0 -1 4194560 1 0 0 0 120 34 0 0 20 0";
        assert_eq!(ticks(stat), Some(154));
    }

    #[test]
    fn this_process_uses_memory() {
        assert!(resident(std::process::id()).unwrap() > 100_000);
        assert!(cpu_time(std::process::id()).is_ok());
    }
}
