//! Rows that are read from left to right.

use std::time::Duration;

use cloakroom_model::time::Timestamp;
use cloakroom_store::Error;
use serde::de::DeserializeOwned;

use crate::value::corrupt;

/// A row as a driver gives it. `None` stands for what is null; another type than the one that is asked for is
/// [`Error::Corrupt`].
pub trait Row {
    /// A column that holds a number.
    fn integer(&self, index: usize) -> Result<Option<i64>, Error>;

    /// A column that holds bytes.
    fn bytes(&self, index: usize) -> Result<Option<&[u8]>, Error>;

    /// A column that holds text.
    fn text(&self, index: usize) -> Result<Option<&str>, Error>;
}

/// A row's columns, read one after the other.
pub struct Columns<'row> {
    row: &'row dyn Row,
    next: usize,
}

impl<'row> Columns<'row> {
    /// Begins at the first column.
    #[must_use]
    pub fn of(row: &'row dyn Row) -> Self {
        Self { row, next: 0 }
    }

    /// The whole row.
    pub(crate) fn row(&self) -> &'row dyn Row {
        self.row
    }

    /// The next column.
    pub fn value<T: FromColumn>(&mut self) -> Result<T, Error> {
        let index = self.advance();
        T::read(self.row, index)
    }

    /// The next column, as a number that is not negative.
    pub fn count(&mut self) -> Result<u64, Error> {
        u64::try_from(self.value::<i64>()?).map_err(corrupt)
    }

    /// The next column, as a time.
    pub fn time(&mut self) -> Result<Timestamp, Error> {
        Ok(Timestamp(self.value()?))
    }

    /// The next column, as a span of milliseconds.
    pub fn span(&mut self) -> Result<Duration, Error> {
        Ok(Duration::from_millis(self.count()?))
    }

    /// The next column, as JSON.
    pub fn json<T: DeserializeOwned>(&mut self) -> Result<T, Error> {
        let text = self.text()?;
        serde_json::from_str(text).map_err(corrupt)
    }

    /// The next column, as text that something parses.
    pub fn parsed<T, E: std::error::Error>(
        &mut self,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, Error> {
        parse(self.text()?).map_err(corrupt)
    }

    fn text(&mut self) -> Result<&'row str, Error> {
        let index = self.advance();
        there(self.row.text(index)?)
    }

    fn advance(&mut self) -> usize {
        let index = self.next;
        self.next += 1;
        index
    }
}

/// Rows of one column.
pub mod column {
    use cloakroom_model::time::Timestamp;
    use cloakroom_store::Error;
    use serde::de::DeserializeOwned;

    use super::{Columns, FromColumn};

    /// As [`Columns::value`].
    pub fn value<T: FromColumn>(columns: &mut Columns<'_>) -> Result<T, Error> {
        columns.value()
    }

    /// As [`Columns::count`].
    pub fn count(columns: &mut Columns<'_>) -> Result<u64, Error> {
        columns.count()
    }

    /// As [`Columns::time`].
    pub fn time(columns: &mut Columns<'_>) -> Result<Timestamp, Error> {
        columns.time()
    }

    /// As [`Columns::json`].
    pub fn json<T: DeserializeOwned>(columns: &mut Columns<'_>) -> Result<T, Error> {
        columns.json()
    }
}

/// What a column can be read as.
pub trait FromColumn: Sized {
    /// Reads the column with this index, from 0.
    fn read(row: &dyn Row, index: usize) -> Result<Self, Error>;
}

impl FromColumn for i64 {
    fn read(row: &dyn Row, index: usize) -> Result<Self, Error> {
        there(row.integer(index)?)
    }
}

impl FromColumn for Option<i64> {
    fn read(row: &dyn Row, index: usize) -> Result<Self, Error> {
        row.integer(index)
    }
}

impl FromColumn for u32 {
    fn read(row: &dyn Row, index: usize) -> Result<Self, Error> {
        Self::try_from(i64::read(row, index)?).map_err(corrupt)
    }
}

impl FromColumn for Option<u32> {
    fn read(row: &dyn Row, index: usize) -> Result<Self, Error> {
        row.integer(index)?.map(|number| u32::try_from(number).map_err(corrupt)).transpose()
    }
}

impl FromColumn for bool {
    fn read(row: &dyn Row, index: usize) -> Result<Self, Error> {
        Ok(i64::read(row, index)? != 0)
    }
}

impl FromColumn for String {
    fn read(row: &dyn Row, index: usize) -> Result<Self, Error> {
        there(row.text(index)?).map(str::to_owned)
    }
}

impl FromColumn for Option<String> {
    fn read(row: &dyn Row, index: usize) -> Result<Self, Error> {
        Ok(row.text(index)?.map(str::to_owned))
    }
}

impl FromColumn for Vec<u8> {
    fn read(row: &dyn Row, index: usize) -> Result<Self, Error> {
        there(row.bytes(index)?).map(<[u8]>::to_vec)
    }
}

impl FromColumn for Option<Vec<u8>> {
    fn read(row: &dyn Row, index: usize) -> Result<Self, Error> {
        Ok(row.bytes(index)?.map(<[u8]>::to_vec))
    }
}

impl<const N: usize> FromColumn for [u8; N] {
    fn read(row: &dyn Row, index: usize) -> Result<Self, Error> {
        there(row.bytes(index)?)?.try_into().map_err(corrupt)
    }
}

impl<const N: usize> FromColumn for Option<[u8; N]> {
    fn read(row: &dyn Row, index: usize) -> Result<Self, Error> {
        row.bytes(index)?.map(|bytes| bytes.try_into().map_err(corrupt)).transpose()
    }
}

fn there<T>(column: Option<T>) -> Result<T, Error> {
    column.ok_or_else(|| corrupt("a column is empty that must not be"))
}
