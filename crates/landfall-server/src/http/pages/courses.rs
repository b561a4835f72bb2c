//! Courses, and who teaches them.

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
use super::login::Csrf;
use super::{Note, Pages, Shown, Who, escape, show};

pub(super) fn routes() -> Router<Pages> {
    Router::new()
        .route("/courses", get(list).post(create))
        .route("/courses/delete", post(delete))
        .route("/assignments", post(assign))
        .route("/assignments/{id}/delete", post(unassign))
}

#[derive(Template)]
#[template(path = "courses.html")]
struct CoursesPage {
    who: Option<Who>,
    note: Option<Note>,
    courses: Vec<Course>,
    assignments: Vec<Assignment>,
}

/// A course.
#[derive(Deserialize)]
pub(super) struct Course {
    pub(super) code: String,
    pub(super) title: String,
}

/// Who teaches it.
#[derive(Deserialize)]
struct Assignment {
    id: i64,
    lecturer: String,
    course: String,
    session: String,
    semester: String,
}

async fn list(api: Api) -> Shown {
    page(&api, None).await
}

async fn page(api: &Api, note: Option<Note>) -> Shown {
    Ok(show(&CoursesPage {
        who: Some(api.who.clone()),
        note,
        courses: api.all("/api/v1/courses").await?,
        assignments: api.all("/api/v1/assignments").await?,
    }))
}

#[derive(Deserialize)]
struct NewCourse {
    csrf_token: String,
    code: String,
    title: String,
}

async fn create(api: Api, Form(form): Form<NewCourse>) -> Shown {
    let body = json!({"code": form.code.trim(), "title": form.title.trim()});
    done(
        &api,
        Method::POST,
        "/api/v1/courses",
        &form.csrf_token,
        &body,
    )
    .await
}

#[derive(Deserialize)]
struct Code {
    csrf_token: String,
    code: String,
}

async fn delete(api: Api, Form(form): Form<Code>) -> Shown {
    let path = format!("/api/v1/courses/{}", escape(&form.code).replace('/', "%2F"));
    done(&api, Method::DELETE, &path, &form.csrf_token, &json!({})).await
}

#[derive(Deserialize)]
struct NewAssignment {
    csrf_token: String,
    lecturer: String,
    course: String,
    session: String,
    semester: String,
}

async fn assign(api: Api, Form(form): Form<NewAssignment>) -> Shown {
    let body = json!({
        "lecturer": form.lecturer.trim(),
        "course": form.course,
        "session": form.session.trim(),
        "semester": form.semester.trim(),
    });
    done(
        &api,
        Method::POST,
        "/api/v1/assignments",
        &form.csrf_token,
        &body,
    )
    .await
}

async fn unassign(api: Api, Path(id): Path<i64>, Form(form): Form<Csrf>) -> Shown {
    let path = format!("/api/v1/assignments/{id}");
    done(&api, Method::DELETE, &path, &form.csrf_token, &json!({})).await
}

async fn done(api: &Api, method: Method, path: &str, csrf: &str, body: &Value) -> Shown {
    match api.send(method, path, csrf, body).await {
        Ok(_) => Ok(Redirect::to("/courses").into_response()),
        Err(refused) => again(&refused, page(api, Some(Note::of(&refused))).await),
    }
}
