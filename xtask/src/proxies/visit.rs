//! What is tried through each proxy: what a person does with a browser, and a program with the API.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::NAME;
use super::front::Front;
use super::visitor::{ADDRESS, Visitor};
use crate::http::Answer;

pub(super) const PASSWORD: &str = "seven coats and an umbrella";

/// Headers in which a client claims another address than its own, or a certificate.
const CLAIMS: &[&str] = &[
    "--header",
    "X-Forwarded-For: 192.0.2.7",
    "--header",
    "Forwarded: for=192.0.2.7",
    "--header",
    "Client-Cert: forged",
];

/// Somebody signs up at the API, and comes again with an app and with a browser.
pub(super) fn through(front: &Front, folder: &Path, email: &str) -> Result<()> {
    let somebody = Visitor::new(front, folder, "somebody");
    let app = Visitor::new(front, folder, "app");
    let browser = Visitor::new(front, folder, "browser");
    plain_http_leads_to_tls(&somebody)?;
    cookies_are_kept(&somebody, email)?;
    bodies_pass_up_to_the_servers_limit(&somebody)?;
    tokens_are_used_and_refreshed(&app, email)?;
    pages_are_used_under_the_public_name(&browser, email)?;
    addresses_are_the_visitors_own(&app, &somebody, email)?;
    signing_out_ends_it(&somebody)
}

fn plain_http_leads_to_tls(visitor: &Visitor<'_>) -> Result<()> {
    let answer = visitor.ask_by("http", "/sign-in?a=b", &[])?;
    ensure!(matches!(answer.status, 301 | 308), "plain http: {answer:?}");
    expect_header(&answer, "location", &format!("https://{NAME}/sign-in?a=b"))
}

/// Somebody makes an account, and is signed in by cookie.
pub(super) fn sign_up(visitor: &Visitor<'_>, email: &str) -> Result<Answer> {
    let body = json!({"email": email, "password": PASSWORD, "carry": "cookie"});
    expect(201, visitor.ask("/api/v1/sign-up", &["--json", &body.to_string()])?)
}

/// curl takes a cookie with the prefix `__Host-` only where a browser would.
fn cookies_are_kept(visitor: &Visitor<'_>, email: &str) -> Result<()> {
    let answer = sign_up(visitor, email)?;
    let cookie = answer.header("set-cookie").context("sign-up sets no cookie")?;
    ensure!(cookie.starts_with("__Host-cloakroom="), "the cookie is {cookie}");
    ensure!(cookie.contains("; Secure"), "the cookie is {cookie}");
    let session = expect(200, visitor.ask("/api/v1/session", &[])?)?.json();
    ensure!(session["session"]["carrier"] == "cookie", "the session is {session}");
    Ok(())
}

fn bodies_pass_up_to_the_servers_limit(visitor: &Visitor<'_>) -> Result<()> {
    let put = |letters: usize| {
        let body = json!({"note": "x".repeat(letters)}).to_string();
        let new = ["--request", "PUT", "--header", "If-None-Match: *", "--json", &body];
        visitor.ask("/api/v1/session/data/note", &new)
    };
    expect(413, put(100_000)?)?;
    expect(204, put(60_000)?)?;
    let note = expect(200, visitor.ask("/api/v1/session/data/note", &[])?)?.json();
    ensure!(note["note"].as_str().map(str::len) == Some(60_000), "the note is cut");
    Ok(())
}

fn tokens_are_used_and_refreshed(visitor: &Visitor<'_>, email: &str) -> Result<()> {
    let signed_in = sign_in(visitor, email, &[])?;
    let refresh = format!("refresh_token={}", text(&signed_in, "refresh_token")?);
    let form = ["grant_type=refresh_token", "client_id=cloakroom", &refresh];
    let form = form.iter().flat_map(|pair| ["--data", pair]).collect::<Vec<_>>();
    let fresh = expect(200, visitor.ask("/oauth/token", &form)?)?.json();
    let authorization = format!("Authorization: Bearer {}", text(&fresh, "access_token")?);
    expect(200, visitor.ask("/api/v1/session", &["--header", &authorization])?)?;
    Ok(())
}

/// A form, sent as a browser sends it: from the public origin and from no other.
fn pages_are_used_under_the_public_name(visitor: &Visitor<'_>, email: &str) -> Result<()> {
    let page = expect(200, visitor.ask("/sign-in", &[])?)?;
    let strict = page.headers.iter().filter(|(name, _)| name == "strict-transport-security");
    ensure!(strict.count() == 1, "strict-transport-security is not there once: {:?}", page.headers);
    let page = page.text();
    let fields = [
        format!("csrf={}", csrf(&page)?),
        format!("identifier={email}"),
        format!("password={PASSWORD}"),
    ];
    let send = |origin: &str| {
        let origin = format!("Origin: {origin}");
        let mut form = vec!["--header", &origin];
        form.extend(fields.iter().flat_map(|field| ["--data-urlencode", field]));
        visitor.ask("/sign-in", &form)
    };
    expect(403, send("https://elsewhere.example")?)?;
    let answer = expect(303, send(&format!("https://{NAME}"))?)?;
    expect_header(&answer, "location", "/account")?;
    let account = expect(200, visitor.ask("/account", &[])?)?;
    ensure!(account.text().contains(email), "the account is somebody else's");
    Ok(())
}

/// The token of the form on a page.
pub(super) fn csrf(page: &str) -> Result<&str> {
    let csrf = page.split_once("name=\"csrf\" value=\"").and_then(|(_, rest)| rest.split_once('"'));
    csrf.map(|(token, _)| token).context("the form has no token")
}

/// Whatever a client says of itself, its devices are listed with the address that it came from.
fn addresses_are_the_visitors_own(
    app: &Visitor<'_>,
    listing: &Visitor<'_>,
    email: &str,
) -> Result<()> {
    for claims in [&CLAIMS[..2], &CLAIMS[2..], CLAIMS] {
        sign_in(app, email, claims)?;
    }
    let devices = expect(200, listing.ask("/api/v1/sessions", &[])?)?.json();
    let devices = devices["sessions"].as_array().context("no devices")?;
    ensure!(devices.len() == 6, "{} devices are listed", devices.len());
    for device in devices {
        ensure!(device["address"] == ADDRESS, "a device is listed as {device}");
    }
    Ok(())
}

fn signing_out_ends_it(visitor: &Visitor<'_>) -> Result<()> {
    expect(204, visitor.ask("/api/v1/sign-out", &["--request", "POST"])?)?;
    expect(401, visitor.ask("/api/v1/session", &[])?)?;
    Ok(())
}

/// Tokens for another session of the same user.
fn sign_in(visitor: &Visitor<'_>, email: &str, arguments: &[&str]) -> Result<Value> {
    let body = json!({"identifier": email, "password": PASSWORD, "carry": "token"}).to_string();
    let arguments = [arguments, &["--json", &body]].concat();
    Ok(expect(200, visitor.ask("/api/v1/sign-in", &arguments)?)?.json())
}

pub(super) fn expect(status: u16, answer: Answer) -> Result<Answer> {
    ensure!(answer.status == status, "expected {status}, but there is {answer:?}");
    Ok(answer)
}

pub(super) fn expect_header(answer: &Answer, name: &str, value: &str) -> Result<()> {
    let found = answer.header(name).unwrap_or_default();
    ensure!(found == value, "{name}: expected {value}, but there is {found:?}");
    Ok(())
}

fn text<'a>(object: &'a Value, member: &str) -> Result<&'a str> {
    object[member].as_str().with_context(|| format!("there is no {member} in {object}"))
}
