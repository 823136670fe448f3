//! What one more user takes in memory once they have been seen, at the server and at the service.
//!
//! The server is started anew for each arrangement, because what it remembers for one it need not remember for the next.

use std::thread;

use super::{
    arrangement::Arrangement,
    figures::Memory,
    process::own_memory,
    scene::{SETTLED, Scene, Steps, allowed, checked},
    service::Way,
    wire::Wire,
};
use crate::exit::Failure;

/// One in so many is seen before any is counted: the first ones bring what is needed once, such as pages of the database
/// on which others stand as well.
const FIRST: usize = 8;

/// Measures one arrangement.
pub(crate) fn measure(
    scene: &mut Scene,
    arrangement: Arrangement,
    steps: &Steps,
) -> Result<Memory, Failure> {
    steps.go_on(&format!("weighing users: {}", arrangement.title()))?;
    scene.server.stop()?;
    scene.server.start()?;
    let service = scene.service(arrangement, Way::Straight)?;
    let mut wire = Wire::to(service.address());
    for visitor in scene.staying.iter().step_by(FIRST) {
        allowed(&mut wire, &checked(arrangement, visitor))?;
    }
    let weigh = || {
        thread::sleep(SETTLED);
        Ok::<_, Failure>([own_memory(scene.server.pid())?, own_memory(service.pid())?])
    };
    let before = weigh()?;
    let mut counted = 0;
    for (_, visitor) in scene.staying.iter().enumerate().filter(|(place, _)| place % FIRST != 0) {
        counted += 1;
        allowed(&mut wire, &checked(arrangement, visitor))?;
        steps.still()?;
    }
    let after = weigh()?;
    let each = |which: usize| mean(after[which].saturating_sub(before[which]), counted);
    Ok(Memory { server: each(0), service: each(1) })
}

#[expect(clippy::cast_precision_loss, reason = "far fewer bytes than a float can count")]
fn mean(bytes: u64, of: u32) -> f64 {
    bytes as f64 / f64::from(of.max(1))
}
