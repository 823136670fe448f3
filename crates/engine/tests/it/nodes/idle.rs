//! Idle ends respect what other nodes have seen.

use std::time::Duration;

use cloakroom_engine::identity::NotSignedIn;
use cloakroom_model::event::Kind;
use cloakroom_model::session::Carrier;
use cloakroom_store::{EventFilter, Events as _};
use cloakroom_testkit::engine::settings;

use super::Nodes;

#[tokio::test]
async fn what_is_used_at_one_node_is_not_idle_at_another() {
    let nodes = Nodes::start(settings()).await;
    let ada = nodes.ada(Carrier::Cookie).await;
    let (cookie, session) = (ada.cookie.unwrap(), ada.session.session.clone());
    nodes.there.catch_up().await.unwrap();
    // The first node remembers it from its beginning, the second one from now.
    nodes.here.check_cookie(&cookie).await.unwrap();
    nodes.there.check_cookie(&cookie).await.unwrap();
    let nearly = session.idle.saturating_sub(Duration::from_mins(1));
    for _ in 0..4 {
        nodes.clock.go(nearly);
        nodes.there.check_cookie(&cookie).await.expect("it is in use at this node");
        nodes.there.flush_last_seen().await.unwrap();
        nodes.here.sweep().await.unwrap();
    }
    nodes.here.check_cookie(&cookie).await.expect("it was in use at the other node");

    // And what nobody used for so long has ended for both.
    nodes.here.flush_last_seen().await.unwrap();
    nodes.clock.go(session.idle + settings().last_seen_flush + Duration::from_secs(1));
    let idle = nodes.here.check_cookie(&cookie).await.map(drop);
    assert!(matches!(idle, Err(NotSignedIn::Expired)), "{idle:?}");
    let gone = nodes.there.check_cookie(&cookie).await.map(drop);
    assert!(matches!(gone, Err(NotSignedIn::NoSession)), "{gone:?}");
    let events = nodes.store.list_events(&EventFilter::default()).await.unwrap();
    let ends = events.iter().filter(|recorded| recorded.event.kind == Kind::SessionEnded);
    assert_eq!(ends.count(), 1);
}
