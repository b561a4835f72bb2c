//! The API's own description, and its page.

use std::collections::HashSet;

use serde_json::Value;

use crate::harness::{World, both};

both!(
    the_document_names_every_refusal,
    the_page_asks_for_nothing_else
);

async fn the_document_names_every_refusal(world: World) {
    let answer = world.stranger().get("/api/openapi.json").await.status(200);
    assert_eq!(answer.headers["content-type"], "application/json");
    let document = answer.json;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    let codes = |path: &str, method: &str| -> Vec<String> {
        let responses = document["paths"][path][method]["responses"].as_object();
        responses
            .unwrap_or_else(|| panic!("{method} {path}"))
            .keys()
            .cloned()
            .collect()
    };
    assert_eq!(
        codes("/api/v1/users", "post"),
        ["201", "400", "401", "403", "409", "413", "422", "503"]
    );
    assert_eq!(
        codes("/api/v1/users", "get"),
        ["200", "401", "403", "422", "503"]
    );
    assert_eq!(
        codes("/api/v1/login", "post"),
        ["200", "400", "401", "403", "413", "422", "429", "503"]
    );
    let refused = &document["paths"]["/api/v1/users"]["get"]["responses"]["401"]["content"];
    assert!(refused["application/problem+json"].is_object());
    check_references(&document, &document);
    check_names(&document);
}

/// Every operation has a name of its own.
fn check_names(document: &Value) {
    let paths = document["paths"].as_object().unwrap().values();
    let operations = paths.flat_map(|path| path.as_object().unwrap().values());
    let mut names = HashSet::new();
    for operation in operations {
        let name = operation["operationId"].as_str().unwrap();
        assert!(names.insert(name), "{name}");
    }
    assert!(names.contains("get_devices_hardware_id_events"));
}

/// Every `$ref` leads somewhere.
fn check_references(document: &Value, at: &Value) {
    match at {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                let pointer = reference
                    .strip_prefix('#')
                    .expect("it stays in the document");
                assert!(document.pointer(pointer).is_some(), "{reference}");
            }
            members
                .values()
                .for_each(|member| check_references(document, member));
        }
        Value::Array(items) => items
            .iter()
            .for_each(|item| check_references(document, item)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

async fn the_page_asks_for_nothing_else(world: World) {
    let answer = world.stranger().get("/api/docs").await.status(200);
    assert_eq!(answer.headers["content-type"], "text/html; charset=utf-8");
    let policy = answer.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    let page = String::from_utf8(answer.body.to_vec()).unwrap();
    assert!(page.contains("/api/v1/users/{username}"));
    assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("<script"));
}
