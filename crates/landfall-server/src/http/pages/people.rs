//! Users, rosters, and what is kept about a person.

use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, Form, Query};
use axum::http::Method;
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Value, json};

use super::api::{Api, Refused};
use super::devices::again;
use super::forms::{sent, text};
use super::wire::List;
use super::{Note, Pages, Shown, Who, escape, show};

/// The largest form of an import, in bytes: a form writes most characters of a table as three.
const IMPORT_FORM_MAX: usize = 13 * 1024 * 1024;

pub(super) fn routes() -> Router<Pages> {
    Router::new()
        .route("/people", get(list))
        .route("/people/users", post(create))
        .route("/people/users/change", post(change))
        .route(
            "/people/import",
            post(import).layer(DefaultBodyLimit::max(IMPORT_FORM_MAX)),
        )
        .route("/people/erase", post(erase))
}

#[derive(Template)]
#[template(path = "people.html")]
struct PeoplePage {
    who: Option<Who>,
    note: Option<Note>,
    users: Vec<User>,
    enrolments: List<Enrolment>,
    query: Roster,
    csv: String,
    report: Option<Report>,
}

#[derive(Deserialize)]
struct User {
    username: String,
    role: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    matric: Option<String>,
    enabled: bool,
}

#[derive(Deserialize)]
struct Enrolment {
    matric: String,
    name: String,
    course: String,
    session: String,
    semester: String,
}

/// Whose enrolments are shown.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Roster {
    course: String,
    session: String,
    semester: String,
    cursor: String,
}

/// What an import did, or would do.
#[derive(Deserialize)]
struct Report {
    dry_run: bool,
    rows: u64,
    valid: u64,
    imported: u64,
    unchanged: u64,
    errors: Vec<RowError>,
}

#[derive(Deserialize)]
struct RowError {
    line: u64,
    #[serde(default)]
    column: Option<String>,
    message: String,
}

/// What a page shows beside its lists.
#[derive(Default)]
struct Beside {
    note: Option<Note>,
    csv: String,
    report: Option<Report>,
}

async fn list(api: Api, Query(query): Query<Roster>) -> Shown {
    page(&api, query, Beside::default()).await
}

async fn page(api: &Api, query: Roster, beside: Beside) -> Shown {
    let users: Vec<User> = if api.who.is_admin() {
        api.all("/api/v1/users").await?
    } else {
        Vec::new()
    };
    let mut path = "/api/v1/enrolments?limit=100".to_owned();
    for (name, value) in [
        ("course", &query.course),
        ("session", &query.session),
        ("semester", &query.semester),
        ("cursor", &query.cursor),
    ] {
        if !value.is_empty() {
            path.push_str(&format!("&{name}={}", escape(value)));
        }
    }
    Ok(show(&PeoplePage {
        who: Some(api.who.clone()),
        note: beside.note,
        users,
        enrolments: api.get(&path).await?,
        query,
        csv: beside.csv,
        report: beside.report,
    }))
}

#[derive(Deserialize)]
struct NewUser {
    csrf_token: String,
    username: String,
    role: String,
    name: String,
    matric: String,
}

async fn create(api: Api, Form(form): Form<NewUser>) -> Shown {
    let body = sent(json!({
        "username": form.username.trim(),
        "role": form.role,
        "name": text(&form.name),
        "matric": text(&form.matric),
    }));
    let made = api
        .send(Method::POST, "/api/v1/users", &form.csrf_token, &body)
        .await;
    told(&api, made, |user| {
        let password = user["password"].as_str().unwrap_or("the one given");
        let username = user["username"].as_str().unwrap_or_default();
        format!("{username} was added. The password, shown this once: {password}")
    })
    .await
}

#[derive(Deserialize)]
struct ChangeUser {
    csrf_token: String,
    username: String,
    enabled: bool,
}

async fn change(api: Api, Form(form): Form<ChangeUser>) -> Shown {
    let path = format!("/api/v1/users/{}", escape(&form.username));
    let body = json!({"enabled": form.enabled});
    let changed = api
        .send(Method::PATCH, &path, &form.csrf_token, &body)
        .await;
    let what = if form.enabled { "enabled" } else { "disabled" };
    told(&api, changed, |_| format!("{} is {what}.", form.username)).await
}

#[derive(Deserialize)]
struct Erase {
    csrf_token: String,
    matric: String,
}

async fn erase(api: Api, Form(form): Form<Erase>) -> Shown {
    let body = json!({"matric": form.matric.trim()});
    let erased = api
        .send(
            Method::POST,
            "/api/v1/people/erase",
            &form.csrf_token,
            &body,
        )
        .await;
    told(&api, erased, |_| {
        format!("What was kept about {} is erased.", form.matric)
    })
    .await
}

/// The page again, with what came of a form.
async fn told(
    api: &Api,
    result: Result<Value, Refused>,
    done: impl FnOnce(&Value) -> String,
) -> Shown {
    let (note, refused) = match result {
        Ok(answer) => (Note::Done(done(&answer)), None),
        Err(refused) => (Note::of(&refused), Some(refused)),
    };
    let beside = Beside {
        note: Some(note),
        ..Beside::default()
    };
    let page = page(api, Roster::default(), beside).await;
    match refused {
        Some(refused) => again(&refused, page),
        None => page,
    }
}

#[derive(Deserialize)]
struct Import {
    csrf_token: String,
    csv: String,
    act: String,
}

async fn import(api: Api, Form(form): Form<Import>) -> Shown {
    let check = "/api/v1/enrolments/import?dry_run=true";
    let report = api
        .send_csv(check, &form.csrf_token, form.csv.clone())
        .await;
    let report = match report {
        Ok(report) if form.act == "import" && has_no_errors(&report) => {
            let path = "/api/v1/enrolments/import";
            api.send_csv(path, &form.csrf_token, form.csv.clone()).await
        }
        report => report,
    };
    let mut beside = Beside {
        csv: form.csv,
        ..Beside::default()
    };
    match report {
        Ok(report) => beside.report = serde_json::from_value(report).ok(),
        Err(refused) => beside.note = Some(Note::of(&refused)),
    }
    page(&api, Roster::default(), beside).await
}

fn has_no_errors(report: &Value) -> bool {
    report["errors"].as_array().is_some_and(Vec::is_empty)
}
