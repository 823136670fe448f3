//! RFC 9457: what the API answers when it does not do what it was asked.
//!
//! Every kind of problem is one row of a table. What a program reads is `code` (and `type`, which leads to the row's
//! sentence at `/problems/{code}`); what its author reads is `detail`, and `errors` names the fields. Nothing of what
//! was sent is repeated, so that no secret comes back or ends in a log.

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

/// The media type (RFC 9457 §3).
pub const MEDIA_TYPE: &str = "application/problem+json";

/// A row of the table.
#[derive(Debug)]
pub struct Row {
    /// The kind of problem.
    pub kind: Kind,
    /// Its name for programs.
    pub code: &'static str,
    /// The status it is answered with.
    pub status: u16,
    /// Its name for people.
    pub title: &'static str,
    /// What it means and who acts next.
    pub sentence: &'static str,
}

macro_rules! kinds {
    ($($kind:ident $code:literal $status:literal $title:literal $sentence:literal;)*) => {
        /// The kinds of problem.
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub enum Kind {
            $(#[doc = $sentence] $kind,)*
        }

        /// Every kind, in the order of [`Kind`].
        pub const TABLE: &[Row] = &[
            $(Row { kind: Kind::$kind, code: $code, status: $status, title: $title, sentence: $sentence },)*
        ];
    };
}

// kind, code, status, title, sentence
kinds! {
    InvalidRequest "invalid_request" 400 "The request cannot be read"
        "Something is missing, unknown, of another type or too long; `errors` names the fields.";
    NotSignedIn "not_signed_in" 401 "Nobody is signed in"
        "The request carries neither a session's cookie nor an access token.";
    SessionUnknown "session_unknown" 401 "There is no such session"
        "The session never was, or has ended; sign in again.";
    SessionExpired "session_expired" 401 "The session has expired"
        "The session was not used for too long, or its time is over; sign in again.";
    SessionReplaced "session_replaced" 401 "The session has a new secret"
        "The cookie was replaced a moment ago; send the request again with the new one.";
    InvalidToken "invalid_token" 401 "The access token is not valid"
        "The token is not one of this server's, is for something else, or has expired; get a new one.";
    TokenRevoked "token_revoked" 401 "The access token was revoked"
        "The token's session, grant, client or key has ended, or the token itself; sign in again.";
    WrongCredentials "wrong_credentials" 401 "The credentials do not match"
        "The name and the password do not fit together; whether the name exists is not said.";
    ReauthenticationRequired "reauthentication_required" 401 "Prove once more who you are"
        "The last proof of who is there is too old for this; send the password to \
         `/api/v1/session/reauthenticate`, or ask who is there with `max_age` at `/oauth/authorize`, and then send this request \
         again.";
    WrongPassword "wrong_password" 403 "The password is not right"
        "The current password, which is asked for to make sure, is another.";
    CrossSite "cross_site" 403 "The request comes from another site"
        "A page of another origin sent this, and no client lists that origin.";
    ProxyNotTrusted "proxy_not_trusted" 403 "The proxy is not trusted"
        "Only a proxy that `trusted_proxies` names may ask about a request that came to it.";
    HostUnknown "host_unknown" 403 "The host has no rule"
        "No rule of `forward_auth` is for this host, or it was not reached by https.";
    EntryRefused "entry_refused" 403 "This user may not enter"
        "The rule of the host lets others in; sign in as one of them.";
    UserRequired "user_required" 403 "A user is needed"
        "The session is a guest's; sign in first.";
    AdminRequired "admin_required" 403 "An administrator is needed"
        "The user does not have the role that this needs.";
    ClientRefused "client_refused" 403 "The client may not do this"
        "The client is unknown, or its policy does not allow this.";
    InsufficientScope "insufficient_scope" 403 "The access token does not allow this"
        "The token lacks the scope that this needs.";
    SignUpClosed "sign_up_closed" 403 "Sign-up is closed"
        "Accounts are made by the administrator of this server.";
    NotFound "not_found" 404 "There is no such thing"
        "Nothing is at this address, or nothing that the caller may see.";
    MethodNotAllowed "method_not_allowed" 405 "The method does not fit"
        "The address exists, but not for this method; `Allow` lists those it has.";
    Timeout "timeout" 408 "The request took too long to arrive"
        "The body did not arrive in time; send it again.";
    EmailTaken "email_taken" 409 "The email is taken"
        "Somebody has an account with this email.";
    UsernameTaken "username_taken" 409 "The username is taken"
        "Somebody has this username.";
    ClientTaken "client_taken" 409 "The client's name is taken"
        "There is a client of this name.";
    TooManySessions "too_many_sessions" 409 "There are too many sessions"
        "The user has as many sessions as allowed; end one first.";
    LastAdministrator "last_administrator" 409 "Somebody must run this server"
        "This is the only administrator; make somebody else one first.";
    Conflict "conflict" 409 "Somebody else was faster"
        "The thing was changed at the same time; look again.";
    PreconditionFailed "precondition_failed" 412 "The document is not as it was seen"
        "Another writer changed it; read it again and decide again.";
    TooLarge "too_large" 413 "This is too large"
        "The body, or what would be kept after it, is larger than the limit.";
    UnsupportedMediaType "unsupported_media_type" 415 "The media type does not fit"
        "The body must be of the type that the endpoint reads.";
    Misdirected "misdirected" 421 "This server has another name"
        "The request names a host that is not the public URL's; `detail` has both.";
    PreconditionRequired "precondition_required" 428 "Say what you have seen"
        "The change must name the version it was made from, with If-Match or If-None-Match: *.";
    TooManyRequests "too_many_requests" 429 "Too many attempts"
        "There were too many of these in a short time; `Retry-After` says how long to wait.";
    Internal "internal" 500 "Something broke on this side"
        "The operator of this server can find out what; nothing is half done.";
    Unavailable "unavailable" 503 "The server is busy"
        "The server cannot answer at the moment; `Retry-After` says when to try again.";
}

impl Kind {
    /// Its row.
    #[must_use]
    pub fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }
}

/// A problem, ready to be answered.
#[derive(Debug)]
pub struct Problem(Box<Parts>);

#[derive(Debug)]
struct Parts {
    kind: Kind,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    headers: HeaderMap,
}

/// A problem as it is written.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct Body<'a> {
    /// Leads to what this kind of problem means.
    r#type: String,
    #[schema(value_type = String)]
    title: &'a str,
    status: u16,
    #[schema(value_type = String)]
    detail: &'a str,
    /// The kind, for programs.
    #[schema(value_type = String)]
    code: &'a str,
    /// What is wrong with which fields.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(value_type = Option<Vec<FieldError>>)]
    errors: &'a [FieldError],
}

/// What is wrong with one field.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, ToSchema)]
pub struct FieldError {
    /// Which: a member of the body, a parameter, or a header. Empty for the body as a whole.
    pub field: String,
    /// What was expected of it.
    pub expected: String,
}

impl Problem {
    /// A problem of which there is no more to say than its row says.
    #[must_use]
    pub fn new(kind: Kind) -> Self {
        Self::because(kind, kind.row().sentence)
    }

    /// A problem with a sentence of its own, which holds nothing secret.
    #[must_use]
    pub fn because(kind: Kind, detail: impl Into<Cow<'static, str>>) -> Self {
        let (detail, errors, headers) = (detail.into(), Vec::new(), HeaderMap::new());
        Self(Box::new(Parts { kind, detail, errors, headers }))
    }

    /// An [`Kind::InvalidRequest`] of one field.
    #[must_use]
    pub fn field(field: impl Into<String>, expected: impl Into<String>) -> Self {
        Self::new(Kind::InvalidRequest).and_field(field, expected)
    }

    /// Names a field.
    #[must_use]
    pub fn and_field(mut self, field: impl Into<String>, expected: impl Into<String>) -> Self {
        self.0.errors.push(FieldError { field: field.into(), expected: expected.into() });
        self
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.append(name, value);
        self
    }

    /// Says how long to wait, in whole seconds upwards.
    #[must_use]
    pub fn retry_after(self, wait: std::time::Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        self.header(RETRY_AFTER, HeaderValue::from(seconds.max(1)))
    }

    /// What is wrong with which fields.
    #[must_use]
    pub fn fields(&self) -> &[FieldError] {
        &self.0.errors
    }

    /// What was wrong, for people.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.0.detail
    }

    /// The headers that the answer will have beside its own.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.0.kind
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Parts { kind, detail, errors, headers } = *self.0;
        let row = kind.row();
        let body = Body {
            r#type: format!("/problems/{}", row.code),
            title: row.title,
            status: row.status,
            detail: &detail,
            code: row.code,
            errors: &errors,
        };
        // Texts and numbers always become JSON.
        let body = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = Response::new(body.into());
        *response.status_mut() =
            StatusCode::from_u16(row.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        *response.headers_mut() = headers;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http_body_util::BodyExt as _;

    use super::*;

    #[test]
    fn each_row_stands_at_its_kind_and_has_a_code_of_its_own() {
        for (index, row) in TABLE.iter().enumerate() {
            assert_eq!(row.kind as usize, index, "{}", row.code);
            assert!(TABLE[..index].iter().all(|other| other.code != row.code), "{}", row.code);
            assert!(StatusCode::from_u16(row.status).is_ok(), "{}", row.code);
        }
    }

    #[tokio::test]
    async fn a_problem_is_json_that_names_the_field() {
        let response = Problem::field("email", "an email address")
            .and_field("age", "a number")
            .into_response();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(
            std::str::from_utf8(&body).unwrap(),
            "{\"type\":\"/problems/invalid_request\",\"title\":\"The request cannot be read\",\"status\":400,\
             \"detail\":\"Something is missing, unknown, of another type or too long; `errors` names the fields.\",\
             \"code\":\"invalid_request\",\"errors\":[{\"field\":\"email\",\"expected\":\"an email address\"},\
             {\"field\":\"age\",\"expected\":\"a number\"}]}"
        );
    }

    #[test]
    fn a_wait_is_never_rounded_down() {
        let wait = |wait| {
            let problem = Problem::new(Kind::Unavailable).retry_after(wait).into_response();
            problem.headers()["retry-after"].to_str().unwrap().to_owned()
        };
        assert_eq!(wait(Duration::from_millis(1)), "1");
        assert_eq!(wait(Duration::from_millis(1001)), "2");
        assert_eq!(wait(Duration::ZERO), "1");
    }
}
