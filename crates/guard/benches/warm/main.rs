//! What the guard costs a service with each request, in this process: a token and a cookie that are remembered, and a token
//! that comes for the first time, beside the raw signature and beside `jsonwebtoken`.
//!
//! `cargo bench -p cloakroom-guard` takes times and memory, `cargo bench -p cloakroom-guard -- counted` counts instructions
//! and allocations, for which it runs itself under valgrind.

#[path = "../../tests/it/issuer.rs"]
#[expect(dead_code, reason = "the tests ask for more of it")]
mod issuer;

mod counted;
mod stage;
mod timed;

use cloakroom_guard::Clock;
use stage::Stage;

fn main() {
    // Under `cargo test --benches` there is nothing to measure.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|it| it != "--bench").collect();
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => staged(timed::Ticking, timed::measure),
        ["counted"] => counted::print(),
        [counted::ONE, check] => staged(counted::Stopped, async |stage| counted::one(stage, check)),
        _ => panic!("there is `counted`, or nothing, and not {arguments:?}"),
    }
}

/// Measures on a stage that is set, by this clock.
fn staged<F: Future<Output = ()>>(clock: impl Clock, measure: impl FnOnce(Stage) -> F) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async { measure(Stage::set(clock).await).await });
}
