//! The ways in which a service can know who sends a request.

use serde::{Deserialize, Serialize};

/// How a service checks what a request carries.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Arrangement {
    /// A session's cookie; the server is asked about it at each request.
    Cookie,
    /// The same cookie; what the server said of it is remembered for as long as the feed does not say otherwise.
    GuardedCookie,
    /// A token that the service does not read; the server is asked about it at each request (RFC 7662).
    Introspection,
    /// A signed token (RFC 9068) that the service verifies by itself, and nobody is asked.
    Jwt,
    /// The same token, believed for as long as the feed does not say that it has ended.
    GuardedJwt,
}

impl Arrangement {
    /// All of them, in the order in which they are shown.
    pub(crate) const ALL: &[Self] =
        &[Self::Cookie, Self::GuardedCookie, Self::Introspection, Self::Jwt, Self::GuardedJwt];

    /// As a column's head: two words.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Cookie => "cookie, asked",
            Self::GuardedCookie => "cookie, guarded",
            Self::Introspection => "token, asked",
            Self::Jwt => "JWT alone",
            Self::GuardedJwt => "JWT, guarded",
        }
    }

    /// What it is, for somebody who reads of it for the first time.
    pub(crate) const fn explained(self) -> &'static str {
        match self {
            Self::Cookie => {
                "The browser brings a session's cookie, and the service asks the server about it at each request."
            }
            Self::GuardedCookie => {
                "The same cookie. A library in the service, the guard, asks about it once a minute and remembers the \
                 answer; it follows what the server announces, and forgets whoever has signed out."
            }
            Self::Introspection => {
                "The client brings a token that the service does not read; it asks the server about it at each \
                 request (introspection)."
            }
            Self::Jwt => {
                "The client brings a signed token, and the service verifies it with the server's public keys. Nobody \
                 is asked, and nobody can say that it has ended."
            }
            Self::GuardedJwt => {
                "The same signed token. The guard verifies it once and remembers that it is good; it follows what the \
                 server announces, and refuses what has ended. When it has heard nothing for five seconds, it asks."
            }
        }
    }

    /// Whether a request brings a cookie; otherwise it brings a token.
    pub(crate) const fn by_cookie(self) -> bool {
        matches!(self, Self::Cookie | Self::GuardedCookie)
    }

    /// Whether the server is asked about each request.
    pub(crate) const fn asks(self) -> bool {
        matches!(self, Self::Cookie | Self::Introspection)
    }

    /// Whether the service is told what ends.
    pub(crate) const fn guarded(self) -> bool {
        matches!(self, Self::GuardedCookie | Self::GuardedJwt)
    }
}
