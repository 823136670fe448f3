//! Merging JSON: a patch onto a document, and a guest's document onto a user's.

use serde_json::{Map, Value};

use crate::data::MergeRule;

/// Applies a merge patch (RFC 7396 §2): `null` removes, objects merge, everything else replaces.
#[must_use]
pub fn patch(target: Option<Value>, patch: Value) -> Value {
    let Value::Object(changes) = patch else {
        return patch;
    };
    let mut object = match target {
        Some(Value::Object(object)) => object,
        _ => Map::new(),
    };
    for (name, change) in changes {
        if change.is_null() {
            object.remove(&name);
        } else {
            let before = object.remove(&name);
            object.insert(name, self::patch(before, change));
        }
    }
    Value::Object(object)
}

/// What the user has after a guest signed in, by the namespace's rule.
#[must_use]
pub fn at_sign_in(rule: MergeRule, user: Option<Value>, guest: Value) -> Value {
    match (rule, user) {
        (_, None) | (MergeRule::KeepGuest, _) => guest,
        (MergeRule::KeepUser, Some(user)) => user,
        (MergeRule::Merge, Some(user)) => union(user, guest),
    }
}

/// The guest's scalars win, arrays take what they lack, objects merge member by member.
fn union(user: Value, guest: Value) -> Value {
    match (user, guest) {
        (Value::Object(mut user), Value::Object(guest)) => {
            for (name, theirs) in guest {
                let merged = match user.remove(&name) {
                    Some(ours) => union(ours, theirs),
                    None => theirs,
                };
                user.insert(name, merged);
            }
            Value::Object(user)
        }
        (Value::Array(mut user), Value::Array(guest)) => {
            for item in guest {
                if !user.contains(&item) {
                    user.push(item);
                }
            }
            Value::Array(user)
        }
        (_, guest) => guest,
    }
}

#[cfg(test)]
mod tests;
