//! How long a sign-out takes: from its acknowledgement by the server to the refusal by the service.

use std::time::Duration;

use cloakroom_engine::clock::Clock as _;

use super::{
    arrangement::Arrangement,
    cost::quantile,
    figures::{Revocation, SeenBy, milliseconds},
    scene::{Scene, Steps, Visitor, allowed, checked, silent},
    service::{Service, Way},
    wire::Wire,
};
use crate::exit::Failure;

/// A service that accepts for longer than this is one that nobody tells.
const PATIENCE: Duration = Duration::from_secs(2);

/// No token of the default settings is valid for longer, in seconds.
const LONGEST_TOKEN: u64 = 24 * 3600;

/// Signs these people out, one after the other, and watches the service.
pub(crate) fn measure(
    scene: &Scene,
    arrangement: Arrangement,
    leaving: &[Visitor],
    steps: &Steps,
) -> Result<Revocation, Failure> {
    steps.go_on(&format!("signing people out: {}", arrangement.title()))?;
    let mut service = scene.service(arrangement, Way::Straight)?;
    let mut delays = Vec::new();
    let mut seen_by = SeenBy::Asking;
    for visitor in leaving {
        steps.still()?;
        let (delay, seen) = sign_out(scene, arrangement, &mut service, visitor)?;
        delays.push(delay);
        if seen == SeenBy::SettingTheClockAhead {
            // The others would be accepted for as long, and no machine's speed has a part in it.
            seen_by = seen;
            break;
        }
    }
    Ok(Revocation {
        p50_ms: milliseconds(quantile(&delays, 50)),
        longest_ms: milliseconds(quantile(&delays, 100)),
        trials: delays.len(),
        seen_by,
    })
}

fn sign_out(
    scene: &Scene,
    arrangement: Arrangement,
    service: &mut Service,
    visitor: &Visitor,
) -> Result<(Duration, SeenBy), Failure> {
    let request = checked(arrangement, visitor);
    let mut wire = Wire::to(service.address());
    // Whoever is refused afterwards was let in before.
    allowed(&mut wire, &request)?;
    scene.server.sign_out(&mut Wire::to(scene.server.address()), &visitor.person)?;
    let acknowledged = scene.clock.steady();
    let passed = || scene.clock.steady().saturating_sub(acknowledged);
    while passed() < PATIENCE {
        if is_refused(&mut wire, &request)? {
            return Ok((passed(), SeenBy::Asking));
        }
    }
    let ahead = first_refused(|ahead| {
        service.set_clock_ahead(ahead)?;
        is_refused(&mut wire, &request)
    })?;
    service.set_clock_ahead(0)?;
    Ok((passed() + Duration::from_secs(ahead), SeenBy::SettingTheClockAhead))
}

fn is_refused(wire: &mut Wire, request: &[u8]) -> Result<bool, Failure> {
    Ok(wire.ask(request).map_err(|error| silent(&error))?.status == 401)
}

/// The fewest seconds ahead at which it is refused.
fn first_refused(mut is_refused: impl FnMut(u64) -> Result<bool, Failure>) -> Result<u64, Failure> {
    let (mut accepted, mut refused) = (0, LONGEST_TOKEN);
    if !is_refused(refused)? {
        return Err(Failure::Unavailable("a service accepts who signed out a day ago".to_owned()));
    }
    while refused - accepted > 1 {
        let middle = accepted + (refused - accepted) / 2;
        if is_refused(middle)? {
            refused = middle;
        } else {
            accepted = middle;
        }
    }
    Ok(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_found_at_which_a_token_is_over() {
        for end in [1, 2, 597, 598, LONGEST_TOKEN] {
            assert_eq!(first_refused(|ahead| Ok(ahead >= end)).unwrap(), end);
        }
        assert!(first_refused(|_| Ok(false)).is_err());
    }
}
