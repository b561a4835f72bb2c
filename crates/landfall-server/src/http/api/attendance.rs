//! A student's attendance, and everything kept about a person.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::routes;

use super::enrolments::Enrolment;
use crate::app::App;
use crate::database::Tx;
use crate::http::auth::{Admin, Identity, Known};
use crate::http::body::Body;
use crate::http::page::{List, Page, PageParams};
use crate::http::params::Params;
use crate::http::routes::Routes;
use crate::http::time::Time;
use crate::marks::attendance;
use crate::marks::entries::{Entry, Source};
use crate::marks::matric::Matric;
use crate::marks::person::{self, NotErased};
use crate::people::audit;
use crate::people::user::Role;
use crate::problem::Problem;

/// The routes of this file.
pub(crate) fn routes() -> Routes {
    Routes::default()
        .routes(routes!(list))
        .routes(routes!(export))
        .routes(routes!(erase))
}

/// What a student was in a session.
#[derive(Serialize, ToSchema)]
struct Attended {
    session_id: i64,
    course: String,
    session: String,
    semester: String,
    #[schema(pattern = "^(present|late|excused|absent)$")]
    status: String,
    #[schema(required)]
    marked_at: Option<Time>,
}

/// Whose attendance.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct AttendanceParams {
    /// A matric number; a student may leave it out.
    matric: Option<String>,
}

/// A student's attendance, the newest session first: a student's own; of assigned courses for a
/// lecturer.
#[utoipa::path(get, path = "/api/v1/attendance", tag = "attendance",
    params(AttendanceParams, PageParams), responses((status = 200, body = List<Attended>)))]
async fn list(
    State(app): State<Arc<App>>,
    Known(who): Known,
    Params(params): Params<AttendanceParams>,
    page: Page,
) -> Result<Json<List<Attended>>, Problem> {
    let asked = params.matric.as_deref().filter(|asked| !asked.is_empty());
    let asked = asked.map(parse).transpose()?;
    let Some(matric) = whose(&who, asked)? else {
        return Ok(Json(List {
            items: Vec::new(),
            next: None,
        }));
    };
    let lecturer = (who.user.role == Role::Lecturer).then_some(who.user.username.as_str());
    let bounds = (page.after()?.unwrap_or(i64::MAX), page.rows());
    let mut connection = app.database.read().await?;
    let rows = attendance::list(&mut connection, &matric.key(), lecturer, bounds).await?;
    let item = |one: attendance::Attended| Attended {
        session_id: one.session_id,
        course: one.course,
        session: one.session,
        semester: one.semester,
        status: one.status,
        marked_at: one.marked_at.map(Time),
    };
    Ok(Json(page.list(rows, |one| one.session_id, item)))
}

fn parse(matric: &str) -> Result<Matric, Problem> {
    Matric::new(matric).map_err(|error| Problem::wrong("matric", error.to_string()))
}

/// Whose attendance that person may see; nobody's for a student whom no matric number is tied to.
fn whose(who: &Identity, asked: Option<Matric>) -> Result<Option<Matric>, Problem> {
    if who.user.role != Role::Student {
        return match asked {
            Some(matric) => Ok(Some(matric)),
            None => Err(Problem::wrong("matric", "it is missing")),
        };
    }
    let own = who
        .user
        .matric
        .as_deref()
        .and_then(|own| Matric::new(own).ok());
    match (asked, own) {
        (None, own) => Ok(own),
        (Some(asked), Some(own)) if asked.key() == own.key() => Ok(Some(own)),
        (Some(_), _) => Err(Problem::forbidden(
            "a student sees the own attendance alone",
        )),
    }
}

/// Who is meant.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct PersonParams {
    matric: String,
}

/// Everything that is kept about a person.
#[derive(Serialize, ToSchema)]
struct Person {
    users: Vec<Account>,
    enrolments: Vec<Enrolment>,
    marks: Vec<PersonMark>,
}

/// A login that is tied to the person.
#[derive(Serialize, ToSchema)]
struct Account {
    username: String,
    name: String,
    role: String,
    matric: String,
    created_at: Time,
}

/// An entry about the person.
#[derive(Serialize, ToSchema)]
struct PersonMark {
    session_id: i64,
    matric: String,
    #[schema(value_type = String)]
    status: &'static str,
    /// `device` or `manual`.
    #[schema(value_type = String)]
    source: &'static str,
    #[schema(required)]
    reason: Option<String>,
    marked_at: Time,
    #[schema(required)]
    hardware_id: Option<String>,
    #[schema(required)]
    by: Option<String>,
    #[schema(value_type = Vec<String>)]
    flags: Vec<&'static str>,
    /// The phone's address as the device's salted hash; kept for a day.
    #[schema(required)]
    station: Option<String>,
}

impl From<Entry> for PersonMark {
    fn from(entry: Entry) -> Self {
        let mut mark = Self {
            session_id: entry.session_id,
            matric: entry.matric,
            status: entry.status.name(),
            source: "manual",
            reason: None,
            marked_at: Time(entry.marked_at),
            hardware_id: None,
            by: None,
            flags: Vec::new(),
            station: None,
        };
        match entry.source {
            Source::Manual { by, reason } => (mark.by, mark.reason) = (Some(by), Some(reason)),
            Source::Device {
                hardware_id,
                station,
                flags,
            } => {
                (mark.source, mark.hardware_id) = ("device", Some(hardware_id));
                mark.station = station;
                mark.flags = flags.into_iter().map(|flag| flag.name()).collect();
            }
        }
        mark
    }
}

/// Everything that is kept about a person.
#[utoipa::path(get, path = "/api/v1/people/export", tag = "attendance",
    params(PersonParams), responses((status = 200, body = Person)))]
async fn export(
    State(app): State<Arc<App>>,
    Admin(who): Admin,
    Params(params): Params<PersonParams>,
) -> Result<Json<Person>, Problem> {
    let matric = parse(&params.matric)?;
    let now = app.clock().now_ms();
    let job = async move |mut tx: Tx| {
        let person = person::export(&mut tx, &matric).await?;
        audit::note(
            &mut tx,
            now,
            &who.user.username,
            ("person.exported", "", ""),
        )
        .await?;
        Ok::<_, Problem>(person)
    };
    let person = app.database.write(job).await?;
    let account = |one: person::Account| Account {
        username: one.username,
        name: one.name,
        role: one.role,
        matric: one.matric,
        created_at: Time(one.created_at),
    };
    Ok(Json(Person {
        users: person.users.into_iter().map(account).collect(),
        enrolments: person.enrolments.into_iter().map(Enrolment::from).collect(),
        marks: person.entries.into_iter().map(PersonMark::from).collect(),
    }))
}

/// Who is to be erased.
#[derive(Deserialize, ToSchema)]
struct Erase {
    #[schema(min_length = 5, max_length = 20, pattern = "^[A-Za-z0-9/._-]{5,20}$")]
    matric: String,
}

/// How much was erased.
#[derive(Serialize, ToSchema)]
struct Erased {
    users: u64,
    enrolments: u64,
    marks: u64,
}

/// Erase a person: nothing about them is found any more, and counts stay.
#[utoipa::path(post, path = "/api/v1/people/erase", tag = "attendance",
    request_body = Erase, responses((status = 200, body = Erased)))]
async fn erase(
    State(app): State<Arc<App>>,
    Admin(who): Admin,
    Body(body): Body<Erase>,
) -> Result<Json<Erased>, Problem> {
    let matric = parse(&body.matric)?;
    let now = app.clock().now_ms();
    let job = async move |mut tx: Tx| {
        let erased = person::erase(&mut tx, &matric)
            .await
            .map_err(|error| match error {
                NotErased::Random(error) => {
                    let status = axum::http::StatusCode::SERVICE_UNAVAILABLE;
                    Problem::later(status, format!("no random number: {error}"), 1)
                }
                NotErased::Database(error) => error.into(),
            })?;
        audit::note(&mut tx, now, &who.user.username, ("person.erased", "", "")).await?;
        Ok::<_, Problem>(erased)
    };
    let erased = app.database.write(job).await?;
    Ok(Json(Erased {
        users: erased.users,
        enrolments: erased.enrolments,
        marks: erased.entries,
    }))
}
