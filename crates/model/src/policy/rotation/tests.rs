use proptest::prelude::*;

use super::*;
use crate::grant::Details;
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

/// FAPI 2.0 Security Profile §5.3.2.1.
#[test]
fn where_nothing_rotates_the_newest_token_stays_and_an_older_one_still_ends_the_grant() {
    let stays = Rotation { rotates: false, ..policy() };
    let grant = grant(5, &[(3, 60_000), (4, 1_000)]);
    assert_eq!(policy().decide(&grant, 3, true, NOW), Outcome::EndGrant);
    for (presented, expected) in
        [(5, Outcome::Stay), (4, Outcome::Replay), (3, Outcome::EndGrant), (6, Outcome::Refuse)]
    {
        assert_eq!(stays.decide(&grant, presented, true, NOW), expected, "{presented}");
    }
    let over = Grant { expires_at: NOW, ..grant };
    assert_eq!(stays.decide(&over, 5, true, NOW), Outcome::Refuse);
}

fn policy() -> Rotation {
    Rotation { replay_window: WINDOW, rotates: true }
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
        details: Details::default(),
    }
}

/// What somebody does with the tokens they hold.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// A tab presents the newest token that the tabs share.
    Tab,
    /// A tab presents a token that it kept from so many rotations ago.
    Stale(u64),
    /// Somebody presents a number that was never issued.
    Guess(u64),
    /// Time goes on.
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<(Step, bool)>> {
    let step = prop_oneof![
        4 => Just(Step::Tab),
        3 => (0_u64..20).prop_map(Step::Stale),
        1 => (1_u64..5).prop_map(Step::Guess),
        4 => (0_u64..12_000).prop_map(Step::Wait),
        1 => (12_000_u64..40_000).prop_map(Step::Wait),
    ];
    prop::collection::vec((step, any::<bool>()), 1..120)
}

proptest! {
    /// The grant remembers at most sixteen rotations; the model remembers all of them, for ever. They always
    /// say the same.
    #[test]
    fn a_grant_that_forgets_decides_like_one_that_forgets_nothing(steps in steps()) {
        let mut grant = Grant { last_used_at: NOW, ..grant(0, &[]) };
        let mut history: Vec<Timestamp> = Vec::new();
        let mut now = NOW;
        for (step, authenticated) in steps {
            let presented = match step {
                Step::Wait(milliseconds) => {
                    now = now.plus(Duration::from_millis(milliseconds));
                    continue;
                }
                Step::Tab => grant.counter,
                Step::Stale(ago) => grant.counter.saturating_sub(ago),
                Step::Guess(ahead) => grant.counter + ahead,
            };
            let outcome = policy().decide(&grant, presented, authenticated, now);
            let expected = model(&history, presented, authenticated, &grant, now);
            prop_assert_eq!(Said::from(&outcome), expected, "token {} of {} at {:?}", presented, grant.counter, now);
            match outcome {
                Outcome::Rotate(rotations) => {
                    prop_assert!(rotations.len() <= Grant::MAX_ROTATIONS);
                    history.push(now);
                    grant = Grant { counter: grant.counter + 1, rotations, last_used_at: now, ..grant };
                }
                Outcome::EndGrant => return Ok(()),
                Outcome::Stay | Outcome::Replay | Outcome::Wait(_) | Outcome::Refuse => (),
            }
        }
    }

    /// Tabs that present nothing older than the window are never signed out, whatever they do at once.
    #[test]
    fn tabs_inside_the_window_never_end_their_grant(
        moves in prop::collection::vec((0_u64..16, 0_u64..3_000), 1..200),
    ) {
        let mut grant = Grant { last_used_at: NOW, ..grant(0, &[]) };
        let mut rotated_at: Vec<Timestamp> = Vec::new();
        let mut now = NOW;
        for (ago, wait) in moves {
            now = now.plus(Duration::from_millis(wait));
            let kept = grant.counter.saturating_sub(ago);
            let fresh = usize::try_from(kept).ok().and_then(|n| rotated_at.get(n)).is_none_or(|at| now.since(*at) <= WINDOW);
            let presented = if fresh { kept } else { grant.counter };
            match policy().decide(&grant, presented, false, now) {
                Outcome::Rotate(rotations) => {
                    rotated_at.push(now);
                    grant = Grant { counter: grant.counter + 1, rotations, last_used_at: now, ..grant };
                }
                Outcome::Stay | Outcome::Replay | Outcome::Wait(_) => (),
                outcome @ (Outcome::EndGrant | Outcome::Refuse) => {
                    prop_assert!(false, "signed out by accident: {outcome:?}");
                }
            }
        }
    }
}

/// An outcome without what it carries.
#[derive(Debug, Eq, PartialEq)]
enum Said {
    Stay,
    Rotate,
    Replay,
    Wait,
    EndGrant,
    Refuse,
}

impl From<&Outcome> for Said {
    fn from(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Stay => Self::Stay,
            Outcome::Rotate(_) => Self::Rotate,
            Outcome::Replay => Self::Replay,
            Outcome::Wait(_) => Self::Wait,
            Outcome::EndGrant => Self::EndGrant,
            Outcome::Refuse => Self::Refuse,
        }
    }
}

/// The promise in its simplest form, over the time of every rotation there ever was.
fn model(
    history: &[Timestamp],
    presented: u64,
    authenticated: bool,
    grant: &Grant,
    now: Timestamp,
) -> Said {
    let alive = now < grant.expires_at && now < grant.last_used_at.plus(grant.idle);
    let counter = u64::try_from(history.len()).unwrap();
    if !alive || presented > counter {
        return Said::Refuse;
    }
    let in_window = |at: &&Timestamp| now.since(**at) <= WINDOW;
    if presented == counter {
        let turns = history.iter().filter(in_window).count();
        return if turns < Grant::MAX_ROTATIONS { Said::Rotate } else { Said::Wait };
    }
    let rotated_at = history[usize::try_from(presented).unwrap()];
    let unused_successor = presented + 1 == counter;
    if now.since(rotated_at) <= WINDOW || (authenticated && unused_successor) {
        Said::Replay
    } else {
        Said::EndGrant
    }
}
