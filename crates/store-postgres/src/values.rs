//! What goes into a statement and what comes out of it, in PostgreSQL's binary format.

use std::error::Error as StdError;
use std::fmt;

use bytes::{BufMut as _, BytesMut};
use cloakroom_store::Error;
use cloakroom_store_sql::{Row, Value, corrupt};
use tokio_postgres::types::{FromSql, IsNull, Kind, ToSql, Type};

/// A statement's parameter. The driver writes parameters into its log, and here they are digests, sealed keys and
/// hashes of passwords: it prints nothing.
pub(crate) struct Parameter<'a>(pub(crate) Value<'a>);

impl Parameter<'_> {
    /// The type that a value has by itself. The server finds out what nothing is.
    pub(crate) fn of(value: Value<'_>) -> Type {
        match value {
            Value::Null => Type::new(String::new(), 0, Kind::Simple, String::new()),
            Value::Integer(_) => Type::INT8,
            Value::Bytes(_) => Type::BYTEA,
            Value::Text(_) => Type::TEXT,
        }
    }
}

impl fmt::Debug for Parameter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("_")
    }
}

impl ToSql for Parameter<'_> {
    fn to_sql(
        &self,
        expected: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        match self.0 {
            Value::Null => return Ok(IsNull::Yes),
            Value::Integer(number) if *expected == Type::INT8 => out.put_i64(number),
            Value::Bytes(bytes) if *expected == Type::BYTEA => out.put_slice(bytes),
            Value::Text(text) if *expected == Type::TEXT => out.put_slice(text.as_bytes()),
            _ => return Err(format!("the statement expects {expected}").into()),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn to_sql_checked(
        &self,
        expected: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        self.to_sql(expected, out)
    }
}

/// A row as the driver gives it.
pub(crate) struct Answered<'a>(pub(crate) &'a tokio_postgres::Row);

impl Row for Answered<'_> {
    fn integer(&self, index: usize) -> Result<Option<i64>, Error> {
        let number: Option<Number> = self.0.try_get(index).map_err(corrupt)?;
        Ok(number.map(|number| number.0))
    }

    fn bytes(&self, index: usize) -> Result<Option<&[u8]>, Error> {
        self.0.try_get(index).map_err(corrupt)
    }

    fn text(&self, index: usize) -> Result<Option<&str>, Error> {
        self.0.try_get(index).map_err(corrupt)
    }
}

/// A whole number, however wide the server's answer is: a constant in a statement has 32 bits.
struct Number(i64);

impl<'a> FromSql<'a> for Number {
    fn from_sql(found: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn StdError + Sync + Send>> {
        if *found == Type::INT4 {
            return Ok(Self(i32::from_sql(found, raw)?.into()));
        }
        Ok(Self(i64::from_sql(found, raw)?))
    }

    fn accepts(found: &Type) -> bool {
        *found == Type::INT8 || *found == Type::INT4
    }
}
