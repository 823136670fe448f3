//! What things are called that are named by a digest and lie for themselves.

use cloakroom_model::secret::Digest;

use crate::Connection;
use crate::keys::push_hex;

/// The names of one kind of things.
#[derive(Debug)]
pub(crate) struct Names(String);

impl Names {
    /// The names of a kind, under the prefix of the connection.
    pub(crate) fn new(connection: &Connection, kind: &str) -> Self {
        Self(format!("{}:{kind}:", connection.settings().prefix))
    }

    pub(crate) fn of(&self, digest: &Digest) -> String {
        let mut name = String::with_capacity(self.0.len() + 64);
        name.push_str(&self.0);
        push_hex(&mut name, digest);
        name
    }
}
