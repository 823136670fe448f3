//! Reading what a request brings: bodies of bounded size and time, JSON without two readings, forms.
//!
//! A body is JSON or a form by its `Content-Type` and by nothing else. JSON is checked once by the reader that tokens
//! are checked with (well formed, not too deep, no member twice), and then read into a type that refuses what it does
//! not know. What is wrong is told by the name of the field and by what was expected, never by what was there.

use std::time::Duration;

use axum::body::Body;
use axum::extract::FromRequest;
use bytes::Bytes;
use cloakroom_jose::strict_json::{self, Defect};
use cloakroom_oauth::form::{self, Form};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::app::App;
use crate::problem::{Kind, Problem};

/// How deep objects and arrays may lie inside each other.
pub const MAX_DEPTH: usize = 32;

/// How long a body may take to arrive.
const ARRIVES_WITHIN: Duration = Duration::from_secs(20);

/// A JSON object as the body of a request, read into `T`.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request<Body>, app: &App) -> Result<Self, Problem> {
        json(request, app.body_limit).await.map(Self)
    }
}

/// Reads a body of at most `limit` bytes.
pub async fn bytes(body: Body, limit: usize) -> Result<Bytes, Problem> {
    let arriving = Limited::new(body, limit).collect();
    match tokio::time::timeout(ARRIVES_WITHIN, arriving).await {
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large(limit)),
        Ok(Err(_)) => Err(Problem::because(Kind::InvalidRequest, "The body did not arrive whole.")),
        Err(_) => Err(Problem::new(Kind::Timeout)),
    }
}

/// Reads a JSON object into a type. Types that are read derive `Deserialize` with `deny_unknown_fields`.
pub async fn json<T: DeserializeOwned>(request: Request<Body>, limit: usize) -> Result<T, Problem> {
    must_be(request.headers(), "application/json")?;
    object(&bytes(request.into_body(), limit).await?)
}

/// Reads any JSON value.
pub async fn value(request: Request<Body>, limit: usize, types: &[&str]) -> Result<Value, Problem> {
    if !types.iter().any(|of| is(request.headers(), of)) {
        return Err(not(types));
    }
    let bytes = bytes(request.into_body(), limit).await?;
    strict_json::check(&bytes, MAX_DEPTH).map_err(|defect| defective(defect, ""))?;
    serde_json::from_slice(&bytes).map_err(|_| defective(Defect::Syntax, ""))
}

/// Reads a form.
pub async fn form(headers: &HeaderMap, body: Body) -> Result<Form, Problem> {
    must_be(headers, "application/x-www-form-urlencoded")?;
    let bytes = bytes(body, form::MAX_BYTES).await?;
    Form::parse(&bytes)
        .map_err(|malformed| Problem::because(Kind::InvalidRequest, malformed.to_string()))
}

/// Whether the body says that it is of `media_type`. A `charset` may be there if it is UTF-8; other parameters mean
/// something that nobody here would heed.
#[must_use]
pub fn is(headers: &HeaderMap, media_type: &str) -> bool {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return false };
    let Ok(value) = value.to_str() else { return false };
    let mut parts = value.split(';').map(str::trim);
    parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case(media_type))
        && parts.all(|parameter| {
            let parameter = parameter.replace('"', "");
            parameter.is_empty() || parameter.eq_ignore_ascii_case("charset=utf-8")
        })
}

fn must_be(headers: &HeaderMap, media_type: &'static str) -> Result<(), Problem> {
    if is(headers, media_type) { Ok(()) } else { Err(not(&[media_type])) }
}

fn not(types: &[&str]) -> Problem {
    let expected = types.join(" or ");
    Problem::because(Kind::UnsupportedMediaType, format!("The body must be {expected}."))
        .and_field("content-type", expected)
}

fn too_large(limit: usize) -> Problem {
    Problem::because(Kind::TooLarge, format!("The body is larger than {limit} bytes."))
}

fn object<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    match strict_json::check(bytes, MAX_DEPTH) {
        // The reader of the type knows which member it was.
        Ok(()) | Err(Defect::DuplicateMember) => {}
        Err(defect) => return Err(defective(defect, "")),
    }
    // A type's reader would take an array for an object.
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return Err(defective(Defect::NotAnObject, ""));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    match serde_path_to_error::deserialize(&mut reader) {
        Ok(value) if strict_json::check(bytes, MAX_DEPTH).is_ok() => Ok(value),
        Ok(_) => Err(defective(Defect::DuplicateMember, "")),
        Err(error) => {
            let path = error.path().to_string();
            Err(unfit(&path, &error.into_inner().to_string()))
        }
    }
}

fn defective(defect: Defect, field: &str) -> Problem {
    Problem::field(
        field,
        match defect {
            Defect::Syntax => "one JSON value in UTF-8 (RFC 8259)".to_owned(),
            Defect::NotAnObject => "a JSON object".to_owned(),
            Defect::TooDeep => format!("at most {MAX_DEPTH} objects and arrays inside each other"),
            Defect::DuplicateMember => "each member once".to_owned(),
        },
    )
}

/// Turns what the reader of a type complains about into the name of the field and what was expected. The reader
/// quotes what it found, which may be a password: none of that is kept.
fn unfit(path: &str, message: &str) -> Problem {
    let message = message.rsplit_once(" at line ").map_or(message, |(message, _)| message);
    let path = if path == "." { "" } else { path };
    let inside = |name: &str| match (path, path.rsplit('.').next()) {
        ("", _) => name.to_owned(),
        (path, Some(last)) if last == name => path.to_owned(),
        (path, _) => format!("{path}.{name}"),
    };
    if let Some(name) = quoted(message, "missing field ") {
        return Problem::field(inside(name), "this member is required");
    }
    if let Some(name) = quoted(message, "duplicate field ") {
        return Problem::field(inside(name), "each member once");
    }
    if let Some(name) = quoted(message, "unknown field ") {
        // A name that a program could have meant is repeated; anything else may be anything.
        let plain =
            name.len() <= 40 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let known = message.split_once(", expected ").map_or("no members", |(_, known)| known);
        let outer = path.strip_suffix(name).map_or(path, |outer| outer.trim_end_matches('.'));
        let field = if plain { inside(name) } else { outer.to_owned() };
        return Problem::field(field, format!("no unknown members; known: {known}"));
    }
    let expected = match message.split_once(", expected ") {
        Some((_, expected)) => expected,
        // The reader's own words of a number or an escape that cannot be held.
        None if message.starts_with("invalid ") => "a value of another kind",
        // The words of our own types, which quote nothing.
        None => message,
    };
    Problem::field(path, expected)
}

fn quoted<'a>(message: &'a str, before: &str) -> Option<&'a str> {
    message.strip_prefix(before)?.strip_prefix('`')?.split('`').next()
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse as _;
    use cloakroom_model::id::ClientId;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Wish {
        name: String,
        client_id: Option<ClientId>,
        count: Option<u8>,
        carry: Option<Carry>,
        inner: Option<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        #[expect(dead_code, reason = "only reading it is the point")]
        deep: bool,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Carry {
        Cookie,
        Token,
    }

    #[tokio::test]
    async fn what_fits_is_read() {
        let text =
            br#"{"name":"a","client_id":"shop","count":7,"carry":"token","inner":{"deep":true}}"#;
        let wish: Wish = read("application/json; charset=UTF-8", text).await.unwrap();
        assert_eq!((wish.name.as_str(), wish.count), ("a", Some(7)));
        assert_eq!(wish.client_id.unwrap().as_str(), "shop");
        assert!(matches!(wish.carry, Some(Carry::Token)) && wish.inner.is_some());
    }

    #[tokio::test]
    async fn what_does_not_fit_is_named_and_not_repeated() {
        for (text, field, expected) in [
            (r"{}", "name", "required"),
            (r#"{"name":"a","nmae":"hunter2"}"#, "nmae", "known: one of `name`, `client_id`"),
            (r#"{"name":"a","hunter 2":1}"#, "", "no unknown members"),
            (r#"{"name":"a","name":"hunter2"}"#, "name", "each member once"),
            (r#"{"name":["hunter2"]}"#, "name", "a string"),
            (r#"{"name":"a","count":"hunter2"}"#, "count", "u8"),
            (r#"{"name":"a","count":-1}"#, "count", "u8"),
            (r#"{"name":"a","count":300}"#, "count", "u8"),
            (r#"{"name":"a","carry":"hunter2"}"#, "carry", "`cookie` or `token`"),
            (r#"{"name":"a","client_id":"hunter 2"}"#, "client_id", "a client id is"),
            (r#"{"name":"a","inner":{"deep":"hunter2"}}"#, "inner.deep", "a boolean"),
            (r#"{"name":"a","inner":{}}"#, "inner.deep", "required"),
            (r#"{"name":"a","inner":{"deep":true,"x":1}}"#, "inner.x", "known: `deep`"),
            (r#"{"name":"a","inner":{"deep":true,"deep":1}}"#, "inner.deep", "each member once"),
            (r#"["hunter2"]"#, "", "a JSON object"),
            (r#"{"name":"hunter2""#, "", "RFC 8259"),
            (r"", "", "RFC 8259"),
            (r#"{"name":"\ud800"}"#, "", "RFC 8259"),
        ] {
            let problem = read::<Wish>("application/json", text.as_bytes()).await.unwrap_err();
            assert_eq!(problem.kind(), Kind::InvalidRequest, "{text}");
            let body = body_of(problem).await;
            let error = &body["errors"][0];
            assert_eq!(error["field"], field, "{text}: {body}");
            assert!(error["expected"].as_str().unwrap().contains(expected), "{text}: {body}");
            assert!(!body.to_string().contains("hunter"), "{text}: {body}");
        }
    }

    #[tokio::test]
    async fn what_is_no_text_or_too_deep_is_refused() {
        let not_utf8 = b"{\"name\":\"\xff\"}";
        assert!(read::<Wish>("application/json", not_utf8).await.is_err());
        let deep = format!("{{\"name\":{}1{}}}", "[".repeat(40), "]".repeat(40));
        let problem = read::<Wish>("application/json", deep.as_bytes()).await.unwrap_err();
        assert!(body_of(problem).await["errors"][0]["expected"].as_str().unwrap().contains("32"));
    }

    #[tokio::test]
    async fn a_body_of_another_type_is_not_read() {
        let text = br#"{"name":"a"}"#;
        assert!(read::<Wish>("Application/JSON", text).await.is_ok());
        for media_type in [
            "",
            "text/plain",
            "application/jsonp",
            "application/json; charset=latin1",
            "application/json, a",
        ] {
            let problem = read::<Wish>(media_type, text).await.unwrap_err();
            assert_eq!(problem.kind(), Kind::UnsupportedMediaType, "{media_type}");
        }
        let without = Request::new(Body::from(&text[..]));
        let problem = json::<Wish>(without, 64).await.unwrap_err();
        assert_eq!(problem.kind(), Kind::UnsupportedMediaType);
    }

    #[tokio::test]
    async fn a_body_over_the_limit_is_too_large() {
        assert_eq!(bytes(Body::from(vec![0; 64]), 64).await.unwrap().len(), 64);
        let problem = bytes(Body::from(vec![0; 65]), 64).await.unwrap_err();
        assert_eq!(problem.kind(), Kind::TooLarge);
    }

    async fn read<T: DeserializeOwned>(media_type: &str, text: &[u8]) -> Result<T, Problem> {
        let request = Request::builder().header("content-type", media_type);
        json(request.body(Body::from(text.to_vec())).unwrap(), 1 << 16).await
    }

    async fn body_of(problem: Problem) -> Value {
        let body = problem.into_response().into_body().collect().await.unwrap().to_bytes();
        serde_json::from_slice(&body).unwrap()
    }
}
