//! Asking a server that came back for all that one client was told before.

use anyhow::{Result, bail, ensure};
use serde_json::Value;

use super::client::{NOTE, expect, member, refresh_request, sign_in_request};
use super::ledger::{Chain, Ledger, Life, Note, Session, User};
use crate::http::{Connection, Request};

/// Asks for everything in the ledger, and writes down how it is where that was unknown; tells how many things it asked
/// for.
///
/// # Errors
///
/// Names the first thing that is not as it was acknowledged.
pub(super) fn check(ledger: &mut Ledger, port: u16) -> Result<usize> {
    let mut connection = Connection::open(port)?;
    for session in &mut ledger.sessions {
        check_session(&mut connection, session)?;
    }
    for chain in &mut ledger.chains {
        check_chain(&mut connection, chain)?;
    }
    // A password check is slow on purpose: nobody is asked about twice for the same act.
    let mut users = 0;
    for user in ledger.users.iter_mut().filter(|user| user.unchecked) {
        check_user(&mut connection, user)?;
        users += 1;
    }
    Ok(ledger.sessions.len() + ledger.chains.len() + users)
}

fn check_session(connection: &mut Connection, session: &mut Session) -> Result<()> {
    let request = Request::get("/api/v1/session").header("cookie", session.cookie.as_str());
    let answer = connection.send(&request)?;
    match (session.life, answer.status) {
        (Life::Lives | Life::Unknown, 200) => {
            ensure!(member(&answer, "/session/sid")? == session.sid, "another session answers");
            session.life = Life::Lives;
            check_note(connection, session)
        }
        (Life::Ended | Life::Unknown, 401) => {
            session.life = Life::Ended;
            Ok(())
        }
        (life, _) => bail!("session {} was {life:?}, and is answered {answer:?}", session.sid),
    }
}

fn check_note(connection: &mut Connection, session: &mut Session) -> Result<()> {
    if session.user.is_some() {
        return Ok(());
    }
    let request = Request::get(NOTE).header("cookie", session.cookie.as_str());
    let answer = connection.send(&request)?;
    let read = answer.json().pointer("/number").and_then(Value::as_u64);
    ensure!(
        session.note.allows(read),
        "data of {} is {:?}, and is answered {answer:?}",
        session.sid,
        session.note
    );
    session.note = read.map_or(Note::Nothing, Note::Written);
    Ok(())
}

/// The newest token that was handed out rotates, or, when a rotation was under way, is one behind and is replayed.
fn check_chain(connection: &mut Connection, chain: &mut Chain) -> Result<()> {
    let answer = connection.send(&refresh_request(chain))?;
    match (chain.life, answer.status) {
        // Rotated as often as a replay window has room for.
        (Life::Lives, 429) => Ok(()),
        (Life::Lives | Life::Unknown, 200) => {
            chain.life = Life::Lives;
            chain.refresh_token = member(&answer, "/refresh_token")?;
            Ok(())
        }
        (Life::Ended | Life::Unknown, 400) => {
            chain.life = Life::Ended;
            Ok(())
        }
        (life, _) => bail!("a grant was {life:?}, and a refresh is answered {answer:?}"),
    }
}

/// The password that was acknowledged signs in, or the one that was on its way.
fn check_user(connection: &mut Connection, user: &mut User) -> Result<()> {
    let mut answer = connection.send(&sign_in_request(user, "token"))?;
    if let Some(next) = user.next.take()
        && answer.status == 401
    {
        user.password = next;
        answer = connection.send(&sign_in_request(user, "token"))?;
    }
    expect(&answer, 200, "signing in with a password that was acknowledged")?;
    user.unchecked = false;
    Ok(())
}
