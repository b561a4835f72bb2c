//! One's own tokens.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::app::App;
use crate::http::auth::Known;
use crate::http::once::{Create, Created};
use crate::http::page::{List, Page, PageParams};
use crate::http::routes::Routes;
use crate::http::time::Time;
use crate::people::{audit, tokens};
use crate::problem::Problem;

/// The longest name, in characters.
const NAME_MAX: usize = 64;

/// The routes of this file.
pub(crate) fn routes() -> Routes {
    Routes::default()
        .routes(routes!(list, create))
        .routes(routes!(remove))
}

/// A token to be.
#[derive(Deserialize, ToSchema)]
struct NewToken {
    /// What it is for, 1..=64 characters.
    #[schema(min_length = 1, max_length = 64)]
    name: String,
}

/// A token that was made.
#[derive(Serialize, ToSchema)]
struct MadeToken {
    id: i64,
    name: String,
    /// To be sent as `Authorization: Bearer <token>`. It is shown once.
    token: String,
}

/// A token.
#[derive(Serialize, ToSchema)]
struct Token {
    id: i64,
    name: String,
    created_at: Time,
}

/// Make a token, which acts for its user.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "people",
    request_body = NewToken, responses((status = 201, body = MadeToken)))]
async fn create(
    State(app): State<Arc<App>>,
    Known(who): Known,
    Create { body, once }: Create<NewToken>,
) -> Result<Created, Problem> {
    let len = body.name.chars().count();
    if !(1..=NAME_MAX).contains(&len) {
        return Err(Problem::wrong(
            "name",
            format!("it has to be 1..={NAME_MAX} characters"),
        ));
    }
    let now = app.clock().now_ms();
    app.database
        .write(async move |mut tx| {
            if let Some(first) = once.first_answer(&mut tx, now).await? {
                return Ok(first);
            }
            let (token, text) = tokens::create(&mut tx, who.user.id, &body.name, now).await?;
            let deed = ("token.created", token.name.as_str(), "");
            audit::note(&mut tx, now, &who.user.username, deed).await?;
            let made = MadeToken {
                id: token.id,
                name: token.name,
                token: text.to_string(),
            };
            once.created_secret(&mut tx, now, &made).await
        })
        .await
}

/// One's own tokens, the oldest first.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "people",
    params(PageParams), responses((status = 200, body = List<Token>)))]
async fn list(
    State(app): State<Arc<App>>,
    Known(who): Known,
    page: Page,
) -> Result<Json<List<Token>>, Problem> {
    let mut connection = app.database.read().await?;
    let rows = tokens::list(&mut connection, who.user.id, page.after()?, page.rows()).await?;
    let item = |token: tokens::Token| Token {
        id: token.id,
        name: token.name,
        created_at: Time(token.created_at),
    };
    Ok(Json(page.list(rows, |token| token.id, item)))
}

/// Remove a token: nobody is let in by it any more.
#[utoipa::path(delete, path = "/api/v1/tokens/{id}", tag = "people",
    params(("id" = i64, Path)), responses((status = 204), (status = 404)))]
async fn remove(
    State(app): State<Arc<App>>,
    Known(who): Known,
    Path(id): Path<i64>,
) -> Result<StatusCode, Problem> {
    let now = app.clock().now_ms();
    app.database
        .write(async move |mut tx| {
            if !tokens::remove(&mut tx, who.user.id, id).await? {
                return Err(Problem::not_found("token"));
            }
            let deed = ("token.removed", id.to_string());
            audit::note(&mut tx, now, &who.user.username, (deed.0, &deed.1, "")).await?;
            Ok(StatusCode::NO_CONTENT)
        })
        .await
}
