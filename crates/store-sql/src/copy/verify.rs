//! Whether both sides hold the same: each is read once more, in the order of its primary keys.

use std::fmt;

use aws_lc_rs::digest::{Context, SHA256};
use futures_util::future::join;

use super::tables::{TABLES, Table};
use super::{CopyError, FIRST_ROWS, PAGE_BYTES, Place, last_event, read};

/// Rows of a table at most at once.
const MOST_ROWS: usize = 10_000;

/// What a table holds: how many rows, and the SHA-256 of all of them in the order of the primary key, in the form of
/// [`super::Page`].
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct Digest {
    /// Rows.
    pub rows: u64,
    /// Their digest.
    pub sha256: [u8; 32],
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.sha256.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows, {self}", self.rows)
    }
}

/// Compares every table; answers what each holds. `told` hears how many rows of the source were read.
pub(super) async fn verify<S: Place, T: Place>(
    source: &S,
    target: &T,
    mut told: impl FnMut(u64) + Send,
) -> Result<Vec<(&'static str, Digest)>, CopyError> {
    let mut tables = Vec::with_capacity(TABLES.len());
    let mut before = 0;
    for table in TABLES {
        let one = digest(source, table, |rows| told(before + rows));
        let (one, other) = join(one, digest(target, table, |_| {})).await;
        let (one, other) = (one?, other?);
        if one != other {
            let (in_source, in_target) = (one.rows, other.rows);
            return Err(CopyError::Differs { table: table.name, in_source, in_target });
        }
        before += one.rows;
        tables.push((table.name, one));
    }
    if last_event(source).await? != last_event(target).await? {
        return Err(CopyError::EventsDiffer);
    }
    Ok(tables)
}

/// What a table holds.
pub(super) async fn digest<P: Place>(
    place: &P,
    table: &'static Table,
    mut told: impl FnMut(u64) + Send,
) -> Result<Digest, CopyError> {
    let mut context = Context::new(&SHA256);
    let mut rows = 0;
    let mut after = None;
    let mut limit = FIRST_ROWS;
    loop {
        let page = read(place, table, after, limit).await?;
        context.update(page.bytes());
        rows += page.rows() as u64;
        told(rows);
        if page.rows() < limit {
            break;
        }
        after = page.last_key(table)?;
        limit = page.next_limit(PAGE_BYTES, MOST_ROWS);
    }
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(context.finish().as_ref());
    Ok(Digest { rows, sha256 })
}
