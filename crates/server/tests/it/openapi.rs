//! `GET /openapi.json`.

use std::collections::BTreeSet;

use cloakroom_server::routes;
use cloakroom_testkit::server::Server;
use serde_json::Value;

#[tokio::test]
async fn the_document_has_every_operation_and_refers_to_nothing_that_is_not_there() {
    let server = Server::start().await;
    let document = server.browser().get("/openapi.json").await.is(200).json();
    assert_eq!(document["openapi"], "3.1.0");
    let mut ids = BTreeSet::new();
    for operation in routes::operations() {
        let described = &document["paths"][operation.path][operation.method];
        assert_eq!(described["operationId"], operation.id, "{}", operation.path);
        assert!(ids.insert(operation.id), "{} is there twice", operation.id);
        assert!(!operation.summary.is_empty(), "{}", operation.id);
        assert!(!operation.answers.is_empty(), "{}", operation.id);
        for name in operation.path.split(['{', '}']).skip(1).step_by(2) {
            let known = operation.parameters.iter().any(|it| it.name == name && it.place == "path");
            assert!(known, "{}: {name} is not described", operation.id);
        }
    }
    let mut references = BTreeSet::new();
    collect(&document, &mut references);
    assert!(references.len() > 10, "{references:?}");
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

#[tokio::test]
async fn a_problem_leads_to_what_it_means() {
    let server = Server::start().await;
    let mut browser = server.browser();
    let problem = browser.get("/api/v1/session").await.is(401).json();
    let meaning = browser.get(problem["type"].as_str().unwrap()).await.is(200).json();
    assert_eq!((&meaning["code"], &meaning["status"]), (&problem["code"], &problem["status"]));
    browser.get("/problems/none").await.is(404);
}

fn collect(value: &Value, references: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                references.insert(reference.clone());
            }
            members.values().for_each(|member| collect(member, references));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, references)),
        _ => {}
    }
}
