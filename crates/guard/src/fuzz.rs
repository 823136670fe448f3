//! What this repository's fuzzer does with the reader of the feed: any bytes, as streams of a server that is broken or not
//! ours. Behind the feature `fuzz`, and no part of what is promised.

use std::time::Duration;

use http::HeaderValue;

use crate::beliefs::Beliefs;
use crate::feed::events::{Event, Events, Malformed};
use crate::feed::follower::Follower;
use crate::subject::{Digest, Kind};

/// What passes from one stream to the next.
const BETWEEN: Duration = Duration::from_secs(3);

/// Reads streams, one after the other, with a zero byte between them, each in pieces as long as its first byte says.
///
/// # Panics
///
/// Where the reader believes what it must not.
pub fn follow(bytes: &[u8]) {
    let beliefs = Beliefs::new(Duration::from_secs(5));
    let ended = Digest::of(Kind::Session, "ended before");
    let mut follower = Follower::default();
    let mut now = Duration::from_secs(1000);
    beliefs.end(ended, u64::MAX, now);
    for stream in bytes.split(|byte| *byte == 0) {
        let Some((length, stream)) = stream.split_first() else { continue };
        let (events, malformed) = read(stream, usize::from(*length));
        let whole = read(stream, usize::MAX);
        assert!(whole == (events.clone(), malformed), "where the network cuts makes a difference");
        follower.open(now);
        for event in events {
            now += Duration::from_millis(1);
            if follower.take(&event, &beliefs, now).is_err() {
                assert_eq!(follower.resume_from(), None, "a broken stream is gone on with");
                break;
            }
        }
        let place = follower.resume_from();
        let fits = place.is_none_or(|place| HeaderValue::from_str(place).is_ok());
        assert!(fits, "{place:?} cannot be named again");
        let age = beliefs.unheard_for(now + BETWEEN);
        assert!(age.is_none_or(|age| age >= BETWEEN), "what is to come was heard: {age:?}");
        assert!(beliefs.has_ended(&ended), "what ended came back");
        now += BETWEEN;
    }
}

/// The events of a stream that comes in pieces of this length.
fn read(stream: &[u8], length: usize) -> (Vec<Event>, Option<Malformed>) {
    let (mut events, mut found) = (Events::default(), Vec::new());
    let mut pieces = stream.chunks(length.max(1));
    let malformed = pieces.find_map(|piece| events.push(piece, |event| found.push(event)).err());
    (found, malformed)
}
