//! Where a stranger's URL does not lead, each beside a way out that may go there and does.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use cloakroom_fetch::{Fetch as _, FetchError, Limits, Resolve, SystemResolver};
use url::Url;

use crate::scene::{ANSWER, Names, Other, Then, Way};

/// This machine in all its spellings: as the host of a URL, as the certificate has it, and the network to be listed.
const SPELLINGS: &[(&str, &str, &str)] = &[
    ("127.0.0.1", "127.0.0.1", "127.0.0.0/8"),
    ("127.1", "127.0.0.1", "127.0.0.0/8"),
    ("2130706433", "127.0.0.1", "127.0.0.0/8"),
    ("0x7f000001", "127.0.0.1", "127.0.0.0/8"),
    ("0x7f.1", "127.0.0.1", "127.0.0.0/8"),
    ("0177.0.0.1", "127.0.0.1", "127.0.0.0/8"),
    ("017700000001", "127.0.0.1", "127.0.0.0/8"),
    ("%31%32%37.0.0.1", "127.0.0.1", "127.0.0.0/8"),
    ("①②⑦.0.0.1", "127.0.0.1", "127.0.0.0/8"),
    ("127。0。0。1", "127.0.0.1", "127.0.0.0/8"),
    ("127.0.0.1.", "127.0.0.1", "127.0.0.0/8"),
    ("0.0.0.0", "0.0.0.0", "0.0.0.0/8"),
    ("0", "0.0.0.0", "0.0.0.0/8"),
    ("[::ffff:127.0.0.1]", "::ffff:127.0.0.1", "127.0.0.0/8"),
    ("[::ffff:7f00:1]", "::ffff:127.0.0.1", "127.0.0.0/8"),
];

#[tokio::test]
async fn no_spelling_of_this_machine_leads_here() {
    for (host, name, network) in SPELLINGS {
        let other = Other::answering(&[name], ANSWER, Then::Close).await;
        let url = format!("https://{host}:{}/keys", other.port());
        let allowed = Way::allowed(&other, Names::of(&[]), &[network]).fetch(&url).await;
        assert_eq!(allowed.as_ref().map(|it| it.status), Ok(200), "{host}");

        let refused = Way::allowed(&other, Names::of(&[]), &[]).fetch(&url).await;
        assert!(matches!(refused, Err(FetchError::Forbidden(_))), "{host}: {refused:?}");
        assert_eq!(other.asked().len(), 1, "{host}: nobody was asked again");
    }
}

#[tokio::test]
async fn localhost_is_looked_up_like_any_name_and_leads_nowhere() {
    let other = Other::answering(&["localhost"], ANSWER, Then::Close).await;
    let url = format!("https://localhost:{}/", other.port());
    let resolver = || Arc::new(SystemResolver) as Arc<dyn Resolve>;
    let networks = ["127.0.0.0/8", "::1/128"];
    let allowed = Way::allowed(&other, resolver(), &networks).fetch(&url).await;
    assert_eq!(allowed.map(|it| it.status), Ok(200));
    let refused = Way::allowed(&other, resolver(), &[]).fetch(&url).await;
    assert!(matches!(refused, Err(FetchError::Forbidden(_))), "{refused:?}");
}

#[tokio::test]
async fn a_public_name_with_a_private_address_leads_nowhere() {
    let other = Other::answering(&["keys.example.com"], ANSWER, Then::Close).await;
    let url = format!("https://keys.example.com:{}/", other.port());
    let names = || Names::of(&[("keys.example.com", &["127.0.0.1"])]);
    assert!(Way::to(&other, names()).fetch(&url).await.is_ok());
    let refused = Way::allowed(&other, names(), &[]).fetch(&url).await;
    assert_eq!(refused, Err(FetchError::Forbidden("127.0.0.1".parse().unwrap())));
    assert_eq!(other.asked().len(), 1);
}

#[tokio::test]
async fn one_private_address_spoils_the_others() {
    let other = Other::answering(&["keys.example.com"], ANSWER, Then::Close).await;
    let url = format!("https://keys.example.com:{}/", other.port());
    let twice = Names::of(&[("keys.example.com", &["127.0.0.1", "127.0.0.2"])]);
    assert!(Way::to(&other, twice).fetch(&url).await.is_ok());
    let mixed = Names::of(&[("keys.example.com", &["127.0.0.1", "10.0.0.1"])]);
    let refused = Way::to(&other, mixed).fetch(&url).await;
    assert_eq!(refused, Err(FetchError::Forbidden("10.0.0.1".parse().unwrap())));
}

#[tokio::test]
async fn a_name_is_looked_up_once_and_so_cannot_change_its_mind() {
    let other = Other::answering(&["keys.example.com"], ANSWER, Then::Close).await;
    let names = Names::of(&[("keys.example.com", &["127.0.0.1"])]);
    let way = Way::to(&other, names.clone());
    let url = format!("https://keys.example.com:{}/", other.port());
    assert!(way.fetch(&url).await.is_ok());
    assert_eq!(names.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_form_goes_no_further_than_a_question() {
    let other = Other::answering(&["127.0.0.1"], ANSWER, Then::Close).await;
    let url = Url::parse(&format!("https://127.0.0.1:{}/out", other.port())).unwrap();
    let form = [("logout_token", "a b&c")];
    let allowed = Way::to(&other, Names::of(&[]));
    assert!(allowed.outbound.post(&url, &form, Limits::default()).await.is_ok());
    assert!(other.asked()[0].ends_with("\r\n\r\nlogout_token=a+b%26c"), "{:?}", other.asked());
    let way = Way::allowed(&other, Names::of(&[]), &[]);
    let refused = way.outbound.post(&url, &form, Limits::default()).await;
    assert!(matches!(refused, Err(FetchError::Forbidden(_))), "{refused:?}");
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_leads_nowhere() {
    let inner = Other::answering(&["127.0.0.1"], ANSWER, Then::Close).await;
    let location = format!("https://127.0.0.1:{}/secret", inner.port());
    let answer = format!("HTTP/1.1 302 Found\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
    let outer = Other::answering(&["keys.example.com"], &answer, Then::Close).await;
    let way = Way::to(&outer, Names::of(&[("keys.example.com", &["127.0.0.1"])]));
    let fetched = way.fetch(&format!("https://keys.example.com:{}/", outer.port())).await.unwrap();
    assert_eq!((fetched.status, fetched.document(&["application/json"])), (302, None));
    assert_eq!(inner.asked().len(), 0);
    // It is there for whoever asks for it.
    assert!(Way::to(&inner, Names::of(&[])).fetch(&location).await.is_ok());
}

#[tokio::test]
async fn user_names_other_schemes_and_other_services_ports_are_refused_unasked() {
    let other = Other::answering(&["keys.example.com"], ANSWER, Then::Close).await;
    let names = Names::of(&[("keys.example.com", &["127.0.0.1"])]);
    let way = Way::to(&other, names.clone());
    let port = other.port();
    assert!(way.fetch(&format!("https://keys.example.com:{port}/")).await.is_ok());
    let looked_up = names.asked.load(Ordering::SeqCst);
    for url in [
        format!("https://keys.example.com@keys.example.com:{port}/"),
        format!("https://:secret@keys.example.com:{port}/"),
        format!("http://keys.example.com:{port}/"),
        "https://keys.example.com:22/".to_owned(),
        "https://keys.example.com:0/".to_owned(),
    ] {
        let refused = way.fetch(&url).await;
        assert!(matches!(refused, Err(FetchError::Url(_))), "{url}: {refused:?}");
    }
    assert_eq!(names.asked.load(Ordering::SeqCst), looked_up, "not even its name was looked up");
}
