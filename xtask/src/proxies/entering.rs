//! What is tried at services behind Cloakroom, through each proxy: the whole walk of a browser from the service to the
//! sign-in, back to the very address, and out again; and what clients forge.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::NAME;
use super::front::Front;
use super::service::{Seen, Service};
use super::visit::{PASSWORD, csrf, expect, expect_header, sign_up};
use super::visitor::Visitor;
use crate::http::Answer;

/// What the files of `deploy/forward-auth` call the service.
pub(super) const WIKI: &str = "wiki.example.com";

/// The other one of their rules.
pub(super) const ORDERS: &str = "orders.example.com";

const NAVIGATION: &[&str] =
    &["--header", "Sec-Fetch-Mode: navigate", "--header", "Sec-Fetch-Dest: document"];
const SCRIPT: &[&str] =
    &["--header", "Sec-Fetch-Mode: cors", "--header", "Accept: application/json"];

/// Letters that a browser leaves as they are, and escapes that it writes.
const PAGE: &str = "/a/page;v=1?q=%C3%A9%20&x=%5B1%5D&back=https://evil.example/&&a=b+c%2B";

/// Whatever a client could write in the hope that the service or Cloakroom believes it.
const FORGED: &[&str] = &[
    "Remote-User: root",
    "Remote_User: root",
    "remote-email: root@example.com",
    "Remote-Groups: admin",
    "X-Cloakroom-User: root",
    "X_Cloakroom_User: root",
    "X-Cloakroom_User: root",
    "X-Cloakroom-Session: root",
    "X-Cloakroom-Level: aal3",
    "X-Cloakroom-Token: root",
    "Client-Cert: forged",
];

const TOLD: [&str; 7] = [
    "remote-user",
    "remote-email",
    "remote-groups",
    "x-cloakroom-user",
    "x-cloakroom-session",
    "x-cloakroom-level",
    "x-cloakroom-token",
];

/// Somebody who has an account comes with a browser that has been nowhere.
pub(super) fn through(front: &Front, folder: &Path, service: &Service, email: &str) -> Result<()> {
    sign_up(&Visitor::new(front, folder, "owner"), email)?;
    let browser = Visitor::new(front, folder, "walker");
    programs_are_told_in_json(&browser)?;
    nobody_gets_through_unknown(&browser, service)?;
    what_is_open_is_open_and_no_more(&browser, service)?;
    signs_in_and_is_back(&browser, email)?;
    the_service_sees_who_it_is(&browser, email)?;
    a_token_is_for_its_service(&browser)?;
    nobody_else_may_ask(&browser)?;
    signing_out_ends_it(&browser, service)
}

fn programs_are_told_in_json(browser: &Visitor<'_>) -> Result<()> {
    for arguments in [SCRIPT, &["--data", "a=b"], &["--header", "Sec-Fetch-Mode: websocket"]] {
        let answer = expect(401, browser.ask_at(WIKI, PAGE, arguments)?)?;
        let kind = answer.header("content-type").unwrap_or_default();
        ensure!(kind.starts_with("application/problem+json"), "{kind}: {answer:?}");
        ensure!(answer.json()["code"] == "not_signed_in", "{answer:?}");
        let challenge = answer.header("www-authenticate").unwrap_or_default();
        ensure!(challenge.starts_with("Bearer "), "the challenge is {challenge:?}");
    }
    Ok(())
}

fn nobody_gets_through_unknown(browser: &Visitor<'_>, service: &Service) -> Result<()> {
    let before = service.requests();
    for claim in FORGED.iter().chain(&[
        "Cookie: __Secure-cloakroom-id=forged",
        "Authorization: Bearer forged",
        "X-Original-URL: https://wiki.example.com/public",
        "X-Original-Method: GET",
        "X-Forwarded-Uri: /public",
        "X-Forwarded-Host: elsewhere.example.com",
        "X-Forwarded-Method: GET",
        "X-Forwarded-Proto: https",
        "X-Forwarded-For: 127.0.0.1",
        "X-HTTP-Method-Override: GET",
    ]) {
        for arguments in [NAVIGATION, SCRIPT] {
            let answer = browser.ask_at(WIKI, PAGE, &[arguments, &["--header", claim]].concat())?;
            ensure!(matches!(answer.status, 302 | 401 | 403), "{claim}: {answer:?}");
        }
    }
    for path in [
        "/",
        "/public/../page",
        "/public/%2e%2e/page",
        "/public%2f..%2fpage",
        "//public/page",
        "/publicity",
    ] {
        let answer = browser.ask_at(WIKI, path, &[SCRIPT, &["--path-as-is"]].concat())?;
        expect(401, answer).context(path)?;
    }
    ensure!(service.requests() == before, "the service was reached");
    Ok(())
}

fn what_is_open_is_open_and_no_more(browser: &Visitor<'_>, service: &Service) -> Result<()> {
    let before = service.requests();
    let mut arguments =
        vec!["--header", "Cookie: a=b; __Secure-cloakroom-id=x; c=d; __Secure-cloakroom-id=y"];
    arguments.extend(FORGED.iter().flat_map(|claim| ["--header", claim]));
    let seen = Seen::of(&expect(200, browser.ask_at(WIKI, "/public/a.css", &arguments)?)?)?;
    for name in TOLD {
        ensure!(seen.value(name)?.is_empty(), "{name}: {:?}", seen.values(name));
    }
    let cookie = seen.value("cookie")?;
    ensure!(!cookie.contains("cloakroom"), "the service saw the cookie {cookie}");
    ensure!(service.requests() == before + 1, "the service was not reached once");
    Ok(())
}

fn signs_in_and_is_back(browser: &Visitor<'_>, email: &str) -> Result<()> {
    let asked = expect(302, browser.ask_at(WIKI, PAGE, NAVIGATION)?)?;
    let onward = path_at(NAME, &asked)?;
    let sign_in = expect(303, browser.ask(&onward, NAVIGATION)?)?;
    let sign_in = sign_in.header("location").context("no way to sign in")?.to_owned();
    let page = expect(200, browser.ask(&sign_in, NAVIGATION)?)?;
    ensure!(page.text().contains(WIKI), "the page does not say where it leads");
    let policy = page.header("content-security-policy").unwrap_or_default();
    ensure!(policy.contains(&format!("form-action 'self' https://{WIKI};")), "{policy}");
    let text = page.text();
    let return_to =
        text.split_once("name=\"return_to\" value=\"").and_then(|(_, it)| it.split_once('"'));
    let (return_to, _) = return_to.context("the form leads nowhere")?;
    let fields = [
        format!("csrf={}", csrf(&text)?),
        format!("return_to={}", return_to.replace("&#38;", "&")),
        format!("identifier={email}"),
        format!("password={PASSWORD}"),
    ];
    let origin = format!("Origin: https://{NAME}");
    let mut form = vec!["--header", &origin];
    form.extend(fields.iter().flat_map(|field| ["--data-urlencode", field]));
    let signed_in = expect(303, browser.ask("/sign-in", &form)?)?;
    let back = signed_in.header("location").context("no way on")?;
    let back = expect(303, browser.ask(back, NAVIGATION)?)?;
    expect_header(&back, "location", &format!("https://{WIKI}{PAGE}"))
}

fn the_service_sees_who_it_is(browser: &Visitor<'_>, email: &str) -> Result<()> {
    let session = expect(200, browser.ask("/api/v1/session", &[])?)?.json();
    let mut arguments = NAVIGATION.to_vec();
    arguments.extend(FORGED.iter().flat_map(|claim| ["--header", claim]));
    let posting = [SCRIPT, &["--json", "{\"a\":1}"]].concat();
    for arguments in [NAVIGATION, SCRIPT, &arguments, &posting] {
        let seen = Seen::of(&expect(200, browser.ask_at(WIKI, PAGE, arguments)?)?)?;
        let method = if arguments == posting { "POST" } else { "GET" };
        ensure!(seen.first() == format!("{method} {PAGE} HTTP/1.1"), "{}", seen.first());
        let expected = [
            ("remote-user", &session["user"]["id"]),
            ("x-cloakroom-user", &session["user"]["id"]),
            ("x-cloakroom-session", &session["session"]["sid"]),
            ("x-cloakroom-level", &json!("aal1")),
            ("remote-email", &json!(email)),
            ("remote-groups", &json!("")),
            ("x-cloakroom-token", &json!("")),
        ];
        for (name, value) in expected {
            ensure!(*value == seen.value(name)?, "{name}: {value}, but {:?}", seen.values(name));
        }
        let cookie = seen.value("cookie")?;
        ensure!(!cookie.contains("cloakroom"), "the service saw the cookie {cookie}");
    }
    let beside = browser.copied("beside")?;
    beside.keeps(WIKI, "theme", "dark")?;
    let seen = Seen::of(&expect(200, beside.ask_at(WIKI, PAGE, SCRIPT)?)?)?;
    let cookie = seen.value("cookie")?;
    ensure!(cookie.trim_matches([';', ' ']) == "theme=dark", "the service saw the cookie {cookie}");
    Ok(())
}

/// The other service is handed a token, and sees nothing of the first one's cookie either.
fn a_token_is_for_its_service(browser: &Visitor<'_>) -> Result<()> {
    let seen = Seen::of(&expect(200, browser.ask_at(ORDERS, "/", SCRIPT)?)?)?;
    let token = seen.value("x-cloakroom-token")?;
    ensure!(token.split('.').count() == 3, "the token is {token:?}");
    let authorization = format!("Authorization: Bearer {token}");
    expect(401, browser.ask("/api/v1/session", &["--header", &authorization])?)?;
    Ok(())
}

/// The question itself is not open to whoever comes through a proxy.
fn nobody_else_may_ask(browser: &Visitor<'_>) -> Result<()> {
    let url = format!("X-Original-URL: https://{ORDERS}/");
    for path in ["/forward-auth", "/forward-auth/", "/forward-auth/x", "/forward-auth?x"] {
        let asked = ["--header", "X-Original-Method: GET", "--header", &url];
        let answer = expect(404, browser.ask(path, &asked)?)?;
        ensure!(answer.header("x-cloakroom-token").is_none(), "{path}: {answer:?}");
    }
    for path in ["/.cloakroom", "/.cloakroom/"] {
        let answer = browser.ask_at(WIKI, path, SCRIPT)?;
        ensure!(answer.header("x-cloakroom-user").is_none(), "{path}: {answer:?}");
    }
    Ok(())
}

fn signing_out_ends_it(browser: &Visitor<'_>, service: &Service) -> Result<()> {
    let thief = browser.copied("thief")?;
    expect(200, thief.ask_at(WIKI, PAGE, SCRIPT)?)?;
    expect(204, browser.ask("/api/v1/sign-out", &["--request", "POST"])?)?;
    let before = service.requests();
    for visitor in [browser, &thief] {
        expect(401, visitor.ask_at(WIKI, PAGE, SCRIPT)?)?;
        expect(302, visitor.ask_at(WIKI, PAGE, NAVIGATION)?)?;
    }
    ensure!(service.requests() == before, "the service was reached");
    Ok(())
}

/// The path to which an answer leads, at this host.
fn path_at(host: &str, answer: &Answer) -> Result<String> {
    let location = answer.header("location").unwrap_or_default();
    let path = location.strip_prefix(&format!("https://{host}"));
    path.map(str::to_owned).with_context(|| format!("it leads to {location:?}"))
}
