//! `/api/v1/session/data/{namespace}`: a client's documents with a session or a user.
//!
//! The body is the document itself. A version has an opaque name, which is its `ETag` (RFC 9110 §8.8.3).

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cloakroom_engine::session_data::DataError;
use cloakroom_model::data::{Change, Document, Etag, Namespace, Seen};
use cloakroom_model::id::ClientId;
use http::header::{ETAG, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, Request, StatusCode};

use crate::app::App;
use crate::caller::{Caller, session_ended};
use crate::parameters::{Query, Segment};
use crate::problem::{Kind, Problem};
use crate::{answer, body};

const JSON: &str = "application/json";
/// RFC 7396 §4.
const MERGE_PATCH: &str = "application/merge-patch+json";

/// Reads the document.
pub async fn get(
    State(app): State<App>,
    caller: Caller,
    segment: Segment,
    query: Query,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let place = Place::read(&app, caller, &segment, query)?;
    let Place { caller, client, of, namespace } = &place;
    let found = app.engine.read_data(&caller.identity, client, of.as_ref(), namespace).await;
    let document = found.map_err(|error| refusal(&app, error))?;
    let document = document.ok_or_else(|| Problem::new(Kind::NotFound))?;
    let name = quoted(document.etag);
    if answer::is_known(&headers, &name) {
        let mut response = answer::done();
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return Ok(with_etag(response, document.etag));
    }
    Ok(with_etag(answer::ok(&document.value), document.etag))
}

/// Replaces the document, or makes it.
pub async fn put(
    State(app): State<App>,
    caller: Caller,
    segment: Segment,
    query: Query,
    request: Request<Body>,
) -> Result<Response, Problem> {
    let place = Place::read(&app, caller, &segment, query)?;
    let seen = condition(request.headers())?.ok_or_else(unsaid)?;
    let value = body::value(request, app.body_limit, &[JSON]).await?;
    let document = place.write(&app, seen, Change::Put(value)).await?;
    Ok(document.map_or_else(answer::done, |document| with_etag(answer::done(), document.etag)))
}

/// Merges onto the document.
pub async fn patch(
    State(app): State<App>,
    caller: Caller,
    segment: Segment,
    query: Query,
    request: Request<Body>,
) -> Result<Response, Problem> {
    let place = Place::read(&app, caller, &segment, query)?;
    let seen = condition(request.headers())?.unwrap_or(Seen::Unsaid);
    let value = body::value(request, app.body_limit, &[MERGE_PATCH, JSON]).await?;
    let document = place.write(&app, seen, Change::Patch(value)).await?;
    Ok(match document {
        Some(document) => with_etag(answer::ok(&document.value), document.etag),
        None => answer::done(),
    })
}

/// Removes the document.
pub async fn delete(
    State(app): State<App>,
    caller: Caller,
    segment: Segment,
    query: Query,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let place = Place::read(&app, caller, &segment, query)?;
    let seen = condition(&headers)?.ok_or_else(unsaid)?;
    place.write(&app, seen, Change::Delete).await?;
    Ok(answer::done())
}

/// A document's place, and who asks for it.
struct Place {
    caller: Caller,
    client: std::sync::Arc<cloakroom_model::client::Client>,
    of: Option<ClientId>,
    namespace: Namespace,
}

impl Place {
    fn read(app: &App, caller: Caller, segment: &Segment, query: Query) -> Result<Self, Problem> {
        let namespace = Namespace::parse(segment.text())
            .map_err(|error| segment.problem(&error.to_string()))?;
        let query = query.only(&["client_id"])?;
        let of = query.text("client_id").map(ClientId::parse).transpose();
        let of = of.map_err(|error| Problem::field("client_id", error.to_string()))?;
        let client = caller.client(app)?;
        Ok(Self { caller, client, of, namespace })
    }

    async fn write(
        &self,
        app: &App,
        seen: Seen,
        change: Change,
    ) -> Result<Option<Document>, Problem> {
        let Self { caller, client, of, namespace } = self;
        let written = app
            .engine
            .write_data(&caller.identity, client, of.as_ref(), namespace, seen, change)
            .await;
        written.map_err(|error| refusal(app, error))
    }
}

fn refusal(app: &App, error: DataError) -> Problem {
    match error {
        DataError::Ended => session_ended(app),
        DataError::NotAsSeen(current) => {
            let problem = Problem::new(Kind::PreconditionFailed);
            match current.map(header) {
                Some(etag) => problem.header(ETAG, etag),
                None => problem,
            }
        }
        error => error.into(),
    }
}

fn unsaid() -> Problem {
    Problem::new(Kind::PreconditionRequired)
        .and_field("if-match", "the ETag that was read, or If-None-Match: * for a new document")
}

/// What a writer says it has seen (RFC 9110 §13.1.1, §13.1.2); `None` where it says nothing.
fn condition(headers: &HeaderMap) -> Result<Option<Seen>, Problem> {
    let lines = |name| headers.get_all(name).iter().map(HeaderValue::to_str).collect::<Vec<_>>();
    match (lines(IF_MATCH).as_slice(), lines(IF_NONE_MATCH).as_slice()) {
        ([], []) => Ok(None),
        ([], [Ok("*")]) => Ok(Some(Seen::Absent)),
        ([], _) => Err(Problem::field("if-none-match", "* alone")),
        ([Ok("*")], []) => Ok(Some(Seen::Any)),
        ([Ok(tags)], []) => versions(tags).map(Some).ok_or_else(|| {
            Problem::field("if-match", "* or at most four ETags with commas between")
        }),
        (_, []) => Err(Problem::field("if-match", "one line")),
        (_, _) => Err(Problem::field("if-match", "not together with if-none-match")),
    }
}

/// The versions in a list of tags. A weak tag, or one that is none of ours, is the name of no version here.
fn versions(tags: &str) -> Option<Seen> {
    let mut versions = [None; 4];
    for (index, tag) in tags.split(',').map(str::trim).enumerate() {
        let weak = tag.strip_prefix("W/");
        let name = weak.unwrap_or(tag).strip_prefix('"')?.strip_suffix('"')?;
        let slot = versions.get_mut(index)?;
        if weak.is_none() {
            let bytes = URL_SAFE_NO_PAD.decode(name).ok();
            *slot = bytes.and_then(|bytes| bytes.try_into().ok()).map(Etag);
        }
    }
    Some(Seen::Versions(versions))
}

fn quoted(etag: Etag) -> String {
    format!("\"{}\"", URL_SAFE_NO_PAD.encode(etag.0))
}

fn header(etag: Etag) -> HeaderValue {
    // Quoted base64url is a header's value.
    HeaderValue::try_from(quoted(etag)).unwrap_or(HeaderValue::from_static("\"\""))
}

fn with_etag(mut response: Response, etag: Etag) -> Response {
    response.headers_mut().insert(ETAG, header(etag));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Etag = Etag([1; 16]);
    const TWO: Etag = Etag([2; 16]);

    #[test]
    fn a_condition_is_one_of_the_two_headers() {
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&[("if-none-match", "*")]), Ok(Some(Seen::Absent)));
        assert_eq!(read(&[("if-match", "*")]), Ok(Some(Seen::Any)));
        let (one, two) = (quoted(ONE), quoted(TWO));
        let both = Seen::Versions([Some(ONE), Some(TWO), None, None]);
        assert_eq!(read(&[("if-match", &format!("{one}, {two}"))]), Ok(Some(both)));
    }

    #[test]
    fn a_weak_or_foreign_tag_names_no_version() {
        let none = Ok(Some(Seen::Versions([None; 4])));
        assert_eq!(read(&[("if-match", &format!("W/{}", quoted(ONE)))]), none);
        assert_eq!(read(&[("if-match", "\"x\"")]), none);
        assert!(!Seen::Versions([None; 4]).holds(Some(ONE)));
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let one = quoted(ONE);
        for (headers, field) in [
            (vec![("if-none-match", one.as_str())], "if-none-match"),
            (vec![("if-match", "abc")], "if-match"),
            (vec![("if-match", "")], "if-match"),
            (vec![("if-match", "\"a\",\"b\",\"c\",\"d\",\"e\"")], "if-match"),
            (vec![("if-match", &one), ("if-match", &one)], "if-match"),
            (vec![("if-match", &one), ("if-none-match", "*")], "if-match"),
        ] {
            assert_eq!(read(&headers), Err(field.to_owned()), "{headers:?}");
        }
    }

    fn read(headers: &[(&'static str, &str)]) -> Result<Option<Seen>, String> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_str(value).unwrap());
        }
        condition(&map).map_err(|problem| problem.fields()[0].field.clone())
    }
}
