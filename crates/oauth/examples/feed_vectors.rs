//! Writes `tests/vectors/feed.json`: what readers of the feed in any language are held to.
//!
//! Names of subjects of each kind, and whole streams with what a reader knows after them: where it is (`null` where it must
//! begin again), what has ended and what has changed (by name, with the second from which it may be forgotten), how often it
//! began, and the last that was heard.

use std::time::Duration;

use cloakroom_jose::base64url;
use cloakroom_model::id::{ClientId, GrantId, KeyId, SessionId, UserId};
use cloakroom_model::log::{Change, Place, Row, Subject};
use cloakroom_model::time::Timestamp;
use cloakroom_oauth::feed::{self, Rows};
use serde_json::{Map, Value, json};

fn main() {
    let digests: Vec<_> = subjects().iter().map(digest).collect();
    let vectors = json!({ "digests": digests, "streams": streams() });
    println!("{vectors:#}");
}

fn subjects() -> Vec<Subject> {
    let uuid = [0x01, 0x9a, 0xa1, 0xf2, 0x6c, 0x1e, 0x7d, 0x10, 0xa1, 0xf5, 1, 2, 3, 4, 5, 6];
    vec![
        Subject::Session(SessionId::from_bytes(uuid)),
        Subject::Grant(GrantId::from_bytes(uuid)),
        Subject::Client(client("shop")),
        Subject::Client(client("https://app.example/client.json")),
        Subject::Key(KeyId("2026-01-ed25519".to_owned())),
        Subject::User(UserId::from_bytes(uuid)),
        Subject::Token("q83vEjRWeJCrze8SNFZ4kA".to_owned()),
    ]
}

fn client(name: &str) -> ClientId {
    ClientId::parse(name).expect("it can name a client")
}

fn digest(subject: &Subject) -> Value {
    // `{"kind": …, "id": …}`, as `came_from` has it.
    let mut named = serde_json::to_value(subject).expect("a subject is JSON");
    named["digest"] = name(subject).into();
    named
}

fn name(subject: &Subject) -> String {
    base64url::encode(&feed::digest(subject))
}

fn streams() -> Vec<Value> {
    let [session, grant, shop, _, key, user, token] = &subjects()[..] else { unreachable!() };
    let ended = |subject, seq, until| row(subject, Change::Ended, seq, until);
    let changed = |subject, seq, until| row(subject, Change::Changed, seq, until);
    let place = |seq| Place { seq, nonce: NONCE };
    let snapshot = |rows: &[Row], end| {
        let mut text = String::new();
        for row in rows {
            let mut event = Rows::of_snapshot();
            event.push(row.until, row.change, &row.subject);
            text += &event.finish();
        }
        text + &Rows::ending_at(end).finish()
    };
    let rows = |rows: &[Row]| feed::rows(rows).expect("there are rows");
    let heard = |milliseconds| feed::heard(Duration::from_millis(milliseconds));
    let first = [ended(session, 3, 1_800_000_000), changed(user, 4, 1_800_000_060)];
    let begun = feed::SNAPSHOT.to_owned() + &snapshot(&first, place(5));
    let later = [ended(grant, 6, 1_800_000_100), ended(key, 7, 1_800_000_100)];
    let knows = |place: Option<Place>, begun: u64, rows: &[&Row], heard: Option<u64>| {
        let of = |change| {
            let these = rows.iter().filter(|row| row.change == change);
            let these = these.map(|row| (name(&row.subject), json!(row.until.seconds())));
            Value::Object(these.collect::<Map<_, _>>())
        };
        json!({
            "place": place.map(feed::place),
            "snapshots": begun,
            "ended": of(Change::Ended),
            "changed": of(Change::Changed),
            "heard": heard,
        })
    };
    let stream = |about: &str, text: String, knows: Value| json!({ "about": about, "text": text, "knows": knows });
    let other = [changed(shop, 2, 1_800_000_200), ended(token, 3, 1_800_000_220)];
    vec![
        stream(
            "an empty log",
            feed::SNAPSHOT.to_owned() + &snapshot(&[], Place::default()) + &heard(0),
            knows(Some(Place::default()), 1, &[], Some(0)),
        ),
        stream(
            "a snapshot, and what was heard",
            begun.clone() + &heard(12),
            knows(Some(place(5)), 1, &[&first[0], &first[1]], Some(12)),
        ),
        stream(
            "a snapshot that is cut off before its last event is not complete",
            feed::SNAPSHOT.to_owned()
                + snapshot(&first, place(5)).split_inclusive("\n\n").next().expect("an event"),
            knows(None, 1, &[&first[0]], None),
        ),
        stream(
            "rows after a snapshot, two of one second on a line",
            begun.clone() + &heard(12) + &rows(&later) + &heard(400) + &heard(1400),
            knows(Some(place(7)), 1, &[&first[0], &first[1], &later[0], &later[1]], Some(1400)),
        ),
        stream(
            "an event is not there before its empty line is",
            begun.clone() + rows(&later).trim_end(),
            knows(Some(place(5)), 1, &[&first[0], &first[1]], None),
        ),
        stream(
            "rows may come twice",
            begun.clone() + &rows(&later) + &rows(&later),
            knows(Some(place(7)), 1, &[&first[0], &first[1], &later[0], &later[1]], None),
        ),
        stream(
            "a stream that was resumed",
            feed::RESUMED.to_owned() + &rows(&later) + &heard(8),
            knows(Some(place(7)), 0, &[&later[0], &later[1]], Some(8)),
        ),
        stream(
            "another log in the same stream: what changed is forgotten, what ended is not",
            begun.clone()
                + &heard(12)
                + feed::SNAPSHOT
                + &snapshot(&other, place(3))
                + &heard(2000),
            knows(Some(place(3)), 2, &[&first[0], &other[0], &other[1]], Some(2000)),
        ),
        stream(
            "another log, and cut off in the middle: the place is forgotten",
            begun.clone() + feed::SNAPSHOT,
            knows(None, 2, &[&first[0]], None),
        ),
        stream(
            "an event that nobody knows is skipped",
            begun + "event: news\ndata: of another time\n\n" + &rows(&later),
            knows(Some(place(7)), 1, &[&first[0], &first[1], &later[0], &later[1]], None),
        ),
    ]
}

const NONCE: u64 = 0x00c1_0a42_00c1_0a42;

fn row(subject: &Subject, change: Change, seq: u64, until: i64) -> Row {
    let (place, until) = (Place { seq, nonce: NONCE }, Timestamp::from_seconds(until));
    Row { place, at: Timestamp(0), subject: subject.clone(), change, until }
}
