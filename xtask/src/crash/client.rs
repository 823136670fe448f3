//! One client of the crash test: acts at random over the JSON API and writes down what was acknowledged.

use std::io;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::ledger::{Chain, Ledger, Life, Note, Session, User};
use crate::http::{Answer, Connection, Request};
use crate::random::Random;

/// The namespace that the built-in client may write.
pub(super) const NOTE: &str = "/api/v1/session/data/cart";

pub(crate) struct Client {
    name: String,
    random: Random,
    pub(super) ledger: Ledger,
}

/// How an act ended.
enum Act {
    Acknowledged,
    /// The connection broke: the server may have done it or not.
    CutOff,
}

impl Client {
    pub(crate) fn new(number: u64, seed: u64) -> Self {
        Self {
            name: format!("client{number}"),
            random: Random::from_seed(seed),
            ledger: Ledger::default(),
        }
    }

    /// Acts until the server is gone.
    ///
    /// # Errors
    ///
    /// When the server answers what it must not answer.
    pub(crate) fn act_until_cut_off(&mut self, port: u16) -> Result<()> {
        let Ok(mut connection) = Connection::open(port) else { return Ok(()) };
        loop {
            let act = match self.random.below(21) {
                0 => self.sign_up(&mut connection),
                1 => self.sign_in(&mut connection),
                2..=4 => self.begin_as_guest(&mut connection),
                5 => self.begin_chain(&mut connection),
                6..=8 => self.sign_out(&mut connection),
                9 => self.end_from_another_device(&mut connection),
                10..=12 => self.refresh(&mut connection),
                13 => self.give_back(&mut connection),
                14..=17 => self.change_password(&mut connection),
                _ => self.write_note(&mut connection),
            };
            if let Act::CutOff = act? {
                return Ok(());
            }
        }
    }

    fn sign_up(&mut self, connection: &mut Connection) -> Result<Act> {
        let email = format!("{}-{}@example.test", self.name, self.random.next());
        let password = format!("a long password {}", self.random.next());
        let body = json!({"email": email, "password": password, "carry": "cookie"});
        let Some(answer) = sent(connection, &Request::post("/api/v1/sign-up").json(&body))? else {
            return Ok(Act::CutOff);
        };
        expect(&answer, 201, "sign-up")?;
        self.ledger.users.push(User { email, password, next: None, unchecked: true });
        self.keep_session(&answer, Some(self.ledger.users.len() - 1))
    }

    fn sign_in(&mut self, connection: &mut Connection) -> Result<Act> {
        let Some(number) = self.some_user() else { return Ok(Act::Acknowledged) };
        let user = &self.ledger.users[number];
        let Some(answer) = sent(connection, &sign_in_request(user, "cookie"))? else {
            return Ok(Act::CutOff);
        };
        expect(&answer, 200, "sign-in")?;
        self.keep_session(&answer, Some(number))
    }

    fn begin_as_guest(&mut self, connection: &mut Connection) -> Result<Act> {
        let request = Request::post("/api/v1/guest").json(&json!({"carry": "cookie"}));
        let Some(answer) = sent(connection, &request)? else { return Ok(Act::CutOff) };
        expect(&answer, 201, "guest")?;
        self.keep_session(&answer, None)
    }

    fn begin_chain(&mut self, connection: &mut Connection) -> Result<Act> {
        let request = Request::post("/api/v1/guest").json(&json!({"carry": "token"}));
        let Some(answer) = sent(connection, &request)? else { return Ok(Act::CutOff) };
        expect(&answer, 201, "guest with tokens")?;
        let refresh_token = member(&answer, "/refresh_token")?;
        self.ledger.chains.push(Chain { refresh_token, life: Life::Lives });
        Ok(Act::Acknowledged)
    }

    fn sign_out(&mut self, connection: &mut Connection) -> Result<Act> {
        let Some(session) = live(&mut self.random, &mut self.ledger.sessions) else {
            return Ok(Act::Acknowledged);
        };
        let request = Request::post("/api/v1/sign-out").header("cookie", session.cookie.as_str());
        end(connection, &request, session)
    }

    /// Ends a session by its public name, from another session of the same user.
    fn end_from_another_device(&mut self, connection: &mut Connection) -> Result<Act> {
        let Some(user) = self.some_user() else { return Ok(Act::Acknowledged) };
        let mut own = self
            .ledger
            .sessions
            .iter_mut()
            .filter(|session| session.user == Some(user) && session.life == Life::Lives);
        let (Some(here), Some(there)) = (own.next(), own.next()) else {
            return Ok(Act::Acknowledged);
        };
        let path = format!("/api/v1/sessions/{}", there.sid);
        let request = Request::new("DELETE", &path).header("cookie", here.cookie.as_str());
        end(connection, &request, there)
    }

    fn refresh(&mut self, connection: &mut Connection) -> Result<Act> {
        let Some(chain) = living_chain(&mut self.random, &mut self.ledger.chains) else {
            return Ok(Act::Acknowledged);
        };
        let Some(answer) = sent(connection, &refresh_request(chain))? else {
            return Ok(Act::CutOff);
        };
        // 429: more rotations than a replay window has room for.
        if answer.status != 429 {
            expect(&answer, 200, "refresh")?;
            chain.refresh_token = member(&answer, "/refresh_token")?;
        }
        Ok(Act::Acknowledged)
    }

    /// Revokes a refresh token, and with it the grant.
    fn give_back(&mut self, connection: &mut Connection) -> Result<Act> {
        let Some(chain) = living_chain(&mut self.random, &mut self.ledger.chains) else {
            return Ok(Act::Acknowledged);
        };
        let form = [("client_id", "cloakroom"), ("token", chain.refresh_token.as_str())];
        let Some(answer) = sent(connection, &Request::post("/oauth/revoke").form(&form))? else {
            chain.life = Life::Unknown;
            return Ok(Act::CutOff);
        };
        expect(&answer, 200, "revocation")?;
        chain.life = Life::Ended;
        Ok(Act::Acknowledged)
    }

    /// Changes a password; the session that does it gets another secret, and the others stay.
    fn change_password(&mut self, connection: &mut Connection) -> Result<Act> {
        let changed = format!("a changed password {}", self.random.next());
        // Most sessions are guests', so one with a user is looked for.
        let sessions = self.ledger.sessions.iter_mut();
        let mut of_users: Vec<_> =
            sessions.filter(|it| it.user.is_some() && it.life == Life::Lives).collect();
        let Some(session) = self.random.pick(&mut of_users) else { return Ok(Act::Acknowledged) };
        let Some(number) = session.user else { return Ok(Act::Acknowledged) };
        let user = &mut self.ledger.users[number];
        let body = json!({
            "current_password": user.password, "new_password": changed, "end_others": false,
        });
        let request =
            Request::post("/api/v1/password").header("cookie", session.cookie.as_str()).json(&body);
        user.unchecked = true;
        let Some(answer) = sent(connection, &request)? else {
            user.next = Some(changed);
            session.life = Life::Unknown;
            return Ok(Act::CutOff);
        };
        expect(&answer, 200, "a change of password")?;
        user.password = changed;
        answer.cookie().context("no cookie was set")?.clone_into(&mut session.cookie);
        Ok(Act::Acknowledged)
    }

    fn write_note(&mut self, connection: &mut Connection) -> Result<Act> {
        let written = self.random.next() >> 12;
        let Some(session) = live(&mut self.random, &mut self.ledger.sessions) else {
            return Ok(Act::Acknowledged);
        };
        // A user's namespace is shared by all of the user's sessions; a guest's is its own.
        if session.user.is_some() {
            return Ok(Act::Acknowledged);
        }
        let before = session.note.number();
        let request = Request::new("PATCH", NOTE)
            .header("cookie", session.cookie.as_str())
            .json(&json!({"number": written}));
        let Some(answer) = sent(connection, &request)? else {
            session.note = Note::Either(before, written);
            return Ok(Act::CutOff);
        };
        ensure!((200..300).contains(&answer.status), "data answered {answer:?}");
        session.note = Note::Written(written);
        Ok(Act::Acknowledged)
    }

    fn some_user(&mut self) -> Option<usize> {
        let end = u64::try_from(self.ledger.users.len()).ok().filter(|end| *end > 0)?;
        usize::try_from(self.random.below(end)).ok()
    }

    fn keep_session(&mut self, answer: &Answer, user: Option<usize>) -> Result<Act> {
        let cookie = answer.cookie().context("no cookie was set")?.to_owned();
        let sid = member(answer, "/session/sid")?;
        self.ledger.sessions.push(Session {
            sid,
            cookie,
            user,
            life: Life::Lives,
            note: Note::Nothing,
        });
        Ok(Act::Acknowledged)
    }
}

pub(super) fn sign_in_request<'a>(user: &User, carry: &str) -> Request<'a> {
    let body = json!({"identifier": user.email, "password": user.password, "carry": carry});
    Request::post("/api/v1/sign-in").json(&body)
}

pub(super) fn refresh_request<'a>(chain: &Chain) -> Request<'a> {
    Request::post("/oauth/token").form(&[
        ("grant_type", "refresh_token"),
        ("client_id", "cloakroom"),
        ("refresh_token", &chain.refresh_token),
    ])
}

/// A chain that is known to live.
fn living_chain<'a>(random: &mut Random, chains: &'a mut [Chain]) -> Option<&'a mut Chain> {
    random.pick(chains).filter(|chain| chain.life == Life::Lives)
}

/// A session that is known to live.
fn live<'a>(random: &mut Random, sessions: &'a mut [Session]) -> Option<&'a mut Session> {
    random.pick(sessions).filter(|session| session.life == Life::Lives)
}

fn end(connection: &mut Connection, request: &Request<'_>, session: &mut Session) -> Result<Act> {
    let Some(answer) = sent(connection, request)? else {
        session.life = Life::Unknown;
        return Ok(Act::CutOff);
    };
    ensure!((200..300).contains(&answer.status), "ending a session answered {answer:?}");
    session.life = Life::Ended;
    Ok(Act::Acknowledged)
}

/// The answer, or nothing when the server died under the request.
///
/// # Errors
///
/// When it answers nonsense, or lives and does not answer.
fn sent(connection: &mut Connection, request: &Request<'_>) -> Result<Option<Answer>> {
    use io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
    match connection.send(request) {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if matches!(error.kind(), BrokenPipe | ConnectionReset | UnexpectedEof) => {
            Ok(None)
        }
        Err(error) => Err(error).with_context(|| format!("{} {}", request.method, request.path)),
    }
}

pub(super) fn expect(answer: &Answer, status: u16, what: &str) -> Result<()> {
    ensure!(answer.status == status, "{what} answered {}: {}", answer.status, answer.text());
    Ok(())
}

/// A text in the answer's JSON, by its pointer.
pub(super) fn member(answer: &Answer, pointer: &str) -> Result<String> {
    let text = answer.json().pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    text.with_context(|| format!("no {pointer} in {}", answer.text()))
}
