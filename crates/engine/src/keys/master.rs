//! The master key: from the environment or a file, never stored.

use std::fmt;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::random::Random;

/// 256 bits that seal the data keys.
#[derive(Clone, Eq, PartialEq, Zeroize, ZeroizeOnDrop)]
pub struct MasterKey(pub(super) [u8; 32]);

/// The text is not a master key.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NotAMasterKey {
    /// It is not 32 bytes, or not in a known spelling.
    #[error(
        "a master key is 32 bytes in base64 or hexadecimal: make one with `openssl rand -base64 32`"
    )]
    Shape,
    /// Somebody's placeholder, not a key.
    #[error("all bytes of this master key are the same: make one with `openssl rand -base64 32`")]
    Placeholder,
}

impl MasterKey {
    /// A new one.
    #[must_use]
    pub fn generate(random: &dyn Random) -> Self {
        Self(random.bytes())
    }

    /// Reads 32 bytes in base64 (of either alphabet, with padding or without) or in hexadecimal; white space
    /// around it is passed over.
    pub fn parse(text: &str) -> Result<Self, NotAMasterKey> {
        let text = text.trim();
        let bytes = hexadecimal(text).or_else(|| base64(text)).ok_or(NotAMasterKey::Shape)?;
        let key = Self(bytes.as_slice().try_into().map_err(|_| NotAMasterKey::Shape)?);
        if key.0.iter().all(|byte| *byte == key.0[0]) {
            return Err(NotAMasterKey::Placeholder);
        }
        Ok(key)
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

fn base64(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    [&alphabet::STANDARD, &alphabet::URL_SAFE]
        .into_iter()
        .find_map(|alphabet| GeneralPurpose::new(alphabet, config).decode(text).ok())
        .map(Zeroizing::new)
}

fn hexadecimal(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    if text.len() != 64 {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    text.as_bytes()
        .chunks_exact(2)
        .map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?))
        .collect::<Option<Vec<u8>>>()
        .map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SystemRandomness;

    const BASE64: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHv8=";

    #[test]
    fn a_master_key_survives_its_file() {
        let key = MasterKey::generate(&SystemRandomness::default());
        let read = MasterKey::parse(&format!("{}\n", &*key.to_text())).unwrap();
        assert_eq!(read, key);
    }

    #[test]
    fn both_alphabets_and_hexadecimal_name_the_same_key() {
        let key = MasterKey::parse(BASE64).unwrap();
        assert_eq!((key.0[0], key.0[1], key.0[31]), (0, 1, 255));
        assert_eq!(MasterKey::parse(&BASE64.replace('=', "")), Ok(key.clone()));
        assert_eq!(MasterKey::parse(&BASE64.replace('/', "_")), Ok(key.clone()));
        let hexadecimal = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1Eff";
        assert_eq!(MasterKey::parse(hexadecimal), Ok(key));
    }

    #[test]
    fn a_key_of_another_length_is_wrong() {
        for text in ["", "secret", "AAAA", "AAECAwQFBgcICQoLDA0ODw==", &BASE64.repeat(2)] {
            assert_eq!(MasterKey::parse(text), Err(NotAMasterKey::Shape), "{text}");
        }
    }

    #[test]
    fn a_key_of_one_byte_repeated_is_a_placeholder() {
        assert_eq!(MasterKey::parse(&"0".repeat(64)), Err(NotAMasterKey::Placeholder));
    }

    #[test]
    fn a_key_does_not_print() {
        assert_eq!(format!("{:?}", MasterKey::parse(BASE64).unwrap()), "MasterKey(..)");
    }
}
