//! What things are called that are named by a digest and lie for themselves.

use std::fmt::Write as _;

use cloakroom_model::secret::Digest;

use crate::Connection;

/// The names of one kind of things.
#[derive(Debug)]
pub(crate) struct Names(String);

impl Names {
    /// The names of a kind, under the prefix of the connection.
    pub(crate) fn new(connection: &Connection, kind: &str) -> Self {
        Self(format!("{}:{kind}:", connection.settings().prefix))
    }

    pub(crate) fn of(&self, digest: &Digest) -> String {
        let mut name = String::with_capacity(self.0.len() + 2 * digest.0.len());
        name.push_str(&self.0);
        for byte in digest.0 {
            // Writing to a text does not fail.
            let _ = write!(name, "{byte:02x}");
        }
        name
    }
}
