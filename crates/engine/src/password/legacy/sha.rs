//! The SHA functions that older hashes are made of.

use aws_lc_rs::{digest, pbkdf2};

/// Which one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Sha {
    One,
    Two256,
    Two384,
    Two512,
}

impl Sha {
    /// Reads `sha1`, `sha256`, `sha384` or `sha512`, in one case or the other.
    pub(super) fn parse(name: &str) -> Option<Self> {
        match name {
            "sha1" | "SHA1" => Some(Self::One),
            "sha256" | "SHA256" => Some(Self::Two256),
            "sha384" | "SHA384" => Some(Self::Two384),
            "sha512" | "SHA512" => Some(Self::Two512),
            _ => None,
        }
    }

    /// The length of its output, in bytes.
    pub(super) fn output(self) -> usize {
        self.digest().output_len()
    }

    pub(super) fn digest(self) -> &'static digest::Algorithm {
        match self {
            Self::One => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Two256 => &digest::SHA256,
            Self::Two384 => &digest::SHA384,
            Self::Two512 => &digest::SHA512,
        }
    }

    /// How many iterations of PBKDF2, times blocks of output, take about a second. Django asks for a million with
    /// SHA-256 today, OWASP for 210,000 with SHA-512.
    pub(super) const fn most_iterations(self) -> u64 {
        match self {
            Self::One | Self::Two256 => 3_000_000,
            Self::Two384 | Self::Two512 => 1_200_000,
        }
    }

    pub(super) fn pbkdf2(self) -> pbkdf2::Algorithm {
        match self {
            Self::One => pbkdf2::PBKDF2_HMAC_SHA1,
            Self::Two256 => pbkdf2::PBKDF2_HMAC_SHA256,
            Self::Two384 => pbkdf2::PBKDF2_HMAC_SHA384,
            Self::Two512 => pbkdf2::PBKDF2_HMAC_SHA512,
        }
    }
}
