//! What is done beside the requests.

use std::sync::Arc;
use std::time::Duration;

use cloakroom_engine::settings::Settings;
use cloakroom_model::session::Carrier;
use cloakroom_store::Guests;
use cloakroom_store::memory::Memory;
use cloakroom_testkit::clock::HandClock;
use cloakroom_testkit::engine::{on, settings, visitor};

/// Tokio's time stands still but for sleepers: whoever sleeps wakes at once, and the hours pass.
#[tokio::test(start_paused = true)]
async fn however_many_expire_at_once_they_end_within_the_minute() {
    const GUESTS: usize = 3_000;
    let clock = HandClock::default();
    let store = Arc::new(Memory::new(clock.for_store()));
    let settings = Settings { last_seen_flush: Duration::from_secs(30), ..settings() };
    let node = on(Arc::clone(&store) as _, &clock, 1, settings).await;
    let mut guests = Vec::new();
    for _ in 0..GUESTS {
        clock.go(Duration::from_secs(2));
        let guest = node.begin_guest(Carrier::Cookie, None, &visitor()).await.unwrap();
        guests.push(guest.session.session.id);
    }
    clock.go(Duration::from_hours(24 * 365));

    let house = tokio::time::timeout(Duration::from_mins(1), node.keep_house());
    assert!(house.await.is_err(), "it is never done");
    for guest in guests {
        assert_eq!(store.find_guest_by_id(guest).await.unwrap(), None);
    }
}
