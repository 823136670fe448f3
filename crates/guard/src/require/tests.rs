use super::*;
use crate::identity::Told;

const NOW: u64 = 1_800_000_000;

fn identity(carrier: Carrier, user: Option<&str>) -> Identity {
    Identity::new(Told {
        user: user.map(Into::into),
        session: Some("s".into()),
        client: Some("shop".into()),
        scope: "orders:read orders:write".into(),
        roles: ["staff".into()].into(),
        acr: Some("aal1".into()),
        amr: ["pwd".into()].into(),
        authenticated_at: user.map(|_| NOW - 60),
        carrier,
        expires_at: NOW + 600,
    })
}

fn ada() -> Identity {
    identity(Carrier::Bearer, Some("ada"))
}

#[test]
fn a_guest_is_somebody_but_no_user() {
    let guest = identity(Carrier::Bearer, None);
    assert_eq!(anybody().check(&guest, NOW), Ok(()));
    assert_eq!(signed_in().check(&guest, NOW), Err(Refusal::UserRequired));
    assert_eq!(signed_in().check(&ada(), NOW), Ok(()));
}

#[test]
fn every_scope_must_be_there_and_none_is_a_part_of_another() {
    let needs = |scope: &str| anybody().scope(scope).check(&ada(), NOW);
    assert_eq!(needs("orders:read"), Ok(()));
    assert_eq!(anybody().scope("orders:read").scope("orders:write").check(&ada(), NOW), Ok(()));
    for scope in ["orders", "orders:rea", "admin", "orders:read orders:write", ""] {
        assert_eq!(needs(scope), Err(Refusal::InsufficientScope(scope.into())), "{scope}");
    }
    let both = anybody().scope("orders:read").scope("admin").check(&ada(), NOW);
    assert_eq!(both, Err(Refusal::InsufficientScope("orders:read admin".into())));
}

#[test]
fn a_cookie_is_not_limited_by_scopes() {
    let by_cookie = identity(Carrier::Cookie, Some("ada"));
    assert_eq!(anybody().scope("admin").check(&by_cookie, NOW), Ok(()));
}

#[test]
fn a_role_must_be_there() {
    assert_eq!(anybody().role("staff").check(&ada(), NOW), Ok(()));
    let refused = anybody().role("admin").check(&ada(), NOW);
    assert_eq!(refused, Err(Refusal::RoleRequired("admin".into())));
}

#[test]
fn who_proved_too_long_ago_or_never_must_prove_again() {
    let within = |seconds| anybody().fresh_within(Duration::from_secs(seconds));
    assert_eq!(within(60).check(&ada(), NOW), Ok(()));
    let again = |seconds| {
        let max_age = Some(Duration::from_secs(seconds));
        Err(Refusal::Reauthenticate { max_age, acr_values: None })
    };
    assert_eq!(within(59).check(&ada(), NOW), again(59));
    assert_eq!(within(60).check(&identity(Carrier::Cookie, None), NOW), again(60));
}

#[test]
fn who_is_not_known_surely_enough_is_asked_to_step_up() {
    assert_eq!(anybody().step_up(["aal2", "aal1"]).check(&ada(), NOW), Ok(()));
    let refused = anybody().step_up(["aal2", "aal3"]).check(&ada(), NOW);
    let acr_values = Some("aal2 aal3".into());
    assert_eq!(refused, Err(Refusal::Reauthenticate { max_age: None, acr_values }));
}
