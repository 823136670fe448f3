//! Fills a database for a measurement: `bench-seed DATABASE sessions COUNT` or `bench-seed DATABASE guests COUNT`.
//!
//! Sessions are ten of each user; nobody holds a secret of theirs, they are there to be stored, indexed and swept. Of
//! guests the secret is known, and the value of each one's cookie is printed, a line each.

use std::env;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use cloakroom_engine::secret::{CookieSecret, Kind, digest_bytes};
use cloakroom_model::id::{ClientId, SessionId, UserId};
use cloakroom_model::secret::{Digest, Secret};
use cloakroom_model::session::{Acr, Authentication, Carrier, Device, Session};
use cloakroom_model::time::Timestamp;
use cloakroom_model::user::{Email, Life, User};
use cloakroom_store::NewUser;
use cloakroom_store_sqlite::seed;

const SESSIONS_OF_EACH: u64 = 10;

fn main() -> Result<()> {
    let mut arguments = env::args_os().skip(1);
    let mut next = || arguments.next().context("usage: bench-seed DATABASE sessions|guests COUNT");
    let (database, kind, count) = (PathBuf::from(next()?), next()?, next()?);
    let count = count.to_str().context("COUNT is no number")?.parse()?;
    let now = now()?;
    match kind.to_str() {
        Some("sessions") => sessions(&database, count, now),
        Some("guests") => guests(&database, count, now),
        _ => bail!("there are sessions and guests, and no {}", kind.display()),
    }
}

fn sessions(database: &Path, count: u64, now: Timestamp) -> Result<()> {
    let users = (0..count.div_ceil(SESSIONS_OF_EACH)).map(|number| user(number, now));
    seed::users(database, users)?;
    let sessions = (0..count).map(|number| {
        let user = UserId::new(now, numbered(number / SESSIONS_OF_EACH));
        let authentication = Authentication { at: now, acr: Acr::Aal1, amr: vec!["pwd".into()] };
        (session(number, Some((user, authentication)), now), digest(number))
    });
    seed::sessions(database, sessions)?;
    Ok(())
}

fn guests(database: &Path, count: u64, now: Timestamp) -> Result<()> {
    let cookie = |number| CookieSecret { kind: Kind::Guest, secret: Secret(digest(number).0) };
    let guests = (0..count).map(|number| (session(number, None, now), cookie(number).digest()));
    seed::guests(database, guests)?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    for number in 0..count {
        writeln!(out, "{}", *cookie(number).to_text())?;
    }
    out.flush()?;
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "sessions of any other time would not live")]
fn now() -> Result<Timestamp> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(Timestamp(i64::try_from(now.as_millis())?))
}

fn user(number: u64, now: Timestamp) -> NewUser {
    let email = Email::parse(&format!("seeded{number}@example.test")).expect("an address");
    let user = User {
        id: UserId::new(now, numbered(number)),
        email,
        username: None,
        roles: Vec::new(),
        life: Life::Active,
        generation: 0,
        created_at: now,
    };
    NewUser { user, password: None }
}

fn session(number: u64, of: Option<(UserId, Authentication)>, now: Timestamp) -> Session {
    let (user, authentication) = of.unzip();
    Session {
        id: SessionId::new(now, numbered(number)),
        user,
        client: ClientId::built_in(),
        carrier: Carrier::Cookie,
        device: Device { name: "Firefox on Linux".into(), address: "192.0.2.1".into() },
        authentication,
        created_at: now,
        expires_at: now.plus(Duration::from_hours(24 * 30)),
        idle: Duration::from_hours(24),
        last_seen_at: now,
        remembered: false,
    }
}

fn numbered(number: u64) -> [u8; 10] {
    let mut bytes = [0; 10];
    bytes[2..].copy_from_slice(&number.to_be_bytes());
    bytes
}

/// All over, as the digests of real secrets are.
fn digest(number: u64) -> Digest {
    digest_bytes(&number.to_be_bytes())
}
