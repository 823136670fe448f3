//! Refresh tokens, codes and links: each presented twice at once, through two doors.

use std::time::Duration;

use super::Client;
use super::ask::Asked;
use super::person::{COOKIE, Carried, Held, Tokens};
use crate::cluster::history::{Act, Outcome};
use crate::http::Request;

/// A token that was presented this long ago, and has no answer yet, is given up: its window may be over.
const GIVEN_UP: Duration = Duration::from_secs(20);

/// Where the app is answered.
pub(crate) const CALLBACK: &str = "https://app.example.com/callback";
/// RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

impl Client {
    /// Two tabs of one app refresh with the same token.
    pub(super) fn refresh_in_two_tabs(&mut self) {
        let Some((person, session)) = self.some_session(|held| held.tokens().is_some()) else {
            return;
        };
        let held = self.people[person].sessions[session].clone();
        let Some(tokens) = held.tokens() else { return };
        let now = self.now();
        let first_presented = tokens.first_presented.unwrap_or(now);
        if now > first_presented + GIVEN_UP {
            self.has_ended(&held.sid);
            return;
        }
        let (one, other) = self.two_doors();
        let request = refresh_request(tokens);
        let asked = self.race((one, &request), (other, &request));
        let next = asked.iter().find_map(next);
        let mut is_over = false;
        for asked in asked {
            let act = Act::Refresh { session: held.sid.clone(), first_presented };
            let outcome = self.note(asked, act, 200);
            is_over |= matches!(&outcome, Outcome::Refused(why) if &**why == "invalid_grant");
        }
        let Carried::Tokens(tokens) = &mut self.people[person].sessions[session].carried else {
            return;
        };
        match next {
            Some(next) => *tokens = next,
            None => tokens.first_presented = Some(first_presented),
        }
        if is_over {
            self.has_ended(&held.sid);
        }
    }

    /// An app's code arrives twice at its server.
    pub(super) fn redeem_a_code_twice(&mut self) {
        let Some((person, session)) = self.some_session(Held::is_by_cookie) else { return };
        let held = self.people[person].sessions[session].clone();
        let question = format!(
            "/oauth/authorize?client_id=app&response_type=code&redirect_uri={}&scope=openid&state=s&\
             code_challenge={CHALLENGE}&code_challenge_method=S256",
            escaped(CALLBACK),
        );
        let door = self.some_door();
        let asked = self.ask(door, &held.identified(Request::get(&question)));
        let location = asked.answer.as_ref().and_then(|answer| answer.header("location"));
        let code = location
            .and_then(|it| it.split_once("?code="))
            .and_then(|(_, it)| it.split('&').next());
        let Some(code) = code else { return };
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &escaped(CALLBACK)),
            ("code_verifier", VERIFIER),
            ("client_id", "app"),
            ("client_secret", &self.place.app_secret.clone()),
        ];
        let redeem = Request::post("/oauth/token").form(&form);
        let (one, other) = self.two_doors();
        let asked = self.race((one, &redeem), (other, &redeem));
        let what = self.new_name("code");
        for asked in asked {
            let act = Act::Redeem { what: what.clone(), by: held.sid.clone() };
            self.note_redemption(asked, act, 200);
        }
    }

    /// A link from an app into a browser is opened in two of them.
    pub(super) fn spend_a_link_twice(&mut self) {
        let now = self.now();
        let fits = |held: &Held| held.tokens().is_some() && held.is_usable(now);
        let Some((person, session)) = self.some_session(fits) else { return };
        let held = self.people[person].sessions[session].clone();
        // A second cookie would replace the first one.
        let mut sessions = self.people[person].sessions.iter();
        if sessions.any(|other| other.sid == held.sid && other.is_by_cookie()) {
            return;
        }
        let door = self.some_door();
        let asked = self.ask(door, &held.identified(Request::post("/api/v1/session/cookie")));
        let Some(link) = asked.text("/link") else { return };
        let Some((_, secret)) = link.split_once("?link=") else { return };
        let (one, other) = self.two_doors();
        let page = format!("/sign-in/link?link={secret}");
        let [one_page, other_page] =
            self.race((one, &Request::get(&page)), (other, &Request::get(&page)));
        let (Some(one_form), Some(other_form)) =
            (filled(&one_page, secret), filled(&other_page, secret))
        else {
            return;
        };
        let asked = self.race((one, &one_form), (other, &other_form));
        let what = self.new_name("link");
        let mut is_unknown = false;
        for asked in asked {
            let cookie = asked.cookie(COOKIE);
            let act = Act::Redeem { what: what.clone(), by: held.sid.clone() };
            let outcome = self.note_redemption(asked, act, 303);
            is_unknown |= outcome == Outcome::Unknown;
            if outcome == Outcome::Acknowledged
                && let Some(cookie) = cookie
            {
                let carried = Carried::Cookie(cookie);
                self.people[person].sessions.push(Held { sid: held.sid.clone(), carried });
            }
        }
        // Whether there is another cookie, and which of them counts, nobody knows.
        if is_unknown {
            self.has_ended(&held.sid);
        }
    }

    /// A refusal is about the code or the link, and says nothing of the session.
    fn note_redemption(&mut self, asked: Asked, act: Act, good: u16) -> Outcome {
        let outcome = match asked.outcome(good) {
            Outcome::Refused(why) => Outcome::Refused(format!("spent: {why}").into()),
            outcome => outcome,
        };
        if let Some(strange) = asked.strange(good) {
            self.strange.push(format!("{act}: {strange}"));
        }
        self.recorder.record(asked.door, asked.times, act, outcome.clone());
        outcome
    }
}

pub(super) fn refresh_request(tokens: &Tokens) -> Request<'static> {
    Request::post("/oauth/token").form(&[
        ("grant_type", "refresh_token"),
        ("client_id", "cloakroom"),
        ("refresh_token", &tokens.refresh),
    ])
}

fn next(asked: &Asked) -> Option<Tokens> {
    asked.answer.as_ref().filter(|answer| answer.status == 200)?;
    Some(Tokens {
        access: asked.text("/access_token")?,
        since: asked.times.0,
        refresh: asked.text("/refresh_token")?,
        first_presented: None,
    })
}

/// The page's form, as a browser would send it.
fn filled(page: &Asked, secret: &str) -> Option<Request<'static>> {
    let text = page.answer.as_ref().filter(|answer| answer.status == 200)?.text();
    let (_, rest) = text.split_once("name=\"csrf\" value=\"")?;
    let (csrf, _) = rest.split_once('"')?;
    let request = Request::post("/sign-in/link").form(&[("csrf", csrf), ("link", secret)]);
    Some(request.header("cookie", page.cookie("cloakroom-form")?))
}

fn escaped(uri: &str) -> String {
    uri.replace(':', "%3A").replace('/', "%2F")
}
