//! What goes into a statement. There are three types of column: whole numbers of 64 bits, bytes, and text.

use std::time::Duration;

use cloakroom_store::Error;

/// A statement's parameter.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Value<'a> {
    /// Nothing.
    Null,
    /// A number, a time in milliseconds since 1970, a span in milliseconds; 0 or 1 for no or yes.
    Integer(i64),
    /// An id, a digest, anything sealed.
    Bytes(&'a [u8]),
    /// A text, or JSON.
    Text(&'a str),
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

impl From<u32> for Value<'_> {
    fn from(number: u32) -> Self {
        Self::Integer(i64::from(number))
    }
}

impl From<bool> for Value<'_> {
    fn from(flag: bool) -> Self {
        Self::Integer(i64::from(flag))
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Value<'a> {
    fn from(bytes: &'a [u8; N]) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// Parameters in the order of their numbers: `values![id.as_bytes(), at.0]` is a slice of [`Value`].
#[macro_export]
macro_rules! values {
    ($($value:expr),* $(,)?) => {
        &[$($crate::Value::from($value)),*]
    };
}

/// A record that does not make sense.
#[expect(clippy::needless_pass_by_value, reason = "so that it stands in map_err by its name")]
pub fn corrupt(why: impl ToString) -> Error {
    Error::Corrupt(why.to_string())
}

/// A span as storage keeps it: milliseconds, the longest there is where it would not fit.
#[must_use]
pub fn milliseconds(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// A number as storage keeps it; more than there can be stays as much as there can be.
#[must_use]
pub fn number(count: impl TryInto<i64>) -> i64 {
    count.try_into().unwrap_or(i64::MAX)
}

/// A value as JSON text.
pub fn json<T: serde::Serialize + ?Sized>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(corrupt)
}
