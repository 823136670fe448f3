use super::*;

fn proved(jti: u64, until: u64) -> Proved {
    let mark = sha256(&jti.to_be_bytes());
    Proved { thumbprint: "t".to_owned(), mark, until }
}

/// By two clocks that go alike.
fn spend(spent: &Spent, proved: &Proved, now: u64) -> Result<(), Refusal> {
    spent.spend(proved, now, Duration::from_secs(now))
}

#[test]
fn a_proof_counts_once_as_long_as_it_could_be_shown_again() {
    let spent = Spent::new(1000);
    let (one, other) = (proved(1, 1121), proved(2, 1121));
    assert_eq!(spend(&spent, &one, 1000), Ok(()));
    assert_eq!(spend(&spent, &other, 1000), Ok(()));
    for now in [1000, 1060, 1121] {
        let again = spend(&spent, &one, now);
        assert_eq!(again, Err(Refusal::InvalidProof("The DPoP proof was used before.")), "{now}");
    }
}

#[test]
fn a_clock_on_the_wall_that_is_set_ahead_and_back_has_no_proof_count_twice() {
    let spent = Spent::new(SHARDS * 4);
    let one = proved(1, 1121);
    assert_eq!(spend(&spent, &one, 1000), Ok(()));
    // Set ahead, when others come and the marks are looked through, and back.
    for jti in 2..1000 {
        let _ = spent.spend(&proved(jti, 500_121), 500_000, Duration::from_secs(1060));
    }
    let again = spent.spend(&one, 1061, Duration::from_secs(1061));
    assert_eq!(again, Err(Refusal::InvalidProof("The DPoP proof was used before.")));
    // What was used meanwhile is forgotten once it cannot be shown again by either clock.
    assert_eq!(spend(&spent, &proved(1000, 500_400), 500_122), Ok(()));
}

#[test]
fn no_proof_is_forgotten_early_however_many_come() {
    let spent = Spent::new(SHARDS * 4);
    let first: Vec<_> =
        (0..1000).filter(|jti| spend(&spent, &proved(*jti, 1121), 1000).is_ok()).collect();
    assert_eq!(first.len(), SHARDS * 4, "there is an end");
    for jti in &first {
        assert!(spend(&spent, &proved(*jti, 1121), 1060).is_err());
    }
    assert_eq!(spend(&spent, &proved(5000, 1121), 1060), Err(Refusal::Unavailable));
    assert_eq!(spend(&spent, &proved(5000, 1300), 1152), Ok(()), "those that are over make room");
}
