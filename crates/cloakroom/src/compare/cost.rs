//! What a check costs in time and in processor time: requests one after the other over one connection, in rounds that
//! alternate between the arrangements, so that what else the machine does meets all of them.

use std::{thread, time::Duration};

use cloakroom_engine::clock::Clock as _;

use super::{
    arrangement::Arrangement,
    figures::{Cost, Spread, microseconds},
    process::on_processor,
    scene::{SETTLED, Scene, Steps, allowed, checked, unchecked},
    service::{Service, Way},
    wire::Wire,
};
use crate::exit::Failure;

/// An odd number, so that one is in the middle; and so many that whatever else happens on the machine meets only some of
/// them: a check of a microsecond is the difference of two figures that are twenty times as large.
const ROUNDS: u32 = 15;

/// How often [`measure`] says how far it is, after its first word.
pub(super) const ROUNDS_AS_STEPS: u64 = ROUNDS as u64;

/// Requests before any is counted: what a service needs for its first ones it needs once.
const BEFORE: u32 = 100;

/// A service, and what was seen of it.
struct Lane {
    arrangement: Arrangement,
    service: Service,
    wire: Wire,
    /// Requests that were checked, and those that were not.
    seen: [Seen; 2],
}

/// Some requests' figures.
#[derive(Default)]
struct Seen {
    times: Vec<Duration>,
    /// A request's processor time in each round, in microseconds.
    service: Vec<f64>,
    /// The same of the server.
    server: Vec<f64>,
}

/// Measures each arrangement with so many checks.
pub(crate) fn measure(scene: &Scene, checks: u32, steps: &Steps) -> Result<Vec<Cost>, Failure> {
    steps.go_on("checking requests")?;
    let mut lanes = Arrangement::ALL
        .iter()
        .map(|arrangement| Lane::open(scene, *arrangement))
        .collect::<Result<Vec<_>, _>>()?;
    let each = checks.div_ceil(ROUNDS);
    for round in 1..=ROUNDS {
        steps.go_on(&format!("checking requests, round {round} of {ROUNDS}"))?;
        for lane in &mut lanes {
            let visitor = scene.staying.first().ok_or_else(nobody)?;
            let requests =
                [checked(lane.arrangement, visitor), unchecked(lane.arrangement, visitor)];
            for (which, request) in requests.iter().enumerate() {
                lane.burst(scene, which, request, each)?;
                steps.still()?;
            }
        }
    }
    Ok(lanes.iter().map(Lane::cost).collect())
}

impl Lane {
    fn open(scene: &Scene, arrangement: Arrangement) -> Result<Self, Failure> {
        let service = scene.service(arrangement, Way::Straight)?;
        let mut wire = Wire::to(service.address());
        let visitor = scene.staying.first().ok_or_else(nobody)?;
        for request in [checked(arrangement, visitor), unchecked(arrangement, visitor)] {
            for _ in 0..BEFORE {
                allowed(&mut wire, &request)?;
            }
        }
        Ok(Self { arrangement, service, wire, seen: Default::default() })
    }

    fn burst(
        &mut self,
        scene: &Scene,
        which: usize,
        request: &[u8],
        times: u32,
    ) -> Result<(), Failure> {
        let processes = [self.service.pid(), scene.server.pid()];
        thread::sleep(SETTLED);
        let before = [on_processor(processes[0])?, on_processor(processes[1])?];
        for _ in 0..times {
            let asked = scene.clock.steady();
            allowed(&mut self.wire, request)?;
            self.seen[which].times.push(scene.clock.steady().saturating_sub(asked));
        }
        thread::sleep(SETTLED);
        let each = |pid, before| {
            Ok::<_, Failure>(microseconds(on_processor(pid)?.saturating_sub(before) / times))
        };
        self.seen[which].service.push(each(processes[0], before[0])?);
        self.seen[which].server.push(each(processes[1], before[1])?);
        Ok(())
    }

    fn cost(&self) -> Cost {
        let [checked, unchecked] = &self.seen;
        let beyond = |of: fn(&Seen) -> &Vec<f64>| {
            let pairs = of(checked).iter().zip(of(unchecked));
            Spread::of(&pairs.map(|(checked, unchecked)| checked - unchecked).collect::<Vec<_>>())
        };
        Cost {
            p50_us: microseconds(quantile(&checked.times, 50)),
            p99_us: microseconds(quantile(&checked.times, 99)),
            unchecked_p50_us: microseconds(quantile(&unchecked.times, 50)),
            service_cpu_us: beyond(|seen| &seen.service),
            unchecked_cpu_us: Spread::of(&unchecked.service),
            // What the server does besides is little, and not the checks'.
            server_cpu_us: beyond(|seen| &seen.server).or_nothing(),
        }
    }
}

impl Spread {
    /// Where nothing is asked, the difference is what the server does anyway, now more and now less.
    fn or_nothing(self) -> Self {
        Self {
            median: self.median.max(0.0),
            lowest: self.lowest.max(0.0),
            highest: self.highest.max(0.0),
        }
    }
}

/// The value that `percent` of all do not exceed.
pub(super) fn quantile(values: &[Duration], percent: usize) -> Duration {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let place = (sorted.len() * percent).div_ceil(100).max(1) - 1;
    sorted.get(place).copied().unwrap_or_default()
}

fn nobody() -> Failure {
    Failure::Usage("there must be somebody to check".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_one_of_the_values() {
        let values: Vec<Duration> = (1..=200).rev().map(Duration::from_millis).collect();
        assert_eq!(quantile(&values, 50), Duration::from_millis(100));
        assert_eq!(quantile(&values, 99), Duration::from_millis(198));
        assert_eq!(quantile(&values[..1], 99), Duration::from_millis(200));
        assert_eq!(quantile(&[], 99), Duration::ZERO);
    }
}
