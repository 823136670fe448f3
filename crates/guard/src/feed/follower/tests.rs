use proptest::prelude::*;

use super::*;
use crate::subject::Kind;

const BOUND: Duration = Duration::from_secs(5);
const P1: &str = "1.00000000000000aa";
const P2: &str = "2.00000000000000bb";

fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

fn digest(id: &str) -> Digest {
    Digest::of(Kind::Session, id)
}

fn event(kind: &str, id: Option<&str>, data: &str) -> Event {
    Event { kind: kind.to_owned(), id: id.map(str::to_owned), data: data.to_owned() }
}

fn begin(how: &str) -> Event {
    event("begin", None, how)
}

fn heard(elapsed: u64) -> Event {
    event("heard", None, &elapsed.to_string())
}

/// Rows of these sessions, `-` or `~` in front.
fn rows(place: Option<&str>, sessions: &[&str]) -> Event {
    let row = |row: &&str| format!(" {}{}", &row[..1], digest(&row[1..]));
    let rows: String = sessions.iter().map(row).collect();
    event("rows", place, &format!("9999999999{rows}"))
}

struct Reading {
    follower: Follower,
    beliefs: Beliefs,
}

impl Reading {
    /// Has asked for a stream at the steady time 1,000 ms.
    fn new() -> Self {
        let mut follower = Follower::default();
        follower.open(ms(1000));
        Self { follower, beliefs: Beliefs::new(BOUND) }
    }

    fn take(&mut self, event: &Event, at: u64) -> Result<(), Broken> {
        self.follower.take(event, &self.beliefs, ms(at))
    }

    fn took(mut self, events: &[(Event, u64)]) -> Self {
        for (event, at) in events {
            assert_eq!(self.take(event, *at), Ok(()), "{event:?}");
        }
        self
    }

    /// Up to date at 1,100 ms, at the first place.
    fn up_to_date() -> Self {
        Self::new().took(&[
            (begin("snapshot"), 1050),
            (rows(Some(P1), &[]), 1060),
            (heard(100), 1100),
        ])
    }

    fn resumed(mut self, at: u64) -> Self {
        self.follower.open(ms(at));
        self
    }

    fn fresh(&self, at: u64) -> bool {
        self.beliefs.are_fresh(ms(at))
    }

    fn ended(&self, id: &str) -> bool {
        self.beliefs.has_ended(&digest(id))
    }
}

#[test]
fn nothing_is_believed_before_a_snapshot_was_heard_whole() {
    let mut reading = Reading::new();
    assert!(!reading.fresh(1000));
    reading = reading.took(&[(begin("snapshot"), 1010), (rows(None, &["-a"]), 1020)]);
    assert!(!reading.fresh(1020) && reading.ended("a"));
    assert_eq!(reading.take(&heard(20), 1030), Err(Broken::Order), "its last rows have not come");
    assert_eq!(reading.follower.resume_from(), None);
    assert!(reading.ended("a"), "what ended has ended, whatever became of the stream");
}

#[test]
fn staleness_counts_from_when_the_stream_was_asked_for() {
    let reading = Reading::up_to_date();
    // Asked for at 1,000; 100 ms had passed at the server: known up to 1,100 at the latest.
    assert!(reading.fresh(6100));
    assert!(!reading.fresh(6101));
}

#[test]
fn a_stream_that_is_held_up_on_the_way_is_not_believed() {
    let mut reading = Reading::up_to_date();
    // Said when 4,000 ms had passed, but here at 30,000.
    assert_eq!(reading.take(&heard(4000), 30_000), Ok(()));
    assert!(!reading.fresh(30_000));
}

#[test]
fn a_cut_stream_lets_belief_run_out_and_the_next_goes_on_where_it_was() {
    let mut reading = Reading::up_to_date().resumed(3000);
    assert_eq!(reading.follower.resume_from(), Some(P1));
    assert!(reading.fresh(6100), "the bound of the stream before goes on counting");
    assert_eq!(reading.take(&begin("resumed"), 6050), Ok(()));
    assert!(!reading.fresh(6101), "to begin proves nothing");
    assert_eq!(reading.take(&rows(Some(P2), &["-a"]), 6200), Ok(()));
    assert_eq!(reading.take(&heard(3100), 6200), Ok(()));
    assert!(reading.fresh(11_100) && reading.ended("a"));
    assert_eq!(reading.follower.resume_from(), Some(P2));
}

#[test]
fn a_place_is_gone_on_from_only_when_all_before_it_was_heard() {
    let reading = Reading::up_to_date().took(&[(rows(Some(P2), &["-a"]), 1200)]).resumed(1300);
    assert_eq!(reading.follower.resume_from(), Some(P1));
}

#[test]
fn a_recording_is_told_by_the_time_that_passed_in_it() {
    let mut reading =
        Reading::new().took(&[(begin("snapshot"), 1010), (rows(Some(P1), &[]), 1020)]);
    assert_eq!(reading.take(&heard(5000), 1030), Err(Broken::Ahead));
    assert!(!reading.fresh(1030));
}

#[test]
fn time_never_goes_back_within_a_stream() {
    let mut reading = Reading::up_to_date();
    assert_eq!(reading.take(&heard(99), 1300), Err(Broken::Order));
}

#[test]
fn a_stream_that_goes_on_from_nowhere_is_no_answer() {
    let mut reading = Reading::new();
    assert_eq!(reading.take(&begin("resumed"), 1010), Err(Broken::Order));
    for early in [rows(Some(P1), &["-a"]), heard(1)] {
        assert_eq!(Reading::new().take(&early, 1010), Err(Broken::Order), "{early:?}");
    }
}

#[test]
fn what_cannot_be_read_closes_the_stream_and_the_next_one_begins_anew() {
    for wrong in [
        event("rows", Some(P2), "x -AAAA"),
        event("rows", Some(P2), "1 -AAAA"),
        event("rows", Some(P2), &format!("1 +{}", digest("a"))),
        event("rows", Some("2.\u{e9}"), "1"),
        event("heard", None, "soon"),
        event("begin", None, "again"),
    ] {
        let mut reading = Reading::up_to_date();
        assert!(reading.take(&wrong, 1200).is_err(), "{wrong:?}");
        assert_eq!(reading.follower.resume_from(), None, "{wrong:?}");
        assert_eq!(reading.take(&heard(300), 1300), Err(Broken::Order), "it is closed");
    }
}

#[test]
fn what_nobody_has_thought_of_yet_is_skipped() {
    assert_eq!(Reading::up_to_date().take(&event("weather", None, "fine"), 1200), Ok(()));
}

#[test]
fn another_log_is_begun_anew_and_what_ended_stays_ended() {
    let reading = Reading::up_to_date().took(&[(rows(Some(P2), &["-a", "~b"]), 1200)]);
    let noted = reading.beliefs.note(ms(1600));
    let mark = reading.beliefs.mark(&noted, Some(P2)).unwrap();
    assert!(reading.beliefs.knows(mark, &digest("b")));
    let reading = reading.took(&[(begin("snapshot"), 1700)]);
    assert!(!reading.fresh(1700) && reading.ended("a"));
    assert!(!reading.beliefs.knows(mark, &digest("b")), "nothing from before is believed");
    assert!(reading.beliefs.mark(&noted, Some(P2)).is_none(), "nor what was asked before");
    assert_eq!(reading.beliefs.note(ms(1700)).place(), None);
}

#[test]
fn an_answer_is_remembered_by_what_was_known_when_it_was_asked_for() {
    let mut reading = Reading::up_to_date();
    let noted = reading.beliefs.note(ms(1400));
    assert_eq!(noted.place(), Some(P1));
    assert_eq!(reading.take(&rows(Some(P2), &["~b"]), 1500), Ok(()));
    let mark = reading.beliefs.mark(&noted, Some(P1)).unwrap();
    assert!(!reading.beliefs.knows(mark, &digest("b")), "it changed after the question");
    assert!(reading.beliefs.knows(mark, &digest("c")));
    assert!(reading.beliefs.mark(&noted, Some(P2)).is_none(), "another place");
    assert!(reading.beliefs.mark(&noted, None).is_none(), "the server had not heard so much");
    let later = reading.beliefs.note(ms(1900));
    assert_eq!(later.place(), Some(P2));
    assert!(reading.beliefs.knows(reading.beliefs.mark(&later, Some(P2)).unwrap(), &digest("b")));
}

#[test]
fn a_question_names_a_place_that_other_nodes_have_had_time_to_hear() {
    let reading = Reading::up_to_date().took(&[(rows(Some(P2), &["~b"]), 2000)]);
    assert_eq!(reading.beliefs.note(ms(2299)).place(), Some(P1));
    assert_eq!(reading.beliefs.note(ms(2300)).place(), Some(P2));
}

#[test]
fn rows_are_forgotten_when_they_concern_nothing_any_more() {
    let mut reading = Reading::up_to_date();
    let row = event("rows", Some(P2), &format!("4000 -{}", digest("a")));
    assert_eq!(reading.take(&row, 1200), Ok(()));
    // As long as a row concerns something at most.
    let longest = 1000 + 62 * 60 * 1000;
    for (wall, now) in [(3999, longest), (4000, longest - 1)] {
        reading.beliefs.sweep(wall, ms(now));
        assert!(reading.ended("a"), "{wall}, {now}");
    }
    reading.beliefs.sweep(4000, ms(longest));
    assert!(!reading.ended("a"));
}

#[test]
fn a_clock_on_the_wall_that_is_set_ahead_and_back_has_no_end_forgotten() {
    let mut reading = Reading::up_to_date();
    let row = |number: u64| {
        let digest = digest(&number.to_string());
        event("rows", Some(&format!("{number}.00000000000000aa")), &format!("4000 -{digest}"))
    };
    assert_eq!(reading.take(&row(2), 1200), Ok(()));
    reading.beliefs.sweep(1_000_000, ms(61_000));
    // The next one is heard while it is ahead.
    assert_eq!(reading.take(&row(3), 62_000), Ok(()));
    reading.beliefs.sweep(1_000_000, ms(121_000));
    reading.beliefs.sweep(400, ms(181_000));
    assert!(reading.ended("2") && reading.ended("3"));
}

proptest! {
    /// Rows that come twice, late and in another order leave the same belief about what ended.
    #[test]
    fn rows_in_any_order_and_any_number_of_times_end_the_same(
        order in prop::collection::vec(0_usize..6, 6..20),
    ) {
        let reading = Reading::up_to_date();
        let all: Vec<String> = (0..6).map(|number| format!("-{number}")).collect();
        let mut reading = reading;
        for (at, index) in order.iter().chain(&[0, 1, 2, 3, 4, 5]).enumerate() {
            let place = format!("{}.00000000000000aa", index + 2);
            let taken = reading.take(&rows(Some(&place), &[&all[*index]]), 1200 + at as u64);
            prop_assert_eq!(taken, Ok(()));
        }
        for number in 0..6 {
            prop_assert!(reading.ended(&number.to_string()));
        }
    }

    /// Whatever comes whenever: what is believed is never older than the bound, counted from what the server had really sent
    /// when it said so.
    #[test]
    fn nothing_is_believed_longer_than_the_bound_after_the_last_word(
        words in prop::collection::vec((0_u64..20_000, 0_u64..20_000), 1..20),
        at in 0_u64..60_000,
    ) {
        let mut reading = Reading::up_to_date();
        let (mut now, mut newest) = (1100, 1100);
        for (pass, elapsed) in words {
            now += pass;
            // The server took the request in at 1,000 at the earliest, so this word is true of 1,000 + elapsed at the latest.
            if reading.take(&heard(elapsed), now).is_ok() {
                newest = newest.max((1000 + elapsed).min(now));
            } else {
                break;
            }
        }
        let asked = now + at;
        if reading.fresh(asked) {
            prop_assert!(asked - newest <= 5000);
        }
    }

    #[test]
    fn no_event_breaks_the_follower(kind in "(begin|rows|heard|x)", id in prop::option::of("[0-9a-f.]{0,20}"), data in "\\PC{0,40}") {
        let mut reading = Reading::up_to_date();
        let _ = reading.take(&event(&kind, id.as_deref(), &data), 1200);
    }
}
