//! Argon2 (RFC 9106): ours is Argon2id with one lane; others' may be any of the three.

use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::constant_time::verify_slices_are_equal;

use super::cost::Cost;
use super::hash::Unusable;
use super::memory::{Memory, NoMemory};
use super::phc::{self, Phc};

/// A hash, and everything needed to make it again.
#[derive(Clone)]
pub(super) struct Argon2Hash {
    algorithm: Algorithm,
    version: Version,
    params: Params,
    salt: Vec<u8>,
    output: Vec<u8>,
}

/// The length of the salts and of the hashes that we make, in bytes.
pub(super) const SALT: usize = 16;
const OUTPUT: usize = 32;

/// What a hash from elsewhere may cost at most: 128 MiB, passed over eight times.
const MOST_KIB: u32 = 128 * 1024;
const MOST_WORK: u64 = 1024 * 1024;
const MOST_LANES: u32 = 16;

impl Argon2Hash {
    /// Hashes a password.
    pub(super) fn make(
        password: &[u8],
        salt: [u8; SALT],
        cost: Cost,
        memory: &mut Memory,
    ) -> Result<Self, NoMemory> {
        let mut hash = Self::of(salt, cost);
        hash.output = hash.compute(password, memory)?;
        Ok(hash)
    }

    /// A hash that no password has, and that costs as much to check as a real one.
    pub(super) fn of_nobody(cost: Cost) -> Self {
        Self::of([0; SALT], cost)
    }

    pub(super) fn matches(&self, password: &[u8], memory: &mut Memory) -> Result<bool, NoMemory> {
        let output = self.compute(password, memory)?;
        Ok(verify_slices_are_equal(&output, &self.output).is_ok())
    }

    /// Whether it is less than what we would make now. What is more stays as it is.
    pub(super) fn is_weaker_than(&self, cost: Cost) -> bool {
        let work = u64::from(self.params.m_cost()) * u64::from(self.params.t_cost());
        self.algorithm != Algorithm::Argon2id
            || self.version != Version::V0x13
            || self.params.p_cost() != 1
            || self.params.m_cost() < cost.memory_kib()
            || work < cost.work()
            || self.salt.len() < SALT
            || self.output.len() < OUTPUT
    }

    /// Reads `$argon2id$v=19$m=…,t=…,p=…$salt$hash`, also with `argon2i` and `argon2d`.
    pub(super) fn parse(phc: &Phc<'_>) -> Result<Self, Unusable> {
        let algorithm = match phc.id {
            "argon2id" => Algorithm::Argon2id,
            "argon2i" => Algorithm::Argon2i,
            "argon2d" => Algorithm::Argon2d,
            _ => return Err(Unusable::Unknown),
        };
        let version = match phc.version {
            Some(0x13) => Version::V0x13,
            // The first version wrote no number.
            Some(0x10) | None => Version::V0x10,
            Some(_) => return Err(Unusable::Unknown),
        };
        let [memory_kib, passes, lanes] =
            phc.numbers(["m", "t", "p"]).ok_or(Unusable::Malformed)?;
        if memory_kib > MOST_KIB
            || lanes > MOST_LANES
            || u64::from(memory_kib) * u64::from(passes) > MOST_WORK
        {
            return Err(Unusable::TooCostly);
        }
        let lengths = (8..=64).contains(&phc.salt.len()) && (16..=64).contains(&phc.hash.len());
        let params = Params::new(memory_kib, passes, lanes, Some(phc.hash.len()));
        match params {
            Ok(params) if lengths => Ok(Self {
                algorithm,
                version,
                params,
                salt: phc.salt.clone(),
                output: phc.hash.clone(),
            }),
            _ => Err(Unusable::Malformed),
        }
    }

    fn of(salt: [u8; SALT], cost: Cost) -> Self {
        let params = Params::new(cost.memory_kib(), cost.passes(), 1, Some(OUTPUT));
        Self {
            algorithm: Algorithm::Argon2id,
            version: Version::V0x13,
            params: params.expect("every cost is in Argon2's own range"),
            salt: salt.to_vec(),
            output: vec![0; OUTPUT],
        }
    }

    fn compute(&self, password: &[u8], memory: &mut Memory) -> Result<Vec<u8>, NoMemory> {
        let blocks = memory.blocks(self.params.block_count())?;
        let mut output = vec![0; self.output.len()];
        Argon2::new(self.algorithm, self.version, self.params.clone())
            .hash_password_into_with_memory(password, &self.salt, &mut output, blocks)
            .expect("lengths were checked when the hash was read or made");
        Ok(output)
    }
}

impl std::fmt::Display for Argon2Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (memory, passes, lanes) =
            (self.params.m_cost(), self.params.t_cost(), self.params.p_cost());
        let (salt, output) = (phc::encode(&self.salt), phc::encode(&self.output));
        write!(
            f,
            "${}$v={}$m={memory},t={passes},p={lanes}${salt}${output}",
            self.algorithm,
            u32::from(self.version),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the test-suite of the reference implementation; the salt is `somesalt`.
    const REFERENCE: [(&str, &str); 4] = [
        (
            "password",
            "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        ),
        (
            "password",
            "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
        ),
        (
            "password",
            "$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$iekCn0Y3spW+sCcFanM2xBT63UP2sghkUoHLIUpWRS8",
        ),
        (
            "password",
            "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        ),
    ];

    #[test]
    fn the_reference_implementations_hashes_match() {
        let mut memory = Memory::none();
        for (password, text) in REFERENCE {
            let hash = read(text).unwrap();
            assert!(hash.matches(password.as_bytes(), &mut memory).unwrap(), "{text}");
            assert!(!hash.matches(b"Password", &mut memory).unwrap(), "{text}");
            assert_eq!(hash.to_string(), text);
        }
    }

    #[test]
    fn what_was_in_the_memory_before_changes_nothing() {
        let cost = Cost::danger_next_to_nothing();
        let mut memory = Memory::none();
        let fresh = Argon2Hash::make(b"one", [7; 16], cost, &mut memory).unwrap();
        Argon2Hash::make(b"two", [8; 16], cost, &mut memory).unwrap();
        let again = Argon2Hash::make(b"one", [7; 16], cost, &mut memory).unwrap();
        assert_eq!(fresh.to_string(), again.to_string());
    }

    #[test]
    fn only_what_is_weaker_needs_an_upgrade() {
        let cost = Cost::DEFAULT;
        let output = "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        let weaker = |head: &str| {
            read(&format!("{head}$c29tZXNhbHRzb21lc2FsdA${output}")).unwrap().is_weaker_than(cost)
        };
        assert!(!weaker("$argon2id$v=19$m=19456,t=2,p=1"));
        assert!(!weaker("$argon2id$v=19$m=65536,t=3,p=1"), "a stronger one stays");
        for head in [
            "$argon2id$v=19$m=19456,t=1,p=1",
            "$argon2id$v=19$m=12288,t=9,p=1",
            "$argon2id$v=19$m=19456,t=2,p=2",
            "$argon2id$v=16$m=19456,t=2,p=1",
            "$argon2id$m=19456,t=2,p=1",
            "$argon2i$v=19$m=19456,t=2,p=1",
        ] {
            assert!(weaker(head), "{head}");
        }
        let short_salt = format!("$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ${output}");
        assert!(read(&short_salt).unwrap().is_weaker_than(cost));
    }

    #[test]
    fn a_hash_that_would_cost_too_much_is_refused_unread() {
        let rest = "$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        assert!(read(&format!("$argon2id$v=19$m=131072,t=8,p=1{rest}")).is_ok());
        for params in
            ["m=131073,t=1,p=1", "m=131072,t=9,p=1", "m=256,t=4294967295,p=1", "m=256,t=1,p=17"]
        {
            let refused = read(&format!("$argon2id$v=19${params}{rest}"));
            assert_eq!(refused.err(), Some(Unusable::TooCostly), "{params}");
        }
        for params in
            ["m=7,t=1,p=1", "m=256,t=0,p=1", "m=256,t=1,p=0", "m=256,t=1", "m=256,t=1,p=1,data=x"]
        {
            let refused = read(&format!("$argon2id$v=19${params}{rest}"));
            assert_eq!(refused.err(), Some(Unusable::Malformed), "{params}");
        }
    }

    fn read(text: &str) -> Result<Argon2Hash, Unusable> {
        Argon2Hash::parse(&Phc::parse(text).ok_or(Unusable::Malformed)?)
    }
}
