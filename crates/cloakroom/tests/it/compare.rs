//! `cloakroom compare`: small, but with everything that it starts, asks, signs out, stops and kills.

use std::{fs, process::Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::program::Program;

const SMALL: [&str; 7] = [
    "compare",
    "--checks=50",
    "--users=100",
    "--sign-outs=2",
    "--json",
    "--report",
    "compare.html",
];

#[test]
fn every_cell_of_a_comparison_is_measured_and_nothing_is_left_behind() {
    let program = program();
    let ran = program.run(&SMALL);
    let comparison = ran.json();
    let columns = comparison["arrangements"].as_array().unwrap();
    let names: Vec<&str> = columns.iter().map(|it| it["arrangement"].as_str().unwrap()).collect();
    assert_eq!(names, ["cookie", "guarded_cookie", "introspection", "jwt", "guarded_jwt"]);
    for column in columns {
        // What could not be measured would be null.
        every_value(column, &mut |value| assert!(!value.is_null(), "{column:#}"));
    }
    for asks in [&columns[0], &columns[2]] {
        assert!(number(asks, "/cost/server_cpu_us/median") > 0.0, "{asks:#}");
        assert!(number(asks, "/traffic/asked") > 100.0, "{asks:#}");
        assert!(number(asks, "/memory/server") > 0.0, "{asks:#}");
        assert!(number(asks, "/outage/not_served_ms") > 0.0, "{asks:#}");
        assert_eq!(asks.pointer("/revocation/seen_by").unwrap(), "asking");
        assert_eq!(asks.pointer("/outage/let_in_who_signed_out").unwrap(), false);
    }
    for guarded in [&columns[1], &columns[4]] {
        assert!(number(guarded, "/traffic/asked") < 100.0, "{guarded:#}");
        assert!(number(guarded, "/traffic/standing_per_second") > 10.0, "{guarded:#}");
        assert_eq!(guarded.pointer("/revocation/seen_by").unwrap(), "asking");
        assert_eq!(guarded.pointer("/outage/let_in_who_signed_out").unwrap(), false);
        // It believes what it remembers for five seconds, from the last word that it heard: not longer, and not much less.
        let served_on_ms = number(guarded, "/outage/served_on_ms");
        assert!((1000.0..6900.0).contains(&served_on_ms), "{guarded:#}");
        assert!(number(guarded, "/outage/not_served_ms") > 0.0, "{guarded:#}");
    }
    let jwt = &columns[3];
    assert!(number(jwt, "/cost/service_cpu_us/median") > 0.0, "{jwt:#}");
    assert!(number(jwt, "/traffic/asked") < 1.0, "{jwt:#}");
    assert!((number(jwt, "/revocation/p50_ms") - 600_000.0).abs() < 120_000.0, "{jwt:#}");
    assert!(number(jwt, "/outage/not_served_ms") < 1.0, "{jwt:#}");
    assert_eq!(jwt.pointer("/outage/let_in_who_signed_out").unwrap(), true);

    let advice = comparison["advice"].as_array().unwrap();
    assert_eq!(advice.len(), 6);
    assert!(advice.iter().all(|it| it["choice"] != "jwt" && it["reasons"][0].is_string()));

    let page = fs::read_to_string(program.folder().join("compare.html")).unwrap();
    for outside in ["<script", "http://", "https://", "url(", "@import", " src=", "<link"] {
        assert!(!page.contains(outside), "{outside} leads out of the page");
    }
    assert_eq!(page.matches("<table").count(), 6);
    assert!(page.contains(&format!(">{} B</td>", number(jwt, "/traffic/credential"))));
    assert!(page.trim_end().ends_with("</html>"));
    assert_eq!(left_behind(&program), 0);
}

#[test]
fn a_comparison_that_is_stopped_ends_what_it_started() {
    let program = program();
    let mut child = program
        .command(&["compare"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    while left_behind(&program) == 0 {
        assert!(child.try_wait().unwrap().is_none(), "it has ended without being stopped");
        std::thread::yield_now();
    }
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert_eq!(left_behind(&program), 0);
}

#[test]
fn what_a_comparison_cannot_do_is_said_before_it_begins() {
    let program = program();
    let complaint = program.run(&["compare", "--redis", "redis://localhost"]).refused(2);
    assert!(complaint.contains("--redis changes nothing here"), "{complaint}");
    let complaint = program.run(&["compare", "--report", "nowhere/compare.html"]).refused(2);
    assert!(complaint.contains("nowhere/compare.html"), "{complaint}");
    let complaint = program.run(&["compare", "--for", "toaster"]).refused(2);
    assert!(complaint.contains("microservices"), "{complaint}");
    let complaint = program.run(&["compare-service"]).refused(2);
    assert!(complaint.contains("cloakroom compare"), "{complaint}");
    assert_eq!(left_behind(&program), 0);
}

/// A program whose temporary files can be counted.
fn program() -> Program {
    let program = Program::new();
    let temporary = program.folder().join("temporary");
    fs::create_dir(&temporary).unwrap();
    program.with("TMPDIR", temporary.to_str().unwrap())
}

fn left_behind(program: &Program) -> usize {
    fs::read_dir(program.folder().join("temporary")).unwrap().count()
}

fn number(column: &Value, path: &str) -> f64 {
    column.pointer(path).and_then(Value::as_f64).unwrap_or_else(|| panic!("no {path}: {column:#}"))
}

fn every_value(value: &Value, look: &mut impl FnMut(&Value)) {
    match value {
        Value::Object(members) => members.values().for_each(|value| every_value(value, look)),
        Value::Array(values) => values.iter().for_each(|value| every_value(value, look)),
        single => look(single),
    }
}
