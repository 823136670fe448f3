//! The identifying cookie: a second one, for apps on sibling hosts that need to see who is there.
//!
//! It goes to every host under the cookie domain, so any of them may read and replay it: it earns no more than
//! to be shown who it is. Its value is `session ‖ key number ‖ HMAC(key, session ‖ digest of the secret)` in
//! base64url. Nothing of it is stored; because the secret's digest is in it, a new secret ends the old value
//! too, and because the session is looked up, so does the session's end.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cloakroom_model::id::SessionId;
use cloakroom_model::secret::Digest;
use zeroize::Zeroizing;

use crate::Engine;
use crate::keys::derive;
use crate::memory::Remembered;

const LENGTH: usize = 16 + 4 + 32;

/// What the cookie says, of which nothing is proved yet.
pub(crate) struct Presented {
    pub(crate) session: SessionId,
    data_key: u32,
    mac: [u8; 32],
}

impl Presented {
    /// Reads a cookie's value, in its one spelling.
    pub(crate) fn parse(value: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(value).ok()?;
        let bytes: &[u8; LENGTH] = bytes.as_slice().try_into().ok()?;
        let (session, rest) = bytes.split_first_chunk::<16>()?;
        let (data_key, mac) = rest.split_first_chunk::<4>()?;
        Some(Self {
            session: SessionId::from_bytes(*session),
            data_key: u32::from_be_bytes(*data_key),
            mac: mac.try_into().ok()?,
        })
    }
}

impl Engine {
    /// The identifying cookie of a session that is carried as a cookie and has a user.
    #[must_use]
    pub fn identifying_cookie(&self, session: &Remembered) -> Option<Zeroizing<String>> {
        session.user.as_ref()?;
        let number = self.data_keys.newest();
        let data_key = self.data_keys.find(number)?;
        let key = key(&data_key);
        let mac = hmac::sign(&key, &statement(session.session.id, session.secret.as_ref()?));
        let mut value = Zeroizing::new(Vec::with_capacity(LENGTH));
        value.extend_from_slice(session.session.id.as_bytes());
        value.extend_from_slice(&number.to_be_bytes());
        value.extend_from_slice(mac.as_ref());
        Some(Zeroizing::new(URL_SAFE_NO_PAD.encode(&*value)))
    }

    /// Whether the cookie was made here for this session and its present secret.
    pub(crate) fn proves_session(&self, presented: &Presented, session: &Remembered) -> bool {
        let (Some(data_key), Some(secret)) =
            (self.data_keys.find(presented.data_key), &session.secret)
        else {
            return false;
        };
        // Compared in constant time.
        hmac::verify(&key(&data_key), &statement(presented.session, secret), &presented.mac).is_ok()
    }
}

fn key(data_key: &[u8; 32]) -> hmac::Key {
    let derived = derive(data_key, b"cloakroom identifying cookie 1");
    hmac::Key::new(hmac::HMAC_SHA256, derived.as_slice())
}

fn statement(session: SessionId, secret: &Digest) -> [u8; 48] {
    let mut statement = [0; 48];
    statement[..16].copy_from_slice(session.as_bytes());
    statement[16..].copy_from_slice(&secret.0);
    statement
}
