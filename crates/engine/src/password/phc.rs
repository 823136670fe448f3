//! The PHC string format: `$id$v=19$key=value,key=value$salt$hash`.
//!
//! Read by hand, because each scheme's crate reads its own dialect, and because the bounds must be checked before
//! anything is allocated.

use base64::Engine;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, general_purpose::STANDARD_NO_PAD};

/// With or without padding: systems differ, and nothing depends on it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The parts of such a string, not yet understood.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Phc<'a> {
    pub(super) id: &'a str,
    pub(super) version: Option<u32>,
    /// `key=value,key=value`, or what passlib puts there instead.
    pub(super) params: &'a str,
    pub(super) salt: Vec<u8>,
    pub(super) hash: Vec<u8>,
}

impl<'a> Phc<'a> {
    /// Reads a string with all its parts; only the version may be missing.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.strip_prefix('$')?.split('$');
        let id = parts.next()?;
        let mut params = parts.next()?;
        let mut version = None;
        if let Some(number) = params.strip_prefix("v=") {
            version = Some(number.parse().ok()?);
            params = parts.next()?;
        }
        let (salt, hash) = (decode(parts.next()?)?, decode(parts.next()?)?);
        parts.next().is_none().then_some(Self { id, version, params, salt, hash })
    }

    /// The numbers of exactly these keys, in any order.
    pub(super) fn numbers<const N: usize>(&self, keys: [&str; N]) -> Option<[u32; N]> {
        let mut numbers = [None; N];
        for pair in self.params.split(',') {
            let (key, value) = pair.split_once('=')?;
            let place = keys.iter().position(|known| *known == key)?;
            if numbers[place].replace(value.parse().ok()?).is_some() {
                return None;
            }
        }
        let all = numbers.iter().all(Option::is_some);
        all.then(|| numbers.map(Option::unwrap_or_default))
    }
}

/// Base64 as PHC strings have it, or with passlib's `.` in place of `+`.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    BASE64.decode(text.replace('.', "+")).ok()
}

/// Base64 as PHC strings have it.
pub(super) fn encode(bytes: &[u8]) -> String {
    STANDARD_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_parts_are_there_or_nothing_is() {
        let phc = Phc::parse("$x$v=19$m=8,t=1$c2FsdA$aGFzaA==").unwrap();
        assert_eq!((phc.id, phc.version, phc.params), ("x", Some(19), "m=8,t=1"));
        assert_eq!((phc.salt.as_slice(), phc.hash.as_slice()), (&b"salt"[..], &b"hash"[..]));
        assert_eq!(Phc::parse("$x$m=8$c2FsdA$aGFzaA").unwrap().version, None);
        for bad in [
            "",
            "$",
            "$x",
            "x$m=8$c2FsdA$aGFzaA",
            "$x$m=8$c2FsdA",
            "$x$m=8$c2FsdA$aGFzaA$",
            "$x$m=8$c2FsdA$!",
            "$x$v=19$m=8$c2FsdA",
            "$x$v=x$m=8$c2FsdA$aGFzaA",
        ] {
            assert_eq!(Phc::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn numbers_are_those_asked_for_and_no_others() {
        let numbers = |params| {
            Phc { id: "x", version: None, params, salt: vec![], hash: vec![] }.numbers(["m", "t"])
        };
        assert_eq!(numbers("m=8,t=1"), Some([8, 1]));
        assert_eq!(numbers("t=1,m=8"), Some([8, 1]));
        for bad in
            ["m=8", "m=8,t=1,p=1", "m=8,m=8", "m=8,t=", "m=8,t=-1", "m=8,t=99999999999", "", "m"]
        {
            assert_eq!(numbers(bad), None, "{bad}");
        }
    }

    #[test]
    fn passlib_writes_a_point_for_a_plus() {
        assert_eq!(
            decode("Y11AchqV4b0sUisdZd0Xr97KWoymNE0LNNrnEgY4H.M"),
            decode("Y11AchqV4b0sUisdZd0Xr97KWoymNE0LNNrnEgY4H+M=")
        );
        assert_eq!(decode(&encode(b"any bytes")), Some(b"any bytes".to_vec()));
    }
}
