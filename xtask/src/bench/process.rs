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

/// How long its living threads were on a processor so far, as the scheduler counts it: to the nanosecond.
pub(crate) fn on_processor(pid: u32) -> Result<Duration> {
    let mut all = Duration::ZERO;
    // A process of PostgreSQL's, or a thread, may have ended.
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return Ok(all) };
    for thread in threads {
        let Ok(text) = fs::read_to_string(thread?.path().join("schedstat")) else { continue };
        let nanoseconds = text.split_whitespace().next().context("schedstat is empty")?;
        all += Duration::from_nanos(nanoseconds.parse()?);
    }
    Ok(all)
}

/// The processor time of a process and of those that it started, with those that have ended.
pub(crate) fn cpu_time_of_family(pid: u32) -> Result<Duration> {
    let of_parent = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let of_parent = ticks_with_the_dead(&of_parent).context("/proc/…/stat is not as expected")?;
    let of_children = children(pid)?.into_iter().filter_map(|child| cpu_time(child).ok());
    Ok(of_children.fold(TICK * of_parent, |sum, of_child| sum + of_child))
}

/// The processes that a process started and that have not ended.
pub(crate) fn children(pid: u32) -> Result<Vec<u32>> {
    let processes = fs::read_dir("/proc")?.filter_map(|entry| {
        let process: u32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
        // It may have ended meanwhile.
        let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        (parent(&stat)? == pid).then_some(process)
    });
    Ok(processes.collect())
}

/// The memory that is resident, in bytes.
pub(crate) fn resident(pid: u32) -> Result<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next());
    let kilobytes: u64 = kilobytes.context("no VmRSS")?.parse()?;
    Ok(kilobytes * 1024)
}

/// utime and stime, fields 14 and 15.
fn ticks(stat: &str) -> Option<u32> {
    Some(field(stat, 14)? + field(stat, 15)?)
}

/// The same with cutime and cstime, fields 16 and 17: of children that have ended.
fn ticks_with_the_dead(stat: &str) -> Option<u32> {
    Some(ticks(stat)? + field(stat, 16)? + field(stat, 17)?)
}

/// ppid, field 4.
fn parent(stat: &str) -> Option<u32> {
    field(stat, 4)
}

/// A field from the third on; the name in field 2 may hold spaces, but ends with the last parenthesis.
fn field(stat: &str, number: usize) -> Option<u32> {
    stat.rsplit_once(')')?.1.split_whitespace().nth(number - 3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_in_user_space_and_in_the_kernel_is_added() {
        let stat = "42 (a (strange) name) S 7 42 42 0 -1 4194560 1 0 0 0 120 34 5 6 20 0";
        assert_eq!(
            (ticks(stat), ticks_with_the_dead(stat), parent(stat)),
            (Some(154), Some(165), Some(7))
        );
    }

    #[test]
    fn this_process_was_on_a_processor() {
        assert!(on_processor(std::process::id()).unwrap() > Duration::ZERO);
        // Nobody has this number.
        assert_eq!(on_processor(u32::MAX).unwrap(), Duration::ZERO);
    }

    #[test]
    fn what_a_process_started_is_found() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        assert!(children(std::process::id()).unwrap().contains(&child.id()));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!children(std::process::id()).unwrap().contains(&child.id()));
    }

    #[test]
    fn this_process_uses_memory() {
        assert!(resident(std::process::id()).unwrap() > 100_000);
        assert!(cpu_time(std::process::id()).is_ok());
    }
}
