//! The configuration of the fleet, and of one device.

use askama::Template;
use axum::Router;
use axum::extract::{Form, Path};
use axum::http::Method;
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};

use super::api::Api;
use super::devices::again;
use super::wire::List;
use super::{Note, Pages, Shown, Who, escape, show};

pub(super) fn routes() -> Router<Pages> {
    Router::new()
        .route("/config/{scope}", get(one).post(change))
        .route("/config/{scope}/revert", post(revert))
}

#[derive(Template)]
#[template(path = "config.html")]
struct ConfigPage {
    who: Option<Who>,
    note: Option<Note>,
    path: String,
    /// Whose it is.
    of: String,
    revision: i64,
    values: String,
    preview: Option<Preview>,
    history: Vec<Entry>,
}

#[derive(Deserialize)]
struct Layer {
    #[serde(default)]
    revision: i64,
    values: Value,
}

/// What would change.
#[derive(Deserialize)]
struct Preview {
    changes: Vec<Change>,
    devices: Vec<String>,
}

#[derive(Deserialize)]
struct Change {
    path: String,
    #[serde(default)]
    from: Value,
    #[serde(default)]
    to: Value,
}

/// What was set, and when.
#[derive(Deserialize)]
struct Entry {
    revision: i64,
    values: Value,
    #[serde(default)]
    by: String,
    at: String,
}

impl Entry {
    fn text(&self) -> String {
        pretty(&self.values)
    }
}

fn pretty(values: &Value) -> String {
    serde_json::to_string_pretty(values).unwrap_or_default()
}

async fn one(api: Api, Path(scope): Path<String>) -> Shown {
    page(&api, &scope, None, None, None).await
}

async fn page(
    api: &Api,
    scope: &str,
    note: Option<Note>,
    typed: Option<String>,
    preview: Option<Preview>,
) -> Shown {
    let path = api_path(scope);
    let layer: Layer = api.get(&path).await?;
    let history: List<Entry> = api.get(&format!("{path}/history")).await?;
    Ok(show(&ConfigPage {
        who: Some(api.who.clone()),
        note,
        path: format!("/config/{}", part(scope)),
        of: match scope.strip_prefix("device:") {
            Some(id) => id.to_owned(),
            None => "the fleet".to_owned(),
        },
        revision: layer.revision,
        values: typed.unwrap_or_else(|| pretty(&layer.values)),
        preview,
        history: history.items,
    }))
}

fn api_path(scope: &str) -> String {
    format!("/api/v1/config/{}", part(scope))
}

/// A scope as a part of a path.
fn part(scope: &str) -> String {
    escape(scope).replace("%3A", ":").replace('/', "%2F")
}

#[derive(Deserialize)]
struct Edit {
    csrf_token: String,
    act: String,
    values: String,
    base_revision: i64,
}

async fn change(api: Api, Path(scope): Path<String>, Form(form): Form<Edit>) -> Shown {
    let values: Value = match serde_json::from_str(&form.values) {
        Ok(values) => values,
        Err(error) => {
            let note = Note::Failed(format!("Not JSON: {error}."));
            return page(&api, &scope, Some(note), Some(form.values), None).await;
        }
    };
    let path = api_path(&scope);
    let sent = if form.act == "preview" {
        let body = json!({"values": values});
        api.send(
            Method::POST,
            &format!("{path}/preview"),
            &form.csrf_token,
            &body,
        )
        .await
    } else {
        let body = json!({"values": values, "base_revision": form.base_revision});
        api.send(Method::PUT, &path, &form.csrf_token, &body).await
    };
    match sent {
        Ok(preview) if form.act == "preview" => {
            let preview = serde_json::from_value(preview).ok();
            page(&api, &scope, None, Some(form.values), preview).await
        }
        Ok(_) => Ok(Redirect::to(&format!("/config/{}", part(&scope))).into_response()),
        Err(refused) => {
            let note = Some(Note::of(&refused));
            again(
                &refused,
                page(&api, &scope, note, Some(form.values), None).await,
            )
        }
    }
}

#[derive(Deserialize)]
struct Revert {
    csrf_token: String,
    revision: i64,
}

async fn revert(api: Api, Path(scope): Path<String>, Form(form): Form<Revert>) -> Shown {
    let path = format!("{}/revert", api_path(&scope));
    let body = json!({"revision": form.revision});
    match api.send(Method::POST, &path, &form.csrf_token, &body).await {
        Ok(_) => Ok(Redirect::to(&format!("/config/{}", part(&scope))).into_response()),
        Err(refused) => {
            let note = Some(Note::of(&refused));
            again(&refused, page(&api, &scope, note, None, None).await)
        }
    }
}
