//! Sessions: the list, how one is started, and one that runs.

use askama::Template;
use axum::Router;
use axum::extract::{Form, Path, Query};
use axum::http::Method;
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::{Value, json};

use super::api::Api;
use super::courses::Course;
use super::devices::again;
use super::forms::{number, sent, text};
use super::login::Csrf;
use super::wire::{Devices, List, Mark, Session, SessionPreview, Summary};
use super::{Note, Pages, Shown, Who, escape, show};

pub(super) fn routes() -> Router<Pages> {
    Router::new()
        .route("/sessions", get(list))
        .route("/sessions/new", get(new).post(start))
        .route("/sessions/{id}", get(one))
        .route("/sessions/{id}/end", post(end))
        .route("/sessions/{id}/marks", post(mark))
}

#[derive(Template)]
#[template(path = "sessions.html")]
struct SessionsPage {
    who: Option<Who>,
    note: Option<Note>,
    sessions: List<Session>,
}

#[derive(Template)]
#[template(path = "session_new.html")]
struct NewPage {
    who: Option<Who>,
    note: Option<Note>,
    summary: Summary,
    devices: Devices,
    courses: Vec<Course>,
    form: Start,
    preview: Option<SessionPreview>,
}

#[derive(Template)]
#[template(path = "session.html")]
struct SessionPage {
    who: Option<Who>,
    note: Option<Note>,
    session: Session,
    marks: Vec<Mark>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct From {
    cursor: String,
}

async fn list(api: Api, Query(from): Query<From>) -> Shown {
    let path = match from.cursor.as_str() {
        "" => "/api/v1/sessions".to_owned(),
        cursor => format!("/api/v1/sessions?cursor={}", escape(cursor)),
    };
    Ok(show(&SessionsPage {
        sessions: api.get(&path).await?,
        note: None,
        who: Some(api.who),
    }))
}

/// The start form, as it was filled in.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Start {
    csrf_token: String,
    act: String,
    course: String,
    session: String,
    semester: String,
    devices: String,
    room: String,
    ends_at: String,
    zone: String,
    late_after_min: String,
    passphrase: String,
    require_code: Option<String>,
}

impl Start {
    /// What the API is sent; or what is wrong with the end time.
    fn body(&self) -> Result<Value, String> {
        let late_after_s = match self.late_after_min.trim().parse::<i64>() {
            Ok(minutes) => json!(minutes.saturating_mul(60)),
            Err(_) => number(&self.late_after_min),
        };
        let ends_at = match self.ends_at.trim() {
            "" => Value::Null,
            local => utc(local, self.zone.trim())?.into(),
        };
        Ok(sent(json!({
            "course": self.course,
            "session": self.session.trim(),
            "semester": self.semester.trim(),
            "devices": number(&self.devices),
            "room": text(&self.room),
            "ends_at": ends_at,
            "zone": text(&self.zone),
            "late_after_s": late_after_s,
            "passphrase": text(&self.passphrase),
            "require_code": self.require_code.is_some(),
        })))
    }
}

/// A time as a browser's form has it, `2026-01-31T10:00`, of that zone, in UTC.
fn utc(local: &str, zone: &str) -> Result<String, String> {
    let zone = match zone {
        "" => return utc(local, ZONE),
        name => TimeZone::get(name).map_err(|_| format!("{name} is no time zone"))?,
    };
    let local: DateTime = local.parse().map_err(|_| format!("{local} is no time"))?;
    let zoned = local.to_zoned(zone).map_err(|error| error.to_string())?;
    let whole = jiff::Timestamp::from_second(zoned.timestamp().as_second());
    whole
        .map(|time| time.to_string())
        .map_err(|error| error.to_string())
}

/// The zone that the API takes where none is given; the script puts the browser's own in its place.
const ZONE: &str = "Africa/Lagos";

async fn new(api: Api) -> Shown {
    let form = Start {
        devices: "1".to_owned(),
        late_after_min: "15".to_owned(),
        zone: ZONE.to_owned(),
        ..Start::default()
    };
    new_page(&api, form, None, None).await
}

async fn new_page(
    api: &Api,
    form: Start,
    note: Option<Note>,
    preview: Option<SessionPreview>,
) -> Shown {
    let devices: Devices = api.get("/api/v1/devices?limit=200").await?;
    Ok(show(&NewPage {
        who: Some(api.who.clone()),
        note,
        summary: devices.summary,
        devices,
        courses: api.all("/api/v1/courses").await?,
        form,
        preview,
    }))
}

async fn start(api: Api, Form(form): Form<Start>) -> Shown {
    let body = match form.body() {
        Ok(body) => body,
        Err(wrong) => return new_page(&api, form, Some(Note::Failed(wrong)), None).await,
    };
    let is_preview = form.act == "preview";
    let path = if is_preview {
        "/api/v1/sessions/preview"
    } else {
        "/api/v1/sessions"
    };
    match api.send(Method::POST, path, &form.csrf_token, &body).await {
        Ok(preview) if is_preview => {
            let preview = serde_json::from_value(preview).unwrap_or_default();
            new_page(&api, form, None, Some(preview)).await
        }
        Ok(session) => Ok(Redirect::to(&format!("/sessions/{}", session["id"])).into_response()),
        Err(refused) => {
            let page = new_page(&api, form, Some(Note::of(&refused)), None).await;
            again(&refused, page)
        }
    }
}

async fn one(api: Api, Path(id): Path<i64>) -> Shown {
    session_page(&api, id, None).await
}

async fn session_page(api: &Api, id: i64, note: Option<Note>) -> Shown {
    let session: Session = api.get(&format!("/api/v1/sessions/{id}")).await?;
    Ok(show(&SessionPage {
        who: Some(api.who.clone()),
        note,
        session,
        marks: api.all(&format!("/api/v1/sessions/{id}/marks")).await?,
    }))
}

async fn end(api: Api, Path(id): Path<i64>, Form(form): Form<Csrf>) -> Shown {
    let path = format!("/api/v1/sessions/{id}/end");
    done(&api, id, &path, &form.csrf_token, &json!({})).await
}

#[derive(Deserialize)]
struct ByHand {
    csrf_token: String,
    matric: String,
    status: String,
    reason: String,
}

async fn mark(api: Api, Path(id): Path<i64>, Form(form): Form<ByHand>) -> Shown {
    let path = format!("/api/v1/sessions/{id}/marks");
    let body = json!({"matric": form.matric, "status": form.status, "reason": form.reason});
    done(&api, id, &path, &form.csrf_token, &body).await
}

/// Does something to a session, and goes back to its page.
async fn done(api: &Api, id: i64, path: &str, csrf: &str, body: &Value) -> Shown {
    match api.send(Method::POST, path, csrf, body).await {
        Ok(_) => Ok(Redirect::to(&format!("/sessions/{id}")).into_response()),
        Err(refused) => again(
            &refused,
            session_page(api, id, Some(Note::of(&refused))).await,
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::utc;

    #[test]
    fn an_end_time_is_of_its_zone() {
        let check = |local, zone| utc(local, zone);
        let done = |text: &str| Ok(text.to_owned());
        assert_eq!(
            check("2026-01-31T10:00", "Africa/Lagos"),
            done("2026-01-31T09:00:00Z")
        );
        assert_eq!(
            check("2026-07-31T10:00", "Europe/London"),
            done("2026-07-31T09:00:00Z")
        );
        assert_eq!(check("2026-01-31T10:00", ""), done("2026-01-31T09:00:00Z"));
        assert_eq!(check("now", ""), Err("now is no time".to_owned()));
        assert_eq!(
            check("2026-01-31T10:00", "Moon/Base"),
            Err("Moon/Base is no time zone".to_owned())
        );
    }
}
