//! What commands print and what they refuse, with no server around.

use std::fs;

use serde_json::{Value, json};

use crate::{person::PASSWORD, program::Program};

#[test]
fn a_missing_database_says_how_it_is_made() {
    let program = Program::new();
    for line in [&["user", "list"][..], &["session", "list"], &["key", "list"], &["backup", "b"]] {
        let complaint = program.run(line).refused(1);
        assert!(complaint.contains("`cloakroom serve`"), "{line:?}: {complaint}");
        assert!(complaint.contains("--data-dir"), "{line:?}: {complaint}");
    }
    assert_eq!(fs::read_dir(program.folder()).unwrap().count(), 0, "nothing was made");
}

#[test]
fn a_database_of_another_version_is_refused_by_name() {
    let program = founded();
    let file = program.folder().join("cloakroom-data/cloakroom.db");
    let mut bytes = fs::read(&file).unwrap();
    // The user version, in SQLite's header: bytes 60 to 63, big-endian.
    let current = bytes[63];
    for (version, expected) in [(current + 7, "or a newer one"), (0, "start this version's server")]
    {
        bytes[63] = version;
        fs::write(&file, &bytes).unwrap();
        let complaint = program.run(&["user", "list"]).refused(1);
        assert!(complaint.contains(&format!("schema version {version}")), "{complaint}");
        assert!(complaint.contains(expected), "{complaint}");
    }
}

#[test]
fn a_user_is_added_found_changed_and_deleted() {
    let program = founded();
    let line =
        ["user", "add", "Ada@example.com", "--username", "ada", "--role", "editor", "--json"];
    let added = program.run_with(&line, PASSWORD).json();
    assert_eq!(
        members(&added),
        ["created_at", "disabled_at", "email", "id", "roles", "state", "username"]
    );
    assert_eq!(added["email"], "Ada@example.com");
    assert_eq!((&added["state"], &added["disabled_at"]), (&json!("active"), &Value::Null));

    let id = added["id"].as_str().unwrap();
    for name in [id, "ada", "ADA@example.com"] {
        assert_eq!(program.run(&["user", "show", name, "--json"]).json(), added);
    }
    assert_eq!(program.run(&["user", "list", "--json"]).json(), json!({ "users": [added] }));
    assert_eq!(program.run(&["user", "list", "ad", "--json"]).json(), json!({ "users": [added] }));
    assert_eq!(program.run(&["user", "list", "b", "--json"]).json(), json!({ "users": [] }));
    assert_eq!(
        program.run(&["user", "list", "--after", id, "--json"]).json(),
        json!({ "users": [] })
    );

    let line = ["user", "roles", "ada", "--add", "admin", "--remove", "editor", "--json"];
    assert_eq!(program.run(&line).json()["roles"], json!(["admin"]));
    for line in [&["user", "disable", "ada"][..], &["user", "delete", "ada", "--yes"]] {
        let complaint = program.run(line).refused(1);
        assert!(complaint.contains("make somebody else one first"), "{complaint}");
    }
    program.run_with(&["user", "add", "eve@example.com", "--role", "admin"], PASSWORD).text();
    let disabled = program.run(&["user", "disable", "ada", "--json"]).json();
    assert_eq!(disabled["state"], "disabled");
    assert!(disabled["disabled_at"].is_string());
    program.run(&["user", "recover", "ada"]).refused(1);
    assert_eq!(program.run(&["user", "enable", "ada", "--json"]).json()["state"], "active");
    assert_eq!(program.run(&["user", "unlock", "ada", "--json"]).json()["id"], id);
    let recovery = program.run(&["user", "recover", "ada", "--json"]).json();
    assert_eq!(members(&recovery), ["expires_at", "link", "user"]);

    program.run(&["user", "delete", "ada"]).refused(2);
    let deleted = program.run(&["user", "delete", "ada", "--yes", "--json"]).json();
    assert_eq!(deleted, json!({ "deleted": id }));
    let complaint = program.run(&["user", "show", "ada"]).refused(1);
    assert!(complaint.contains("no user `ada`"), "{complaint}");
}

#[test]
fn a_link_for_nobody_but_this_machine_says_so() {
    let program = founded();
    program.run_with(&["user", "add", "ada@example.com"], PASSWORD).text();
    let recover = ["user", "recover", "ada@example.com"];
    assert!(program.run(&recover).text().contains("set public_url"));
    let elsewhere = [&recover[..], &["--public-url=https://id.example.com"]].concat();
    let link = program.run(&elsewhere).text();
    assert!(
        link.contains("https://id.example.com/recover") && !link.contains("public_url"),
        "{link}"
    );
}

#[test]
fn two_users_cannot_have_one_email() {
    let program = founded();
    program.run_with(&["user", "add", "ada@example.com"], PASSWORD).text();
    let complaint = program.run_with(&["user", "add", "ADA@example.com"], PASSWORD).refused(1);
    assert!(complaint.contains("taken"), "{complaint}");
}

#[test]
fn a_password_comes_by_standard_input_alone() {
    let program = founded();
    program.run(&["user", "add", "ada@example.com"]).refused(2);
    for flag in ["--password=seven coats and an umbrella", "--password"] {
        let complaint = program.run(&["user", "add", "ada@example.com", flag]).refused(2);
        assert!(!complaint.contains("umbrella"), "{complaint}");
    }
    let complaint = program.run(&["user", "add", "ada"]).refused(2);
    assert!(
        complaint.contains("`ada` is no email"),
        "said before a password is asked for: {complaint}"
    );
    let complaint = program.run_with(&["user", "add", "ada@example.com"], "short\n").refused(1);
    assert!(complaint.contains("too short") && !complaint.contains("`short`"), "{complaint}");
    assert_eq!(program.run(&["user", "list", "--json"]).json(), json!({ "users": [] }));
    program.run_with(&["user", "add", "ada@example.com"], &format!("{PASSWORD}\n")).text();
}

#[test]
fn a_client_has_what_its_template_says_and_its_secret_is_shown_once() {
    let program = founded();
    let line = [
        "client",
        "add",
        "shop",
        "--template",
        "web",
        "--name",
        "The shop",
        "--origin",
        "https://shop.example.com",
        "--with-secret",
        "--json",
    ];
    let added = program.run(&line).json();
    let secret = added["secret"].as_str().unwrap();
    assert_eq!(secret.len(), 43);
    let shop = &added["client"];
    assert_eq!(shop["carriers"], json!(["cookie"]));
    assert_eq!(shop["lifetimes"]["idle"], "1d");
    assert_eq!(shop["secrets"].as_array().unwrap().len(), 1);

    let shown = program.run(&["client", "show", "shop", "--json"]);
    assert!(!shown.text().contains(secret));
    assert_eq!(shown.json(), *shop);
    let listed = program.run(&["client", "list", "--json"]).json();
    let ids: Vec<_> = listed["clients"].as_array().unwrap().iter().map(|it| &it["id"]).collect();
    assert_eq!(ids, ["cloakroom", "shop"]);

    let renewed = program.run(&["client", "secret", "shop", "--overlap", "1h", "--json"]).json();
    assert_ne!(renewed["secret"], added["secret"]);
    let secrets = renewed["client"]["secrets"].as_array().unwrap();
    assert_eq!(secrets.len(), 2);
    assert!(secrets[0]["expires_at"].is_string() && secrets[1]["expires_at"].is_null());
    let renewed = program.run(&["client", "secret", "shop", "--json"]).json();
    assert_eq!(renewed["client"]["secrets"].as_array().unwrap().len(), 1, "no overlap, no old one");

    let line = ["client", "data", "shop", "cart", "--at-sign-in", "keep_guest", "--json"];
    let rule = json!([{ "namespace": "cart", "belongs": "user", "at_sign_in": "keep_guest" }]);
    assert_eq!(program.run(&line).json()["data"], rule);
    let line = ["client", "data", "shop", "cart", "--at-sign-in", "merge", "--json"];
    assert_eq!(program.run(&line).json()["data"], json!([]), "the default needs no rule");

    program.run(&["client", "add", "till", "--template", "web"]).text();
    let line = ["client", "share", "shop", "cart", "--with", "till", "--json"];
    let shared = json!([{ "client": "shop", "namespace": "cart" }]);
    assert_eq!(program.run(&line).json()["data_of_others"], shared);
    let line = ["client", "share", "shop", "cart", "--with", "till", "--stop", "--json"];
    assert_eq!(program.run(&line).json()["data_of_others"], json!([]));

    assert_eq!(
        program.run(&["client", "remove", "shop", "--yes", "--json"]).json(),
        json!({ "removed": "shop" })
    );
    program.run(&["client", "show", "shop"]).refused(1);
    program.run(&["client", "remove", "cloakroom", "--yes"]).refused(1);
}

#[test]
fn a_client_needs_an_id_and_a_redirect_uri_and_nothing_else() {
    let program = founded();
    let uri = "https://shop.example.com/callback";
    let line = ["client", "add", "shop", "--redirect-uri", uri, "--id-token-alg", "ES256"];
    let added = program.run(&[&line[..], &["--json"]].concat()).json();
    assert_eq!(added["secret"].as_str().unwrap().len(), 43);
    let registration = &added["client"]["registration"];
    assert_eq!(registration["redirect_uris"], json!([uri]));
    assert_eq!(registration["grant_types"], json!(["authorization_code", "refresh_token"]));
    assert_eq!(registration["scope"], "openid profile email offline_access");
    let keys = program.run(&["key", "list", "--json"]).text();
    assert!(keys.contains("ES256"), "its ID tokens have a key: {keys}");

    let line = ["client", "change", "shop", "--post-logout-redirect-uri", uri, "--json"];
    let changed = program.run(&line).json();
    assert_eq!(changed["client"]["registration"]["post_logout_redirect_uris"], json!([uri]));
    assert_eq!(changed["client"]["registration"]["redirect_uris"], json!([uri]));
    assert!(changed["secret"].is_null(), "the secret it has stays");
    let shown = program.run(&["client", "show", "shop"]).text();
    assert!(shown.contains(&format!("redirect_uris  {uri}")), "{shown}");

    let line = ["client", "change", "shop", "--redirect-uri", "http://shop.example.com/"];
    let complaint = program.run(&line).refused(2);
    assert!(complaint.contains("redirect_uris: http is for"), "{complaint}");
    let service = program.run(&["client", "add", "billing", "--template", "service", "--json"]);
    let registration = &service.json()["client"]["registration"];
    assert_eq!(registration["grant_types"], json!(["client_credentials"]));
}

#[test]
fn a_client_that_makes_no_sense_is_refused_with_what_would() {
    let program = founded();
    let complaint = program.run(&["client", "add", "shop", "--template", "desktop"]).refused(2);
    assert!(complaint.contains("mobile"), "{complaint}");
    let line = ["client", "add", "shop", "--template", "web", "--origin", "shop.example.com"];
    let complaint = program.run(&line).refused(2);
    assert!(complaint.contains("https://shop.example.com"), "{complaint}");
    let complaint = program.run(&["client", "add", "two words", "--template", "web"]).refused(2);
    assert!(complaint.contains("a client id is"), "{complaint}");
}

#[test]
fn a_right_to_register_is_made_listed_and_taken_back() {
    let program = founded();
    let of_tokens = |rest: &[&'static str]| [&["client", "initial-token"], rest].concat();
    let line = of_tokens(&["add", "--note", "team blue", "--uses", "3", "--lives", "7d", "--json"]);
    let made = program.run(&line).json();
    assert_eq!(members(&made), ["initial_token", "token"]);
    let shown = &made["initial_token"];
    assert_eq!(members(shown), ["created_at", "expires_at", "id", "note", "uses_left"]);
    assert_eq!((&shown["note"], &shown["uses_left"]), (&json!("team blue"), &json!(3)));
    let token = made["token"].as_str().unwrap();
    assert_eq!(token.len(), 43);
    let listed = program.run(&of_tokens(&["list", "--json"]));
    assert_eq!(listed.json(), json!({ "initial_tokens": [shown] }));

    let many = program.run(&of_tokens(&["add", "--unlimited", "--json"])).json();
    assert_eq!(many["initial_token"]["uses_left"], Value::Null);
    assert!(program.run(&of_tokens(&["add"])).text().contains("shown this once"));
    program.run(&of_tokens(&["add", "--uses", "0"])).refused(2);
    program.run(&of_tokens(&["add", "--lives", "0s"])).refused(2);
    let id = shown["id"].as_str().unwrap();
    let remove = ["client", "initial-token", "remove", id, "--json"];
    assert_eq!(program.run(&remove).json(), json!({ "removed": id }));
    program.run(&remove).refused(1);
    program.run(&of_tokens(&["remove", "x"])).refused(2);
}

#[test]
fn a_client_whose_tokens_no_key_can_sign_yet_is_told_how_to_make_one() {
    let program = founded();
    let add = |id: &str| {
        let line = ["client", "add", id, "--template", "legacy", "--algorithm", "HS256"];
        let audience = ["--audience", "https://legacy.example.com"];
        program.run(&[&line[..], &audience].concat()).text()
    };
    let advice = "cloakroom key add https://legacy.example.com";
    assert!(add("one").contains(advice));
    program.run(&["key", "add", "https://legacy.example.com"]).text();
    assert!(!add("two").contains(advice));
}

#[test]
fn a_shared_keys_secret_is_printed_once() {
    let program = founded();
    let line = ["key", "add", "https://legacy.example.com", "--algorithm", "HS384", "--json"];
    let added = program.run(&line).json();
    assert_eq!(members(&added["key"]), ["algorithm", "audience", "kid", "since", "stage"]);
    assert_eq!(added["key"]["stage"], "current");
    let secret = added["secret"].as_str().unwrap();
    assert_eq!(secret.len(), 86, "64 bytes in base64url");
    let listed = program.run(&["key", "list", "--json"]);
    assert_eq!(listed.json()["keys"][1], added["key"]);
    assert!(!listed.text().contains(secret));
    program.run(&["key", "add", "https://x.example", "--algorithm", "RS256"]).refused(1);
    program.run(&["key", "compromise", "nobody", "--yes"]).refused(1);
    program.run(&["key", "compromise", "nobody"]).refused(2);
}

#[test]
fn every_act_is_told() {
    let program = founded();
    program.run_with(&["user", "add", "ada@example.com"], PASSWORD).text();
    program.run(&["user", "disable", "ada@example.com"]).text();
    let line = ["event", "list", "--user", "ada@example.com", "--json"];
    let events = program.run(&line).json();
    let events = events["events"].as_array().unwrap();
    let kinds: Vec<_> = events.iter().map(|event| event["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["user_disabled", "signed_up"]);
    assert_eq!(events[0]["actor"], json!({ "is": "operator" }));
    assert!(events[0]["at"].as_str().unwrap().ends_with('Z'));

    let seq = events[0]["seq"].to_string();
    let line = ["event", "list", "--user", "ada@example.com", "--before", &seq, "--json"];
    let earlier = program.run(&line).json();
    assert_eq!(earlier["events"].as_array().unwrap().len(), 1);
}

#[test]
fn a_list_in_a_pipe_is_one_line_a_thing() {
    let program = founded();
    program.run_with(&["user", "add", "ada@example.com"], PASSWORD).text();
    program.run_with(&["user", "add", "bob@example.com"], PASSWORD).text();
    let listed = program.run(&["user", "list"]).text();
    let emails: Vec<_> = listed.lines().map(|line| line.split('\t').nth(1).unwrap()).collect();
    assert_eq!(emails, ["ada@example.com", "bob@example.com"]);
}

#[test]
fn everybody_is_signed_out_only_by_somebody_who_is_sure() {
    let program = founded();
    let complaint = program.run(&["session", "end"]).refused(2);
    assert!(complaint.contains("--user") && complaint.contains("--all"), "{complaint}");
    program.run(&["session", "end", "--all"]).refused(2);
    let ended = program.run(&["session", "end", "--all", "--yes", "--json"]).json();
    assert_eq!(ended, json!({ "ended": 0 }));
    program.run(&["session", "end", "nonsense"]).refused(2);
}

/// With a database that a server has made.
fn founded() -> Program {
    let mut program = Program::new();
    program.serve().stop();
    program
}

fn members(object: &Value) -> Vec<&str> {
    let mut names: Vec<_> = object.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}
