//! The command line as clap and as people see it.

use super::*;

#[test]
fn the_definition_holds_together() {
    settings::with_flags(Arguments::command()).debug_assert();
}

#[test]
fn a_setting_is_a_flag_before_and_behind_the_command() {
    for line in [
        &["--listen", "localhost:1", "doctor"][..],
        &["doctor", "--listen", "localhost:1"],
        &["config", "show", "--listen=localhost:1"],
        &["config", "--listen=localhost:1", "show"],
    ] {
        let line = read(line).ok().unwrap();
        assert_eq!(line.given.flags, [("listen", "localhost:1".to_owned())]);
    }
}

#[test]
fn what_nobody_typed_is_not_given() {
    assert_eq!(read(&["doctor"]).ok().unwrap().given.flags, []);
}

#[test]
fn a_switch_stands_alone_or_with_its_value() {
    for (line, value) in [
        (&["--danger-plain-http", "doctor"][..], "true"),
        (&["doctor", "--danger-plain-http"], "true"),
        (&["doctor", "--danger-plain-http=false"], "false"),
    ] {
        let line = read(line).ok().unwrap();
        assert_eq!(line.given.flags, [("danger_plain_http", value.to_owned())]);
    }
}

#[test]
fn an_unknown_flag_is_refused_with_the_nearest() {
    let refused = read(&["doctor", "--lisen", "localhost:1"]).err().unwrap();
    assert!(refused.error.to_string().contains("--listen"), "{}", refused.error);
}

#[test]
fn a_secret_is_no_argument_and_the_refusal_says_where_it_goes() {
    let refused = read(&["doctor", "--master-key=hunter2"]).err().unwrap();
    let text = refused.error.to_string();
    assert!(!text.contains("hunter2") && !text.contains("similar"), "{text}");
    assert!(settings::hint(&refused.error).unwrap().contains("CLOAKROOM_MASTER_KEY_FILE"));
}

#[test]
fn json_may_stand_anywhere() {
    for line in [&["--json", "config", "show"][..], &["config", "show", "--json"]] {
        assert!(read(line).ok().unwrap().json);
    }
}

fn read(line: &[&str]) -> Result<Line, Refused> {
    let words = std::iter::once("cloakroom").chain(line.iter().copied());
    Line::read(words.map(OsString::from), [])
}
