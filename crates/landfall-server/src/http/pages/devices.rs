//! The devices, each with a page of its own.

use askama::Template;
use axum::Router;
use axum::extract::{Form, Path, Query};
use axum::http::{HeaderMap, Method, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};

use super::api::{Api, Refused};
use super::forms::{text, words};
use super::login::Csrf;
use super::wire::{Device, Devices, Summary};
use super::{Note, Pages, Shown, Who, escape, show, wire};

pub(super) fn routes() -> Router<Pages> {
    Router::new()
        .route("/", get(list))
        .route("/devices/claims", post(claim))
        .route("/devices/{id}", get(one).post(change))
        .route("/devices/{id}/accept", post(accept))
        .route("/devices/{id}/retire", post(retire))
        .route("/devices/{id}/keys/rotate", post(rotate))
        .route("/devices/{id}/keys/{key}/revoke", post(revoke))
}

#[derive(Template)]
#[template(path = "devices.html")]
struct DevicesPage {
    who: Option<Who>,
    note: Option<Note>,
    summary: Summary,
    devices: Devices,
    filter: String,
    claim: Option<Claim>,
    /// How the server is reached, for the device.
    origin: String,
}

#[derive(Template)]
#[template(path = "device.html")]
struct DevicePage {
    who: Option<Who>,
    note: Option<Note>,
    path: String,
    device: Device,
    events: Vec<String>,
}

#[derive(Template)]
#[template(path = "attendance.html")]
struct AttendancePage {
    who: Option<Who>,
    note: Option<Note>,
    items: Vec<Attended>,
}

/// A session that a student was enrolled for.
#[derive(Deserialize)]
struct Attended {
    course: String,
    session: String,
    semester: String,
    status: String,
    #[serde(default)]
    marked_at: Option<String>,
}

/// A claim code, shown once.
#[derive(Deserialize)]
struct Claim {
    code: String,
    expires_at: String,
    qr: String,
}

impl Claim {
    fn svg(&self) -> String {
        wire::svg(&self.qr)
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Which {
    presence: String,
    cursor: String,
}

async fn list(api: Api, headers: HeaderMap, Query(which): Query<Which>) -> Shown {
    if api.who.is_student() {
        return attended(&api).await;
    }
    devices_page(&api, &headers, which, None, None).await
}

async fn devices_page(
    api: &Api,
    headers: &HeaderMap,
    which: Which,
    note: Option<Note>,
    claim: Option<Claim>,
) -> Shown {
    let mut path = format!("/api/v1/devices?limit={PAGE}");
    for (name, value) in [("presence", &which.presence), ("cursor", &which.cursor)] {
        if !value.is_empty() {
            path.push_str(&format!("&{name}={}", escape(value)));
        }
    }
    let devices: Devices = api.get(&path).await?;
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    Ok(show(&DevicesPage {
        who: Some(api.who.clone()),
        note,
        summary: devices.summary,
        devices,
        filter: which.presence,
        claim,
        origin: format!("{}://{}", api.scheme(), host.unwrap_or("SERVER")),
    }))
}

/// Devices on a page.
const PAGE: u32 = 100;

async fn attended(api: &Api) -> Shown {
    Ok(show(&AttendancePage {
        who: Some(api.who.clone()),
        note: None,
        items: api.all("/api/v1/attendance").await?,
    }))
}

#[derive(Deserialize)]
struct NewClaim {
    csrf_token: String,
    labels: String,
    room: String,
    expires_in_s: u32,
}

async fn claim(api: Api, headers: HeaderMap, Form(form): Form<NewClaim>) -> Shown {
    let mut body = json!({"expires_in_s": form.expires_in_s, "labels": words(&form.labels)});
    if !form.room.trim().is_empty() {
        body["room"] = text(&form.room);
    }
    let made = api
        .send(Method::POST, "/api/v1/claims", &form.csrf_token, &body)
        .await;
    let (note, claim) = match made {
        Ok(claim) => (None, serde_json::from_value(claim).ok()),
        Err(refused) => (Some(Note::of(&refused)), None),
    };
    devices_page(&api, &headers, Which::default(), note, claim).await
}

async fn one(api: Api, Path(id): Path<String>) -> Shown {
    device_page(&api, &id, None).await
}

async fn device_page(api: &Api, id: &str, note: Option<Note>) -> Shown {
    let path = format!("/api/v1/devices/{}", escape(id));
    let device: Device = api.get(&path).await?;
    let events: Value = api.get(&format!("{path}/events")).await?;
    let events = events["items"].as_array().or(events.as_array()).cloned();
    let events = events.unwrap_or_default();
    Ok(show(&DevicePage {
        who: Some(api.who.clone()),
        note,
        path: format!("/devices/{}", escape(id)),
        device,
        events: events.iter().map(Value::to_string).collect(),
    }))
}

#[derive(Deserialize)]
struct Change {
    csrf_token: String,
    name: String,
    /// The name that was shown: it may be of the configuration, which goes on to rule where nobody
    /// typed another.
    named: String,
    room: String,
    labels: String,
    enabled: Option<String>,
}

async fn change(api: Api, Path(id): Path<String>, Form(form): Form<Change>) -> Shown {
    let mut body = json!({
        "room": text(&form.room),
        "labels": words(&form.labels),
        "enabled": form.enabled.is_some(),
    });
    if form.name != form.named {
        body["name"] = text(&form.name);
    }
    done(&api, &id, Method::PATCH, "", &form.csrf_token, &body).await
}

#[derive(Deserialize)]
struct Accept {
    csrf_token: String,
    fingerprint: String,
}

async fn accept(api: Api, Path(id): Path<String>, Form(form): Form<Accept>) -> Shown {
    let body = json!({"fingerprint": form.fingerprint});
    done(&api, &id, Method::POST, "/accept", &form.csrf_token, &body).await
}

async fn retire(api: Api, Path(id): Path<String>, Form(form): Form<Csrf>) -> Shown {
    done(
        &api,
        &id,
        Method::POST,
        "/retire",
        &form.csrf_token,
        &json!({}),
    )
    .await
}

async fn rotate(api: Api, Path(id): Path<String>, Form(form): Form<Csrf>) -> Shown {
    done(
        &api,
        &id,
        Method::POST,
        "/keys/rotate",
        &form.csrf_token,
        &json!({}),
    )
    .await
}

async fn revoke(api: Api, Path((id, key)): Path<(String, i64)>, Form(form): Form<Csrf>) -> Shown {
    let action = format!("/keys/{key}/revoke");
    done(
        &api,
        &id,
        Method::POST,
        &action,
        &form.csrf_token,
        &json!({}),
    )
    .await
}

/// Does something to a device, and goes back to its page.
async fn done(
    api: &Api,
    id: &str,
    method: Method,
    action: &str,
    csrf: &str,
    body: &Value,
) -> Shown {
    let path = format!("/api/v1/devices/{}{action}", escape(id));
    match api.send(method, &path, csrf, body).await {
        Ok(_) => Ok(Redirect::to(&format!("/devices/{}", escape(id))).into_response()),
        Err(refused) => again(
            &refused,
            device_page(api, id, Some(Note::of(&refused))).await,
        ),
    }
}

/// A page that says why its form was refused, with that status.
pub(super) fn again(refused: &Refused, page: Shown) -> Shown {
    let page: Response = page?;
    Ok((refused.status, page).into_response())
}
