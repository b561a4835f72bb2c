//! Networks that are given to devices in stages.

use std::collections::BTreeSet;

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
use super::forms::{number, sent, text, words};
use super::login::Csrf;
use super::wire::List;
use super::{Note, Pages, Shown, Who, show};

pub(super) fn routes() -> Router<Pages> {
    Router::new()
        .route("/rollouts", get(list).post(create))
        .route("/rollouts/{id}/stop", post(stop))
}

#[derive(Template)]
#[template(path = "rollouts.html")]
struct RolloutsPage {
    who: Option<Who>,
    note: Option<Note>,
    rollouts: Vec<Rollout>,
}

#[derive(Deserialize)]
struct Rollout {
    id: i64,
    state: String,
    #[serde(default)]
    stage: Value,
    #[serde(default)]
    reason: Option<String>,
    network: Network,
    #[serde(default)]
    devices: Vec<Progress>,
}

#[derive(Deserialize)]
struct Network {
    ssid: String,
}

/// How far a device is.
#[derive(Deserialize)]
struct Progress {
    hardware_id: String,
    #[serde(default)]
    stage: Value,
    state: String,
    #[serde(default)]
    reason: Option<String>,
}

impl Progress {
    fn failed(&self) -> bool {
        matches!(self.state.as_str(), "rolled_back" | "timed_out")
    }

    /// Why; empty where there is nothing to say.
    fn reason(&self) -> String {
        words_of(self.reason.as_deref().unwrap_or_default())
    }
}

impl Rollout {
    /// How many are in which state, and why where they failed: `90 waiting, 10 rolled back (wrong
    /// password)`.
    fn tally(&self) -> String {
        let states = ["proven", "sent", "waiting", "rolled_back", "timed_out"];
        let counted = states.iter().filter_map(|state| {
            let n = self.devices.iter().filter(|d| d.state == *state).count();
            (n > 0).then(|| format!("{n} {}{}", words_of(state), self.reasons(state)))
        });
        counted.collect::<Vec<_>>().join(", ")
    }

    /// Why the devices in that state are there, each reason once.
    fn reasons(&self, state: &str) -> String {
        let devices = self.devices.iter().filter(|d| d.state == state);
        let reasons: BTreeSet<_> = devices.filter_map(|d| d.reason.as_deref()).collect();
        if reasons.is_empty() {
            return String::new();
        }
        let reasons: Vec<_> = reasons.into_iter().map(words_of).collect();
        format!(" ({})", reasons.join(", "))
    }
}

/// A word of the API as people read it.
fn words_of(word: &str) -> String {
    word.replace('_', " ")
}

async fn list(api: Api) -> Shown {
    page(&api, None).await
}

async fn page(api: &Api, note: Option<Note>) -> Shown {
    let rollouts: List<Rollout> = api.get("/api/v1/rollouts?limit=20").await?;
    Ok(show(&RolloutsPage {
        who: Some(api.who.clone()),
        note,
        rollouts: rollouts.items,
    }))
}

#[derive(Deserialize)]
struct NewRollout {
    csrf_token: String,
    label: String,
    ssid: String,
    password: String,
    stages: String,
    stop_at_failed_percent: String,
}

async fn create(api: Api, Form(form): Form<NewRollout>) -> Shown {
    let stages: Vec<Value> = words(&form.stages).into_iter().map(number).collect();
    let body = sent(json!({
        "label": text(&form.label),
        "network": {"ssid": form.ssid, "password": form.password},
        "stages": stages,
        "stop_at_failed_percent": number(&form.stop_at_failed_percent),
    }));
    done(&api, "/api/v1/rollouts", &form.csrf_token, &body).await
}

async fn stop(api: Api, Path(id): Path<i64>, Form(form): Form<Csrf>) -> Shown {
    let path = format!("/api/v1/rollouts/{id}/stop");
    done(&api, &path, &form.csrf_token, &json!({})).await
}

async fn done(api: &Api, path: &str, csrf: &str, body: &Value) -> Shown {
    match api.send(Method::POST, path, csrf, body).await {
        Ok(_) => Ok(Redirect::to("/rollouts").into_response()),
        Err(refused) => again(&refused, page(api, Some(Note::of(&refused))).await),
    }
}
