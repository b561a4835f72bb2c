//! The description as a page: plain HTML that asks for nothing else, made once when the server starts.

use std::sync::Arc;

use askama::Template;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use crate::http::pages::STYLE_ONLY;

/// The page.
#[derive(Template)]
#[template(path = "docs.html")]
struct Docs {
    groups: Vec<Group>,
    schemas: Vec<(String, String)>,
}

/// The operations of one tag.
struct Group {
    name: String,
    operations: Vec<Operation>,
}

struct Operation {
    method: String,
    path: String,
    summary: String,
    description: String,
    /// Name, where it stands, and its schema.
    parameters: Vec<(String, String, String)>,
    body: Option<String>,
    /// Status, what it says, and the body's schema.
    responses: Vec<(String, String, String)>,
}

/// Makes the page of the document.
pub(super) fn render(document: &Value) -> String {
    let docs = Docs {
        groups: groups(document),
        schemas: schemas(document),
    };
    // Writing to a string does not fail.
    docs.render().unwrap_or_default()
}

/// Answers with the page.
pub(super) async fn serve(page: Arc<String>) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, STYLE_ONLY),
    ];
    (headers, page.as_ref().clone()).into_response()
}

fn groups(document: &Value) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            let name = operation["tags"][0].as_str().unwrap_or("server");
            let one = Operation::of(path, method, operation);
            match groups.iter_mut().find(|group| group.name == name) {
                Some(group) => group.operations.push(one),
                None => groups.push(Group {
                    name: name.to_owned(),
                    operations: vec![one],
                }),
            }
        }
    }
    groups
}

impl Operation {
    fn of(path: &str, method: &str, operation: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let parameter = |one: &Value| (text(&one["name"]), text(&one["in"]), shape(&one["schema"]));
        let responses = operation["responses"].as_object().into_iter().flatten();
        let response = |(status, one): (&String, &Value)| {
            (
                status.clone(),
                text(&one["description"]),
                content(one).unwrap_or_default(),
            )
        };
        Self {
            method: method.to_uppercase(),
            path: path.to_owned(),
            summary: text(&operation["summary"]),
            description: text(&operation["description"]),
            parameters: parameters.map(parameter).collect(),
            body: content(&operation["requestBody"]),
            responses: responses.map(response).collect(),
        }
    }
}

/// The schema of a body, whatever its content type.
fn content(body: &Value) -> Option<String> {
    let (kind, content) = body["content"].as_object()?.iter().next()?;
    Some(format!("{} ({kind})", shape(&content["schema"])))
}

/// A schema in one line: the name of one that is shown below, or its JSON.
fn shape(schema: &Value) -> String {
    let name = schema["$ref"]
        .as_str()
        .and_then(|path| path.rsplit('/').next());
    match (name, schema["type"].as_str()) {
        (Some(name), _) => name.to_owned(),
        (None, Some(kind)) if kind != "object" && kind != "array" => kind.to_owned(),
        _ => schema.to_string(),
    }
}

fn schemas(document: &Value) -> Vec<(String, String)> {
    let schemas = document["components"]["schemas"]
        .as_object()
        .into_iter()
        .flatten();
    let pretty = |schema: &Value| serde_json::to_string_pretty(schema).unwrap_or_default();
    schemas
        .map(|(name, schema)| (name.clone(), pretty(schema)))
        .collect()
}
