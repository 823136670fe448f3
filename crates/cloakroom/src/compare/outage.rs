//! What each service answers while the server is restarted, and while it is away after a `kill -9`: asked all the time,
//! by somebody who is signed in and by somebody who signed out before.

use std::{
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::Duration,
};

use cloakroom_engine::clock::Clock as _;

use super::{
    arrangement::Arrangement,
    figures::{Absence, Answered, Answers, Span, milliseconds},
    scene::{Scene, Steps, Visitor, checked, silent},
    service::{Service, Way},
    wire::{Wire, request},
};
use crate::exit::Failure;

/// Between two questions.
const PAUSE: Duration = Duration::from_millis(5);

/// Before, between and after the two absences.
const QUIET: Duration = Duration::from_millis(700);

/// How long the server stays away: longer than a guard believes what it remembers without hearing the server.
const AWAY: Duration = Duration::from_secs(7);

/// A guard that is not back by then will not come back.
const PATIENCE: Duration = Duration::from_secs(20);

/// What was seen of one arrangement.
pub(crate) struct Seen {
    /// While the server was restarted.
    pub(crate) restart: Absence,
    /// While it was away.
    pub(crate) outage: Absence,
    /// All answers.
    pub(crate) answers: Answers,
}

/// When the server was not there.
#[derive(Clone, Copy)]
struct Times {
    restart: (Duration, Duration),
    outage: (Duration, Duration),
    over: Duration,
}

/// Watches all arrangements at once; `left` has somebody for each who has signed out.
pub(crate) fn measure(
    scene: &mut Scene,
    left: &[&Visitor],
    steps: &Steps,
) -> Result<Vec<Seen>, Failure> {
    steps.go_on("restarting the server")?;
    let services = Arrangement::ALL
        .iter()
        .map(|arrangement| scene.service(*arrangement, Way::Straight))
        .collect::<Result<Vec<_>, _>>()?;
    let Scene { server, staying, clock, .. } = scene;
    let Some(stays) = staying.first() else {
        return Err(Failure::Usage("there must be somebody to check".to_owned()));
    };
    let over = AtomicBool::new(false);
    let begun = clock.steady();
    let passed = || clock.steady().saturating_sub(begun);
    let (times, seen) = thread::scope(|scope| {
        let watching: Vec<_> = Arrangement::ALL
            .iter()
            .zip(&services)
            .zip(left)
            .map(|((arrangement, service), left)| {
                let requests = [checked(*arrangement, stays), checked(*arrangement, left)];
                let (over, passed) = (&over, &passed);
                scope.spawn(move || watch(service, &requests, over, passed))
            })
            .collect();
        let times = (|| {
            thread::sleep(QUIET);
            let stopped = passed();
            server.stop()?;
            server.start()?;
            let restart = (stopped, passed());
            services.iter().try_for_each(|service| wait_until_it_hears(service, &passed))?;
            thread::sleep(QUIET);
            steps.go_on("killing the server")?;
            server.kill()?;
            let killed = passed();
            thread::sleep(AWAY);
            server.start()?;
            let outage = (killed, passed());
            thread::sleep(QUIET);
            Ok::<_, Failure>(Times { restart, outage, over: passed() })
        })();
        over.store(true, Relaxed);
        // A thread that panicked has nothing to say, and is missed below.
        let seen: Vec<_> = watching.into_iter().filter_map(|thread| thread.join().ok()).collect();
        (times, seen)
    });
    let times = times?;
    if seen.len() != Arrangement::ALL.len() {
        return Err(Failure::Unavailable("not every service was watched".to_owned()));
    }
    Ok(seen.into_iter().map(|answers| judge(answers, times)).collect())
}

/// Waits until a service is as it was before: a guard comes back to the feed by itself, the later the longer it was away.
fn wait_until_it_hears(service: &Service, passed: &impl Fn() -> Duration) -> Result<(), Failure> {
    let (since, asked) = (passed(), request("GET", "/hears", &[("host", "shop.example.com")], ""));
    let mut wire = Wire::to(service.address());
    while wire.ask(&asked).map_err(|error| silent(&error))?.status != 200 {
        if passed().saturating_sub(since) > PATIENCE {
            return Err(Failure::Unavailable("a guard does not come back to the feed".to_owned()));
        }
        thread::sleep(PAUSE);
    }
    Ok(())
}

/// Asks again and again, in turns, and keeps when the answer became another one.
fn watch(
    service: &Service,
    requests: &[Vec<u8>; 2],
    over: &AtomicBool,
    passed: &impl Fn() -> Duration,
) -> [Vec<(Duration, Answered)>; 2] {
    let mut wires = [Wire::to(service.address()), Wire::to(service.address())];
    let mut changes: [Vec<(Duration, Answered)>; 2] = Default::default();
    while !over.load(Relaxed) {
        for ((wire, request), changes) in wires.iter_mut().zip(requests).zip(&mut changes) {
            let answered = match wire.ask(request).map(|answer| answer.status) {
                Ok(200) => Answered::LetIn,
                Ok(401) => Answered::Refused,
                _ => Answered::CannotTell,
            };
            if changes.last().is_none_or(|(_, last)| *last != answered) {
                changes.push((passed(), answered));
            }
        }
        thread::sleep(PAUSE);
    }
    changes
}

fn judge([signed_in, signed_out]: [Vec<(Duration, Answered)>; 2], times: Times) -> Seen {
    let (signed_in, signed_out) = (spans(&signed_in, times.over), spans(&signed_out, times.over));
    let shown = |(from, to): (Duration, Duration)| (milliseconds(from), milliseconds(to));
    let (restart, outage) = (shown(times.restart), shown(times.outage));
    Seen {
        // The time until the next absence belongs to the one before it: connections come back only then.
        restart: absence(restart, outage.0, &signed_in, &signed_out),
        outage: absence(outage, f64::INFINITY, &signed_in, &signed_out),
        answers: Answers {
            to_signed_in: signed_in,
            to_signed_out: signed_out,
            restart_ms: restart,
            outage_ms: outage,
        },
    }
}

fn spans(changes: &[(Duration, Answered)], over: Duration) -> Vec<Span> {
    let ends = changes.iter().skip(1).map(|(at, _)| *at).chain([over]);
    changes
        .iter()
        .zip(ends)
        .map(|((from, answer), to)| Span {
            from_ms: milliseconds(*from),
            to_ms: milliseconds(to),
            answer: *answer,
        })
        .collect()
}

/// What became of requests from the beginning of an absence until something else begins.
fn absence(
    (begun, ended): (f64, f64),
    until: f64,
    signed_in: &[Span],
    signed_out: &[Span],
) -> Absence {
    let within = |span: &Span| span.to_ms.min(until) - span.from_ms.max(begun);
    let not_served =
        signed_in.iter().filter(|span| span.answer != Answered::LetIn && within(span) > 0.0);
    // A sum of nothing would be -0.
    let not_served_ms = not_served.clone().map(within).fold(0.0, |sum, one| sum + one);
    let first = not_served.map(|span| span.from_ms.max(begun)).next();
    let let_in = |span: &Span| span.answer == Answered::LetIn && within(span) > 0.0;
    Absence {
        server_away_ms: ended - begun,
        served_on_ms: first.unwrap_or(ended).min(ended) - begun,
        not_served_ms,
        let_in_who_signed_out: signed_out.iter().any(let_in),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: fn(u64) -> Duration = Duration::from_millis;

    fn times() -> Times {
        Times { restart: (AT(100), AT(200)), outage: (AT(1000), AT(3000)), over: AT(4000) }
    }

    #[test]
    fn who_asks_each_time_cannot_tell_while_nobody_is_there() {
        use Answered::{CannotTell, LetIn, Refused};
        let signed_in = vec![
            (AT(0), LetIn),
            (AT(110), CannotTell),
            (AT(210), LetIn),
            (AT(1005), CannotTell),
            (AT(3020), LetIn),
        ];
        let signed_out = vec![(AT(0), Refused), (AT(110), CannotTell), (AT(210), Refused)];
        let seen = judge([signed_in, signed_out], times());
        assert!((seen.restart.served_on_ms - 10.0).abs() < 1e-6, "{:?}", seen.restart);
        assert!((seen.restart.not_served_ms - 100.0).abs() < 1e-6, "{:?}", seen.restart);
        assert!((seen.outage.served_on_ms - 5.0).abs() < 1e-6, "{:?}", seen.outage);
        assert!((seen.outage.not_served_ms - 2015.0).abs() < 1e-6, "{:?}", seen.outage);
        assert!(!seen.restart.let_in_who_signed_out && !seen.outage.let_in_who_signed_out);
    }

    #[test]
    fn who_asks_nobody_misses_nobody_and_believes_everybody() {
        let always = || vec![(AT(1), Answered::LetIn)];
        let seen = judge([always(), always()], times());
        assert_eq!((seen.outage.served_on_ms, seen.outage.not_served_ms), (2000.0, 0.0));
        assert!(seen.outage.let_in_who_signed_out);
    }
}
