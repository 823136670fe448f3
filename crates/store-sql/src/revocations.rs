//! The revocation log: reading it, and the rows that acts append.
//!
//! It is read without a snapshot, since what is committed is in it in the order of its numbers: a statement that sees
//! row *n* sees every row before it. What is asked first and what after it is said where it matters.

use async_trait::async_trait;
use cloakroom_model::id::{ClientId, GrantId, KeyId, SessionId, UserId};
use cloakroom_model::log::{Change, Place, Row, Subject};
use cloakroom_model::time::Timestamp;
use cloakroom_store::{Act, Done, Error, Reading, Revocations, Snapshot};

use crate::{Columns, Database, Db, SqlStore, column, corrupt, number, sql, values};

/// How many rows are forgotten in one go, so that no act waits for long behind them.
const PRUNED_AT_ONCE: usize = 5000;

#[async_trait]
impl<D: Database> Revocations for SqlStore<D> {
    async fn read_log(&self, place: Place, limit: usize) -> Result<Reading, Error> {
        // Polled several times a second by every node, and nearly always nothing but the place's own row.
        self.read((place, limit), |db, (place, limit)| Box::pin(read_from(db, place, limit))).await
    }

    async fn read_snapshot(&self) -> Result<Snapshot, Error> {
        self.read_long((), |db, ()| Box::pin(snapshot(db))).await
    }

    async fn announce(
        &self,
        subject: Subject,
        change: Change,
        act: &Act,
    ) -> Result<Done<()>, Error> {
        self.act(act, (subject, change), |mut doing, (subject, change)| {
            Box::pin(async move {
                doing.announce(subject.clone(), *change);
                doing.done(()).await
            })
        })
        .await
    }

    async fn wait_for_rows(&self) {
        Database::wait_for_rows(&**self).await;
    }

    async fn prune_log(&self, now: Timestamp) -> Result<(), Error> {
        while self.write(now, |db, now| Box::pin(prune(db, *now))).await? == PRUNED_AT_ONCE {}
        Ok(())
    }
}

async fn read_from(db: &impl Db, place: Place, limit: usize) -> Result<Reading, Error> {
    let timeline = db.timeline().await?;
    // Before the rows: by then all was heard that is older.
    let now = db.now().await?;
    // The place's own row comes first, and shows that this is still the history the reader was in. One statement
    // answers it with those that follow.
    let from = values![number(place.seq), number(limit).saturating_add(1)];
    let mut rows = db.list(sql::log::READ, from, row).await?.into_iter();
    if place == Place::default() {
        // After the rows: if nothing was forgotten until now, nothing was missing among them.
        let forgotten = db.find(sql::log::FORGOTTEN, &[], column::count).await?;
        if forgotten != Some(0) {
            return Ok(Reading::Lost);
        }
        // No row has number 0, so that one more than asked for may have been read.
        return Ok(Reading::Rows { rows: rows.take(limit).collect(), now, timeline });
    }
    if rows.next().map(|row| row.place) != Some(place) {
        return Ok(Reading::Lost);
    }
    Ok(Reading::Rows { rows: rows.collect(), now, timeline })
}

async fn snapshot(db: &impl Db) -> Result<Snapshot, Error> {
    let timeline = db.timeline().await?;
    let now = db.now().await?;
    // The place before the rows: what is appended between the two is among the rows and read once more from the place,
    // which tells nobody anything new. The other way round it would be in neither.
    let place = db.find(sql::log::LAST, &[], place).await?.unwrap_or_default();
    let rows = db.list(sql::log::STILL_CONCERNS, values![now.0], row).await?;
    Ok(Snapshot { place, rows, now, timeline })
}

/// Takes the next `count` numbers of the log; answers the first of them, and how many streams there are to be told.
pub(crate) async fn take_numbers(db: &impl Db, count: usize) -> Result<(u64, u64), Error> {
    let read = |columns: &mut Columns<'_>| Ok((columns.count()?, columns.count()?));
    let taken = db.find(sql::log::COUNT_ON, values![number(count)], read).await?;
    let (last, streams) = taken.ok_or_else(|| corrupt("the log has no counter"))?;
    Ok((last + 1 - count as u64, streams))
}

/// Appends a row under a number that was taken.
pub(crate) async fn append(db: &impl Db, row: &Row) -> Result<(), Error> {
    let (kind, subject) = subject_columns(&row.subject);
    let change = match row.change {
        Change::Ended => "ended",
        Change::Changed => "changed",
    };
    let Place { seq, nonce } = row.place;
    let (seq, nonce) = (number(seq), nonce.cast_signed());
    let row = values![seq, nonce, row.at.0, kind, subject, change, row.until.0];
    db.run(sql::log::APPEND, row).await?;
    Ok(())
}

async fn prune(db: &impl Db, now: Timestamp) -> Result<usize, Error> {
    let most = values![now.0, number(PRUNED_AT_ONCE)];
    let forgotten = db.list(sql::log::PRUNE, most, column::value::<i64>).await?;
    if let Some(last) = forgotten.iter().max() {
        // The last statement, like every one that locks the log's counter.
        db.run(sql::log::FORGET_TO, values![*last]).await?;
    }
    Ok(forgotten.len())
}

fn row(columns: &mut Columns<'_>) -> Result<Row, Error> {
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

fn place(columns: &mut Columns<'_>) -> Result<Place, Error> {
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
