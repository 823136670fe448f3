//! The master key as an operator writes it: 32 bytes, in base64 or in hexadecimal.

use std::fmt;

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::takes::{Takes, Wrong};

/// The key that seals the data keys. It is never shown.
#[derive(Clone, Eq, PartialEq, Zeroize, ZeroizeOnDrop)]
pub(crate) struct MasterKey(pub(crate) [u8; 32]);

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

/// Reads [`MasterKey`].
pub(super) struct KeyText;

impl Takes for KeyText {
    type Value = MasterKey;

    fn expected(&self) -> String {
        "32 bytes in base64 or hexadecimal, as `openssl rand -base64 32` prints them".to_owned()
    }

    fn read(&self, text: &str) -> Result<MasterKey, Wrong> {
        let bytes = hexadecimal(text).or_else(|| base64(text)).ok_or(Wrong::Shape)?;
        let key = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| Wrong::Shape)?;
        // Somebody's placeholder, not a key.
        if key.iter().all(|byte| *byte == key[0]) {
            return Err(Wrong::Because("all its bytes are the same"));
        }
        Ok(MasterKey(key))
    }
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

    const BASE64: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHv8=";

    #[test]
    fn both_alphabets_and_hexadecimal_name_the_same_key() {
        let key = KeyText.read(BASE64).unwrap();
        assert_eq!((key.0[0], key.0[1], key.0[31]), (0, 1, 255));
        assert_eq!(KeyText.read(&BASE64.replace('=', "")).unwrap(), key);
        assert_eq!(KeyText.read(&BASE64.replace('/', "_")).unwrap(), key);
        let hexadecimal = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1Eff";
        assert_eq!(KeyText.read(hexadecimal).unwrap(), key);
    }

    #[test]
    fn a_key_of_another_length_is_wrong() {
        for text in ["", "secret", "AAECAwQFBgcICQoLDA0ODw==", &BASE64.repeat(2)] {
            assert_eq!(KeyText.read(text).unwrap_err(), Wrong::Shape, "{text}");
        }
    }

    #[test]
    fn a_key_of_one_byte_repeated_is_a_placeholder() {
        assert!(matches!(KeyText.read(&"0".repeat(64)), Err(Wrong::Because(_))));
    }

    #[test]
    fn a_key_does_not_print() {
        assert_eq!(format!("{:?}", KeyText.read(BASE64).unwrap()), "MasterKey(..)");
    }
}
