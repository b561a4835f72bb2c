//! The API's own description: `/api/openapi.json`, and the page that shows it.
//!
//! Handlers say what they take and answer. What is the same for many of them is added here, so that
//! the document names every answer there is: refusals, credentials, the key for creating once.

mod page;

use std::sync::Arc;

use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Map, Value, json};
use utoipa::PartialSchema;
use utoipa::openapi::OpenApi;

use crate::app::App;
use crate::problem::{CONTENT_TYPE, FieldError, ProblemBody};

/// Paths below `/api/v1` that need no login.
const OPEN: [&str; 3] = ["/api/v1/login", "/api/v1/enroll", "/api/v1/heartbeat"];
/// The seed's path of a heartbeat, which has refusals of its own form as `/api/v1/heartbeat` has.
const LEGACY_HEARTBEAT: &str = "/admin-panel/api/esp32/heartbeat/";

/// The routes that serve the document and its page.
pub(crate) fn routes(document: &OpenApi) -> Router<Arc<App>> {
    let document = Arc::new(complete(document));
    let page = Arc::new(page::render(&document));
    let serve = move || {
        let document = document.clone();
        async move { Json(document.as_ref()).into_response() }
    };
    Router::new()
        .route("/api/openapi.json", get(serve))
        .route("/api/docs", get(move || page::serve(page.clone())))
}

/// The document with everything that holds for many routes.
pub(crate) fn complete(document: &OpenApi) -> Value {
    // The library's own document: it becomes JSON or does not compile.
    let mut document = serde_json::to_value(document).unwrap_or_default();
    document["info"] = json!({
        "title": "Landfall fleet server",
        "description": "Devices, their configuration, sessions and attendance.",
        "version": env!("CARGO_PKG_VERSION"),
        "license": {"name": "MIT OR Apache-2.0"},
    });
    document["components"]["schemas"]["Problem"] = schema::<ProblemBody>();
    document["components"]["schemas"]["FieldError"] = schema::<FieldError>();
    document["components"]["securitySchemes"] = json!({
        "token": {"type": "http", "scheme": "bearer"},
        "cookie": {"type": "apiKey", "in": "cookie", "name": "landfall_session"},
        "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRF-Token"},
    });
    let paths = document["paths"].as_object_mut();
    for (path, item) in paths.into_iter().flatten() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            if let Some(operation) = operation.as_object_mut() {
                complete_operation(path, method, operation);
            }
        }
    }
    document
}

fn schema<T: PartialSchema>() -> Value {
    serde_json::to_value(T::schema()).unwrap_or_default()
}

/// The operation's name among all, which programs that generate clients call their functions by:
/// `get_devices_hardware_id_events`. A handler's own name is one of its file alone.
fn operation_id(path: &str, method: &str) -> String {
    let path = path.strip_prefix("/api/v1").unwrap_or(path);
    let words = path.split(|letter: char| !letter.is_ascii_alphanumeric());
    let words = words.filter(|word| !word.is_empty());
    [method]
        .into_iter()
        .chain(words)
        .collect::<Vec<_>>()
        .join("_")
}

fn complete_operation(path: &str, method: &str, operation: &mut Map<String, Value>) {
    operation.insert("operationId".into(), json!(operation_id(path, method)));
    if path == LEGACY_HEARTBEAT || path == "/api/v1/heartbeat" {
        return;
    }
    let is_api = path.starts_with("/api/v1/");
    let needs_login = is_api && !OPEN.contains(&path);
    let has_body = operation.contains_key("requestBody");
    let places: Vec<_> = operation
        .get("parameters")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|parameter| parameter["in"].as_str().map(str::to_owned))
        .collect();
    let takes = |place: &str| places.iter().any(|at| at == place);
    let creates = method == "post" && operation["responses"].get("201").is_some() && needs_login;
    let mut statuses = vec![];
    let mut add = |wanted: bool, more: &[u16]| {
        if wanted {
            statuses.extend_from_slice(more);
        }
    };
    add(needs_login, &[401, 403, 503]);
    add(path == "/api/v1/login", &[401, 403, 429, 503]);
    add(path == "/api/v1/enroll", &[503]);
    add(path == "/readyz", &[503]);
    add(has_body, &[400, 413, 422]);
    add(takes("query"), &[422]);
    add(takes("path"), &[404]);
    if creates {
        add_key(operation);
    }
    if needs_login {
        let writes = method != "get";
        let cookie = if writes {
            json!({"cookie": [], "csrf": []})
        } else {
            json!({"cookie": []})
        };
        operation.insert("security".into(), json!([{"token": []}, cookie]));
    }
    let responses = &mut operation["responses"];
    for status in statuses {
        if responses.get(status.to_string()).is_none() {
            responses[status.to_string()] = json!({});
        }
    }
    for (status, response) in responses.as_object_mut().into_iter().flatten() {
        if let Ok(status @ 400..=599) = status.parse() {
            complete_refusal(status, response);
        }
    }
}

/// Names the header by which something is created once.
fn add_key(operation: &mut Map<String, Value>) {
    let key = json!({
        "name": "Idempotency-Key", "in": "header", "required": false,
        "description": "The same key and body within 24 hours give the first answer again.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    });
    let parameters = operation.entry("parameters").or_insert_with(|| json!([]));
    if let Some(parameters) = parameters.as_array_mut() {
        parameters.push(key);
    }
}

/// Gives a refusal its form, where its handler has not.
fn complete_refusal(status: u16, response: &mut Value) {
    let words = match status {
        400 => "The body is not JSON",
        401 => "Not known",
        403 => "Known, and not allowed; or a write from another site",
        404 => "No such thing",
        409 => "It conflicts with what is there",
        413 => "The body is too large",
        422 => "A value is wrong; `errors` says which",
        429 => "Too often",
        503 => "The server is starting or overloaded, or its database is lost",
        _ => "Refused",
    };
    if response["description"]
        .as_str()
        .unwrap_or_default()
        .is_empty()
    {
        response["description"] = json!(words);
    }
    if response.get("content").is_none() {
        let schema = json!({"$ref": "#/components/schemas/Problem"});
        response["content"] = json!({CONTENT_TYPE: {"schema": schema}});
    }
    // A form of its own stands beside the one of a wrong parameter.
    let schema = response.pointer_mut("/content/application~1problem+json/schema");
    if let Some(schema) = schema
        && status == 422
        && schema["$ref"] != "#/components/schemas/Problem"
    {
        let own = schema.take();
        *schema = json!({"anyOf": [{"$ref": "#/components/schemas/Problem"}, own]});
    }
    if matches!(status, 429 | 503) {
        response["headers"] = json!({"Retry-After": {
            "description": "In how many seconds to ask again",
            "schema": {"type": "integer", "minimum": 1},
        }});
    }
}
