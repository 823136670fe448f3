//! PBKDF2 (RFC 8018 §5.2) with HMAC.

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2;

use super::super::phc::{Phc, decode};
use super::sha::Sha;
use super::{Unusable, number};

#[derive(Clone)]
pub(in super::super) struct Pbkdf2 {
    sha: Sha,
    iterations: NonZeroU32,
    salt: Vec<u8>,
    output: Vec<u8>,
}

impl Pbkdf2 {
    pub(super) fn parse(text: &str) -> Result<Self, Unusable> {
        if let Some(django) = text.strip_prefix("pbkdf2_") {
            let parts: Vec<_> = django.split('$').collect();
            let [sha, iterations, salt, hash] = parts[..] else { return Err(Unusable::Malformed) };
            // Django's salt is the text itself.
            let salt = Some(salt.as_bytes().to_vec());
            return Self::of(Sha::parse(sha), number(iterations)?, salt, decode(hash));
        }
        if let Some(ldap) = text.strip_prefix("{PBKDF2") {
            let (sha, rest) = ldap.split_once('}').ok_or(Unusable::Malformed)?;
            let parts: Vec<_> = rest.split('$').collect();
            let [iterations, salt, hash] = parts[..] else { return Err(Unusable::Malformed) };
            return Self::of(named(sha), number(iterations)?, decode(salt), decode(hash));
        }
        let phc =
            Phc::parse(text).filter(|phc| phc.version.is_none()).ok_or(Unusable::Malformed)?;
        let sha = phc.id.strip_prefix("pbkdf2").and_then(named);
        let iterations = if phc.params.contains('=') {
            let without_length = phc.numbers(["i"]).map(|[iterations]| (iterations, None));
            let with_length = || phc.numbers(["i", "l"]).map(|[i, length]| (i, Some(length)));
            let (iterations, length) =
                without_length.or_else(with_length).ok_or(Unusable::Malformed)?;
            if length.is_some_and(|length| usize::try_from(length) != Ok(phc.hash.len())) {
                return Err(Unusable::Malformed);
            }
            iterations
        } else {
            number(phc.params)?
        };
        Self::of(sha, iterations, Some(phc.salt), Some(phc.hash))
    }

    pub(super) fn matches(&self, password: &[u8]) -> bool {
        let algorithm = self.sha.pbkdf2();
        pbkdf2::verify(algorithm, self.iterations, &self.salt, password, &self.output).is_ok()
    }

    fn of(
        sha: Option<Sha>,
        iterations: u32,
        salt: Option<Vec<u8>>,
        output: Option<Vec<u8>>,
    ) -> Result<Self, Unusable> {
        let sha = sha.ok_or(Unusable::Unknown)?;
        let (salt, output) = salt.zip(output).ok_or(Unusable::Malformed)?;
        let iterations = NonZeroU32::new(iterations).ok_or(Unusable::Malformed)?;
        if salt.len() < 4 || !(16..=64).contains(&output.len()) {
            return Err(Unusable::Malformed);
        }
        let blocks = output.len().div_ceil(sha.output()) as u64;
        if u64::from(iterations.get()) * blocks > sha.most_iterations() {
            return Err(Unusable::TooCostly);
        }
        Ok(Self { sha, iterations, salt, output })
    }
}

/// `-sha256`, or nothing, which is passlib's name for SHA-1.
fn named(suffix: &str) -> Option<Sha> {
    match suffix {
        "" => Some(Sha::One),
        _ => Sha::parse(suffix.strip_prefix('-')?),
    }
}
