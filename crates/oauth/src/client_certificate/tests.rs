use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cloakroom_model::time::Timestamp;
use proptest::prelude::*;

use super::*;

/// Made by `openssl req -x509`, with a name and alternative names of every kind.
const EC: &str = include_str!("samples/ec.pem");
const ED25519: &str = include_str!("samples/ed.pem");
const P384: &str = include_str!("samples/p384.pem");
const RSA: &str = include_str!("samples/rsa.pem");

/// The thumbprint and the keys as `openssl` tells them.
const THUMBPRINT: &str = "P0T8aZTHTiZGKVigpHMY7Djg1QMFWv0pKvaSPpboufo";
const KEYS: &[(&str, &str)] = &[
    (
        EC,
        r#"{"kty":"EC","crv":"P-256","x":"X3CSDZheSF-e68A5CNUB0aDPK_0AJVzIryZIGCDUtr0","y":"4PGvwXkGRLmI2wqcu0oa4BFU0_TvMdo9xe0EErltIhQ"}"#,
    ),
    (
        P384,
        r#"{"kty":"EC","crv":"P-384","x":"dN3HesH7OWEnWja67YfUOWGkt9BwLFPX6D5h89_VHHS7r4O0j007R0NV82JYUHWs","y":"EsV6Lmg39NRkGAb0EFrf_TndH7o6CBbSXrwBDPUiXgfum8KGAn6PLhmOf9XJAD98"}"#,
    ),
    (ED25519, r#"{"kty":"OKP","crv":"Ed25519","x":"m5stMDa9WKqQT0OgLGWokFgitolPkkRaHGNSYlZYeUk"}"#),
    (
        RSA,
        r#"{"kty":"RSA","e":"AQAB","n":"sqUztEBz9KP9fLlJu4lgxBQG304X6j2zw3QweY_myJErr_u3WTwNv-nRXIMCCn_cwgvh6i6OLxmMkAuBLZ6_02WF5-UWcF2zq1_1TMoalBQrU0FTz6v6D3kPQfYUcRkZajq3ZIDKRJZ6y82ntUh9ML77pnX4S8QX7QHFwA4uRUOKI6fMhkcxl5vLZm7UNBwcYNrcjTCnunYG05jhaRHfVIyadkErFs3otdRBswyNi-sMly4iW6mRzgctJL4rinJtFeATd2kcGXJpNMAd8RZH7xjXEv4WeCIz54Fgu4BCSuGRhLYdk9rKSR300gtzNFUHKo7wulkurZprxMGDgVJgXQ"}"#,
    ),
];

#[test]
fn a_certificate_is_read_from_either_header() {
    let der = der(EC);
    assert_eq!(Certificate::from_der(&der).unwrap().thumbprint(), THUMBPRINT);
    let header = format!(":{}:", STANDARD.encode(&der));
    for value in [header.clone(), format!(" {header}\t")] {
        assert_eq!(Certificate::from_header(&value).unwrap().thumbprint(), THUMBPRINT);
    }
    for value in [escaped(EC), escaped(EC).replace("%2B", "+"), EC.to_owned()] {
        assert_eq!(Certificate::from_escaped_pem(&value).unwrap().thumbprint(), THUMBPRINT);
    }
    let expected = Confirmation::Certificate(THUMBPRINT.into());
    assert_eq!(Certificate::from_der(&der).unwrap().confirmation(), expected);
}

#[test]
fn what_is_not_one_certificate_is_refused() {
    let der = der(EC);
    let base64 = STANDARD.encode(&der);
    for value in [
        base64.clone(),
        format!(":{base64}"),
        format!(":{base64}:, :{base64}:"),
        format!(":{base64}:;a=b"),
        format!("\"{base64}\""),
        "::".to_owned(),
        ":".to_owned(),
        String::new(),
    ] {
        assert!(Certificate::from_header(&value).is_err(), "{value}");
    }
    for value in [
        escaped(&EC.replace("CERTIFICATE", "PRIVATE KEY")),
        escaped(&format!("{EC}{EC}")),
        escaped(&EC.replace("END", "BEGIN")),
        escaped(EC).replacen("%20", "%2", 1),
        escaped(EC).replacen("%20", "%zz", 1),
        base64,
        String::new(),
    ] {
        assert!(Certificate::from_escaped_pem(&value).is_err(), "{value}");
    }
    for changed in [&der[1..], &der[..der.len() - 1], &[&der[..], &[0]].concat(), &[]] {
        assert!(Certificate::from_der(changed).is_err());
    }
    assert!(Certificate::from_der(&vec![0; MAX_BYTES + 1]).is_err());
}

#[test]
fn a_subject_is_compared_as_a_name_and_not_as_a_text() {
    let certificate = certificate(EC);
    let is_for = |text: &str| certificate.is_for(&CertificateName::SubjectDn(text.into()));
    for same in [
        r"CN=Ada  Lovelace,OU=Shop \+ Stock,O=Example\, Ltd.,C=DE",
        r"cn=ada lovelace,ou=shop \2b stock,o=EXAMPLE\2C LTD.,c=de",
        r"2.5.4.3=Ada Lovelace,2.5.4.11=Shop \+ Stock,2.5.4.10=Example\, Ltd.,2.5.4.6=DE",
    ] {
        assert!(is_for(same), "{same}");
    }
    for other in [
        r"CN=Ada Lovelace",
        r"CN=Ada Lovelace,OU=Shop \+ Stock,O=Example\, Ltd.",
        r"C=DE,O=Example\, Ltd.,OU=Shop \+ Stock,CN=Ada Lovelace",
        r"CN=AdaLovelace,OU=Shop \+ Stock,O=Example\, Ltd.,C=DE",
        r"CN=Ada Lovelace,CN=x,OU=Shop \+ Stock,O=Example\, Ltd.,C=DE",
        r"CN=Ada Lovelace+OU=Shop \+ Stock,O=Example\, Ltd.,C=DE",
        "CN=*",
        "",
        "nonsense",
    ] {
        assert!(!is_for(other), "{other}");
    }
}

#[test]
fn an_alternative_name_is_compared_as_its_kind_is() {
    use CertificateName::{SanDns, SanEmail, SanIp, SanUri};

    let certificate = certificate(EC);
    for same in [
        SanDns("shop.example".into()),
        SanUri("spiffe://example/shop".into()),
        SanIp("192.0.2.7".into()),
        SanIp("2001:db8:0:0::7".into()),
        SanEmail("Ada@example.COM".into()),
    ] {
        assert!(certificate.is_for(&same), "{same:?}");
        assert!(can_be_registered(&same), "{same:?}");
    }
    for other in [
        SanDns("other.example".into()),
        SanDns("*.example".into()),
        SanDns("192.0.2.7".into()),
        SanUri("spiffe://example/SHOP".into()),
        SanUri("shop.example".into()),
        SanIp("192.0.2.8".into()),
        SanEmail("ada@example.com".into()),
        SanEmail("example.com".into()),
    ] {
        assert!(!certificate.is_for(&other), "{other:?}");
    }
    assert!(!self::certificate(RSA).is_for(&SanDns("shop.example".into())));
}

#[test]
fn a_name_that_no_certificate_can_have_is_not_registered() {
    use CertificateName::{SanDns, SanEmail, SanIp, SubjectDn};

    assert!(can_be_registered(&SubjectDn("CN=shop,C=DE".into())));
    for bad in [
        SubjectDn(String::new()),
        SubjectDn("shop".into()),
        SubjectDn(format!("CN={}", "x".repeat(1024))),
        SanDns(String::new()),
        SanIp("shop".into()),
        SanIp("192.0.2.0/24".into()),
        SanEmail("shop".into()),
    ] {
        assert!(!can_be_registered(&bad), "{bad:?}");
    }
}

#[test]
fn a_key_is_found_in_the_clients_set_whatever_its_kind() {
    let set = |jwk: &str| Jwks::from_json(format!(r#"{{"keys":[{jwk}]}}"#).as_bytes()).unwrap();
    for (at, (pem, _)) in KEYS.iter().enumerate() {
        for (other, (_, jwk)) in KEYS.iter().enumerate() {
            let keys = set(jwk);
            assert_eq!(keys.keys().len(), 1, "{jwk}");
            assert_eq!(certificate(pem).has_key_of(&keys), at == other, "{at} {other}");
        }
        assert!(!certificate(pem).has_key_of(&Jwks::default()));
    }
}

#[test]
fn a_certificate_has_its_time() {
    let certificate = certificate(EC);
    let seconds = Timestamp::from_seconds;
    assert!(certificate.is_current(seconds(1_800_000_000)));
    for never in [seconds(0), seconds(1_600_000_000), seconds(2_200_000_000), Timestamp(-1)] {
        assert!(!certificate.is_current(never), "{never:?}");
    }
}

proptest! {
    #[test]
    fn no_text_breaks_the_reader(text in "\\PC*|[ -~]{0,80}|[A-Z0-9.]{1,4}=[#\\\\+,=a-f0-9 ]{0,20}") {
        let _ = Certificate::from_header(&text);
        let _ = Certificate::from_escaped_pem(&text);
        let name = CertificateName::SubjectDn(text);
        let _ = can_be_registered(&name);
        prop_assert!(!certificate(EC).is_for(&name));
    }

    #[test]
    fn no_change_of_a_certificate_breaks_the_reader(at: prop::sample::Index, byte: u8) {
        let mut der = der(EC);
        let at = at.index(der.len());
        der[at] = byte;
        if let Ok(certificate) = Certificate::from_der(&der) {
            let _ = certificate.has_key_of(&Jwks::default());
            let _ = certificate.is_for(&CertificateName::SanDns("shop.example".into()));
            let _ = certificate.is_for(&CertificateName::SubjectDn("CN=x".into()));
        }
    }
}

fn der(pem: &str) -> Vec<u8> {
    let lines = pem.lines().filter(|line| !line.starts_with('-'));
    STANDARD.decode(lines.collect::<String>()).unwrap()
}

fn certificate(pem: &str) -> Certificate {
    Certificate::from_der(&der(pem)).unwrap()
}

/// As nginx writes it.
fn escaped(pem: &str) -> String {
    let escape = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    pem.bytes().map(escape).collect()
}
