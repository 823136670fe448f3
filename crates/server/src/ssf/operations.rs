//! The addresses of shared signals, for the router and the OpenAPI document.

use cloakroom_oauth::ssf::metadata::path;
use serde_json::{Value, json};

use super::{metadata, poll, status, stream, subjects, verification};
use crate::operation::{Operation, Schema, delete, get, patch, post, put};
use crate::problem::Kind::{Conflict, NotFound, TooManyRequests};

const JSON: &str = "application/json";

/// Every operation of shared signals.
pub(crate) fn operations() -> Vec<Operation> {
    let mut all = vec![
        get("/.well-known/ssf-configuration", "transmitterMetadata", metadata::get)
            .says("What this server can do as a transmitter of signals (OpenID Shared Signals Framework 1.0 section 7)")
            .answers_as(200, "Where streams are managed", JSON, Schema::inline(json!({ "type": "object" }))),
    ];
    all.extend(of_streams());
    all.extend(of_what_is_told());
    all
}

fn of_streams() -> Vec<Operation> {
    vec![
        post(path::STREAM, "makeStream", stream::post)
            .says("Makes the service's stream of signals; each service has one")
            .by_token()
            .reads_as(JSON, wish(&[]))
            .answers_as(201, "The stream", JSON, configuration())
            .refuses(&[Conflict]),
        named(get(path::STREAM, "readStreams", stream::get))
            .says("The stream of that name, or a list of the service's streams")
            .answers_as(200, "The stream, or the list", JSON, Schema::any()),
        patch(path::STREAM, "changeStream", stream::patch)
            .says("Changes what is named of a stream")
            .by_token()
            .reads_as(JSON, wish(&["stream_id"]))
            .answers_as(200, "The stream", JSON, configuration())
            .refuses(&[NotFound]),
        put(path::STREAM, "replaceStream", stream::put)
            .says("Replaces all of a stream that is its service's to say")
            .by_token()
            .reads_as(JSON, wish(&["stream_id"]))
            .answers_as(200, "The stream", JSON, configuration())
            .refuses(&[NotFound]),
        named(delete(path::STREAM, "removeStream", stream::delete))
            .says("Removes a stream with all that waits in it")
            .answers_nothing(204, "It is gone"),
        named(get(path::STATUS, "readStreamStatus", status::get))
            .says("Whether signals go out")
            .answers_as(200, "The status", JSON, status_told()),
        post(path::STATUS, "setStreamStatus", status::post)
            .says("Enables, pauses or disables a stream")
            .by_token()
            .reads_as(JSON, status_told())
            .answers_as(200, "The status", JSON, status_told())
            .refuses(&[NotFound]),
    ]
}

fn of_what_is_told() -> Vec<Operation> {
    vec![
        post(path::ADD_SUBJECT, "addSubject", subjects::add)
            .says("Has a stream tell of somebody who was left out of it")
            .by_token()
            .reads_as(JSON, about(("subject", json!({ "type": "object" }))))
            .answers_nothing(200, "It does, if somebody is known so")
            .refuses(&[NotFound]),
        post(path::REMOVE_SUBJECT, "removeSubject", subjects::remove)
            .says("Has a stream tell nothing of somebody")
            .by_token()
            .reads_as(JSON, about(("subject", json!({ "type": "object" }))))
            .answers_nothing(204, "It does not, if somebody is known so")
            .refuses(&[NotFound, TooManyRequests]),
        post(path::VERIFICATION, "verifyStream", verification::post)
            .says("Has a stream show that it works")
            .by_token()
            .reads_as(JSON, about(("state", json!({ "type": ["string", "null"] }))))
            .answers_nothing(204, "An event for that is in the stream")
            .refuses(&[NotFound, TooManyRequests]),
        post("/ssf/poll/{stream_id}", "pollStream", poll::post)
            .says("Takes what the receiver has, and gives what waits (RFC 8936)")
            .by_token()
            .names_text("stream_id", "The stream")
            .reads_as(JSON, polling())
            .answers_as(200, "What waits", JSON, polled()),
    ]
}

fn named(operation: Operation) -> Operation {
    operation
        .by_token()
        .takes("query", "stream_id", text(), "The stream's name")
        .refuses(&[NotFound])
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn texts() -> Value {
    json!({ "type": ["array", "null"], "items": text() })
}

fn wish(required: &[&str]) -> Schema {
    Schema::inline(json!({
        "type": "object",
        "properties": {
            "stream_id": text(),
            "delivery": {
                "type": ["object", "null"],
                "properties": {
                    "method": { "enum": ["urn:ietf:rfc:8935", "urn:ietf:rfc:8936"] },
                    "endpoint_url": { "type": ["string", "null"], "format": "uri" },
                    "authorization_header": { "type": ["string", "null"] },
                },
                "required": ["method"],
            },
            "events_requested": texts(),
            "description": { "type": ["string", "null"], "maxLength": 1000 },
        },
        "required": required,
    }))
}

fn configuration() -> Schema {
    Schema::inline(json!({
        "type": "object",
        "properties": {
            "stream_id": text(),
            "iss": text(),
            "aud": text(),
            "delivery": {
                "type": "object",
                "properties": { "method": text(), "endpoint_url": text() },
                "required": ["method", "endpoint_url"],
            },
            "events_supported": texts(),
            "events_requested": texts(),
            "events_delivered": texts(),
            "description": text(),
        },
        "required": ["stream_id", "iss", "aud", "delivery", "events_delivered"],
    }))
}

fn status_told() -> Schema {
    Schema::inline(json!({
        "type": "object",
        "properties": {
            "stream_id": text(),
            "status": { "enum": ["enabled", "paused", "disabled"] },
            "reason": { "type": ["string", "null"], "maxLength": 500 },
        },
        "required": ["stream_id", "status"],
    }))
}

fn about((member, schema): (&str, Value)) -> Schema {
    let required = if member == "subject" { vec!["stream_id", member] } else { vec!["stream_id"] };
    Schema::inline(json!({
        "type": "object",
        "properties": { "stream_id": text(), member: schema },
        "required": required,
    }))
}

fn polling() -> Schema {
    Schema::inline(json!({
        "type": "object",
        "properties": {
            "maxEvents": { "type": ["integer", "null"], "minimum": 0 },
            "returnImmediately": { "type": ["boolean", "null"] },
            "ack": texts(),
            "setErrs": {
                "type": ["object", "null"],
                "additionalProperties": {
                    "type": "object",
                    "properties": { "err": text(), "description": text() },
                    "required": ["err"],
                },
            },
        },
    }))
}

fn polled() -> Schema {
    Schema::inline(json!({
        "type": "object",
        "properties": {
            "sets": { "type": "object", "additionalProperties": text() },
            "moreAvailable": { "type": "boolean" },
        },
        "required": ["sets", "moreAvailable"],
    }))
}
