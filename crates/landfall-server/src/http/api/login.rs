//! Logging in and out, and who one is.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;
use utoipa::ToSchema;
use utoipa_axum::routes;
use zeroize::Zeroizing;

use crate::app::App;
use crate::database::DatabaseError;
use crate::http::auth::{self, Credential, Known, cookie};
use crate::http::body::Body;
use crate::http::routes::Routes;
use crate::people::passwords::{self, Password};
use crate::people::user::User;
use crate::people::users;
use crate::people::{audit, logins};
use crate::problem::Problem;

/// Logins that are tried at once: one, so that wrong ones are counted before the next is tried.
static ONE_AT_A_TIME: Semaphore = Semaphore::const_new(1);
/// The part of a username that is kept of a refused login: what was typed may be a password.
const USERNAME_MAX: usize = 64;

/// The routes that need no login.
pub(crate) fn routes() -> Routes {
    Routes::default().routes(routes!(login))
}

/// The routes that do.
pub(crate) fn routes_of_known() -> Routes {
    Routes::default()
        .routes(routes!(logout))
        .routes(routes!(me))
}

/// Who wants in.
#[derive(Deserialize, ToSchema)]
struct Login {
    username: String,
    #[schema(value_type = String, format = Password)]
    password: Password,
}

/// A login that was made.
#[derive(Serialize, ToSchema)]
struct LoggedIn {
    username: String,
    /// `admin`, `lecturer` or `student`.
    role: &'static str,
    /// To be sent as `X-CSRF-Token` with every write.
    csrf_token: String,
}

/// Log in: the answer sets the cookie.
#[utoipa::path(post, path = "/api/v1/login", tag = "people",
    request_body = Login, responses((status = 200, body = LoggedIn)))]
async fn login(
    State(app): State<Arc<App>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Body(login): Body<Login>,
) -> Result<Response, Problem> {
    let (user, cookie) = log_in(&app, from, &headers, login.username, &login.password).await?;
    let body = LoggedIn {
        username: user.username,
        role: user.role.name(),
        csrf_token: logins::csrf_token(&cookie),
    };
    let set_cookie = cookie::set(&cookie, app.options.tls.is_some());
    Ok(([(header::SET_COOKIE, set_cookie)], Json(body)).into_response())
}

/// Tries a login, for the API and the page alike: the user, and the cookie's value.
///
/// # Errors
///
/// 401 for a wrong password or username, 403 over plain HTTP from elsewhere or for another site, 429
/// after too many wrong ones.
pub(crate) async fn log_in(
    app: &Arc<App>,
    from: SocketAddr,
    headers: &HeaderMap,
    username: String,
    password: &str,
) -> Result<(User, Zeroizing<String>), Problem> {
    let is_tls = app.options.tls.is_some();
    if !is_tls && !app.options.insecure_http && !from.ip().to_canonical().is_loopback() {
        return Err(Problem::forbidden(
            "over plain HTTP one logs in from this machine alone: a password would be read on the \
             way. Start the server with --tls-cert and --tls-key, or with --insecure-http where the \
             network is trusted",
        ));
    }
    auth::guard_origin(headers, is_tls)?;
    let address = auth::Address::from(from.ip());
    let _turn = ONE_AT_A_TIME.acquire().await;
    let now = app.clock().now_ms();
    let kept_name: String = username.chars().take(USERNAME_MAX).collect();
    let mut connection = app.database.read().await?;
    if let Some(problem) = blocked(&mut connection, &address, &kept_name, now).await? {
        return Err(problem);
    }
    let found = users::find_with_password(&mut connection, &username).await?;
    drop(connection);
    let (user, hash) = found.unzip();
    let is_right = passwords::verify(password, hash).await;
    app.database
        .write(async move |mut tx| match user.filter(|_| is_right) {
            Some(user) => {
                let cookie = logins::create(&mut tx, user.id, now).await?;
                audit::note(
                    &mut tx,
                    now,
                    &user.username,
                    ("login", "", address.as_str()),
                )
                .await?;
                Ok::<_, DatabaseError>(Ok((user, cookie)))
            }
            None => {
                auth::note_wrong(&mut tx, &address, &kept_name, now).await?;
                let deed = ("login.refused", kept_name.as_str(), address.as_str());
                audit::note(&mut tx, now, "", deed).await?;
                // A refusal is noted: the job is done, not failed.
                Ok(Err(blocked(&mut tx, &address, &kept_name, now).await?))
            }
        })
        .await?
        .map_err(|blocked: Option<Problem>| {
            let wrong = || Problem::new(StatusCode::UNAUTHORIZED, "username or password is wrong");
            blocked.unwrap_or_else(wrong)
        })
}

/// The refusal of who was wrong too often.
async fn blocked(
    connection: &mut sqlx::AnyConnection,
    address: &auth::Address,
    username: &str,
    now_ms: i64,
) -> Result<Option<Problem>, DatabaseError> {
    let seconds = auth::is_blocked(connection, address, username, now_ms).await?;
    Ok(seconds.map(|seconds| {
        let detail = format!("too many wrong passwords; try again in {seconds} s");
        Problem::later(StatusCode::TOO_MANY_REQUESTS, detail, seconds)
    }))
}

/// Log out: the login ends, in every browser that has its cookie.
#[utoipa::path(post, path = "/api/v1/logout", tag = "people", responses((status = 204)))]
async fn logout(State(app): State<Arc<App>>, Known(who): Known) -> Result<Response, Problem> {
    if let Credential::Cookie(cookie) = who.by {
        app.database
            .write(async move |mut tx| logins::end(&mut tx, &cookie).await)
            .await?;
    }
    let clear = cookie::clear(app.options.tls.is_some());
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, clear)]).into_response())
}

/// Who one is.
#[derive(Serialize, ToSchema)]
struct Me {
    username: String,
    /// `admin`, `lecturer` or `student`.
    role: &'static str,
}

/// Who one is.
#[utoipa::path(get, path = "/api/v1/me", tag = "people", responses((status = 200, body = Me)))]
async fn me(Known(who): Known) -> Json<Me> {
    Json(Me {
        username: who.user.username,
        role: who.user.role.name(),
    })
}
