//! The master key: from the environment or a file, never stored.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::random::Random;

/// 256 bits that seal the data keys.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct MasterKey(pub(super) [u8; 32]);

/// The text is not a master key.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "a master key is 32 bytes in base64 (44 characters): make one with `openssl rand -base64 32`"
)]
pub struct NotAMasterKey;

impl MasterKey {
    /// A new one.
    #[must_use]
    pub fn generate(random: &dyn Random) -> Self {
        Self(random.bytes())
    }

    /// Reads what [`MasterKey::to_text`] wrote; white space around it is passed over.
    pub fn parse(text: &str) -> Result<Self, NotAMasterKey> {
        let bytes = Zeroizing::new(STANDARD.decode(text.trim()).map_err(|_| NotAMasterKey)?);
        Ok(Self(bytes.as_slice().try_into().map_err(|_| NotAMasterKey)?))
    }

    /// As it stands in the key file: base64.
    #[must_use]
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(STANDARD.encode(self.0))
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

/// The key in use, and the one before it while it is being changed.
#[derive(Clone, Debug)]
pub struct MasterKeys {
    /// Seals everything from now on.
    pub current: MasterKey,
    /// Still opens what was sealed before.
    pub previous: Option<MasterKey>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SystemRandomness;

    #[test]
    fn a_master_key_survives_its_file() {
        let key = MasterKey::generate(&SystemRandomness::default());
        let read = MasterKey::parse(&format!("{}\n", &*key.to_text())).unwrap();
        assert_eq!(read.0, key.0);
        for bad in ["", "secret", "AAAA", &"A".repeat(44)] {
            assert!(MasterKey::parse(bad).is_err(), "{bad}");
        }
    }
}
