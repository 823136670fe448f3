//! Users: who they are, how they are named, and whether they may come in.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::id::UserId;
use crate::time::Timestamp;

/// A person (or a program) with an account.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct User {
    /// The name that never changes.
    pub id: UserId,
    /// Where mail reaches the user; unique.
    pub email: Email,
    /// A name to sign in with, beside the email; unique.
    pub username: Option<Username>,
    /// What the user may do in Cloakroom itself and is said to be in tokens. Sorted, without repetition.
    pub roles: Vec<Role>,
    /// Whether the user may come in.
    pub life: Life,
    /// Raised by every change of credentials or life: a sign-in that checked an older one is not stored.
    pub generation: u64,
    /// When the account was made.
    pub created_at: Timestamp,
}

impl User {
    /// Whether the user runs this server.
    #[must_use]
    pub fn is_admin(&self) -> bool {
        self.roles.iter().any(|role| role.as_str() == Role::ADMIN)
    }
}

/// Whether a user may come in. A deleted user is not a row any more.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Life {
    /// May sign in.
    Active,
    /// May not, until an operator says otherwise.
    Disabled {
        /// Since when.
        at: Timestamp,
    },
}

/// An email address: kept as it was written, compared without regard to case.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

impl Email {
    /// Accepts `local@domain` of at most 254 bytes. Whether mail arrives is for a mail to find out; this keeps
    /// out what no mail system takes (spaces, control characters, more than one `@`, an empty side).
    pub fn parse(text: &str) -> Result<Self, NotAnEmail> {
        let (local, domain) = text.split_once('@').ok_or(NotAnEmail)?;
        let plain = |c: char| !c.is_whitespace() && !c.is_control() && !is_special(c);
        let label = |part: &str| {
            !part.is_empty() && part.len() <= 63 && !part.starts_with('-') && !part.ends_with('-')
        };
        let fits = text.len() <= 254 && (1..=64).contains(&local.len());
        let dots = !local.starts_with('.') && !local.ends_with('.') && !local.contains("..");
        if fits
            && dots
            && local.chars().all(plain)
            && domain.chars().all(plain)
            && domain.split('.').all(label)
        {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAnEmail)
        }
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What uniqueness and sign-in compare: NFKC and lower case.
    #[must_use]
    pub fn lookup(&self) -> Lookup {
        Lookup::of(&self.0)
    }
}

/// What RFC 5322 keeps for itself in an address.
fn is_special(c: char) -> bool {
    matches!(c, '@' | '<' | '>' | '(' | ')' | '[' | ']' | '\\' | ',' | ';' | ':' | '"')
}

/// A sign-in name: 2 to 64 letters, digits or `. _ -`, beginning with a letter or digit; never an `@`, so
/// that an identifier is either an email or a username and cannot be both.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Username(String);

impl Username {
    /// Accepts `text` where it can be a username.
    pub fn parse(text: &str) -> Result<Self, NotAUsername> {
        let allowed = |c: char| c.is_alphanumeric() || "._-".contains(c);
        let long_enough = (2..=64).contains(&text.chars().count());
        if long_enough && text.starts_with(char::is_alphanumeric) && text.chars().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAUsername)
        }
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What uniqueness and sign-in compare.
    #[must_use]
    pub fn lookup(&self) -> Lookup {
        Lookup::of(&self.0)
    }
}

/// An email or a username as sign-in looks for it: two spellings that people take for the same are one.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Lookup(String);

impl Lookup {
    /// The form of `text` that is compared.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self(text.trim().nfkc().flat_map(char::to_lowercase).nfkc().collect())
    }

    /// The text that storage keeps and finds by.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A word that says what a user may do: 1 to 64 of `a-z 0-9 . _ - :`.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Role(String);

impl Role {
    /// The role that may use the console and the admin API.
    pub const ADMIN: &str = "admin";

    /// The administrator's role.
    #[must_use]
    pub fn admin() -> Self {
        Self(Self::ADMIN.to_owned())
    }

    /// Accepts `text` where it can be a role.
    pub fn parse(text: &str) -> Result<Self, NotARole> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-:".contains(c);
        if (1..=64).contains(&text.len()) && text.chars().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotARole)
        }
    }

    /// The word itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! text {
    ($name:ident, $error:ident, $says:literal) => {
        #[doc = concat!("The text is not a valid [`", stringify!($name), "`].")]
        #[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
        #[error($says)]
        pub struct $error;

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = $error;

            fn try_from(text: String) -> Result<Self, $error> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }
    };
}

text!(Email, NotAnEmail, "expected an email address such as ada@example.com");
text!(
    Username,
    NotAUsername,
    "a username is 2 to 64 letters, digits or . _ -, beginning with a letter or digit"
);
text!(Role, NotARole, "a role is 1 to 64 of a-z 0-9 . _ - :");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_email_has_two_sides_and_no_tricks() {
        for good in ["ada@example.com", "a.b+c@x.co", "ü@bücher.example", "root@localhost"] {
            assert!(Email::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "", "ada", "@x.y", "a@", "a b@x.y", "a@x..y", "a@-x.y", "a@b@c", "a\n@x.y", ".a@x.y",
            "<a>@x.y",
        ] {
            assert_eq!(Email::parse(bad), Err(NotAnEmail), "{bad:?}");
        }
        assert_eq!(Email::parse(&format!("a@{}", "x.".repeat(200))), Err(NotAnEmail));
    }

    #[test]
    fn spellings_that_look_the_same_are_looked_up_the_same() {
        assert_eq!(Lookup::of(" Ada@Example.COM"), Lookup::of("ada@example.com"));
        assert_eq!(Lookup::of("ﬁona"), Lookup::of("fiona"));
        assert_eq!(Lookup::of("e\u{301}ve"), Lookup::of("\u{e9}ve"));
    }

    #[test]
    fn a_username_is_never_an_email() {
        assert!(Username::parse("ada.l-1").is_ok());
        for bad in ["a", "a@b", "-ada", "a b", "a/b"] {
            assert_eq!(Username::parse(bad), Err(NotAUsername), "{bad:?}");
        }
    }
}
