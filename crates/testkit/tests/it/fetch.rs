//! The map that stands for other servers.

use cloakroom_engine::fetch::{Fetch as _, FetchError, Limits};
use cloakroom_testkit::fetch::{OtherServers, Posted};
use url::Url;

#[tokio::test]
async fn other_servers_have_what_was_put_there_and_keep_what_they_are_sent() {
    let others = OtherServers::default();
    let keys: Url = "https://keys.example.com/jwks".parse().unwrap();
    assert!(matches!(
        others.fetch(&keys, Limits::default()).await,
        Err(FetchError::Unreachable(_))
    ));
    others.put(keys.as_str(), "application/json", "{}");
    let fetched = others.fetch(&keys, Limits::default()).await.unwrap();
    assert_eq!(fetched.document(&["application/json"]), Some(&b"{}"[..]));
    let small = Limits { bytes: 1, ..Limits::default() };
    assert_eq!(others.fetch(&keys, small).await, Err(FetchError::TooLarge));

    assert_eq!(others.asked(), [keys.as_str(); 3]);
    others.fail(keys.as_str(), FetchError::TooSlow);
    assert_eq!(others.fetch_anew(&keys, Limits::default()).await, Err(FetchError::TooSlow));

    others.put(keys.as_str(), "application/json", "{}");
    others.post(&keys, &[("a", "b")], Limits::default()).await.unwrap();
    let form = vec![("a".to_owned(), "b".to_owned())];
    assert_eq!(others.posted(), [Posted { url: keys.as_str().to_owned(), form }]);
}
