//! The processor time of this process.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// Linux counts in hundredths of a second.
const TICK: Duration = Duration::from_millis(10);

/// So far, in user space and in the kernel.
pub(crate) fn time() -> Result<Duration> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    ticks(&stat).map(|ticks| TICK * ticks).context("/proc/self/stat is not as expected")
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
        assert!(time().is_ok());
    }
}
