//! The parameters of an address: one segment of its path, and its query.

use axum::extract::{FromRequestParts, RawPathParams};
use cloakroom_oauth::form::Form;
use http::request::Parts;

use crate::app::App;
use crate::problem::Problem;

/// The one parameter in the path, decoded.
pub struct Segment {
    name: String,
    text: String,
}

impl Segment {
    /// Reads it as `T`, or names it.
    pub fn read<T>(&self) -> Result<T, Problem>
    where
        T: std::str::FromStr<Err: ToString>,
    {
        self.text.parse().map_err(|error: T::Err| Problem::field(&self.name, error.to_string()))
    }

    /// As it is.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// A problem with it.
    #[must_use]
    pub fn problem(&self, expected: &str) -> Problem {
        Problem::field(&self.name, expected)
    }
}

impl FromRequestParts<App> for Segment {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let parameters = RawPathParams::from_request_parts(parts, app).await;
        let parameters =
            parameters.map_err(|_| Problem::field("path", "UTF-8 in percent-encoding"))?;
        let (name, text) = parameters.iter().next().unwrap_or_default();
        Ok(Self { name: name.to_owned(), text: text.to_owned() })
    }
}

/// The query, of which every parameter must be known.
pub struct Query(Form);

impl Query {
    /// Refuses what is none of `known`. A token in the query is the [`Caller`](crate::caller::Caller)'s affair.
    pub fn only(self, known: &[&str]) -> Result<Self, Problem> {
        let is_known = |name: &str| name == "access_token" || known.contains(&name);
        if self.0.names().all(is_known) {
            Ok(self)
        } else {
            Err(Problem::field(
                "query",
                format!("no unknown parameters; known: {}", known.join(", ")),
            ))
        }
    }

    /// A parameter that may be absent.
    pub fn read<T>(&self, name: &str) -> Result<Option<T>, Problem>
    where
        T: std::str::FromStr<Err: ToString>,
    {
        let text = self.0.given(name);
        text.map(|text| {
            text.parse().map_err(|error: T::Err| Problem::field(name, error.to_string()))
        })
        .transpose()
    }

    /// A parameter as text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.given(name)
    }

    /// How many things a list shall have: 1 to 200, and 50 where nothing is said.
    pub fn limit(&self) -> Result<usize, Problem> {
        match self.0.given("limit").map(str::parse) {
            None => Ok(50),
            Some(Ok(limit @ 1..=200)) => Ok(limit),
            Some(_) => Err(Problem::field("limit", "a number from 1 to 200")),
        }
    }
}

impl FromRequestParts<App> for Query {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let form = Form::parse(query.as_bytes());
        form.map(Self).map_err(|malformed| Problem::field("query", malformed.to_string()))
    }
}
