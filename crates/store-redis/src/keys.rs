//! What things are called that lie in rooms. All of one room lies in one slot of a cluster: the part in braces decides.

use std::sync::Arc;

use cloakroom_model::id::SessionId;
use cloakroom_model::room::Room;
use cloakroom_model::secret::Digest;

/// The names under one prefix. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Keys(Arc<str>);

impl Keys {
    pub(crate) fn new(prefix: &str) -> Self {
        Self(prefix.into())
    }

    /// A room's mark.
    pub(crate) fn mark(&self, room: Room) -> String {
        self.of(room, "mark")
    }

    /// A guest.
    pub(crate) fn guest(&self, id: SessionId) -> String {
        format!("{}{id}", self.guests(Room::of_guest(id)))
    }

    /// What every guest of a room begins with.
    pub(crate) fn guests(&self, room: Room) -> String {
        self.of(room, "guest:")
    }

    /// Whose a secret is.
    pub(crate) fn secret(&self, digest: &Digest) -> String {
        format!("{}{}", self.secrets(Room::of_digest(digest)), hex(digest))
    }

    /// What every secret of a room begins with.
    pub(crate) fn secrets(&self, room: Room) -> String {
        self.of(room, "secret:")
    }

    /// Something that was used.
    pub(crate) fn used(&self, digest: &Digest) -> String {
        format!("{}{}", self.of(Room::of_digest(digest), "used:"), hex(digest))
    }

    /// Since when a room remembers what was used.
    pub(crate) fn remembers(&self, room: Room) -> String {
        self.of(room, "remembers")
    }

    fn of(&self, room: Room, what: &str) -> String {
        format!("{}:{{{}}}:{what}", self.0, room.number())
    }
}

/// A digest as text.
pub(crate) fn hex(digest: &Digest) -> String {
    use std::fmt::Write as _;

    let mut text = String::with_capacity(64);
    for byte in digest.0 {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
