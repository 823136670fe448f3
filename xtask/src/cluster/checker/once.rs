//! What is good for one use, and users who were made.

use std::collections::HashMap;

use super::{History, Violation};
use crate::cluster::history::{Act, Outcome};

pub(super) const REDEEMED_TWICE: &str = "a code or a link is redeemed once";
pub(super) const USER_LOST: &str = "a user whose sign-up was acknowledged can sign in";

pub(super) fn judge(history: History<'_>) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut redeemed: HashMap<&str, usize> = HashMap::new();
    let mut made: HashMap<&str, usize> = HashMap::new();
    for (index, operation) in history.operations.iter().enumerate() {
        match &operation.act {
            Act::Redeem { what, .. } if history.is_sure(operation) => {
                if let Some(first) = redeemed.insert(what, index) {
                    let shown_by = vec![first, index];
                    violations.push(Violation { promise: REDEEMED_TWICE, shown_by });
                }
            }
            Act::SignUp { user, .. } if history.is_sure(operation) => {
                made.insert(user, index);
            }
            _ => {}
        }
    }
    for (index, operation) in history.operations.iter().enumerate() {
        let Act::SignIn { user, .. } = &operation.act else { continue };
        let Outcome::Refused(why) = &operation.outcome else { continue };
        let Some(sign_up) = made.get(&**user).copied() else { continue };
        if &**why == "wrong_credentials" && history.operations[sign_up].until <= operation.from {
            violations.push(Violation { promise: USER_LOST, shown_by: vec![sign_up, index] });
        }
    }
    violations
}

#[cfg(test)]
mod tests {
    use super::super::Allows;
    use super::super::scene::{Scene, acknowledged, name, sign_in, sign_up};
    use super::*;

    fn redeem() -> Act {
        Act::Redeem { what: name("code 1"), by: name("s") }
    }

    #[test]
    fn a_code_that_two_redeem_is_a_violation() {
        let once = || {
            Scene::default().then((0, 1), sign_up("s"), acknowledged()).then(
                (2, 5),
                redeem(),
                acknowledged(),
            )
        };
        let refused = Outcome::Refused(name("invalid_grant_of_a_code"));
        once().then((2, 6), redeem(), refused).then((2, 6), redeem(), Outcome::Unknown).holds();
        once().then((2, 6), redeem(), acknowledged()).breaks(REDEEMED_TWICE, &[1, 2]);
    }

    #[test]
    fn a_user_who_is_forgotten_is_a_violation() {
        let refused = || Outcome::Refused(name("wrong_credentials"));
        let forgotten = |made| {
            Scene::default().then((0, 1), sign_up("s"), made).then(
                (2, 3),
                sign_in("t", None),
                refused(),
            )
        };
        forgotten(acknowledged()).breaks(USER_LOST, &[0, 1]);
        forgotten(Outcome::Unknown).holds();
        forgotten(acknowledged()).allowing(Allows::LostActs, (0, 2)).holds();
        Scene::default()
            .then((0, 3), sign_up("s"), acknowledged())
            .then((2, 3), sign_in("t", None), refused())
            .holds();
    }
}
