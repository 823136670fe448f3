//! Rows in every table, by nothing but the list of tables: what a column holds follows from its type and the row's
//! number, so that whatever refers to another row finds it.

use cloakroom_store::Error;
use cloakroom_store_sql::copy::{Kind, Place, TABLES, Table};
use cloakroom_store_sql::{Db, Sql, Value, column};

/// In each table that may have any number.
pub(super) const ROWS: u64 = 3;

/// The highest number of an event.
pub(super) const LAST_EVENT: i64 = 2;

/// Columns that may be null, and are in every other row.
const SOMETIMES: &[&str] =
    &["username", "username_lookup", "acr", "amr", "authenticated_at", "spent_by", "polled_at"];

/// Texts of which one stands in each row, before its number.
const TEXTS: [&str; 3] = ["", "Zoë 🧥 — ключ", "{\"a\": \"\\u0000\"}\t\n\\.'\u{10ffff}"];

/// Numbers that are in no key.
const NUMBERS: [i64; 3] = [0, i64::MAX, i64::MIN];

/// What every database has one row of, as it is after a while.
const COUNTERS: [Sql; 3] = [
    Sql::shared("UPDATE log_counter SET seq = 40, forgotten = 1"),
    Sql::shared("UPDATE status_counter SET next = 41"),
    Sql::shared("UPDATE status_series SET series = 42"),
];

/// Fills an empty database.
pub(super) async fn fill<P: Place>(place: &P) {
    let filled = place.transact(|db| Box::pin(fill_all(db))).await;
    filled.unwrap();
    place
        .transact(|db| Box::pin(async move { P::number_events_after(db, LAST_EVENT).await }))
        .await
        .unwrap();
}

async fn fill_all(db: &impl Db) -> Result<(), Error> {
    for table in TABLES.iter().filter(|table| !table.is_born_with_a_row) {
        for number in 0..ROWS {
            insert(db, table, number).await?;
        }
    }
    for counter in COUNTERS {
        db.run(counter, &[]).await?;
    }
    Ok(())
}

async fn insert(db: &impl Db, table: &Table, number: u64) -> Result<(), Error> {
    let which = usize::try_from(number).unwrap();
    // Longer and shorter ones, which are in order all the same.
    let bytes = vec![u8::try_from(0x7e + number).unwrap(); 16 + which];
    let text = format!("{}{number}", TEXTS[which]);
    let value = |(index, (name, kind)): (usize, &(&str, Kind))| match kind {
        _ if SOMETIMES.contains(name) && which % 2 == 1 => Value::Null,
        Kind::Integer if index < table.key => Value::Integer(i64::try_from(number).unwrap()),
        Kind::Integer => Value::Integer(NUMBERS[which]),
        Kind::Bytes => Value::Bytes(&bytes),
        Kind::Text => Value::Text(&text),
    };
    let values: Vec<_> = table.columns.iter().enumerate().map(value).collect();
    db.run(table.insert, &values).await.map(drop)
}

/// Forgets all events but the first.
pub(super) async fn forget_events(db: &impl Db) -> Result<(), Error> {
    const FORGET: Sql = Sql::shared("DELETE FROM events WHERE seq > 0");
    db.run(FORGET, &[]).await.map(drop)
}

/// Records an event, and answers its number.
pub(super) async fn event<P: Place>(place: &P) -> i64 {
    const RECORD: Sql =
        Sql::shared("INSERT INTO events (at, user_id, event) VALUES (1, NULL, '{}') RETURNING seq");
    let recorded = place
        .transact(|db| Box::pin(async move { db.find(RECORD, &[], column::value).await }))
        .await;
    recorded.unwrap().unwrap()
}
