//! One operation of the API: what answers it, and everything that the OpenAPI document says of it.
//!
//! Router and document are made from the same value, so neither can have what the other lacks.

use std::collections::BTreeSet;

use axum::handler::Handler;
use axum::routing::{MethodFilter, MethodRouter, on};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::app::App;
use crate::problem::Kind;

/// One operation.
pub struct Operation {
    /// Its method, in lower case.
    pub method: &'static str,
    /// Its address, with parameters in braces.
    pub path: &'static str,
    /// What answers it.
    pub route: MethodRouter<App>,
    /// Its name for generated clients.
    pub id: &'static str,
    /// What it does, in a sentence.
    pub summary: &'static str,
    /// How it knows who calls.
    pub security: Security,
    /// What it takes beside a body.
    pub parameters: Vec<Parameter>,
    /// The bodies it reads, by media type.
    pub bodies: Vec<(&'static str, Schema)>,
    /// Whether it can be called without a body.
    pub body_optional: bool,
    /// What it answers when it does what it was asked.
    pub answers: Vec<Answer>,
    /// What it answers otherwise.
    pub refusals: BTreeSet<u16>,
    /// Whether it refuses in the words of OAuth.
    pub speaks_oauth: bool,
}

/// How an operation knows who calls.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Security {
    /// It does not need to.
    Open,
    /// By the session's cookie or an access token.
    Identity,
    /// By the client's authentication.
    Client,
    /// By an access token alone.
    Token,
}

/// A parameter.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// `path`, `query` or `header`.
    pub place: &'static str,
    /// What it may be.
    pub schema: Value,
    /// What it means.
    pub meaning: &'static str,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// What it means.
    pub meaning: &'static str,
    /// Its body and the media type; `None` where there is none.
    pub body: Option<(&'static str, Schema)>,
    /// Headers that it has beside the usual ones.
    pub headers: Vec<(&'static str, &'static str)>,
}

/// A schema and those it refers to.
#[derive(Clone, Debug)]
pub struct Schema {
    /// Where it stands among the components, or itself.
    pub reference: Value,
    /// What it adds to the components, by name.
    pub components: Vec<(String, Value)>,
}

impl Schema {
    /// The schema of a type.
    #[must_use]
    pub fn of<T: ToSchema>() -> Self {
        let mut referred = vec![(T::name().into_owned(), T::schema())];
        T::schemas(&mut referred);
        let components = referred.into_iter().map(|(name, schema)| (name, as_json(&schema)));
        Self {
            reference: json!({ "$ref": format!("#/components/schemas/{}", T::name()) }),
            components: components.collect(),
        }
    }

    /// A schema that is written down here.
    #[must_use]
    pub fn inline(schema: Value) -> Self {
        Self { reference: schema, components: Vec::new() }
    }

    /// Any JSON at all.
    #[must_use]
    pub fn any() -> Self {
        Self::inline(json!({}))
    }
}

fn as_json(schema: &impl serde::Serialize) -> Value {
    // A schema is texts, lists and objects.
    serde_json::to_value(schema).unwrap_or_default()
}

macro_rules! methods {
    ($($name:ident $filter:ident $text:literal;)*) => {
        $(
            #[doc = concat!("An operation that is a `", $text, "`.")]
            pub fn $name<H: Handler<T, App>, T: 'static>(
                path: &'static str,
                id: &'static str,
                handler: H,
            ) -> Operation {
                Operation::new($text, path, id, on(MethodFilter::$filter, handler))
            }
        )*
    };
}

methods! {
    get GET "get";
    post POST "post";
    put PUT "put";
    patch PATCH "patch";
    delete DELETE "delete";
}

/// An operation that is the same by every method, and described as a `get`.
pub fn any<H: Handler<T, App>, T: 'static>(
    path: &'static str,
    id: &'static str,
    handler: H,
) -> Operation {
    Operation::new("get", path, id, axum::routing::any(handler))
}

/// What can name a client.
pub const CLIENT_ID: &str = "^[A-Za-z0-9._~:/-]{1,255}$";

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

impl Operation {
    fn new(
        method: &'static str,
        path: &'static str,
        id: &'static str,
        route: MethodRouter<App>,
    ) -> Self {
        // Whatever is asked may be asked of another server, be too much at the moment, or fail.
        let mut refusals = BTreeSet::from([421, 500, 503]);
        // What changes something is refused where another site's page asks for it.
        if method != "get" {
            refusals.insert(403);
        }
        Self {
            method,
            path,
            route,
            id,
            summary: "",
            security: Security::Open,
            parameters: Vec::new(),
            bodies: Vec::new(),
            body_optional: false,
            answers: Vec::new(),
            refusals,
            speaks_oauth: false,
        }
    }

    /// What it does, in a sentence.
    #[must_use]
    pub fn says(mut self, summary: &'static str) -> Self {
        self.summary = summary;
        self
    }

    /// It needs a session, by cookie or token.
    #[must_use]
    pub fn identified(mut self) -> Self {
        self.security = Security::Identity;
        // A token that cannot be read is a bad request (RFC 6750 §3.1).
        self.refusals.extend([400, 401]);
        self
    }

    /// It needs a user by a first-party client.
    #[must_use]
    pub fn account(self) -> Self {
        self.identified().refuses(&[Kind::UserRequired, Kind::ClientRefused])
    }

    /// It needs an administrator by a first-party client.
    #[must_use]
    pub fn administrator(self) -> Self {
        self.account().refuses(&[Kind::AdminRequired])
    }

    /// It speaks OAuth, to a client.
    #[must_use]
    pub fn oauth(mut self) -> Self {
        self.security = Security::Client;
        self.speaks_oauth = true;
        self.refusals.extend([400, 401]);
        self
    }

    /// It needs an access token, and refuses as OAuth does.
    #[must_use]
    pub fn by_token(mut self) -> Self {
        self.security = Security::Token;
        self.speaks_oauth = true;
        self.refusals.extend([400, 401, 403]);
        self
    }

    /// It needs a service's own access token.
    #[must_use]
    pub fn by_service(mut self) -> Self {
        self.security = Security::Token;
        self.refusals.extend([400, 401]);
        self.refuses(&[Kind::InsufficientScope, Kind::ClientRefused])
    }

    /// It reads a JSON object.
    #[must_use]
    pub fn reads<T: ToSchema>(self) -> Self {
        self.reads_as(JSON, Schema::of::<T>())
    }

    /// It reads a form with these fields; those with `true` must be there.
    #[must_use]
    pub fn reads_form(self, fields: &[(&'static str, bool)]) -> Self {
        let properties: serde_json::Map<String, Value> = fields
            .iter()
            .map(|(name, _)| ((*name).to_owned(), json!({"type": "string"})))
            .collect();
        let required: Vec<&str> =
            fields.iter().filter(|(_, required)| *required).map(|(name, _)| *name).collect();
        let mut schema = json!({ "type": "object", "properties": properties });
        if !required.is_empty() {
            schema["required"] = json!(required);
        }
        self.reads_as(FORM, Schema::inline(schema))
    }

    /// It reads a body of a media type.
    #[must_use]
    pub fn reads_as(mut self, media_type: &'static str, schema: Schema) -> Self {
        self.bodies.push((media_type, schema));
        self.refuses(&[
            Kind::InvalidRequest,
            Kind::Timeout,
            Kind::TooLarge,
            Kind::UnsupportedMediaType,
        ])
    }

    /// It can be called without a body too.
    #[must_use]
    pub fn or_nothing(mut self) -> Self {
        self.body_optional = true;
        self
    }

    /// It has a parameter.
    #[must_use]
    pub fn takes(
        mut self,
        place: &'static str,
        name: &'static str,
        schema: Value,
        meaning: &'static str,
    ) -> Self {
        self.parameters.push(Parameter { name, place, schema, meaning });
        self.refuses(&[Kind::InvalidRequest])
    }

    /// Its address names something by a UUID, which may not exist.
    #[must_use]
    pub fn names(self, name: &'static str, meaning: &'static str) -> Self {
        let schema = json!({ "type": "string", "format": "uuid" });
        self.takes("path", name, schema, meaning).refuses(&[Kind::NotFound])
    }

    /// Its address names something by text, which may not exist.
    #[must_use]
    pub fn names_text(self, name: &'static str, meaning: &'static str) -> Self {
        let schema = json!({ "type": "string", "minLength": 1 });
        self.takes("path", name, schema, meaning).refuses(&[Kind::NotFound])
    }

    /// Its address names a client, which may not exist.
    #[must_use]
    pub fn names_client(self) -> Self {
        let schema = json!({ "type": "string", "pattern": CLIENT_ID });
        self.takes("path", "client_id", schema, "The client's name").refuses(&[Kind::NotFound])
    }

    /// It is a list that is read in pieces.
    #[must_use]
    pub fn pages(self, cursor: &'static str, schema: Value) -> Self {
        let limit = json!({ "type": "integer", "minimum": 1, "maximum": 200, "default": 50 });
        self.takes("query", "limit", limit, "At most so many").takes(
            "query",
            cursor,
            schema,
            "Where the piece begins: next to this one",
        )
    }

    /// It answers with a type in JSON.
    #[must_use]
    pub fn answers<T: ToSchema>(self, status: u16, meaning: &'static str) -> Self {
        self.answers_as(status, meaning, JSON, Schema::of::<T>())
    }

    /// It answers with a body of a media type.
    #[must_use]
    pub fn answers_as(
        mut self,
        status: u16,
        meaning: &'static str,
        media_type: &'static str,
        schema: Schema,
    ) -> Self {
        let body = Some((media_type, schema));
        self.answers.push(Answer { status, meaning, body, headers: Vec::new() });
        self
    }

    /// It answers without a body.
    #[must_use]
    pub fn answers_nothing(mut self, status: u16, meaning: &'static str) -> Self {
        self.answers.push(Answer { status, meaning, body: None, headers: Vec::new() });
        self
    }

    /// The last answer has a header.
    #[must_use]
    pub fn with(mut self, header: &'static str, meaning: &'static str) -> Self {
        if let Some(answer) = self.answers.last_mut() {
            answer.headers.push((header, meaning));
        }
        self
    }

    /// It may refuse so.
    #[must_use]
    pub fn refuses(mut self, kinds: &[Kind]) -> Self {
        self.refusals.extend(kinds.iter().map(|kind| kind.row().status));
        self
    }
}
