use proptest::prelude::*;

use super::*;

const MINUTE: Duration = Duration::from_mins(1);

#[test]
fn without_more_words_whoever_is_signed_in_may_enter() {
    let rule = rule();
    assert_eq!(rule.decide(None, Timestamp(0)), Outcome::SignIn);
    let ada = Entrant { user: user(1), roles: &[], proof: None };
    assert_eq!(rule.decide(Some(&ada), Timestamp(0)), Outcome::Enter);
}

#[test]
fn a_role_or_a_name_lets_in_and_nothing_else() {
    let staff = [Role::parse("staff").unwrap()];
    let who = Who::Of { roles: staff.to_vec(), users: vec![user(1)] };
    let rule = Rule { who, ..rule() };
    let decide = |user, roles: &[Role]| {
        rule.decide(Some(&Entrant { user, roles, proof: None }), Timestamp(0))
    };
    assert_eq!(decide(user(1), &[]), Outcome::Enter);
    assert_eq!(decide(user(2), &staff), Outcome::Enter);
    assert_eq!(decide(user(2), &[]), Outcome::Refuse);
    assert_eq!(decide(user(2), &[Role::parse("staff2").unwrap(), Role::admin()]), Outcome::Refuse);
    let nobody = Rule { who: Who::Of { roles: Vec::new(), users: Vec::new() }, ..rule };
    let ada = Entrant { user: user(1), roles: &staff, proof: None };
    assert_eq!(nobody.decide(Some(&ada), Timestamp(0)), Outcome::Refuse);
}

#[test]
fn a_level_and_an_age_are_asked_of_whoever_may_enter() {
    let rule = Rule { level: Some(Acr::Aal2), within: Some(MINUTE), ..rule() };
    let decide = |proof, now| {
        rule.decide(Some(&Entrant { user: user(1), roles: &[], proof }), Timestamp(now))
    };
    let proof = |acr| Some(Proof { at: Timestamp(1_000), acr });
    assert_eq!(decide(None, 1_000), Outcome::StepUp(Acr::Aal2));
    assert_eq!(decide(proof(Acr::Aal1), 1_000), Outcome::StepUp(Acr::Aal2));
    for acr in [Acr::Aal2, Acr::Aal3] {
        assert_eq!(decide(proof(acr), 61_000), Outcome::Enter);
        assert_eq!(decide(proof(acr), 61_001), Outcome::ProveAgain(MINUTE));
    }
    let fresh = Rule { level: None, ..rule.clone() };
    let unproved = Entrant { user: user(1), roles: &[], proof: None };
    assert_eq!(fresh.decide(Some(&unproved), Timestamp(0)), Outcome::ProveAgain(MINUTE));
}

#[test]
fn who_may_not_enter_is_asked_for_no_proof() {
    let who = Who::Of { roles: vec![Role::admin()], users: Vec::new() };
    let rule = Rule { who, level: Some(Acr::Aal2), within: Some(MINUTE), ..rule() };
    let ada = Entrant { user: user(1), roles: &[], proof: None };
    assert_eq!(rule.decide(Some(&ada), Timestamp(0)), Outcome::Refuse);
}

#[test]
fn a_path_is_open_with_what_lies_below_it() {
    let rule = with_open(&["/public", "/docs/"]);
    for path in ["/public", "/public/", "/public/a.css", "/public/a/b", "/docs", "/docs/x"] {
        assert!(rule.is_open(path), "{path}");
    }
    for path in ["/", "", "/publicity", "/Public/a", "/private", "/a/public", "public"] {
        assert!(!rule.is_open(path), "{path}");
    }
    assert!(!with_open(&[]).is_open("/"));
    assert!(with_open(&["/"]).is_open("/anything"));
}

#[test]
fn what_two_servers_could_read_differently_is_open_to_nobody() {
    let rule = with_open(&["/public"]);
    assert!(rule.is_open("/public/admin"));
    for path in [
        "/public/../admin",
        "/public/..",
        "/public/./admin",
        "/public/.../admin",
        "/public//admin",
        "//public/admin",
        "/public/%2e%2e/admin",
        "/public/%2E./admin",
        "/public%2f..%2fadmin",
        "/public/..%2fadmin",
        "/public/%252e%252e/admin",
        "/public/..;/admin",
        "/public;x=/../admin",
        "/public/..\\admin",
        "/public\\..\\admin",
        "/public/%5c../admin",
        "/public/%00",
        "/public/\u{2024}\u{2024}/admin",
        "/public/a b",
        "/public/a#b",
        "/public/a\tb",
    ] {
        assert!(!rule.is_open(path), "{path:?}");
    }
}

#[test]
fn what_is_to_be_open_can_be_read_in_one_way() {
    for text in ["/", "/public", "/.well-known/acme-challenge", "/a/b/"] {
        assert!(Open::parse(text).is_ok(), "{text}");
    }
    for text in ["", "public", "/a//b", "/a/../b", "/a%20b", "/a;b", "//", "/a/.", "/*?"] {
        assert_eq!(Open::parse(text), Err(NotOpenable), "{text}");
    }
}

proptest! {
    #[test]
    fn no_path_climbs_out_of_what_is_open(rest in "[-a-z./%2eEfF5c;\\\\:]{0,24}") {
        let rule = with_open(&["/public"]);
        let path = format!("/public/{rest}");
        if rule.is_open(&path) {
            let climbs = |segment: &str| segment == "." || segment == "..";
            prop_assert!(!path.contains(['%', '\\', ';']), "{path}");
            prop_assert!(!path.contains("//"), "{path}");
            prop_assert!(!path.split('/').any(climbs), "{path}");
        }
    }
}

fn rule() -> Rule {
    Rule {
        host: "wiki.example.com".to_owned(),
        who: Who::SignedIn,
        level: None,
        within: None,
        open: Vec::new(),
        name: Name::default(),
        service: None,
    }
}

fn with_open(paths: &[&str]) -> Rule {
    Rule { open: paths.iter().map(|path| Open::parse(path).unwrap()).collect(), ..rule() }
}

fn user(number: u8) -> UserId {
    UserId::from_bytes([number; 16])
}
