//! One entry of the shared memory, as bytes.
//!
//! The first byte is the version of what follows; another one than [`VERSION`] is a miss, so that two versions of this
//! program can run side by side.

use cloakroom_model::id::UserId;
use cloakroom_model::log::{Place, Timeline};
use cloakroom_model::secret::Digest;
use cloakroom_model::session::Session;
use cloakroom_model::time::Timestamp;
use cloakroom_model::user::{Email, Life, Role, User, Username};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::memory::{Memory, Noted, Remembered};

/// To be raised with every change of [`Entry`] and of what is in it.
const VERSION: u8 = 2;

/// What a node read of a signed-in session, and where the log was before it read.
#[derive(Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(super) struct Entry {
    pub(super) place: Place,
    pub(super) timeline: Timeline,
    pub(super) filled_at: Timestamp,
    secret: Option<[u8; 32]>,
    /// Without its device, as it is remembered.
    session: Session,
    user: Who,
}

/// Whose it is. That the user is active is not said: disabling ends every session.
#[derive(Debug, Deserialize, Eq, PartialEq, Serialize)]
struct Who {
    id: UserId,
    email: Email,
    username: Option<Username>,
    roles: Vec<Role>,
    generation: u64,
    created_at: Timestamp,
}

impl Entry {
    /// What can be said of a session that was looked up after `noted`; `None` of a guest, and where the log is another
    /// one by now.
    pub(super) fn of(memory: &Memory, noted: Noted, looked_up: &Remembered) -> Option<Self> {
        let User { id, email, username, roles, life, generation, created_at } =
            looked_up.user.as_deref()?.clone();
        if life != Life::Active {
            return None;
        }
        let (place, timeline) = memory.place_of(noted)?;
        Some(Self {
            place,
            timeline,
            filled_at: looked_up.filled_at,
            secret: looked_up.secret.map(|digest| digest.0),
            session: looked_up.session.clone(),
            user: Who { id, email, username, roles, generation, created_at },
        })
    }

    /// As it is remembered here.
    pub(super) fn remembered(self, noted: Noted) -> Remembered {
        let Who { id, email, username, roles, generation, created_at } = self.user;
        let user = User { id, email, username, roles, life: Life::Active, generation, created_at };
        Remembered::new(self.session, Some(user), noted, self.filled_at)
            .with_secret(self.secret.map(Digest))
    }

    pub(super) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        // Fails only for what has no length beforehand, which is not in here.
        Zeroizing::new(postcard::to_extend(self, vec![VERSION]).unwrap_or_default())
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (&VERSION, entry) = bytes.split_first()? else { return None };
        match postcard::take_from_bytes(entry).ok()? {
            (entry, []) => Some(entry),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use cloakroom_model::id::{ClientId, SessionId};
    use cloakroom_model::session::{Acr, Authentication, Carrier, Device};

    use super::*;

    #[test]
    fn an_entry_is_read_as_it_was_written() {
        let entry = entry();
        assert_eq!(Entry::from_bytes(&entry.to_bytes()), Some(entry));
    }

    /// Two versions of the program share one memory: whoever changes the layout must raise the version.
    #[test]
    fn this_version_has_this_layout() {
        let bytes = entry().to_bytes();
        let text = bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        assert_eq!(text, LAYOUT);
    }

    #[test]
    fn what_is_of_another_version_or_cut_or_too_long_is_none() {
        let bytes = entry().to_bytes();
        let mut other = bytes.clone();
        other[0] = VERSION + 1;
        assert_eq!(Entry::from_bytes(&other), None);
        for end in 0..bytes.len() {
            assert_eq!(Entry::from_bytes(&bytes[..end]), None, "{end} bytes");
        }
        assert_eq!(Entry::from_bytes(&[bytes.as_slice(), &[0]].concat()), None);
    }

    const LAYOUT: &str = concat!(
        "02ac02070bd00f0109090909090909090909090909090909090909090909090909090909090909091001010101",
        "01010101010101010101010101100202020202020202020202020202020209636c6f616b726f6f6d01000001",
        "06010103707764080a06000e0110020202020202020202020202020202020f616461406578616d706c652e63",
        "6f6d0103616461010561646d696e0812",
    );

    fn entry() -> Entry {
        Entry {
            place: Place { seq: 300, nonce: 7 },
            timeline: Timeline(11),
            filled_at: Timestamp(1_000),
            secret: Some([9; 32]),
            session: Session {
                id: SessionId::from_bytes([1; 16]),
                user: Some(UserId::from_bytes([2; 16])),
                client: ClientId::built_in(),
                carrier: Carrier::Token,
                device: Device::default(),
                authentication: Some(Authentication {
                    at: Timestamp(3),
                    acr: Acr::Aal2,
                    amr: vec!["pwd".to_owned()],
                }),
                created_at: Timestamp(4),
                expires_at: Timestamp(5),
                idle: Duration::from_secs(6),
                last_seen_at: Timestamp(7),
                remembered: true,
            },
            user: Who {
                id: UserId::from_bytes([2; 16]),
                email: Email::parse("ada@example.com").unwrap(),
                username: Some(Username::parse("ada").unwrap()),
                roles: vec![Role::admin()],
                generation: 8,
                created_at: Timestamp(9),
            },
        }
    }
}
