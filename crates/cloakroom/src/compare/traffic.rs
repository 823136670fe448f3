//! What goes over the wire: counted between service and server, where everything passes one relay.

use std::{thread, time::Duration};

use cloakroom_engine::clock::Clock as _;

use super::{
    arrangement::Arrangement,
    figures::Traffic,
    scene::{SETTLED, Scene, Steps, allowed, checked, credential},
    service::Way,
    wire::Wire,
};
use crate::exit::Failure;

/// So many are counted; each is as long as the other.
const CHECKS: u32 = 100;

/// In which nothing happens: as many whole seconds as a guard hears the server in.
const REST: Duration = Duration::from_secs(3);

/// `name: value` and the end of the line.
const PUNCTUATION: usize = 4;

/// Measures one arrangement.
pub(crate) fn measure(
    scene: &Scene,
    arrangement: Arrangement,
    steps: &Steps,
) -> Result<Traffic, Failure> {
    steps.go_on(&format!("counting bytes: {}", arrangement.title()))?;
    let passed = || scene.server.relay().passed();
    let Some(visitor) = scene.staying.first() else {
        return Err(Failure::Usage("there must be somebody to check".to_owned()));
    };
    let before = passed();
    let service = scene.service(arrangement, Way::Counted)?;
    let mut wire = Wire::to(service.address());
    let to_start = passed() - before;
    let request = checked(arrangement, visitor);
    // The first one may bring what is asked once.
    allowed(&mut wire, &request)?;
    thread::sleep(SETTLED);

    let before = passed();
    for _ in 0..CHECKS {
        allowed(&mut wire, &request)?;
    }
    thread::sleep(SETTLED);
    // What comes by itself meanwhile is too little to be seen in the mean.
    let asked = mean(passed() - before, f64::from(CHECKS));

    let (before, begun) = (passed(), scene.clock.steady());
    thread::sleep(if arrangement.asks() { SETTLED } else { REST });
    let seconds = scene.clock.steady().saturating_sub(begun).as_secs_f64();
    let standing_per_second = mean(passed() - before, seconds);
    let (name, value) = credential(arrangement, visitor);
    Ok(Traffic {
        credential: name.len() + value.len() + PUNCTUATION,
        asked,
        to_start,
        standing_per_second,
    })
}

#[expect(clippy::cast_precision_loss, reason = "far fewer bytes than a float can count")]
fn mean(bytes: u64, of: f64) -> f64 {
    bytes as f64 / of
}
