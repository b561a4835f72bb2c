//! What was done, by whom.

use askama::Template;
use axum::Router;
use axum::extract::Query;
use axum::routing::get;
use serde::Deserialize;
use serde_json::Value;

use super::api::Api;
use super::wire::List;
use super::{Note, Pages, Shown, Who, escape, show};

pub(super) fn routes() -> Router<Pages> {
    Router::new().route("/audit", get(list))
}

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    who: Option<Who>,
    note: Option<Note>,
    entries: List<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    at: String,
    #[serde(default)]
    actor: String,
    action: String,
    #[serde(default)]
    target: Option<String>,
    #[serde(default)]
    detail: Value,
}

impl Entry {
    fn told(&self) -> String {
        match &self.detail {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                other.to_string()
            }
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct From {
    cursor: String,
}

async fn list(api: Api, Query(from): Query<From>) -> Shown {
    let mut path = "/api/v1/audit?limit=100".to_owned();
    if !from.cursor.is_empty() {
        path.push_str(&format!("&cursor={}", escape(&from.cursor)));
    }
    Ok(show(&AuditPage {
        entries: api.get(&path).await?,
        note: None,
        who: Some(api.who),
    }))
}
