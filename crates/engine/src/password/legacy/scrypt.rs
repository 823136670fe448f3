//! scrypt (RFC 7914).

use aws_lc_rs::constant_time::verify_slices_are_equal;
use scrypt::Params;

use super::super::phc::{Phc, decode};
use super::{Unusable, number};

/// `128 · N · r` bytes are filled: at most 128 MiB.
const MOST_MEMORY: u64 = 128 * 1024 * 1024;
/// `128 · N · r · p` bytes are worked through: at most four times that.
const MOST_WORK: u64 = 4 * MOST_MEMORY;

#[derive(Clone)]
pub(in super::super) struct Scrypt {
    params: Params,
    salt: Vec<u8>,
    output: Vec<u8>,
}

impl Scrypt {
    pub(super) fn parse(text: &str) -> Result<Self, Unusable> {
        let written = match text.strip_prefix("scrypt$") {
            Some(django) => Written::by_django(django),
            None => Written::as_phc(text),
        };
        let Written { log_n, r, p, salt, output } = written?;
        let memory = 1_u64
            .checked_shl(log_n)
            .and_then(|n| n.checked_mul(128)?.checked_mul(u64::from(r)))
            .ok_or(Unusable::TooCostly)?;
        if memory > MOST_MEMORY || memory.saturating_mul(u64::from(p)) > MOST_WORK {
            return Err(Unusable::TooCostly);
        }
        let params = u8::try_from(log_n).ok().and_then(|log_n| Params::new(log_n, r, p).ok());
        match params {
            Some(params) if log_n > 0 && (16..=64).contains(&output.len()) && salt.len() >= 4 => {
                Ok(Self { params, salt, output })
            }
            _ => Err(Unusable::Malformed),
        }
    }

    pub(super) fn matches(&self, password: &[u8]) -> bool {
        let mut output = vec![0; self.output.len()];
        scrypt::scrypt(password, &self.salt, &self.params, &mut output).is_ok()
            && verify_slices_are_equal(&output, &self.output).is_ok()
    }
}

/// What a hash says of itself, not yet judged.
struct Written {
    log_n: u32,
    r: u32,
    p: u32,
    salt: Vec<u8>,
    output: Vec<u8>,
}

impl Written {
    /// `N$salt$r$p$hash`, where the salt is the text itself.
    fn by_django(rest: &str) -> Result<Self, Unusable> {
        let parts: Vec<_> = rest.split('$').collect();
        let [n, salt, r, p, hash] = parts[..] else { return Err(Unusable::Malformed) };
        let n = number(n)?;
        if !n.is_power_of_two() {
            return Err(Unusable::Malformed);
        }
        let output = decode(hash).ok_or(Unusable::Malformed)?;
        let salt = salt.as_bytes().to_vec();
        Ok(Self { log_n: n.ilog2(), r: number(r)?, p: number(p)?, salt, output })
    }

    fn as_phc(text: &str) -> Result<Self, Unusable> {
        let phc = Phc::parse(text).filter(|phc| phc.id == "scrypt" && phc.version.is_none());
        let phc = phc.ok_or(Unusable::Malformed)?;
        let [log_n, r, p] = phc.numbers(["ln", "r", "p"]).ok_or(Unusable::Malformed)?;
        Ok(Self { log_n, r, p, salt: phc.salt, output: phc.hash })
    }
}
