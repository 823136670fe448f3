//! `cloakroom config …`, and what every command says about settings.

use std::fs;

use serde_json::json;

use crate::program::Program;

#[test]
fn a_flag_decides_before_a_variable_before_the_file_before_the_default() {
    let program = Program::new().with("CLOAKROOM_DRAIN", "2s").with("CLOAKROOM_LOG_LEVEL", "warn");
    fs::write(
        program.folder().join("cloakroom.toml"),
        "drain = \"1s\"\nlog_level = \"error\"\nsign_up = \"closed\"\n",
    )
    .unwrap();

    let shown = program.run(&["config", "show", "--json", "--drain", "3s"]).json();
    let held = |key: &str| {
        let all = shown["settings"].as_array().unwrap();
        let one = all.iter().find(|one| one["key"] == key).unwrap();
        json!([one["value"], one["source"]])
    };
    assert_eq!(held("drain"), json!(["3s", "--drain"]));
    assert_eq!(held("log_level"), json!(["warn", "CLOAKROOM_LOG_LEVEL"]));
    assert_eq!(held("sign_up"), json!(["closed", "cloakroom.toml line 3"]));
    assert_eq!(held("listen"), json!(["localhost:7117", "default"]));
}

#[test]
fn a_mistyped_setting_is_refused_wherever_it_stands() {
    let program = Program::new().with("CLOAKROOM_LISEN", "localhost:1");
    let ran = program.run(&["config", "check"]);
    assert_eq!(ran.code(), 2);
    assert!(ran.complaint().contains("the nearest known name is `CLOAKROOM_LISTEN`"));

    let program = Program::new();
    assert_eq!(program.run(&["config", "check"]).code(), 0);
    fs::write(program.folder().join("cloakroom.toml"), "\nlisen = \"localhost:1\"\n").unwrap();
    let ran = program.run(&["config", "check"]);
    assert_eq!(ran.code(), 2);
    assert!(ran.complaint().contains("cloakroom.toml line 2"), "{}", ran.complaint());

    let ran = Program::new().run(&["config", "check", "--lisen", "localhost:1"]);
    assert_eq!(ran.code(), 2);
    assert!(ran.complaint().contains("--listen"), "{}", ran.complaint());
}

#[test]
fn a_failure_is_json_too_when_json_was_asked_for() {
    let ran = Program::new().run(&["config", "check", "--json", "--drain", "soon"]);
    assert_eq!(ran.code(), 2);
    assert_eq!(ran.printed(), "");
    let complaint: serde_json::Value = serde_json::from_str(&ran.complaint()).unwrap();
    assert_eq!(complaint["error"]["code"], "usage");
    assert!(complaint["error"]["message"].as_str().unwrap().contains("--drain"));
}

#[test]
fn a_secret_is_never_shown() {
    let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let program = Program::new().with("CLOAKROOM_MASTER_KEY", key);
    for line in [&["config", "show"][..], &["config", "show", "--json"]] {
        let text = program.run(line).text();
        assert!(text.contains("(set, not shown)"), "{text}");
        assert!(!text.contains(key));
    }
}

#[test]
fn one_setting_is_explained_by_any_of_its_names() {
    let program = Program::new();
    let names = ["public_url", "--public-url", "CLOAKROOM_PUBLIC_URL"];
    for name in names {
        let explained = program.run(&["config", "explain", "--json", "--", name]).json();
        assert_eq!(explained["key"], "public_url");
        assert_eq!(explained["variable"], "CLOAKROOM_PUBLIC_URL");
        assert_eq!(explained["flag"], "--public-url");
    }
    let ran = program.run(&["config", "explain", "public_uri"]);
    assert_eq!(ran.code(), 2);
    assert!(ran.complaint().contains("`public_url`"));
    let complaint = program.run(&["config", "explain", "colour"]).refused(2);
    assert!(complaint.contains("`cloakroom config explain`"), "{complaint}");
}

#[test]
fn the_sample_is_a_file_of_settings() {
    let program = Program::new();
    let sample = program.run(&["config", "sample"]).text();
    fs::write(program.folder().join("cloakroom.toml"), sample).unwrap();
    assert_eq!(program.run(&["config", "check", "--json"]).json(), json!({ "usable": true }));
}

#[test]
fn settings_are_explained_even_while_they_are_wrong() {
    let program = Program::new().with("CLOAKROOM_DRAIN", "soon");
    assert_eq!(program.run(&["config", "show"]).code(), 2);
    assert!(program.run(&["config", "explain", "drain"]).text().contains("default  10s"));
}
