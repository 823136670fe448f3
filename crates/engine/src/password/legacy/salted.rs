//! A SHA digest of password and salt, once: the forms of LDAP servers, and one of our own for the rest.
//!
//! It takes a guesser no time at all. Whoever imports such hashes should not wait for all owners to come by.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest;

use super::super::phc::{Phc, decode};
use super::Unusable;
use super::sha::Sha;

#[derive(Clone)]
pub(in super::super) struct Salted {
    sha: Sha,
    order: Order,
    salt: Vec<u8>,
    digest: Vec<u8>,
}

#[derive(Clone, Copy)]
enum Order {
    PasswordThenSalt,
    SaltThenPassword,
}

impl Salted {
    pub(super) fn parse(text: &str) -> Result<Self, Unusable> {
        if let Some(ldap) = text.strip_prefix("{SSHA") {
            let (bits, encoded) = ldap.split_once('}').ok_or(Unusable::Malformed)?;
            let sha = match bits {
                "" => Some(Sha::One),
                bits => Sha::parse(&format!("sha{bits}")).filter(|sha| *sha != Sha::One),
            };
            let sha = sha.ok_or(Unusable::Unknown)?;
            let mut digest = decode(encoded).ok_or(Unusable::Malformed)?;
            if digest.len() < sha.output() {
                return Err(Unusable::Malformed);
            }
            let salt = digest.split_off(sha.output());
            return Self::of(sha, Order::PasswordThenSalt, salt, digest);
        }
        let phc =
            Phc::parse(text).filter(|phc| phc.version.is_none()).ok_or(Unusable::Malformed)?;
        let sha = phc.id.strip_prefix("salted-").and_then(Sha::parse).ok_or(Unusable::Unknown)?;
        let order = match phc.params {
            "o=ps" => Order::PasswordThenSalt,
            "o=sp" => Order::SaltThenPassword,
            _ => return Err(Unusable::Malformed),
        };
        Self::of(sha, order, phc.salt, phc.hash)
    }

    pub(super) fn matches(&self, password: &[u8]) -> bool {
        let mut context = digest::Context::new(self.sha.digest());
        let parts = match self.order {
            Order::PasswordThenSalt => [password, &self.salt],
            Order::SaltThenPassword => [&self.salt, password],
        };
        for part in parts {
            context.update(part);
        }
        verify_slices_are_equal(context.finish().as_ref(), &self.digest).is_ok()
    }

    fn of(sha: Sha, order: Order, salt: Vec<u8>, digest: Vec<u8>) -> Result<Self, Unusable> {
        if digest.len() != sha.output() {
            Err(Unusable::Malformed)
        } else if salt.is_empty() {
            Err(Unusable::Worthless)
        } else {
            Ok(Self { sha, order, salt, digest })
        }
    }
}
