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
    let mut text = String::with_capacity(64);
    push_hex(&mut text, digest);
    text
}

/// The same, behind what is there already.
pub(crate) fn push_hex(text: &mut String, digest: &Digest) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut digits = [0; 64];
    for (pair, byte) in digits.chunks_exact_mut(2).zip(digest.0) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 0xf)];
    }
    text.push_str(std::str::from_utf8(&digits).expect("digits are ASCII"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_has_two_digits_for_each_byte() {
        let mut digest = Digest([0; 32]);
        (digest.0[0], digest.0[1], digest.0[31]) = (0x0a, 0xf0, 0x9b);
        assert_eq!(hex(&digest), format!("0af0{}9b", "00".repeat(29)));
    }
}
