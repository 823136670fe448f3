use super::*;
use crate::id::{ClientId, GrantId};

const WINDOW: Duration = Duration::from_secs(30);
const NOW: Timestamp = Timestamp(1_000_000);

#[test]
fn the_newest_token_rotates_and_is_remembered() {
    let outcome = policy().decide(&grant(3, &[]), 3, false, NOW);
    assert_eq!(outcome, Outcome::Rotate(vec![Rotated { counter: 3, at: NOW }]));
}

#[test]
fn a_token_rotated_inside_the_window_earns_the_newest_one() {
    let grant = grant(5, &[(3, 20_000), (4, 1_000)]);
    for presented in [3, 4] {
        assert_eq!(policy().decide(&grant, presented, false, NOW), Outcome::Replay);
    }
}

#[test]
fn the_window_ends_after_its_last_millisecond() {
    assert_eq!(policy().decide(&grant(2, &[(1, 30_000)]), 1, false, NOW), Outcome::Replay);
    assert_eq!(policy().decide(&grant(2, &[(1, 30_001)]), 1, false, NOW), Outcome::EndGrant);
}

#[test]
fn a_token_rotated_before_the_window_ends_the_grant() {
    assert_eq!(policy().decide(&grant(9, &[]), 2, false, NOW), Outcome::EndGrant);
}

#[test]
fn a_client_that_proves_itself_may_come_back_late_while_the_successor_is_unused() {
    let late = grant(5, &[(4, 3_600_000)]);
    assert_eq!(policy().decide(&late, 4, true, NOW), Outcome::Replay);
    assert_eq!(policy().decide(&late, 4, false, NOW), Outcome::EndGrant);
    assert_eq!(policy().decide(&late, 3, true, NOW), Outcome::EndGrant);
    let bound = Grant { bound: true, ..late };
    assert_eq!(policy().decide(&bound, 4, false, NOW), Outcome::Replay);
}

#[test]
fn a_number_that_was_never_issued_is_refused_and_ends_nothing() {
    assert_eq!(policy().decide(&grant(5, &[]), 6, false, NOW), Outcome::Refuse);
}

#[test]
fn an_expired_grant_refuses_every_token() {
    let over = Grant { expires_at: NOW, ..grant(5, &[(4, 1)]) };
    let idle = Grant { last_used_at: NOW.minus(Duration::from_hours(2)), ..grant(5, &[(4, 1)]) };
    for grant in [over, idle] {
        for presented in [0, 4, 5] {
            assert_eq!(policy().decide(&grant, presented, true, NOW), Outcome::Refuse);
        }
    }
}

#[test]
fn seventeen_rotations_in_one_window_are_one_too_many() {
    let mut full = grant(16, &[]);
    full.rotations =
        (0..16).map(|n| Rotated { counter: n, at: NOW.minus(Duration::from_secs(10)) }).collect();
    assert_eq!(policy().decide(&full, 16, false, NOW), Outcome::Wait(Duration::from_secs(20)));
    let later = NOW.plus(Duration::from_millis(20_001));
    assert!(
        matches!(policy().decide(&full, 16, false, later), Outcome::Rotate(rotations) if rotations.len() == 1)
    );
}

fn policy() -> Rotation {
    Rotation { replay_window: WINDOW }
}

/// A grant whose newest token is `counter`; each rotation is a number and how many milliseconds ago it was.
fn grant(counter: u64, rotations: &[(u64, u64)]) -> Grant {
    Grant {
        id: GrantId::from_bytes([1; 16]),
        user: None,
        session: None,
        client: ClientId::built_in(),
        scope: vec![],
        audience: vec![],
        created_at: Timestamp(0),
        expires_at: NOW.plus(Duration::from_hours(1)),
        idle: Duration::from_hours(1),
        last_used_at: NOW.minus(Duration::from_secs(30)),
        data_key: 1,
        counter,
        rotations: rotations
            .iter()
            .map(|(counter, ago)| Rotated {
                counter: *counter,
                at: NOW.minus(Duration::from_millis(*ago)),
            })
            .collect(),
        bound: false,
    }
}
