//! What more nodes do not help: the things of which there is one, and how far one of each goes.

use super::figure::Figure;
use super::model::Deployment;

const GIB: f64 = 1024.0 * 1024.0 * 1024.0;

/// Beyond this nobody asks.
const MOST_SESSIONS: f64 = 1e13;

/// Something of which there is one, until it is divided by session id if it can be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Single {
    /// PostgreSQL's processors.
    Processors,
    /// The counter of the revocation log.
    Log,
    /// PostgreSQL's disk.
    Disk,
    /// Redis's memory.
    RedisMemory,
    /// Redis's one thread.
    RedisCalls,
}

pub(super) const OF_POSTGRES: &[Single] = &[Single::Processors, Single::Disk];
pub(super) const OF_REDIS: &[Single] = &[Single::RedisMemory, Single::RedisCalls];
/// What cannot be divided: its one counter makes the order of numbers the order of commits.
pub(super) const OF_THE_LOG: &[Single] = &[Single::Log];

/// All of them.
pub(super) fn singles() -> impl Iterator<Item = Single> {
    [OF_POSTGRES, OF_THE_LOG, OF_REDIS].concat().into_iter()
}

impl Single {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Processors => "PostgreSQL's processors",
            Self::Log => "the revocation log's counter",
            Self::Disk => "PostgreSQL's disk",
            Self::RedisMemory => "Redis's memory",
            Self::RedisCalls => "Redis's thread",
        }
    }

    /// How much of one is needed, 1.0 being all that it may give; `None` where that was not measured.
    pub(super) fn load(self, of: &Deployment<'_>) -> Option<f64> {
        let (assumed, costs, nodes) = (of.assumed, of.costs, of.nodes());
        let known = |needed: Figure| (!needed.is_unknown()).then_some(needed.known);
        let (needed, there) = match self {
            Self::Processors => (
                known(of.database_processors(nodes))?,
                assumed.database_cores * assumed.database_busy,
            ),
            Self::Log => (of.counter_held(), assumed.database_busy),
            Self::Disk => (known(of.database_bytes())?, assumed.database_disk * GIB),
            Self::RedisMemory => (known(of.redis_bytes())?, assumed.redis_memory * GIB),
            Self::RedisCalls => {
                (of.redis_calls(nodes), costs.redis_calls.value? * assumed.redis_busy)
            }
        };
        Some(needed / there)
    }

    /// The most sessions that one is enough for; `None` where nobody knows, or there is no such number.
    pub(super) fn enough_for(self, of: &Deployment<'_>) -> Option<f64> {
        let fits = |sessions| Some(self.load(&Deployment { sessions, ..*of })? <= 1.0);
        let (mut low, mut high) = (0.0, MOST_SESSIONS);
        if fits(high)? {
            return None;
        }
        while high > f64::max(low, 1.0) * 1.0001 {
            let middle = f64::midpoint(low, high);
            if fits(middle)? { low = middle } else { high = middle }
        }
        Some(low)
    }
}

/// Which of these is used up first, and at how many sessions.
pub(super) fn first(these: &[Single], of: &Deployment<'_>) -> Option<(Single, f64)> {
    let known = these.iter().filter_map(|single| Some((*single, single.enough_for(of)?)));
    known.min_by(|(_, a), (_, b)| a.total_cmp(b))
}

/// How many shards by session id it takes: as many as the scarcest of these.
pub(super) fn shards(these: &[Single], of: &Deployment<'_>) -> Option<f64> {
    let loads = these.iter().filter_map(|single| single.load(of));
    loads.max_by(f64::total_cmp).map(|load| load.ceil().max(1.0))
}

/// Whether everything was measured that these are judged by.
pub(super) fn is_judged(these: &[Single], of: &Deployment<'_>) -> bool {
    let sums = [
        (Single::Processors, of.database_processors(of.nodes())),
        (Single::Disk, of.database_bytes()),
        (Single::RedisMemory, of.redis_bytes()),
    ];
    unjudged(these, of).is_empty()
        && sums.iter().all(|(single, sum)| !these.contains(single) || sum.without.is_empty())
}

/// Those of which nobody measured how much one gives.
pub(super) fn unjudged(these: &[Single], of: &Deployment<'_>) -> Vec<&'static str> {
    these.iter().filter(|single| single.load(of).is_none()).map(|single| single.name()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::assumptions::Assumptions;
    use super::super::measured::{Cost, Costs, MEASURED};
    use super::*;

    #[test]
    fn one_is_enough_exactly_as_far_as_it_goes() {
        let assumed = Assumptions::default();
        let deployment = deployment(&assumed, &MEASURED);
        let most = Single::Log.enough_for(&deployment).unwrap();
        let load = |sessions| Single::Log.load(&Deployment { sessions, ..deployment }).unwrap();
        assert!((load(most) - 1.0).abs() < 1e-3, "{most}: {}", load(most));
        assert!(load(most * 1.01) > 1.0);
    }

    #[test]
    fn the_scarcest_comes_first() {
        let assumed = Assumptions { commit: 1_000.0, ..Assumptions::default() };
        let deployment = deployment(&assumed, &MEASURED);
        let (single, most) = first(&[Single::Disk, Single::Log], &deployment).unwrap();
        assert_eq!(single, Single::Log);
        assert!(most < deployment.sessions);
        assert!(shards(&[Single::Disk, Single::Log], &deployment).unwrap() > 1.0);
    }

    #[test]
    fn what_nobody_measured_is_no_limit_and_is_named() {
        let costs = Costs { redis_calls: Cost { value: None, ..MEASURED.redis_calls }, ..MEASURED };
        let assumed = Assumptions::default();
        let deployment = deployment(&assumed, &costs);
        assert_eq!(Single::RedisCalls.enough_for(&deployment), None);
        assert_eq!(unjudged(&[Single::RedisCalls], &deployment), ["Redis's thread"]);
        assert!(!is_judged(&[Single::RedisCalls], &deployment));
    }

    #[test]
    fn without_redis_nothing_is_asked_of_it() {
        let assumed = Assumptions::default();
        let without = Deployment { with_redis: false, ..deployment(&assumed, &MEASURED) };
        assert_eq!(Single::RedisCalls.load(&without), Some(0.0));
        assert_eq!(first(OF_REDIS, &without), None);
    }

    fn deployment<'a>(assumed: &'a Assumptions, costs: &'a Costs) -> Deployment<'a> {
        Deployment { sessions: 1e8, with_redis: true, assumed, costs }
    }
}
