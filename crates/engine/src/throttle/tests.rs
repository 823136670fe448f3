use std::net::IpAddr;
use std::pin::pin;
use std::sync::Barrier;
use std::task::{Context, Poll, Waker};
use std::thread;

use cloakroom_model::secret::Digest;

use super::*;

const NOW: Timestamp = Timestamp(1_000_000_000);

#[test]
fn a_network_that_used_up_its_burst_waits_and_its_neighbours_do_not() {
    let limits = Limits::default();
    use_up(&limits, What::SignIn, &address("192.0.2.1"));
    let limited = check(&limits, What::SignIn, &address("192.0.2.1"), NOW);
    let retry_after = Duration::from_secs(10);
    assert_eq!(limited, Err(Limited { what: What::SignIn, retry_after }));
    assert_eq!(check(&limits, What::SignIn, &address("192.0.2.2"), NOW), Ok(()));
    assert_eq!(check(&limits, What::SignIn, &address("192.0.2.1"), NOW.plus(retry_after)), Ok(()));
}

#[test]
fn an_ipv6_network_is_one_however_many_addresses_it_has() {
    let limits = Limits::default();
    for n in 0..burst(What::SignUp) {
        let one_more = address(&format!("2001:db8:1:2::{n:x}"));
        assert_eq!(check(&limits, What::SignUp, &one_more, NOW), Ok(()));
    }
    assert!(check(&limits, What::SignUp, &address("2001:db8:1:2:ffff::"), NOW).is_err());
    assert_eq!(check(&limits, What::SignUp, &address("2001:db8:1:3::"), NOW), Ok(()));
}

#[test]
fn limits_are_apart() {
    let limits = Limits::default();
    use_up(&limits, What::SignUp, &address("192.0.2.1"));
    assert!(check(&limits, What::SignUp, &address("192.0.2.1"), NOW).is_err());
    for other in [What::SignIn, What::Guest, What::Refresh, What::Link] {
        assert_eq!(check(&limits, other, &address("192.0.2.1"), NOW), Ok(()));
    }
}

#[test]
fn accounts_are_counted_by_digest() {
    let limits = Limits::default();
    for _ in 0..burst(What::SignInAccount) {
        assert_eq!(check(&limits, What::SignInAccount, Digest([1; 32]), NOW), Ok(()));
    }
    assert!(check(&limits, What::SignInAccount, Digest([1; 32]), NOW).is_err());
    assert_eq!(check(&limits, What::SignInAccount, Digest([2; 32]), NOW), Ok(()));
}

#[test]
fn a_refused_try_does_not_make_the_wait_longer() {
    let limits = Limits::default();
    use_up(&limits, What::SignUp, &address("192.0.2.1"));
    let first = check(&limits, What::SignUp, &address("192.0.2.1"), NOW);
    assert!(first.is_err());
    for _ in 0..1_000 {
        assert_eq!(check(&limits, What::SignUp, &address("192.0.2.1"), NOW), first);
    }
}

#[test]
fn requests_at_once_get_no_more_than_the_burst() {
    let limits = Limits::default();
    let (threads, tries) = (8, 100);
    let start = Barrier::new(threads);
    let admitted: usize = thread::scope(|scope| {
        let one = || {
            start.wait();
            let admitted = || check(&limits, What::Guest, &address("192.0.2.1"), NOW).is_ok();
            (0..tries).filter(|_| admitted()).count()
        };
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(one)).collect();
        handles.into_iter().map(|handle| handle.join().unwrap()).sum()
    });
    assert_eq!(admitted, burst(What::Guest));
}

#[test]
fn memory_has_an_end_however_many_come() {
    let limits = Limits::remembering(1_000);
    for n in 0..20_000_u32 {
        let _ = check(&limits, What::Guest, &IpAddr::from(n.to_be_bytes()), NOW);
    }
    assert!(limits.counts.as_ref().unwrap().len() <= 1_000);
}

#[test]
fn without_limits_nothing_is_counted() {
    let limits = Limits::danger_none();
    assert!(!limits.are_on());
    assert!(Limits::default().are_on());
    for _ in 0..10_000 {
        assert_eq!(check(&limits, What::SignUp, &address("192.0.2.1"), NOW), Ok(()));
    }
}

#[test]
fn the_message_names_the_limit_and_the_wait() {
    let limited = Limited { what: What::SignIn, retry_after: Duration::from_millis(9_001) };
    assert_eq!(limited.to_string(), "too many attempts (sign_in_address): try again in 10 s");
}

fn use_up(limits: &Limits, what: What, address: &IpAddr) {
    for _ in 0..burst(what) {
        assert_eq!(check(limits, what, address, NOW), Ok(()));
    }
}

fn burst(what: What) -> usize {
    what.row().rate.burst() as usize
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// Without counters in common there is nothing to wait for.
fn check(
    limits: &Limits,
    what: What,
    subject: impl Into<Subject>,
    now: Timestamp,
) -> Result<(), Limited> {
    match pin!(limits.check(what, subject, now)).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("it waits"),
    }
}
