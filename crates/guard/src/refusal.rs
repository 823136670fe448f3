//! Why a request is not let on: one row for each reason, with the status and the words of its answer.

use std::time::Duration;

/// Why a request is not let on. Names are shared with the server's own problems where the reason is the same.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Refusal {
    /// It carries no identity, and needs one.
    NotSignedIn,
    /// The `Authorization` header or the `DPoP` header cannot be read.
    InvalidRequest,
    /// The access token is not good.
    InvalidToken(TokenFault),
    /// The token's session, grant, client or key has ended, or the token itself.
    TokenRevoked,
    /// The proof of the token's key is missing or not good. The text says why.
    InvalidProof(&'static str),
    /// The cookie's session has ended, or never was.
    SessionUnknown,
    /// The cookie's session was not used for too long, or its time is over.
    SessionExpired,
    /// The cookie was replaced a moment ago. A navigation is sent to itself, here, once.
    SessionReplaced {
        /// Where to.
        again: Option<Box<str>>,
    },
    /// A page of another site had the browser send the cookie.
    CrossSite,
    /// The identity is a guest's or a client's own, and a user is needed.
    UserRequired,
    /// The token lacks this scope.
    InsufficientScope(Box<str>),
    /// The user lacks this role.
    RoleRequired(Box<str>),
    /// The user must prove again who they are (RFC 9470).
    Reauthenticate {
        /// How long ago at most.
        max_age: Option<Duration>,
        /// In one of these ways, words with spaces between.
        acr_values: Option<Box<str>>,
    },
    /// The server cannot be asked, and nothing that is remembered may be believed.
    Unavailable,
    /// The service has no [`GuardLayer`](crate::GuardLayer) where it asks for an identity.
    Unguarded,
}

/// What is wrong with an access token.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum TokenFault {
    /// It cannot be read, or a claim is missing or of another type.
    Malformed,
    /// It is signed in a way that is not accepted, or that its key is not for.
    Algorithm,
    /// It brings its own key, or says where to find one.
    KeyInHeader,
    /// No key of the issuer is named in it.
    UnknownKey,
    /// The signature is wrong.
    Signature,
    /// It is of another type, such as an ID token.
    Type,
    /// It is another issuer's.
    Issuer,
    /// It is for another audience.
    Audience,
    /// It has expired.
    Expired,
    /// It is not valid yet.
    NotYetValid,
    /// It is not presented in the way that it is bound to, or bound where it is presented so.
    Binding,
}

impl TokenFault {
    /// Its name for programs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Algorithm => "algorithm",
            Self::KeyInHeader => "key_in_header",
            Self::UnknownKey => "unknown_key",
            Self::Signature => "signature",
            Self::Type => "type",
            Self::Issuer => "issuer",
            Self::Audience => "audience",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::Binding => "binding",
        }
    }

    const fn sentence(self) -> &'static str {
        match self {
            Self::Malformed => "The token cannot be read.",
            Self::Algorithm => "The token is signed in a way that is not accepted.",
            Self::KeyInHeader => "The token brings its own key.",
            Self::UnknownKey => "No key of the issuer is named in the token.",
            Self::Signature => "The signature of the token is wrong.",
            Self::Type => "The token is of another type.",
            Self::Issuer => "The token is another issuer's.",
            Self::Audience => "The token is for another audience.",
            Self::Expired => "The token has expired.",
            Self::NotYetValid => "The token is not valid yet.",
            Self::Binding => "The token is not presented as it is bound.",
        }
    }
}

/// The answer's status, code and words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) title: &'static str,
    pub(crate) detail: &'static str,
}

impl Refusal {
    /// The name of the reason for programs: the member `code` of the answer.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.row().code
    }

    /// The status of the answer.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.row().status
    }

    /// Whether it only says that nobody is there any more, so that whoever may be nobody is let on.
    #[must_use]
    pub fn means_nobody(&self) -> bool {
        matches!(self, Self::NotSignedIn | Self::SessionUnknown | Self::SessionExpired)
    }

    #[rustfmt::skip]
    pub(crate) fn row(&self) -> Row {
        let (status, code, title, detail) = match self {
            Self::NotSignedIn => (401, "not_signed_in", "Nobody is signed in",
                "The request carries neither a session's cookie nor an access token."),
            Self::InvalidRequest => (400, "invalid_request", "The request cannot be read",
                "The Authorization or the DPoP header is malformed, or there twice."),
            Self::InvalidToken(why) => (401, "invalid_token", "The access token is not valid", why.sentence()),
            Self::TokenRevoked => (401, "token_revoked", "The access token was revoked",
                "The token's session, grant, client or key has ended, or the token itself; sign in again."),
            Self::InvalidProof(why) => (401, "invalid_dpop_proof", "The key was not proved", *why),
            Self::SessionUnknown => (401, "session_unknown", "There is no such session",
                "The session never was, or has ended; sign in again."),
            Self::SessionExpired => (401, "session_expired", "The session has expired",
                "The session was not used for too long, or its time is over; sign in again."),
            Self::SessionReplaced { .. } => (401, "session_replaced", "The session has a new secret",
                "The cookie was replaced a moment ago; send the request again with the new one."),
            Self::CrossSite => (403, "cross_site", "The request comes from another site",
                "A page of another origin sent this, and that origin is not trusted here."),
            Self::UserRequired => (403, "user_required", "A user is needed",
                "Nobody is signed in in this session; sign in first."),
            Self::InsufficientScope(_) => (403, "insufficient_scope", "The access token does not allow this",
                "The token lacks the scope that this needs."),
            Self::RoleRequired(_) => (403, "role_required", "A role is needed",
                "The user does not have the role that this needs."),
            Self::Reauthenticate { .. } => (401, "reauthentication_required", "Prove once more who you are",
                "The last proof of who is there is too old for this, or not of the kind that this needs."),
            Self::Unavailable => (503, "unavailable", "Who is there cannot be found out",
                "The identity server does not answer at the moment; `Retry-After` says when to try again."),
            Self::Unguarded => (500, "internal", "Something broke on this side",
                "The operator of this service can find out what."),
        };
        Row { status, code, title, detail }
    }
}
