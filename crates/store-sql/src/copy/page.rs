//! Rows on their way, in one form whichever database they come from: that of PostgreSQL's binary `COPY`.
//!
//! A row is the number of its columns (16 bits), and for each of them the length of its value (32 bits; -1 for null)
//! and the value: a number in 64 bits, bytes and text as they are. All numbers have their most significant byte first.

use cloakroom_store::Error;

use super::tables::{Kind, Table};
use crate::columns::Columns;
use crate::value::Value;
use crate::{Db, corrupt, number};

/// Rows of one table, in the order of its primary key. Never printed: they hold digests, hashes and sealed keys.
#[derive(Default)]
pub struct Page {
    bytes: Vec<u8>,
    rows: usize,
    /// Where the last row begins.
    last: usize,
}

impl Page {
    /// How many rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The rows, as they stand in a binary `COPY`.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Hands on each row's values, in the order of the table's columns.
    pub fn each(
        &self,
        table: &Table,
        mut row: impl FnMut(&[Value<'_>]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut rest = &self.bytes[..];
        let mut values = Vec::with_capacity(table.columns.len());
        for _ in 0..self.rows {
            take::<2>(&mut rest)?;
            values.clear();
            for (_, kind) in table.columns {
                values.push(take_value(&mut rest, *kind)?);
            }
            row(&values)?;
        }
        Ok(())
    }

    /// The primary key of the last row.
    pub(super) fn last_key(&self, table: &Table) -> Result<Option<Key>, Error> {
        if self.rows == 0 {
            return Ok(None);
        }
        let begins = self.last + 2;
        let mut rest = &self.bytes[begins..];
        for (_, kind) in &table.columns[..table.key] {
            take_value(&mut rest, *kind)?;
        }
        let ends = self.bytes.len() - rest.len();
        Ok(Some(Key(self.bytes[begins..ends].to_vec())))
    }

    /// How many rows the next page should have to be of this size.
    pub(super) fn next_limit(&self, bytes: usize, most: usize) -> usize {
        let of_a_row = self.bytes.len() / self.rows.max(1);
        (bytes / of_a_row.max(1)).clamp(1, most)
    }

    fn push(&mut self, table: &Table, columns: &Columns<'_>) -> Result<(), Error> {
        let row = columns.row();
        self.last = self.bytes.len();
        let count = i16::try_from(table.columns.len()).map_err(corrupt)?;
        self.bytes.extend(count.to_be_bytes());
        for (index, (_, kind)) in table.columns.iter().enumerate() {
            match kind {
                Kind::Integer => {
                    let number = row.integer(index)?.map(i64::to_be_bytes);
                    self.push_value(number.as_ref().map(|number| &number[..]))?;
                }
                Kind::Bytes => self.push_value(row.bytes(index)?)?,
                Kind::Text => self.push_value(row.text(index)?.map(str::as_bytes))?,
            }
        }
        self.rows += 1;
        Ok(())
    }

    fn push_value(&mut self, value: Option<&[u8]>) -> Result<(), Error> {
        let Some(value) = value else {
            self.bytes.extend((-1_i32).to_be_bytes());
            return Ok(());
        };
        self.bytes.extend(i32::try_from(value.len()).map_err(corrupt)?.to_be_bytes());
        self.bytes.extend(value);
        Ok(())
    }
}

/// A primary key: its values as they stand in a row.
#[derive(Clone, Eq, PartialEq)]
pub struct Key(Vec<u8>);

impl Key {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // It may be a digest.
        f.write_str("Key")
    }
}

/// Reads the rows that follow a key, as many as there may be.
pub(super) async fn read(
    db: &impl Db,
    table: &Table,
    after: Option<&Key>,
    limit: usize,
) -> Result<Page, Error> {
    let mut page = Page::default();
    let mut values = Vec::with_capacity(table.key + 1);
    if let Some(Key(key)) = after {
        let mut rest = &key[..];
        for (_, kind) in &table.columns[..table.key] {
            values.push(take_value(&mut rest, *kind)?);
        }
    }
    values.push(Value::Integer(number(limit)));
    let sql = if after.is_some() { table.next } else { table.first };
    db.each(sql, &values, &mut |columns| page.push(table, columns)).await?;
    Ok(page)
}

fn take_value<'a>(rest: &mut &'a [u8], kind: Kind) -> Result<Value<'a>, Error> {
    let Ok(length) = usize::try_from(i32::from_be_bytes(take(rest)?)) else {
        return Ok(Value::Null);
    };
    let (value, after) = rest.split_at_checked(length).ok_or_else(too_short)?;
    *rest = after;
    Ok(match kind {
        Kind::Integer => Value::Integer(i64::from_be_bytes(value.try_into().map_err(corrupt)?)),
        Kind::Bytes => Value::Bytes(value),
        Kind::Text => Value::Text(str::from_utf8(value).map_err(corrupt)?),
    })
}

fn take<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Error> {
    let (taken, after) = rest.split_first_chunk::<N>().ok_or_else(too_short)?;
    let taken = *taken;
    *rest = after;
    Ok(taken)
}

fn too_short() -> Error {
    corrupt("a row is shorter than its columns")
}
