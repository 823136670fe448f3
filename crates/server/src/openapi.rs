//! The OpenAPI 3.1 document, from the same table that the router is made of.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::address::PublicAddress;
use crate::cookies::{Cookies, Name};
use crate::operation::{Answer, Operation, Schema, Security};
use crate::problem::{self, TABLE};

/// The document, as bytes of JSON, of the server at `address`, whose passwords have at least `shortest` characters.
#[must_use]
pub fn document(operations: &[Operation], address: &PublicAddress, shortest: usize) -> Arc<str> {
    let mut schemas = BTreeMap::new();
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for operation in operations {
        let described = describe(operation, &mut schemas);
        paths.entry(operation.path).or_default().insert(operation.method.to_owned(), described);
    }
    for schema in schemas.values_mut() {
        new_passwords_have(schema, shortest);
    }
    let session = Cookies::new(address.is_https()).name(Name::Session);
    let document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Cloakroom",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Sign in once, carry it as a cookie or as a token, take it back everywhere.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": address.origin() }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "cookie": { "type": "apiKey", "in": "cookie", "name": session },
                "token": { "type": "http", "scheme": "bearer", "bearerFormat": "at+jwt" },
                "client": { "type": "http", "scheme": "basic" },
            },
        },
    });
    document.to_string().into()
}

fn describe(operation: &Operation, schemas: &mut BTreeMap<String, Value>) -> Value {
    let mut responses = Map::new();
    for answer in &operation.answers {
        responses.insert(answer.status.to_string(), answered(answer, schemas));
    }
    for status in &operation.refusals {
        responses.insert(status.to_string(), refused(*status, operation, schemas));
    }
    let mut described = json!({
        "operationId": operation.id,
        "summary": operation.summary,
        "responses": responses,
        "security": match operation.security {
            Security::Open => json!([]),
            Security::Identity => json!([{ "cookie": [] }, { "token": [] }]),
            // A public client says its name in the body and proves nothing.
            Security::Client => json!([{ "client": [] }, {}]),
            Security::Token => json!([{ "token": [] }]),
        },
    });
    if !operation.parameters.is_empty() {
        let parameters = operation.parameters.iter().map(|parameter| {
            json!({
                "name": parameter.name,
                "in": parameter.place,
                "required": parameter.place == "path",
                "description": parameter.meaning,
                "schema": parameter.schema,
            })
        });
        described["parameters"] = parameters.collect();
    }
    if !operation.bodies.is_empty() {
        let content: Map<String, Value> = operation
            .bodies
            .iter()
            .map(|(media_type, schema)| ((*media_type).to_owned(), content(schema, schemas)))
            .collect();
        described["requestBody"] =
            json!({ "required": !operation.body_optional, "content": content });
    }
    described
}

fn answered(answer: &Answer, schemas: &mut BTreeMap<String, Value>) -> Value {
    let mut described = json!({ "description": answer.meaning });
    if let Some((media_type, schema)) = &answer.body {
        described["content"] = json!({ *media_type: content(schema, schemas) });
    }
    if !answer.headers.is_empty() {
        let headers = answer.headers.iter().map(|(name, meaning)| {
            let header = json!({ "description": meaning, "schema": { "type": "string" } });
            ((*name).to_owned(), header)
        });
        described["headers"] = Value::Object(headers.collect());
    }
    described
}

fn refused(status: u16, operation: &Operation, schemas: &mut BTreeMap<String, Value>) -> Value {
    // Beside its own refusals an OAuth endpoint has those of the edge, which come before it.
    let oauth = operation.speaks_oauth;
    let by_edge = matches!(status, 403 | 421);
    // What is not there says so as everything that is not there, and an address that cannot be read as every address.
    let in_address = |place| matches!(place, "path" | "query");
    let in_address = operation.parameters.iter().any(|parameter| in_address(parameter.place));
    let by_route = status == 404 || (status == 400 && in_address);
    let by_handler = oauth && !by_edge;
    let titles: Vec<&str> =
        TABLE.iter().filter(|row| row.status == status).map(|row| row.title).collect();
    let mut contents = Map::new();
    // A token may allow less than the endpoint needs (RFC 6750 §3.1), which only the endpoint can say.
    if by_handler || (oauth && status == 403) {
        contents.insert("application/json".to_owned(), content(&oauth_error(), schemas));
    }
    if !by_handler || by_route || status == 500 {
        contents.insert(
            problem::MEDIA_TYPE.to_owned(),
            content(&Schema::of::<problem::Body>(), schemas),
        );
    }
    json!({ "description": titles.join(", or: "), "content": contents })
}

fn content(schema: &Schema, schemas: &mut BTreeMap<String, Value>) -> Value {
    schemas.extend(schema.components.iter().cloned());
    json!({ "schema": schema.reference })
}

/// How long a new password must be is a setting. A type says only that there is such a rule, by a `minLength`.
fn new_passwords_have(schema: &mut Value, shortest: usize) {
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
        return;
    };
    for property in properties.values_mut() {
        if property["format"] == "password" && property.get("minLength").is_some() {
            property["minLength"] = shortest.into();
        }
    }
}

/// A refusal in the words of OAuth (RFC 6749 §5.2).
fn oauth_error() -> Schema {
    Schema::inline(json!({
        "type": "object",
        "properties": { "error": { "type": "string" }, "error_description": { "type": "string" } },
        "required": ["error", "error_description"],
    }))
}
