//! The storm: as many sign-ins a second as were asked for, whatever becomes of those before.

use std::io;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::thread;
use std::time::Duration;

use rustix::process::setpriority_process;

use crate::Plan;
use crate::connection::Connection;

/// They come from as many addresses, 127.1.0.0 and those after it.
const NETWORKS: u32 = 1 << 12;

/// How far they give way to the checks on the core that both share, on the scale of `nice`. What is measured is how
/// late the server is, and not how busy the load is.
const NICE: i32 = 10;

/// What became of them.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) signed_in: AtomicUsize,
    /// Were answered 503, as promise 10 has it.
    pub(crate) told_to_wait: AtomicUsize,
    /// Got another answer, or none.
    pub(crate) unanswered: AtomicUsize,
}

/// Sends sign-ins until the checks are over. Those that are on their way then are awaited and counted.
pub(crate) fn run(plan: &Plan, bodies: &[&str], rate: f64, over: &AtomicBool, counts: &Counts) {
    // Threads inherit it from whoever starts them.
    let _ = setpriority_process(None, NICE);
    thread::scope(|scope| {
        for (number, body) in (0_u32..).zip(bodies.iter().cycle()) {
            plan.await_due(Duration::from_secs_f64(f64::from(number) / rate));
            if over.load(Relaxed) {
                break;
            }
            scope.spawn(move || {
                let count = match sign_in(plan.port, number, body) {
                    Ok(200) => &counts.signed_in,
                    Ok(503) => &counts.told_to_wait,
                    _ => &counts.unanswered,
                };
                count.fetch_add(1, Relaxed);
            });
        }
    });
}

fn sign_in(port: u16, number: u32, body: &str) -> io::Result<u16> {
    let [_, _, high, low] = (number % NETWORKS).to_be_bytes();
    let mut connection = Connection::open(port, [127, 1, high, low])?;
    let length = body.len();
    connection.ask(&format!(
        "POST /api/v1/sign-in HTTP/1.1\r\nhost: localhost:{port}\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\nconnection: close\r\n\r\n{body}"
    ))
}
