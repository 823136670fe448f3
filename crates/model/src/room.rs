//! Rooms: guests may lie in a store that is spread over many servers, and all that is one guest's lies in one room of it, so
//! that one question to one server finds it, whether by its name or by its secret.
//!
//! For that both must lead to the same room. A guest's name ends with the first byte of its secret's digest
//! ([`SessionId::of_guest`]). That says nothing about the secret that matters: of the digest's 256 bits eight become
//! public, and a digest is not what is presented.

use crate::id::SessionId;
use crate::secret::Digest;

/// One of [`Room::COUNT`] parts.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Room(u8);

impl Room {
    /// How many there are. It is part of where things lie, and so never changes.
    pub const COUNT: u8 = 16;

    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..Self::COUNT).map(Self)
    }

    /// The room of a guest.
    #[must_use]
    pub const fn of_guest(id: SessionId) -> Self {
        Self(id.as_bytes()[15] % Self::COUNT)
    }

    /// The room of the guest who has this secret; also where anything else lies that is found by a digest.
    #[must_use]
    pub const fn of_digest(digest: &Digest) -> Self {
        Self(digest.0[0] % Self::COUNT)
    }

    /// Its number, below [`Room::COUNT`].
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Timestamp;

    #[test]
    fn a_guests_name_and_its_secret_lead_to_one_room() {
        for first in 0..=255 {
            let mut digest = Digest([7; 32]);
            digest.0[0] = first;
            let id = SessionId::of_guest(Timestamp(1_800_000_000_000), [9; 10], &digest);
            assert_eq!(Room::of_guest(id), Room::of_digest(&digest));
            assert_eq!(Room::of_guest(id).number(), first % 16);
            // Nothing else of a name is another than it would be.
            let other = SessionId::new(Timestamp(1_800_000_000_000), [9; 10]);
            assert_eq!(id.as_bytes()[..15], other.as_bytes()[..15]);
        }
        assert_eq!(Room::all().count(), usize::from(Room::COUNT));
    }
}
