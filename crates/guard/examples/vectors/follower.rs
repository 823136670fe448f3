//! `follower.json`: what a reader of the feed believes, by events and times.

use cloakroom_jose::base64url;
use serde_json::{Value, json};

const P1: &str = "1.00000000000000aa";
const P2: &str = "2.00000000000000bb";
const P3: &str = "3.00000000000000cc";

/// What the file holds.
pub(crate) fn all() -> Value {
    json!({ "max_staleness": 5000, "scripts": [
        script("nothing is believed before a snapshot was heard whole", vec![
            open(1000), fresh(1000, false), begin(1010, "snapshot"), rows(1020, None, &["-session a"]),
            fresh(1020, false), ended(1020, "a", true), broken(heard(1030, 20)), resumes(1030, None), ended(1030, "a", true),
        ]),
        script("an empty snapshot", up_to_date(vec![fresh(1100, true), resumes(1100, Some(P1))])),
        script("staleness counts from when the stream was asked for", up_to_date(vec![fresh(6100, true), fresh(6101, false)])),
        script("a word that is held up on the way is old when it is here", up_to_date(vec![heard(30_000, 4000), fresh(30_000, false)])),
        script("a cut stream goes on where it was", up_to_date(vec![
            open(3000), fresh(6100, true), begin(6050, "resumed"), fresh(6101, false),
            rows(6200, Some(P2), &["-session a"]), heard(6200, 3100), fresh(11_100, true), fresh(11_101, false),
            ended(6200, "a", true), resumes(6200, Some(P2)),
        ])),
        script("a place is gone on from only when all before it was heard", up_to_date(vec![
            rows(1200, Some(P2), &["-session a"]), open(1300), resumes(1300, Some(P1)), ended(1300, "a", true),
        ])),
        script("a recording is told by the time that passed in it", up_to_date(vec![broken(heard(1200, 5000)), resumes(1200, None)])),
        script("a second of drift is no recording, and proves no more than now", up_to_date(vec![heard(1200, 1100), fresh(6200, true), fresh(6201, false)])),
        script("time never goes back within a stream", up_to_date(vec![broken(heard(1300, 99))])),
        script("a stream cannot go on from nowhere", vec![open(1000), broken(begin(1010, "resumed"))]),
        script("rows before the beginning", vec![open(1000), broken(rows(1010, Some(P1), &["-session a"]))]),
        script("rows without a place after the snapshot", up_to_date(vec![broken(rows(1200, None, &["-session a"]))])),
        script("a row that cannot be read", up_to_date(vec![broken(event(1200, "rows", Some(P2), "1 -AAAA".to_owned())), resumes(1200, None)])),
        script("a mark that nobody knows", up_to_date(vec![broken(event(1200, "rows", Some(P2), format!("1 +{}", digest("session", "a"))))])),
        script("an event that nobody knows is skipped", up_to_date(vec![event(1200, "weather", None, "fine".to_owned()), fresh(1200, true)])),
        script("rows that come again and late end the same", up_to_date(vec![
            rows(1200, Some(P3), &["-session b"]), rows(1210, Some(P2), &["-session a"]), rows(1220, Some(P3), &["-session b"]),
            ended(1220, "a", true), ended(1220, "b", true), ended(1220, "c", false),
        ])),
        script("what ended is not undone by a change", up_to_date(vec![
            rows(1200, Some(P2), &["-session a"]), rows(1300, Some(P3), &["~session a"]), ended(1300, "a", true),
        ])),
        script("another log begins: what ended stays ended, and no answer from before is believed", up_to_date(vec![
            rows(1200, Some(P2), &["-session a"]), note(1600, "n", Some(P2)), answer(1610, "n", Some(P2), true), knows(1610, "n", "b", true),
            begin(1700, "snapshot"), fresh(1700, false), ended(1700, "a", true), knows(1700, "n", "b", false), note(1700, "m", None),
            rows(1800, Some(P3), &["~session b"]), heard(1800, 800), fresh(1800, true), answer(1810, "m", None, false),
        ])),
        script("an answer that was asked for before another log is not remembered", up_to_date(vec![
            note(1400, "n", Some(P1)), begin(1500, "snapshot"), rows(1510, Some(P1), &[]), heard(1520, 520), answer(1530, "n", Some(P1), false),
        ])),
        script("an answer knows what was heard when it was asked for, and nothing later", up_to_date(vec![
            note(1400, "n", Some(P1)), rows(1500, Some(P2), &["~session b"]), answer(1510, "n", Some(P1), true),
            knows(1510, "n", "b", false), knows(1510, "n", "c", true),
            note(1900, "m", Some(P2)), answer(1910, "m", Some(P2), true), knows(1910, "m", "b", true),
        ])),
        script("an answer of a server that had not heard so much is not remembered", up_to_date(vec![
            note(1400, "n", Some(P1)), answer(1410, "n", None, false), note(1500, "m", Some(P1)), answer(1510, "m", Some(P2), false),
        ])),
        script("a question names a place of 300 ms ago where there is one", up_to_date(vec![
            rows(2000, Some(P2), &["~session b"]), note(2299, "n", Some(P1)), note(2300, "m", Some(P2)),
            answer(2310, "n", Some(P1), true), knows(2310, "n", "b", false),
        ])),
    ]})
}

fn script(name: &str, steps: Vec<Value>) -> Value {
    json!({ "name": name, "steps": steps })
}

/// Asked for a stream at 1,000; a hundred milliseconds had passed at the server when all was heard.
fn up_to_date(then: Vec<Value>) -> Vec<Value> {
    let start = [open(1000), begin(1050, "snapshot"), rows(1060, Some(P1), &[]), heard(1100, 100)];
    start.into_iter().chain(then).collect()
}

fn open(at: u64) -> Value {
    json!({ "at": at, "do": "open" })
}

fn event(at: u64, kind: &str, id: Option<&str>, data: String) -> Value {
    json!({ "at": at, "do": "event", "event": kind, "id": id, "data": data })
}

fn begin(at: u64, how: &str) -> Value {
    event(at, "begin", (how == "snapshot").then_some(""), how.to_owned())
}

fn heard(at: u64, elapsed: u64) -> Value {
    event(at, "heard", None, elapsed.to_string())
}

fn rows(at: u64, place: Option<&str>, rows: &[&str]) -> Value {
    let row = |row: &&str| {
        let (kind, id) = row[1..].split_once(' ').unwrap();
        format!(" {}{}", &row[..1], digest(kind, id))
    };
    event(at, "rows", place, format!("9999999999{}", rows.iter().map(row).collect::<String>()))
}

/// The event closes the stream.
fn broken(mut event: Value) -> Value {
    event["broken"] = true.into();
    event
}

fn fresh(at: u64, is: bool) -> Value {
    json!({ "at": at, "expect": "fresh", "is": is })
}

fn ended(at: u64, session: &str, is: bool) -> Value {
    json!({ "at": at, "expect": "ended", "kind": "session", "id": session, "is": is })
}

fn resumes(at: u64, from: Option<&str>) -> Value {
    json!({ "at": at, "expect": "resume_from", "is": from })
}

fn note(at: u64, name: &str, place: Option<&str>) -> Value {
    json!({ "at": at, "do": "note", "name": name, "place": place })
}

fn answer(at: u64, name: &str, place: Option<&str>, remembered: bool) -> Value {
    json!({ "at": at, "do": "answer", "name": name, "place": place, "remembered": remembered })
}

fn knows(at: u64, name: &str, session: &str, is: bool) -> Value {
    json!({ "at": at, "expect": "knows", "name": name, "kind": "session", "id": session, "is": is })
}

fn digest(kind: &str, id: &str) -> String {
    let text = format!("cloakroom revocation\n{kind}\n{id}");
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    base64url::encode(&digest.as_ref()[..16])
}
