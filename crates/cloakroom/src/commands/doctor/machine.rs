//! Checks of the process's limits, and of what was switched on at one's own risk.

use rustix::process::{Resource, getrlimit};

use super::Finding;
use crate::settings::Settings;

/// A connection is a file; so is each reader of the database.
const FEW_FILES: u64 = 4096;
const TOO_FEW_FILES: u64 = 256;

/// Whether the system lets us hold many connections.
pub(super) fn open_files(_: &Settings) -> Finding {
    files(getrlimit(Resource::Nofile).current)
}

fn files(limit: Option<u64>) -> Finding {
    let Some(limit) = limit else { return Finding::Ok("no limit".to_owned()) };
    let found = format!("at most {limit} at once");
    let what_to_do = "raise it: LimitNOFILE= in a systemd unit, or `ulimit -n`";
    if limit < TOO_FEW_FILES {
        Finding::Fail(found, what_to_do)
    } else if limit < FEW_FILES {
        Finding::Warn(found, what_to_do)
    } else {
        Finding::Ok(found)
    }
}

/// Which dangers are on.
pub(super) fn dangers(settings: &Settings) -> Finding {
    let on = settings.dangers();
    if on.is_empty() {
        Finding::Ok("none is on".to_owned())
    } else {
        Finding::Fail(format!("{} is on", on.join(", ")), "switch it off outside of tests")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Given, TABLE, load};

    #[test]
    fn few_files_are_a_warning_and_too_few_a_failure() {
        assert!(matches!(files(None), Finding::Ok(_)));
        assert!(matches!(files(Some(65_536)), Finding::Ok(_)));
        assert!(matches!(files(Some(1024)), Finding::Warn(..)));
        assert!(matches!(files(Some(64)), Finding::Fail(..)));
    }

    #[test]
    fn every_danger_of_the_table_is_noticed() {
        assert!(matches!(dangers(&load(&Given::default()).unwrap().settings), Finding::Ok(_)));
        for row in TABLE.iter().filter(|row| row.is_danger()) {
            let flags = vec![(row.key, row.example.to_owned())];
            let settings = load(&Given { flags, ..Given::default() }).unwrap().settings;
            assert!(matches!(dangers(&settings), Finding::Fail(..)), "{}", row.key);
        }
    }
}
