//! Tokens that are too long, too deep, spelled twice, or no text.

use cloakroom_jose::{Error, base64url};

use crate::fixture::{Good, expect, forge, sign_encoded};

#[test]
fn a_claim_that_appears_twice_is_refused_at_every_level() {
    let good = Good::ed25519();
    for more in [
        r#""sub":"admin""#,
        r#""s\u0075b":"admin""#,
        r#""own":1,"own":2"#,
        r#""own":{"a":1,"a":1}"#,
        r#""own":[{"b":{"a":1,"c":2,"a":1}}]"#,
    ] {
        let claims = good.claims.replacen('{', &format!("{{{more},"), 1);
        assert_eq!(good.with_claims(claims).unwrap_err(), Error::DuplicateMember, "{more}");
    }
    // The same name in different objects is something else.
    good.with_claim("{", r#"{"own":{"sub":{"sub":1},"a":[{"sub":1},{"sub":1}]},"#).unwrap();
}

#[test]
fn an_oversized_token_is_refused_before_it_is_decoded() {
    let good = Good::ed25519();
    let padded = |length: usize| {
        let claims = good.claims.replacen('{', &format!(r#"{{"pad":"{}","#, "p".repeat(length)), 1);
        forge(&good.key, &good.header, claims)
    };
    good.verify(&padded(10_000), &expect()).unwrap();
    assert_eq!(good.verify(&padded(13_000), &expect()).unwrap_err(), Error::TooLong);
    let exact = good.token();
    good.verify(&exact, &expect().max_bytes(exact.len())).unwrap();
    let refused = good.verify(&exact, &expect().max_bytes(exact.len() - 1)).unwrap_err();
    assert_eq!(refused, Error::TooLong);
    // It is not even looked at.
    assert_eq!(good.verify(&"!".repeat(20_000), &expect()).unwrap_err(), Error::TooLong);
}

#[test]
fn deep_nesting_is_refused() {
    let good = Good::ed25519();
    let nested = |depth: usize| {
        good.claims.replacen(
            '{',
            &format!(r#"{{"own":{}{},"#, "[".repeat(depth), "]".repeat(depth)),
            1,
        )
    };
    good.with_claims(nested(15)).unwrap();
    assert_eq!(good.with_claims(nested(16)).unwrap_err(), Error::TooDeep);
    assert_eq!(good.with_claims(nested(5_000)).unwrap_err(), Error::TooDeep);
    good.with_header_member(r#""x":[[[1]]]"#).unwrap();
    assert_eq!(good.with_header_member(r#""x":[[[[1]]]]"#).unwrap_err(), Error::TooDeep);
}

#[test]
fn a_second_spelling_of_base64_is_refused() {
    let good = Good::ed25519();
    let token = good.token();
    // 64 bytes of signature leave four bits behind the last one; the claims here leave two or four as well.
    let last = token.chars().last().unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let place = alphabet.find(last).unwrap();
    let other = &alphabet[place + 1..place + 2];
    let respelled = format!("{}{other}", &token[..token.len() - 1]);
    assert_eq!(good.verify(&respelled, &expect()).unwrap_err(), Error::Base64);
    assert_eq!(good.verify(&format!("{token}=="), &expect()).unwrap_err(), Error::Base64);

    // In header and claims such a spelling is only found by someone who has the key.
    let [header, claims] =
        [&good.header, &good.claims].map(|part| base64url::encode(part.as_bytes()));
    for signed in [
        format!("{header}=.{claims}"),
        format!("{header}.{claims}="),
        format!("{header}.{claims}=="),
        format!("{header}.{}", claims.replacen('J', "+", 1)),
        format!("{header}.{}", claims.replacen('J', "/", 1)),
    ] {
        let token = sign_encoded(&good.key, &signed);
        assert_eq!(good.verify(&token, &expect()).unwrap_err(), Error::Base64, "{signed}");
    }
    let claims = base64url::encode(format!("{} ", good.claims).as_bytes());
    let claims = match claims.len() % 4 {
        0 => base64url::encode(good.claims.as_bytes()),
        _ => claims,
    };
    let place = alphabet.find(claims.chars().last().unwrap()).unwrap();
    let respelled =
        format!("{header}.{}{}", &claims[..claims.len() - 1], &alphabet[place + 1..place + 2]);
    good.verify(&sign_encoded(&good.key, &format!("{header}.{claims}")), &expect()).unwrap();
    let refused = good.verify(&sign_encoded(&good.key, &respelled), &expect()).unwrap_err();
    assert_eq!(refused, Error::Base64);
}

#[test]
fn white_space_is_refused() {
    let good = Good::ed25519();
    let token = good.token();
    for spaced in [
        format!(" {token}"),
        format!("{token} "),
        format!("{token}\n"),
        format!("{token}\r\n"),
        format!("\t{token}"),
        token.replace('.', ". "),
        token.replace('.', "\n."),
        format!("\u{feff}{token}"),
        format!("{token}\0"),
    ] {
        assert_eq!(good.verify(&spaced, &expect()).unwrap_err(), Error::Base64, "{spaced:?}");
    }
}

#[test]
fn other_than_three_parts_are_refused() {
    let good = Good::ed25519();
    let token = good.token();
    for parts in [
        String::new(),
        ".".into(),
        "a".into(),
        token.replacen('.', "", 1),
        token.replace('.', ""),
        format!("{token}."),
        format!(".{token}"),
        format!("{token}.{token}"),
        "a.b.c.d.e".into(),
    ] {
        assert_eq!(good.verify(&parts, &expect()).unwrap_err(), Error::NotCompact, "{parts}");
    }
    assert_eq!(good.verify("..", &expect()).unwrap_err(), Error::NotJson);
}

#[test]
fn bytes_that_are_not_text_are_refused() {
    let good = Good::ed25519();
    let mut claims = good.claims.replace("user", "us?r").into_bytes();
    let at = claims.iter().position(|byte| *byte == b'?').unwrap();
    good.with_claims(&claims).unwrap();
    claims[at] = 0xFF;
    assert_eq!(good.with_claims(&claims).unwrap_err(), Error::NotJson);
    let mut header = good.header.replacen('{', r#"{"x":"?","#, 1).into_bytes();
    let at = header.iter().position(|byte| *byte == b'?').unwrap();
    header[at] = 0xC0;
    let token = forge(&good.key, &header, &good.claims);
    assert_eq!(good.verify(&token, &expect()).unwrap_err(), Error::NotJson);
}

#[test]
fn claims_that_are_not_one_object_are_refused() {
    let good = Good::ed25519();
    for claims in ["", "[]", "null", "\"text\"", "7", "{", "{}{}", "{},", "{\"iss\":}", "{'iss':1}"]
    {
        assert_eq!(good.with_claims(claims).unwrap_err(), Error::NotJson, "{claims}");
    }
    good.with_claims(format!(" \t\r\n{} \n", good.claims)).unwrap();
    assert_eq!(good.with_claims(format!("{}x", good.claims)).unwrap_err(), Error::NotJson);
    assert_eq!(good.with_claims(format!("\u{feff}{}", good.claims)).unwrap_err(), Error::NotJson);
    assert_eq!(good.with_header("[]").unwrap_err(), Error::NotJson);
}
