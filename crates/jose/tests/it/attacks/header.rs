//! Tokens of another type, with extensions, or with a header that can be read in two ways.

use cloakroom_jose::{Error, base64url};

use crate::fixture::{Good, expect, forge, sign_encoded};

#[test]
fn another_type_is_refused() {
    let good = Good::ed25519();
    for typ in ["JWT", "id+jwt", "logout+jwt", "at+jwt2", "at", "", "text/at+jwt", "application/at"]
    {
        let header = good.header.replace("at+jwt", typ);
        assert_eq!(good.with_header(&header).unwrap_err(), Error::Type, "{typ}");
    }
    for typ in ["AT+JWT", "application/at+jwt", "Application/AT+jwt"] {
        good.with_header(&good.header.replace("at+jwt", typ)).unwrap();
    }
}

#[test]
fn a_missing_type_is_refused() {
    let good = Good::ed25519();
    let header = good.header.replace(r#""typ":"at+jwt","#, "");
    assert_eq!(good.with_header(&header).unwrap_err(), Error::Type);
    let header = good.header.replace(r#""at+jwt""#, "null");
    assert_eq!(good.with_header(&header).unwrap_err(), Error::HeaderMalformed("typ"));
}

#[test]
fn an_untyped_verifier_takes_no_typed_token() {
    let good = Good::ed25519();
    let untyped = expect().untyped();
    assert_eq!(good.verify(&good.token(), &untyped).unwrap_err(), Error::Type);
    for header in
        [good.header.replace("at+jwt", "JWT"), good.header.replace(r#""typ":"at+jwt","#, "")]
    {
        good.verify(&forge(&good.key, header, &good.claims), &untyped).unwrap();
    }
}

#[test]
fn where_a_type_is_optional_another_one_is_still_refused() {
    let good = Good::ed25519();
    let optional = expect().typ_optional();
    let verify = |header: String| good.verify(&forge(&good.key, header, &good.claims), &optional);
    for header in [
        good.header.clone(),
        good.header.replace("at+jwt", "JWT"),
        good.header.replace(r#""typ":"at+jwt","#, ""),
    ] {
        verify(header).unwrap();
    }
    for typ in ["id+jwt", "dpop+jwt", ""] {
        assert_eq!(verify(good.header.replace("at+jwt", typ)).unwrap_err(), Error::Type, "{typ}");
    }
}

#[test]
fn an_unknown_extension_is_refused() {
    let good = Good::ed25519();
    for member in [
        r#""crit":["exp"],"exp":1"#,
        r#""crit":["http://example.com/UNDEFINED"],"http://example.com/UNDEFINED":true"#,
        r#""crit":[]"#,
        r#""crit":null"#,
    ] {
        let refused = good.with_header_member(member).unwrap_err();
        assert_eq!(refused, Error::CriticalHeader, "{member}");
    }
    // RFC 7515 §4: what is unknown and not critical is ignored.
    good.with_header_member(r#""x-note":{"any":[1]}"#).unwrap();
}

#[test]
fn an_unencoded_payload_is_refused() {
    let good = Good::ed25519();
    for member in [r#""b64":false,"crit":["b64"]"#, r#""b64":false"#, r#""b64":true"#] {
        let header = good.header.replacen('{', &format!("{{{member},"), 1);
        // RFC 7797 §3: the payload is signed as it is.
        let signed = format!("{}.{}", base64url::encode(header.as_bytes()), "claims");
        let token = sign_encoded(&good.key, &signed);
        assert_eq!(good.verify(&token, &expect()).unwrap_err(), Error::CriticalHeader);
        assert_eq!(good.with_header(&header).unwrap_err(), Error::CriticalHeader);
    }
}

#[test]
fn a_header_member_that_appears_twice_is_refused() {
    let good = Good::ed25519();
    for member in
        [r#""alg":"none""#, r#""alg":"Ed25519""#, r#""\u0061lg":"none""#, r#""x":1,"x":1"#]
    {
        let refused = good.with_header_member(member).unwrap_err();
        assert_eq!(refused, Error::DuplicateMember, "{member}");
    }
}
