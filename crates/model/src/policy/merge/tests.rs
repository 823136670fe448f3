use proptest::prelude::*;
use serde_json::json;

use super::*;

#[test]
fn patches_do_what_the_appendix_says() {
    // RFC 7396 appendix A, all of its rows.
    let table = [
        (json!({"a":"b"}), json!({"a":"c"}), json!({"a":"c"})),
        (json!({"a":"b"}), json!({"b":"c"}), json!({"a":"b","b":"c"})),
        (json!({"a":"b"}), json!({"a":null}), json!({})),
        (json!({"a":"b","b":"c"}), json!({"a":null}), json!({"b":"c"})),
        (json!({"a":["b"]}), json!({"a":"c"}), json!({"a":"c"})),
        (json!({"a":"c"}), json!({"a":["b"]}), json!({"a":["b"]})),
        (json!({"a":{"b":"c"}}), json!({"a":{"b":"d","c":null}}), json!({"a":{"b":"d"}})),
        (json!({"a":[{"b":"c"}]}), json!({"a":[1]}), json!({"a":[1]})),
        (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
        (json!({"a":"b"}), json!(["c"]), json!(["c"])),
        (json!({"a":"foo"}), json!(null), json!(null)),
        (json!({"a":"foo"}), json!("bar"), json!("bar")),
        (json!({"e":null}), json!({"a":1}), json!({"e":null,"a":1})),
        (json!([1, 2]), json!({"a":"b","c":null}), json!({"a":"b"})),
        (json!({}), json!({"a":{"bb":{"ccc":null}}}), json!({"a":{"bb":{}}})),
    ];
    for (target, change, expected) in table {
        assert_eq!(patch(Some(target.clone()), change.clone()), expected, "{target} {change}");
    }
}

#[test]
fn a_patch_onto_nothing_keeps_no_nulls() {
    assert_eq!(patch(None, json!({"a":1,"b":null})), json!({"a":1}));
}

#[test]
fn each_rule_decides_who_wins() {
    let user = json!({"items":["coat","hat"],"gift":false,"note":{"to":"Ada"}});
    let guest = json!({"items":["hat","scarf"],"gift":true,"note":{"from":"Bob"}});
    let merged = json!({
        "items":["coat","hat","scarf"],"gift":true,"note":{"to":"Ada","from":"Bob"}
    });
    let table = [
        (MergeRule::KeepUser, user.clone()),
        (MergeRule::KeepGuest, guest.clone()),
        (MergeRule::Merge, merged),
    ];
    for (rule, expected) in table {
        assert_eq!(at_sign_in(rule, Some(user.clone()), guest.clone()), expected, "{rule:?}");
        assert_eq!(at_sign_in(rule, None, guest.clone()), guest, "{rule:?} onto nothing");
    }
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0_i32..5).prop_map(Value::from),
        "[a-c]{0,2}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-d]", inner, 0..4)
                .prop_map(|map| map.into_iter().collect()),
        ]
    })
}

/// The algorithm of RFC 7396 §2 as it is written there, with a list of members instead of a map.
fn by_the_letter(target: Option<&Value>, change: &Value) -> Value {
    let Value::Object(members) = change else { return change.clone() };
    let mut result: Vec<(String, Value)> = match target {
        Some(Value::Object(object)) => {
            object.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
        }
        _ => Vec::new(),
    };
    for (name, value) in members {
        let before =
            result.iter().position(|(known, _)| known == name).map(|at| result.remove(at).1);
        if !value.is_null() {
            result.push((name.clone(), by_the_letter(before.as_ref(), value)));
        }
    }
    result.into_iter().collect()
}

proptest! {
    #[test]
    fn a_patch_does_what_the_letter_says(target in json_value(), change in json_value()) {
        let expected = by_the_letter(Some(&target), &change);
        prop_assert_eq!(patch(Some(target), change), expected);
    }

    #[test]
    fn the_same_patch_twice_is_the_same_patch(target in json_value(), change in json_value()) {
        let once = patch(Some(target), change.clone());
        prop_assert_eq!(patch(Some(once.clone()), change), once);
    }

    #[test]
    fn signing_in_with_the_same_cart_twice_adds_nothing(user in json_value(), guest in json_value()) {
        let once = at_sign_in(MergeRule::Merge, Some(user), guest.clone());
        prop_assert_eq!(at_sign_in(MergeRule::Merge, Some(once.clone()), guest), once);
    }

    #[test]
    fn a_merge_loses_no_member_of_either_side(
        user in prop::collection::btree_map("[a-f]", 0..9, 0..6),
        guest in prop::collection::btree_map("[a-f]", 0..9, 0..6),
    ) {
        let (ours, theirs) = (json!(user), json!(guest));
        let merged = at_sign_in(MergeRule::Merge, Some(ours), theirs);
        for name in user.keys().chain(guest.keys()) {
            let expected = guest.get(name).or_else(|| user.get(name)).unwrap();
            prop_assert_eq!(&merged[name], &json!(expected));
        }
    }
}
