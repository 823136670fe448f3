use serde_json::{Value, json};

use super::*;
use crate::data::Namespace;

const USER: UserId = UserId::from_bytes([1; 16]);
const GUEST: SessionId = SessionId::from_bytes([2; 16]);
const SESSION: SessionId = SessionId::from_bytes([3; 16]);

#[test]
fn each_document_follows_its_namespace() {
    use Belongs::{Session, User};
    use MergeRule::{KeepGuest, KeepUser, Merge};

    let ours = json!({"items":["coat"]});
    let theirs = json!({"items":["hat"]});
    let both = json!({"items":["coat","hat"]});
    let to_user = Owner::User(USER);
    let to_session = Owner::Session(SESSION);
    let table = [
        (None, Some(&ours), Some((to_user, &both))),
        (None, None, Some((to_user, &theirs))),
        (Some((User, Merge)), Some(&ours), Some((to_user, &both))),
        (Some((User, KeepUser)), Some(&ours), None),
        (Some((User, KeepUser)), None, Some((to_user, &theirs))),
        (Some((User, KeepGuest)), Some(&ours), Some((to_user, &theirs))),
        // Whatever the user has under the same name is another document.
        (Some((Session, KeepUser)), Some(&ours), Some((to_session, &theirs))),
        (Some((Session, Merge)), None, Some((to_session, &theirs))),
    ];
    for (rule, ours, expected) in table {
        let rules: Vec<_> = rule
            .map(|(belongs, at_sign_in)| (shop(), data_rule("cart", belongs, at_sign_in)))
            .into_iter()
            .collect();
        let of_user: Vec<_> =
            ours.map(|value| document(Owner::User(USER), "cart", value)).into_iter().collect();
        let of_guest = vec![document(Owner::Session(GUEST), "cart", &theirs)];

        let carried = carry_over(&rules, 1000).decide(&of_user, of_guest);

        let found: Vec<_> =
            carried.documents.iter().map(|(key, it)| (key.owner, &it.value)).collect();
        let expected: Vec<_> = expected.into_iter().collect();
        assert_eq!((found, carried.left), (expected, 0), "{rule:?} {ours:?}");
    }
}

#[test]
fn a_rule_is_of_one_client() {
    let elsewhere = ClientId::parse("elsewhere").unwrap();
    let rules = [(elsewhere, data_rule("cart", Belongs::Session, MergeRule::Merge))];
    let of_guest = vec![document(Owner::Session(GUEST), "cart", &json!(1))];
    let carried = carry_over(&rules, 1000).decide(&[], of_guest);
    assert_eq!(carried.documents[0].0.owner, Owner::User(USER));
}

#[test]
fn what_does_not_fit_stays_and_what_fits_goes() {
    // `"12345678"` has ten bytes of JSON.
    let ten = json!("12345678");
    let of_user = [document(Owner::User(USER), "a", &ten), document(Owner::User(USER), "d", &ten)];
    let of_guest = || {
        vec![
            document(Owner::Session(GUEST), "c", &json!(1)),
            document(Owner::Session(GUEST), "b", &ten),
            document(Owner::Session(GUEST), "a", &json!("x")),
        ]
    };
    // The documents of the user have 20 bytes; `a` makes that 13, `b` 23, `c` 24.
    let table = [(12, "", 3), (13, "a", 2), (14, "ac", 1), (23, "ab", 1), (24, "abc", 0)];
    for (limit, goes, left) in table {
        let carried = carry_over(&[], limit).decide(&of_user, of_guest());
        let names: String =
            carried.documents.iter().map(|(key, _)| key.namespace.as_str()).collect();
        assert_eq!((names.as_str(), carried.left), (goes, left), "limit {limit}");
    }
}

#[test]
fn the_limit_is_of_each_owner_by_itself() {
    let rules = [(shop(), data_rule("tabs", Belongs::Session, MergeRule::Merge))];
    let of_guest = vec![
        document(Owner::Session(GUEST), "cart", &json!("12345678")),
        document(Owner::Session(GUEST), "tabs", &json!("12345678")),
    ];
    let carried = carry_over(&rules, 10).decide(&[], of_guest);
    assert_eq!((carried.documents.len(), carried.left), (2, 0));
}

#[test]
fn no_two_versions_share_an_etag() {
    let of_guest =
        ["a", "b", "c"].map(|name| document(Owner::Session(GUEST), name, &json!(1))).to_vec();
    let carried = carry_over(&[], 1000).decide(&[], of_guest);
    let etags: Vec<_> = carried.documents.iter().map(|(_, document)| document.etag).collect();
    assert_eq!(etags.len(), 3);
    assert!(etags[0] != etags[1] && etags[1] != etags[2] && etags[0] != etags[2]);
}

fn carry_over(rules: &[(ClientId, DataRule)], limit: usize) -> CarryOver<'_> {
    CarryOver { user: USER, session: SESSION, rules, limit, etag_seed: [255; 16] }
}

fn data_rule(namespace: &str, belongs: Belongs, at_sign_in: MergeRule) -> DataRule {
    DataRule { namespace: Namespace::parse(namespace).unwrap(), belongs, at_sign_in }
}

fn document(owner: Owner, namespace: &str, value: &Value) -> (DocumentKey, Document) {
    let namespace = Namespace::parse(namespace).unwrap();
    let key = DocumentKey { owner, client: shop(), namespace };
    (key, Document { value: value.clone(), etag: Etag([9; 16]) })
}

fn shop() -> ClientId {
    ClientId::parse("shop").unwrap()
}
