//! The revocation log: reading it, and the rows that acts append.

use async_trait::async_trait;
use cloakroom_model::id::{ClientId, GrantId, KeyId, SessionId, UserId};
use cloakroom_model::log::{Change, Place, Row, Subject};
use cloakroom_model::time::Timestamp;
use cloakroom_store::{Act, Done, Error, Reading, Revocations, Snapshot};

use crate::driver::{Columns, Db, column, corrupt, number};
use crate::{Sqlite, sql};

/// How many rows are forgotten in one go, so that no act waits for long behind them.
const PRUNED_AT_ONCE: i64 = 5000;

#[async_trait]
impl Revocations for Sqlite {
    async fn read_log(&self, place: Place, limit: usize) -> Result<Reading, Error> {
        // Polled several times a second by every node, and nearly always nothing but the place's own row.
        self.readers.short(|db| db.snapshot(|db| self.read_from(db, place, limit)))
    }

    async fn read_snapshot(&self) -> Result<Snapshot, Error> {
        let clock = self.options.clock.clone();
        self.readers
            .long(move |db| {
                db.snapshot(|db| {
                    let now = now(db, clock.as_deref())?;
                    let place = db.find(sql::log::LAST, [], place)?.unwrap_or_default();
                    let rows = db.list(sql::log::STILL_CONCERNS, [now.0], row)?;
                    Ok(Snapshot { place, rows, now })
                })
            })
            .await
    }

    async fn end_token(&self, jti: &str, act: &Act) -> Result<Done<()>, Error> {
        let subject = Subject::Token(jti.to_owned());
        self.act(act, |mut doing| {
            doing.announce(subject, Change::Ended);
            doing.done(())
        })
        .await
    }

    async fn announce(&self, subject: Subject, act: &Act) -> Result<Done<()>, Error> {
        self.act(act, |mut doing| {
            doing.announce(subject, Change::Changed);
            doing.done(())
        })
        .await
    }

    async fn prune_log(&self, now: Timestamp) -> Result<(), Error> {
        while self.write(move |db| prune(db, now)).await? == PRUNED_AT_ONCE {}
        Ok(())
    }
}

impl Sqlite {
    fn read_from(&self, db: &Db, place: Place, limit: usize) -> Result<Reading, Error> {
        let now = now(db, self.options.clock.as_deref())?;
        // The place's own row comes first, and shows that this is still the history the reader was in.
        let with_it = number(limit).saturating_add(1);
        let mut rows = db.list(sql::log::READ, (number(place.seq), with_it), row)?.into_iter();
        if place == Place::default() {
            let forgotten = db.find(sql::log::FORGOTTEN, [], column::count)?;
            if forgotten != Some(0) {
                return Ok(Reading::Lost);
            }
            // No row has number 0, so that one more than asked for may have been read.
            return Ok(Reading::Rows { rows: rows.take(limit).collect(), now });
        }
        if rows.next().map(|row| row.place) != Some(place) {
            return Ok(Reading::Lost);
        }
        Ok(Reading::Rows { rows: rows.collect(), now })
    }
}

/// The time by the store's clock.
pub(crate) fn now(
    db: &Db,
    clock: Option<&(dyn Fn() -> Timestamp + Send + Sync)>,
) -> Result<Timestamp, Error> {
    if let Some(clock) = clock {
        return Ok(clock());
    }
    db.find(sql::sqlite::NOW, [], column::time)?.ok_or_else(|| corrupt("there is no time"))
}

/// Takes the next `count` numbers of the log; answers the first of them.
pub(crate) fn take_numbers(db: &Db, count: usize) -> Result<u64, Error> {
    let last = db.find(sql::log::COUNT_ON, [number(count)], column::count)?;
    let last = last.ok_or_else(|| corrupt("the log has no counter"))?;
    Ok(last + 1 - count as u64)
}

/// Appends a row under a number that was taken.
pub(crate) fn append(db: &Db, row: &Row) -> Result<(), Error> {
    let (kind, subject) = subject_columns(&row.subject);
    let change = match row.change {
        Change::Ended => "ended",
        Change::Changed => "changed",
    };
    let Place { seq, nonce } = row.place;
    let nonce = nonce.cast_signed();
    db.run(sql::log::APPEND, (number(seq), nonce, row.at.0, kind, subject, change, row.until.0))?;
    Ok(())
}

fn prune(db: &Db, now: Timestamp) -> Result<i64, Error> {
    let forgotten = db.list(sql::log::PRUNE, (now.0, PRUNED_AT_ONCE), column::value::<i64>)?;
    if let Some(last) = forgotten.iter().max() {
        db.run(sql::log::FORGET_TO, [last])?;
    }
    Ok(number(forgotten.len()))
}

fn row(columns: &mut Columns<'_, '_>) -> Result<Row, Error> {
    Ok(Row {
        place: place(columns)?,
        at: columns.time()?,
        subject: {
            let kind: String = columns.value()?;
            subject(&kind, columns.value()?)?
        },
        change: match columns.value::<String>()?.as_str() {
            "ended" => Change::Ended,
            "changed" => Change::Changed,
            other => return Err(corrupt(format!("no such change: {other}"))),
        },
        until: columns.time()?,
    })
}

fn place(columns: &mut Columns<'_, '_>) -> Result<Place, Error> {
    Ok(Place { seq: columns.count()?, nonce: columns.value::<i64>()?.cast_unsigned() })
}

fn subject_columns(subject: &Subject) -> (&'static str, &[u8]) {
    match subject {
        Subject::Session(id) => ("session", id.as_bytes()),
        Subject::Grant(id) => ("grant", id.as_bytes()),
        Subject::Client(id) => ("client", id.as_str().as_bytes()),
        Subject::Key(id) => ("key", id.0.as_bytes()),
        Subject::User(id) => ("user", id.as_bytes()),
        Subject::Token(jti) => ("token", jti.as_bytes()),
    }
}

fn subject(kind: &str, bytes: Vec<u8>) -> Result<Subject, Error> {
    let id = |bytes: Vec<u8>| -> Result<[u8; 16], Error> {
        bytes.try_into().map_err(|_| corrupt("an id in the log has not 16 bytes"))
    };
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).map_err(corrupt);
    Ok(match kind {
        "session" => Subject::Session(SessionId::from_bytes(id(bytes)?)),
        "grant" => Subject::Grant(GrantId::from_bytes(id(bytes)?)),
        "client" => Subject::Client(ClientId::parse(&text(bytes)?).map_err(corrupt)?),
        "key" => Subject::Key(KeyId(text(bytes)?)),
        "user" => Subject::User(UserId::from_bytes(id(bytes)?)),
        "token" => Subject::Token(text(bytes)?),
        other => return Err(corrupt(format!("the log knows no such subject: {other}"))),
    })
}
