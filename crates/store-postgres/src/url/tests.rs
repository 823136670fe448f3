use tokio_postgres::config::Host;

use super::{Trust, Url, UrlError};

#[test]
fn a_host_beyond_this_machine_must_prove_its_name_unless_the_url_says_otherwise() {
    let cases = [
        ("postgres://u@db.example/c", Trust::VerifyFull),
        ("postgres://u@10.0.0.1/c", Trust::VerifyFull),
        ("postgres://u@localhost,db.example/c", Trust::VerifyFull),
        ("postgres://u@localhost/c", Trust::Disable),
        ("postgres://u@127.0.0.1:5433/c", Trust::Disable),
        ("postgres://u@[::1]/c", Trust::Disable),
        ("postgres://u@%2Frun%2Fpostgresql/c", Trust::Disable),
        ("postgres://u@localhost/c?sslmode=verify-full", Trust::VerifyFull),
        ("postgres://u@db.example/c?sslmode=verify-ca", Trust::VerifyCa),
        ("postgres://u@db.example/c?sslmode=require", Trust::Require),
        ("postgres://u@db.example/c?sslmode=prefer", Trust::Prefer),
        ("postgres://u@db.example/c?sslmode=disable", Trust::Disable),
    ];
    for (text, expected) in cases {
        let url: Url = text.parse().unwrap();
        assert_eq!(url.trust, expected, "{text}");
    }
    let trusting = |text: &str| text.parse::<Url>().unwrap().trusts_the_network();
    assert!(trusting("postgres://u@db.example/c?sslmode=require"));
    assert!(!trusting("postgres://u@db.example/c"));
    assert!(!trusting("postgres://u@localhost/c"));
}

#[test]
fn our_own_options_are_read_and_the_drivers_are_passed_on() {
    let url: Url =
        "postgresql://u:p@a:1,b:2/c?schema=auth_2&pgbouncer=true&application_name=x&sslrootcert=%2Fca.pem"
            .parse()
            .unwrap();
    assert_eq!(url.schema(), "auth_2");
    assert!(url.is_pooled());
    assert_eq!(url.roots.as_deref().unwrap().to_str(), Some("/ca.pem"));
    let hosts = url.hosts();
    assert_eq!(hosts.len(), 2);
    assert_eq!(hosts[1].get_hosts(), [Host::Tcp("b".to_owned())]);
    assert_eq!(hosts[1].get_ports(), [2]);
    assert_eq!(hosts[1].get_application_name(), Some("x"));
    assert_eq!(hosts[1].get_password(), Some(&b"p"[..]));
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let refused = |text: &str| text.parse::<Url>().unwrap_err();
    assert!(matches!(refused("sqlite:x"), UrlError::NotAUrl));
    assert!(matches!(refused("postgres://u@/c"), UrlError::NoHost));
    assert!(matches!(refused("postgres://h/c"), UrlError::NoUser));
    assert!(matches!(refused("postgres://u@h/c?sslmode=verify"), UrlError::SslMode));
    assert!(matches!(refused("postgres://u@h/c?pgbouncer=1"), UrlError::Flag));
    assert!(matches!(refused("postgres://u@h/c?nonsense=1"), UrlError::Driver(_)));
    for schema in ["", "public", "pg_x", "A", "a-b", "1a", "a%22b", "information_schema"] {
        let text = format!("postgres://u@h/c?schema={schema}");
        assert!(matches!(refused(&text), UrlError::Schema), "{schema}");
    }
}

#[test]
fn a_password_is_in_nothing_that_is_printed() {
    let url: Url = "postgres://u:kestrel@h/c".parse().unwrap();
    assert!(!format!("{url:?}").contains("kestrel"));
    assert!(!format!("{:?}", url.hosts()).contains("kestrel"));
    for wrong in ["postgres://u:kestrel@h/c?sslmode=x", "postgres://u:kestrel@h:x/c", "u:kestrel@h"]
    {
        let error = wrong.parse::<Url>().unwrap_err();
        assert!(!format!("{error} {error:?}").contains("kestrel"), "{wrong}");
    }
}
