//! Hashes that other systems made: checked, and replaced by ours at the owner's next sign-in.
//!
//! | scheme | how it begins |
//! | --- | --- |
//! | bcrypt | `$2a$`, `$2b$`, `$2y$` |
//! | scrypt | `$scrypt$ln=…,r=…,p=…$salt$hash` (PHC, passlib); `scrypt$N$salt$r$p$hash` (Django) |
//! | PBKDF2 | `$pbkdf2-sha256$i=…$salt$hash` (PHC), `$pbkdf2-sha256$29000$salt$hash` (passlib), both also with `,l=…` or with `sha1` (passlib: `$pbkdf2$…`), `sha384` or `sha512`; `{PBKDF2-SHA256}29000$salt$hash` (LDAP); `pbkdf2_sha256$260000$salt$hash` (Django) |
//! | salted SHA | `{SSHA}`, `{SSHA256}`, `{SSHA384}`, `{SSHA512}` and base64 of digest and salt (LDAP); in general `$salted-sha256$o=ps$salt$digest`, where `ps` says that the password comes before the salt and `sp` the reverse; also with `sha1`, `sha384` and `sha512` |
//!
//! Everything that a hash says of its own cost is checked against a ceiling when it is read, so that no imported
//! row can hold a thread for more than about a second or take more than 128 MiB.
//!
//! It leaves out MD5, salted or not, and anything without salt. One graphics card tries every password of eight
//! characters against them in an hour; to accept them at sign-in would say that they are good enough to prove who
//! somebody is, and whoever has seen the old database would be that somebody. Their owners set a new password by
//! a one-time link.

mod bcrypt;
mod pbkdf2;
mod salted;
mod scrypt;
mod sha;

use super::hash::Unusable;

#[derive(Clone)]
pub(super) enum Legacy {
    Bcrypt(bcrypt::Bcrypt),
    Scrypt(scrypt::Scrypt),
    Pbkdf2(pbkdf2::Pbkdf2),
    Salted(salted::Salted),
}

impl Legacy {
    pub(super) fn parse(text: &str) -> Result<Self, Unusable> {
        let head = |prefixes: &[&str]| prefixes.iter().any(|prefix| text.starts_with(prefix));
        if head(&["$2a$", "$2b$", "$2y$"]) {
            bcrypt::Bcrypt::parse(text).map(Self::Bcrypt)
        } else if head(&["$scrypt$", "scrypt$"]) {
            scrypt::Scrypt::parse(text).map(Self::Scrypt)
        } else if head(&["$pbkdf2", "pbkdf2_", "{PBKDF2"]) {
            pbkdf2::Pbkdf2::parse(text).map(Self::Pbkdf2)
        } else if head(&["{SSHA", "$salted-sha"]) {
            salted::Salted::parse(text).map(Self::Salted)
        } else if head(&["$1$", "$apr1$", "{MD5}", "{SMD5}", "{SHA", "md5$"])
            || is_bare_digest(text)
        {
            Err(Unusable::Worthless)
        } else {
            Err(Unusable::Unknown)
        }
    }

    /// Checks a password as it was received, in a time that does not depend on how much of it is right.
    pub(super) fn matches(&self, password: &[u8]) -> bool {
        match self {
            Self::Bcrypt(hash) => hash.matches(password),
            Self::Scrypt(hash) => hash.matches(password),
            Self::Pbkdf2(hash) => hash.matches(password),
            Self::Salted(hash) => hash.matches(password),
        }
    }
}

/// Hexadecimal of the length of MD5, SHA-1 or SHA-256, and nothing else.
fn is_bare_digest(text: &str) -> bool {
    [32, 40, 64].contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A number in decimal digits alone: what the other systems write, and no sign or space that Rust would read.
fn number(text: &str) -> Result<u32, Unusable> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(number) if digits => Ok(number),
        // More digits than fit are a number all the same.
        Err(_) if digits => Err(Unusable::TooCostly),
        _ => Err(Unusable::Malformed),
    }
}

#[cfg(test)]
mod tests;
