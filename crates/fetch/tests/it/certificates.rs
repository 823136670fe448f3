//! Whose answers are believed.

use cloakroom_engine::clock::Clock as _;
use cloakroom_fetch::{FetchError, Outbound, RootsError, Settings, SystemResolver};
use cloakroom_testkit::clock::HandClock;
use rcgen::{CertificateParams, date_time_ymd};
use std::sync::Arc;

use crate::scene::{ANSWER, Names, Other, Then, Way};

const NAME: &str = "keys.example.com";

#[tokio::test]
async fn only_the_hosts_own_certificate_from_a_known_authority_is_believed() {
    let known = Other::answering(&[NAME], ANSWER, Then::Close).await;
    let unknown = Other::answering(&[NAME], ANSWER, Then::Close).await;
    let names = || Names::of(&[(NAME, &["127.0.0.1"]), ("other.example.com", &["127.0.0.1"])]);
    let url = |host: &str, other: &Other| format!("https://{host}:{}/", other.port());
    let way = Way::to(&known, names());
    assert!(way.fetch(&url(NAME, &known)).await.is_ok());
    for refused in [url(NAME, &unknown), url("other.example.com", &known)] {
        let fetched = way.fetch(&refused).await;
        assert!(matches!(fetched, Err(FetchError::Unreachable(_))), "{refused}: {fetched:?}");
    }
    assert_eq!((known.asked().len(), unknown.asked().len()), (1, 0));
}

#[tokio::test]
async fn certificates_begin_and_end_by_our_clock() {
    let year = HandClock::default().wall().0 / 31_556_952_000;
    let year = 1970 + i32::try_from(year).unwrap();
    for (from, until, is_good) in [(-2, 2, true), (-4, -2, false), (2, 4, false)] {
        let mut params = CertificateParams::new([NAME.to_owned()]).unwrap();
        params.not_before = date_time_ymd(year + from, 1, 1);
        params.not_after = date_time_ymd(year + until, 1, 1);
        let other = Other::with(params, ANSWER, Then::Close).await;
        let way = Way::to(&other, Names::of(&[(NAME, &["127.0.0.1"])]));
        let fetched = way.fetch(&format!("https://{NAME}:{}/", other.port())).await;
        assert_eq!(fetched.is_ok(), is_good, "{from} {until}: {fetched:?}");
    }
}

#[test]
fn a_file_without_an_authority_is_refused() {
    let refused = |text: Option<&str>| {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_owned();
        match text {
            Some(text) => std::fs::write(&path, text).unwrap(),
            None => file.close().unwrap(),
        }
        let settings = Settings { authority: Some(path), ..Settings::default() };
        let clock = Arc::new(HandClock::default());
        Outbound::new(settings, Arc::new(SystemResolver), clock).err()
    };
    let made = rcgen::generate_simple_self_signed([NAME.to_owned()]).unwrap();
    assert!(refused(Some(&made.cert.pem())).is_none());
    assert!(matches!(refused(Some("nothing")), Some(RootsError::NoAuthority(_))));
    assert!(matches!(refused(None), Some(RootsError::Unreadable { .. })));
}
