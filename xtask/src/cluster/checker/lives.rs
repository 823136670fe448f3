//! Sessions: they live from their acknowledged beginning to an end that somebody asked for, and never again.

use std::collections::HashMap;
use std::time::Duration;

use super::{Allows, History, Life, Violation, told};
use crate::cluster::history::{Act, Moment, Operation};

pub(super) const STALE: &str =
    "within the bound after an acknowledged end no node says that the session lives";
pub(super) const MADE_AFTER_END: &str =
    "once an end is acknowledged, nothing that lasts is made from the session";
pub(super) const BY_ACCIDENT: &str = "no session is over that nobody ended";
pub(super) const REVIVED: &str = "an ended session never comes back";

/// A rotated token is good for so long. After it, its use ends the grant.
const REPLAY_WINDOW: Duration = Duration::from_secs(30);

pub(super) fn judge(history: History<'_>) -> Vec<Violation> {
    let lives = Lives::read(history);
    let mut views: HashMap<&str, Vec<(usize, Life)>> = HashMap::new();
    for (index, operation) in history.operations.iter().enumerate() {
        if let Some(told) = told(operation) {
            views.entry(told.session).or_default().push((index, told.life));
        }
    }
    let mut violations = Vec::new();
    for (session, views) in &views {
        if let Some(life) = lives.0.get(session) {
            violations.extend(life.contradicted_by(history, views));
        }
    }
    violations
}

/// What may have ended a session.
struct End {
    index: usize,
    from: Moment,
    /// When it was certainly over, if it ever was.
    sure: Option<Moment>,
}

struct LifeOf {
    begun: usize,
    ends: Vec<End>,
    is_guest: bool,
}

/// By the session's name.
struct Lives<'a>(HashMap<&'a str, LifeOf>);

impl<'a> Lives<'a> {
    fn read(history: History<'a>) -> Self {
        let mut lives = HashMap::new();
        let mut of_user: HashMap<&str, Vec<&str>> = HashMap::new();
        let mut instead_of: HashMap<&str, Vec<&str>> = HashMap::new();
        for (index, operation) in history.operations.iter().enumerate() {
            let Some(sid) = begins(&operation.act) else { continue };
            lives.insert(sid, LifeOf { begun: index, ends: Vec::new(), is_guest: false });
            match &operation.act {
                Act::SignUp { user, .. } => of_user.entry(user).or_default().push(sid),
                Act::SignIn { user, instead_of: earlier, .. } => {
                    of_user.entry(user).or_default().push(sid);
                    if let Some(earlier) = earlier {
                        instead_of.entry(earlier).or_default().push(sid);
                    }
                }
                _ => {
                    lives.entry(sid).and_modify(|life| life.is_guest = true);
                }
            }
        }
        let mut lives = Self(lives);
        for (index, operation) in history.operations.iter().enumerate() {
            lives.ended_by_replay(history, index, operation);
            if !operation.outcome.may_be_done() {
                continue;
            }
            lives.carried_anew(history, index, operation);
            match &operation.act {
                Act::SignOut { session } | Act::EndDevice { session } => {
                    lives.end(history, session, index, true);
                }
                Act::SignOutEverywhere { user, .. } => {
                    for sid in of_user.get(&**user).into_iter().flatten() {
                        lives.end_everywhere(history, sid, index);
                    }
                }
                Act::SignIn { instead_of: Some(earlier), begins, .. } => {
                    let left = lives.is_guest(earlier) && history.may_leave_guest(operation);
                    lives.end(history, earlier, index, !left);
                    // A second click goes on from what the first one made.
                    for sid in instead_of.get(&**earlier).into_iter().flatten() {
                        if begins.as_deref() != Some(sid) {
                            lives.end(history, sid, index, false);
                        }
                    }
                }
                _ => {}
            }
        }
        lives.may_be_lost(history);
        lives
    }

    fn is_guest(&self, sid: &str) -> bool {
        self.0.get(sid).is_some_and(|life| life.is_guest)
    }

    fn end(&mut self, history: History<'_>, sid: &str, index: usize, sure: bool) {
        let operation = &history.operations[index];
        let sure = (sure && history.is_sure(operation)).then_some(operation.until);
        if let Some(life) = self.0.get_mut(sid) {
            life.ends.push(End { index, from: operation.from, sure });
        }
    }

    /// All that had begun before ends for sure; what begins meanwhile may.
    fn end_everywhere(&mut self, history: History<'_>, sid: &str, index: usize) {
        let Some(life) = self.0.get(sid) else { return };
        let (begun, end) = (&history.operations[life.begun], &history.operations[index]);
        if begun.from < end.until {
            self.end(history, sid, index, begun.until <= end.from);
        }
    }

    /// A token that came back after its window ends its grant, and its session's refreshes with it.
    fn ended_by_replay(&mut self, history: History<'_>, index: usize, operation: &Operation) {
        if let Act::Refresh { session, first_presented } = &operation.act
            && operation.until.saturating_sub(*first_presented) > REPLAY_WINDOW
        {
            self.end(history, session, index, false);
        }
    }

    /// Whoever got another token or cookie in a moment that was lost has one that nobody knows.
    fn carried_anew(&mut self, history: History<'_>, index: usize, operation: &Operation) {
        if let Act::Refresh { session, .. } | Act::Redeem { by: session, .. } = &operation.act
            && history.touches_lost_acts(operation)
        {
            self.end(history, session, index, false);
        }
    }

    /// What faults allow to be lost.
    fn may_be_lost(&mut self, history: History<'_>) {
        for life in self.0.values_mut() {
            let begun = &history.operations[life.begun];
            let lost_acts = history
                .allowed(Allows::LostActs)
                .filter(|it| it.from <= begun.until && begun.until <= it.until);
            let lost_guests = history
                .allowed(Allows::LostGuests)
                .filter(|it| life.is_guest && begun.from <= it.until);
            life.ends.extend(lost_acts.chain(lost_guests).map(|it| End {
                index: life.begun,
                from: it.from,
                sure: None,
            }));
        }
    }
}

impl LifeOf {
    /// Until when a node may answer from memory after this refusal.
    fn latest(&self, history: History<'_>, refusal: &Operation) -> Moment {
        if self.is_guest {
            history.latest_of_guest(refusal.until)
        } else {
            history.latest(refusal.until)
        }
    }

    /// Whether a refusal may say no more than that the node had heard of an end which was lost since: it goes on refusing the
    /// session's tokens.
    fn ended_in_vain(&self, history: History<'_>, refusal: &Operation) -> bool {
        let ends = self.ends.iter().filter(|end| end.index != self.begun);
        ends.map(|end| &history.operations[end.index])
            .any(|end| end.from <= refusal.until && history.touches_lost_acts(end))
    }

    /// The first view of each kind that no end explains.
    fn contradicted_by(&self, history: History<'_>, views: &[(usize, Life)]) -> Vec<Violation> {
        let operations = history.operations;
        let sure = self.ends.iter().filter_map(|end| Some((end.sure?, end.index))).min();
        let first_end = self.ends.iter().map(|end| end.from).min();
        let refused = views
            .iter()
            .filter(|(index, life)| {
                let view = &operations[*index];
                *life == Life::Over
                    && !history.may_be_taken_back(view)
                    && !self.ended_in_vain(history, view)
            })
            .map(|(index, _)| (self.latest(history, &operations[*index]), *index))
            .min();
        let mut violations: Vec<Violation> = Vec::new();
        let mut add = |promise, shown_by: Vec<usize>| {
            if !violations.iter().any(|known| known.promise == promise) {
                violations.push(Violation { promise, shown_by });
            }
        };
        for (index, life) in views {
            let view = &operations[*index];
            if *life == Life::Over {
                let explained = first_end.is_some_and(|first| first <= view.until)
                    || view.until < operations[self.begun].until;
                if !explained {
                    add(BY_ACCIDENT, vec![self.begun, *index]);
                }
                continue;
            }
            if let Some((end, by)) = sure {
                if *life == Life::Lasts && end <= view.from {
                    add(MADE_AFTER_END, vec![self.begun, by, *index]);
                } else if history.latest(end) < view.from {
                    add(STALE, vec![self.begun, by, *index]);
                }
            }
            if let Some((latest, by)) = refused
                && latest < view.from
            {
                add(REVIVED, vec![self.begun, by, *index]);
            }
        }
        violations
    }
}

fn begins(act: &Act) -> Option<&str> {
    match act {
        Act::SignUp { begins, .. } | Act::SignIn { begins, .. } | Act::BeginGuest { begins } => {
            begins.as_deref()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::{
        ADA, Scene, acknowledged, at, check, guest, name, over, sign_in, sign_out, sign_up,
    };
    use super::*;
    use crate::cluster::history::Outcome;

    fn signed_up() -> Scene {
        Scene::default().then((0, 10), sign_up("s"), acknowledged())
    }

    fn signed_out() -> Scene {
        signed_up().then((20, 30), sign_out("s"), acknowledged())
    }

    fn refresh(first_presented: u64) -> Act {
        Act::Refresh { session: name("s"), first_presented: at(first_presented) }
    }

    #[test]
    fn a_session_that_nobody_ended_lives() {
        signed_up().then((20, 30), check("s"), acknowledged()).holds();
        signed_up().then((20, 30), check("s"), over()).breaks(BY_ACCIDENT, &[0, 1]);
    }

    #[test]
    fn a_session_is_known_as_soon_as_its_beginning_is_acknowledged() {
        signed_up().then((10, 11), check("s"), over()).breaks(BY_ACCIDENT, &[0, 1]);
        Scene::default()
            .then((0, 10), sign_in("s", None), acknowledged())
            .then((10, 11), check("s"), over())
            .breaks(BY_ACCIDENT, &[0, 1]);
    }

    #[test]
    fn a_node_may_remember_for_the_bound_and_no_longer() {
        signed_out().then((1_020, 1_025), check("s"), acknowledged()).holds();
        signed_out().then((1_031, 1_035), check("s"), acknowledged()).breaks(STALE, &[0, 1, 2]);
    }

    #[test]
    fn a_node_that_cannot_hear_may_remember_longer_and_not_for_ever() {
        let deaf = || signed_out().allowing(Allows::Deafness, (0, 600));
        deaf().then((2_000, 2_001), check("s"), acknowledged()).breaks(STALE, &[0, 1, 2]);
        let deaf = || signed_out().allowing(Allows::Deafness, (0, 60_000));
        deaf().then((2_000, 2_001), check("s"), acknowledged()).holds();
        deaf().then((2_600, 2_601), check("s"), acknowledged()).breaks(STALE, &[0, 1, 2]);
    }

    #[test]
    fn nothing_that_lasts_is_made_after_an_end() {
        signed_out().then((29, 40), refresh(29), acknowledged()).holds();
        signed_out().then((31, 40), refresh(31), acknowledged()).breaks(MADE_AFTER_END, &[0, 1, 2]);
    }

    #[test]
    fn an_end_without_an_answer_may_have_happened_or_not() {
        let unknown = || signed_up().then((20, 30), sign_out("s"), Outcome::Unknown);
        unknown().then((5_000, 5_001), check("s"), acknowledged()).holds();
        unknown().then((5_000, 5_001), check("s"), over()).holds();
        let unsent = signed_up().then((20, 30), sign_out("s"), Outcome::Unsent);
        unsent.then((40, 50), check("s"), over()).breaks(BY_ACCIDENT, &[0, 2]);
    }

    #[test]
    fn who_was_refused_once_is_refused_for_ever() {
        signed_up()
            .then((20, 30), sign_out("s"), Outcome::Unknown)
            .then((40, 50), check("s"), over())
            .then((900, 901), check("s"), acknowledged())
            .then((1_100, 1_101), check("s"), acknowledged())
            .breaks(REVIVED, &[0, 2, 4]);
    }

    #[test]
    fn signing_out_everywhere_ends_what_had_begun() {
        let everywhere = || Act::SignOutEverywhere { by: name("s"), user: name(ADA) };
        let ended = signed_up()
            .then((0, 30), sign_in("t", None), acknowledged())
            .then((20, 40), everywhere(), acknowledged())
            .then((50, 60), sign_in("u", None), acknowledged());
        ended.then((5_000, 5_001), check("s"), acknowledged()).breaks(STALE, &[0, 2, 4]);
        let begun = |session, outcome| {
            signed_up()
                .then((0, 30), sign_in("t", None), acknowledged())
                .then((20, 40), everywhere(), acknowledged())
                .then((50, 60), sign_in("u", None), acknowledged())
                .then((5_000, 5_001), check(session), outcome)
        };
        begun("t", acknowledged()).holds();
        begun("t", over()).holds();
        begun("u", acknowledged()).holds();
        begun("u", over()).breaks(BY_ACCIDENT, &[3, 4]);
    }

    #[test]
    fn a_sign_in_ends_the_browsers_earlier_session_and_perhaps_its_twin() {
        let twins = |session, outcome| {
            Scene::default()
                .then((0, 10), guest("g"), acknowledged())
                .then((20, 40), sign_in("s", Some("g")), acknowledged())
                .then((20, 41), sign_in("t", Some("g")), acknowledged())
                .then((5_000, 5_001), check(session), outcome)
        };
        twins("g", over()).holds();
        twins("g", acknowledged()).breaks(STALE, &[0, 1, 3]);
        twins("s", over()).holds();
        twins("t", acknowledged()).holds();
    }

    #[test]
    fn a_token_ends_its_grant_only_after_its_window() {
        let refused = || Outcome::Refused(name("invalid_grant"));
        signed_up().then((29_000, 29_500), refresh(20), refused()).breaks(BY_ACCIDENT, &[0, 1]);
        signed_up().then((30_100, 30_200), refresh(20), refused()).holds();
    }

    #[test]
    fn a_device_that_is_not_found_counts_as_ended() {
        let device = || Act::EndDevice { session: name("s") };
        let absent = || Outcome::Refused(name("not_found"));
        signed_up().then((20, 30), device(), absent()).breaks(BY_ACCIDENT, &[0, 1]);
        signed_up().then((20, 30), device(), over()).holds();
        signed_out().then((40, 50), device(), absent()).holds();
        signed_up()
            .then((20, 30), device(), acknowledged())
            .then((5_000, 5_001), check("s"), acknowledged())
            .breaks(STALE, &[0, 1, 2]);
    }

    #[test]
    fn a_failover_may_lose_what_was_acknowledged_meanwhile_and_nothing_else() {
        let lost = |scene: Scene| scene.allowing(Allows::LostActs, (0, 35));
        lost(signed_up()).then((50, 51), check("s"), over()).holds();
        lost(signed_out()).then((5_000, 5_001), check("s"), acknowledged()).holds();
        let before = signed_up().allowing(Allows::LostActs, (15, 35));
        before.then((50, 51), check("s"), over()).breaks(BY_ACCIDENT, &[0, 1]);
    }

    #[test]
    fn whose_token_was_changed_in_a_lost_moment_signs_in_again() {
        let refreshed = |times| {
            let refresh = Act::Refresh { session: name("s"), first_presented: at(20) };
            signed_up()
                .then(times, refresh, acknowledged())
                .allowing(Allows::LostActs, (25, 35))
                .then((50, 51), check("s"), over())
        };
        refreshed((20, 30)).holds();
        refreshed((20, 24)).breaks(BY_ACCIDENT, &[0, 2]);
    }

    #[test]
    fn who_heard_of_an_end_that_was_lost_may_go_on_refusing() {
        let refused_then_accepted = |scene: Scene| {
            scene
                .allowing(Allows::LostActs, (25, 35))
                .then((4_000, 4_001), check("s"), over())
                .then((6_000, 6_001), check("s"), acknowledged())
        };
        refused_then_accepted(signed_out()).holds();
        let ended_later = signed_up().then((40, 50), sign_out("s"), Outcome::Unknown);
        refused_then_accepted(ended_later).breaks(REVIVED, &[0, 2, 3]);
    }

    #[test]
    fn guests_may_vanish_with_redis_and_users_may_not() {
        let lost = |scene: Scene, outcome| {
            scene.allowing(Allows::LostGuests, (15, 20)).then((50, 51), check("s"), outcome)
        };
        let came = || Scene::default().then((0, 10), guest("s"), acknowledged());
        lost(came(), over()).holds();
        lost(came(), acknowledged()).holds();
        lost(signed_up(), over()).breaks(BY_ACCIDENT, &[0, 1]);
        let remembered_at_one_node =
            |scene: Scene, at| lost(scene, over()).then((at, at + 1), check("s"), acknowledged());
        remembered_at_one_node(came(), 2_500).holds();
        remembered_at_one_node(came(), 2_600).breaks(REVIVED, &[0, 1, 2]);
        let signed_out = || came().then((11, 12), sign_out("s"), Outcome::Unknown);
        remembered_at_one_node(signed_out(), 2_500).holds();
        let refused_before = signed_out().then((13, 14), check("s"), over());
        remembered_at_one_node(refused_before, 2_500).breaks(REVIVED, &[0, 2, 4]);
        let revived = came()
            .then((11, 12), sign_out("s"), acknowledged())
            .allowing(Allows::LostGuests, (15, 20));
        revived.then((5_000, 5_001), check("s"), acknowledged()).breaks(STALE, &[0, 1, 2]);
    }

    #[test]
    fn who_signs_in_while_redis_is_away_may_leave_the_guest_and_nobody_else() {
        let left = |came: Act, times| {
            Scene::default()
                .then((0, 10), came, acknowledged())
                .then(times, sign_in("t", Some("s")), acknowledged())
                .allowing(Allows::LeftGuests, (15, 25))
                .then((5_000, 5_001), check("s"), acknowledged())
        };
        left(guest("s"), (20, 30)).holds();
        left(guest("s"), (26, 30)).breaks(STALE, &[0, 1, 2]);
        left(sign_up("s"), (20, 30)).breaks(STALE, &[0, 1, 2]);
    }
}
