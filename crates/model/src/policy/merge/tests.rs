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
