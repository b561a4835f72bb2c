//! Claim codes: made, listed without their secrets, deleted.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::devices::{check_labels, check_room};
use crate::app::App;
use crate::fleet::claims::{self, OPEN_MAX, Purpose};
use crate::http::auth::Admin;
use crate::http::once::{Create, Created};
use crate::http::page::{List, Page, PageParams};
use crate::http::routes::Routes;
use crate::http::time::Time;
use crate::people::audit;
use crate::problem::Problem;

/// How long a claim may be good for, in seconds: 30 days at most.
const EXPIRES_IN_S: std::ops::RangeInclusive<i64> = 1..=2_592_000;

/// The routes of this file.
pub(crate) fn routes() -> Routes {
    Routes::default()
        .routes(routes!(list, create))
        .routes(routes!(remove))
}

/// A claim to be.
#[derive(Deserialize, ToSchema)]
struct NewClaim {
    /// For how long it is good.
    #[serde(default = "an_hour")]
    #[schema(minimum = 1, maximum = 2_592_000, default = 3600)]
    expires_in_s: i64,
    /// Labels of the device that uses it.
    #[serde(default)]
    labels: Vec<String>,
    /// Where that device stands.
    room: Option<String>,
}

fn an_hour() -> i64 {
    3600
}

/// A claim that was made.
#[derive(Serialize, ToSchema)]
struct MadeClaim {
    id: String,
    /// `XXXXX-YYYYY-YYYYY-YYYYY-YYYYY`, to be typed into the device. It is shown once.
    code: String,
    expires_at: Time,
    /// The text of the QR code.
    qr: String,
}

/// A claim.
#[derive(Serialize, ToSchema)]
struct ListedClaim {
    id: String,
    created_at: Time,
    expires_at: Time,
    /// `open`, `used`, `expired` or `ended`.
    state: &'static str,
    labels: Vec<String>,
    #[schema(required)]
    room: Option<String>,
    /// The device that used it.
    #[schema(required)]
    hardware_id: Option<String>,
}

/// Make a claim code.
#[utoipa::path(post, path = "/api/v1/claims", tag = "devices",
    request_body = NewClaim, responses((status = 201, body = MadeClaim)))]
async fn create(
    State(app): State<Arc<App>>,
    Admin(who): Admin,
    Create { body, once }: Create<NewClaim>,
) -> Result<Created, Problem> {
    if !EXPIRES_IN_S.contains(&body.expires_in_s) {
        return Err(Problem::wrong("expires_in_s", "it has to be 1..=2592000"));
    }
    let purpose = Purpose {
        labels: check_labels(body.labels)?,
        room: check_room(body.room)?,
    };
    let now = app.clock().now_ms();
    let expires_at = now + body.expires_in_s * 1000;
    app.database
        .write(async move |mut tx| {
            if let Some(first) = once.first_answer(&mut tx, now).await? {
                return Ok(first);
            }
            if claims::open(&mut tx, now).await? >= OPEN_MAX {
                let detail = "there are 10 000 open claims; delete some";
                return Err(Problem::conflict(detail));
            }
            let claim = claims::create(&mut tx, &purpose, (now, expires_at)).await?;
            let deed = ("claim.created", claim.id(), "");
            audit::note(&mut tx, now, &who.user.username, deed).await?;
            let code = claim.text().as_str().to_owned();
            let made = MadeClaim {
                id: claim.id().to_owned(),
                qr: code.clone(),
                code,
                expires_at: Time(expires_at),
            };
            once.created_secret(&mut tx, now, &made).await
        })
        .await
}

/// The claims, without their secrets.
#[utoipa::path(get, path = "/api/v1/claims", tag = "devices",
    params(PageParams), responses((status = 200, body = List<ListedClaim>)))]
async fn list(
    State(app): State<Arc<App>>,
    _: Admin,
    page: Page,
) -> Result<Json<List<ListedClaim>>, Problem> {
    let after: String = page.after()?.unwrap_or_default();
    let mut connection = app.database.read().await?;
    let rows = claims::list(&mut connection, &after, page.rows()).await?;
    let now = app.clock().now_ms();
    Ok(Json(page.list(
        rows,
        |kept| kept.id.clone(),
        |kept| listed(kept, now),
    )))
}

fn listed(kept: claims::Kept, now: i64) -> ListedClaim {
    let state = if kept.used_at.is_some() {
        "used"
    } else if kept.wrong >= claims::WRONG_MAX {
        "ended"
    } else if kept.is_over(now) {
        "expired"
    } else {
        "open"
    };
    let purpose = kept.purpose();
    ListedClaim {
        id: kept.id,
        created_at: Time(kept.created_at),
        expires_at: Time(kept.expires_at),
        state,
        labels: purpose.labels,
        room: purpose.room,
        hardware_id: kept.hardware_id,
    }
}

/// Delete a claim: nobody enrols by it any more.
#[utoipa::path(delete, path = "/api/v1/claims/{id}", tag = "devices",
    params(("id" = String, Path)), responses((status = 204), (status = 404)))]
async fn remove(
    State(app): State<Arc<App>>,
    Admin(who): Admin,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let now = app.clock().now_ms();
    app.database
        .write(async move |mut tx| {
            if !claims::remove(&mut tx, &id).await? {
                return Err(Problem::not_found("claim"));
            }
            let deed = ("claim.deleted", id.as_str(), "");
            audit::note(&mut tx, now, &who.user.username, deed).await?;
            Ok(StatusCode::NO_CONTENT)
        })
        .await
}
