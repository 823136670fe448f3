//! A certificate is replaced while the server runs.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use cloakroom_server::listener::Limits;
use cloakroom_server::tls::Tls;
use cloakroom_server::tls::pair::{Pair, PairError};

use super::{Files, HOST, Running, made, trusting};

#[tokio::test]
async fn a_new_certificate_is_served_from_the_next_handshake_on() {
    let (old, new) = (made(), made());
    let mut files = Files::new();
    files.write(&old);
    let pair = files.read();
    let server = Running::start(&Tls::new(&pair), Limits::default());
    server.ask(trusting(&old).with_no_client_auth()).await.unwrap();
    assert!(!pair.look().unwrap(), "nothing has changed");

    files.write(&new);
    assert!(pair.look().unwrap());
    server.ask(trusting(&new).with_no_client_auth()).await.unwrap();
    assert!(server.ask(trusting(&old).with_no_client_auth()).await.is_err());
}

#[tokio::test]
async fn a_broken_pair_changes_nothing_until_it_is_mended() {
    let (old, new) = (made(), made());
    let mut files = Files::new();
    files.write(&old);
    let pair = files.read();
    let server = Running::start(&Tls::new(&pair), Limits::default());

    // As it is between the two writes of somebody who renews.
    files.write_certificate(&new.cert.pem());
    assert!(matches!(pair.look(), Err(PairError::Unusable { .. })));
    server.ask(trusting(&old).with_no_client_auth()).await.unwrap();
    files.write_key("nothing of use");
    assert!(matches!(pair.look(), Err(PairError::NoKey(_))));
    fs::remove_file(files.key()).unwrap();
    assert!(matches!(pair.look(), Err(PairError::Unreadable { .. })));
    server.ask(trusting(&old).with_no_client_auth()).await.unwrap();

    files.write_key(&new.signing_key.serialize_pem());
    assert!(pair.look().unwrap());
    server.ask(trusting(&new).with_no_client_auth()).await.unwrap();
}

#[test]
fn a_key_that_everybody_can_read_is_refused() {
    let mut files = Files::new();
    files.write(&made());
    let read = |mode| {
        fs::set_permissions(files.key(), fs::Permissions::from_mode(mode)).unwrap();
        Pair::read(&files.certificate(), &files.key())
    };
    assert!(read(0o600).is_ok());
    assert!(read(0o640).is_ok());
    let refused = read(0o644).unwrap_err();
    assert!(matches!(refused, PairError::Open { mode: 0o644, .. }), "{refused}");
    assert!(refused.to_string().contains("chmod"), "{refused}");
}

#[test]
fn a_pair_is_for_the_hosts_it_names() {
    let mut files = Files::new();
    let names = [HOST.to_owned(), "*.apps.example.com".to_owned(), "192.0.2.7".to_owned()];
    files.write(&rcgen::generate_simple_self_signed(names).unwrap());
    let pair = Pair::read(&files.certificate(), &files.key()).unwrap();
    for host in [HOST, "ID.example.com", "one.apps.example.com", "192.0.2.7"] {
        assert!(pair.is_for(host), "{host}");
    }
    for host in ["example.com", "apps.example.com", "a.b.apps.example.com", "192.0.2.8", "::1", ""]
    {
        assert!(!pair.is_for(host), "{host}");
    }
}
