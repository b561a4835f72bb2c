//! The page where one logs in, and the form that logs out.

use std::net::SocketAddr;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::{Form, Refusal, show};
use crate::app::App;
use crate::http::api::login::log_in;
use crate::http::auth::{Credential, cookie};
use crate::http::params::Params;
use crate::http::{body, params};
use crate::people::logins;
use crate::people::passwords::Password;
use crate::problem::Problem;

/// The routes of this file.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/login", get(ask).post(enter))
        .route("/logout", post(leave))
}

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    next: &'a str,
    username: &'a str,
    refused: Option<&'a str>,
}

#[derive(Deserialize)]
struct Asked {
    /// Where to go afterwards.
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
struct Entered {
    username: String,
    password: Password,
    #[serde(default)]
    next: String,
}

async fn ask(Params(asked): Params<Asked>) -> Response {
    show(&LoginPage {
        next: own_path(&asked.next),
        username: "",
        refused: None,
    })
}

async fn enter(
    State(app): State<Arc<App>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Refusal> {
    let text = body::read(request, body::JSON_MAX).await?;
    let Entered {
        username,
        password,
        next,
    } = params::parse_pairs(&text)?;
    match log_in(&app, from, &headers, username.clone(), &password).await {
        Ok((_, value)) => {
            let set_cookie = cookie::set(&value, app.options.tls.is_some());
            let to = Redirect::to(own_path(&next));
            Ok(([(header::SET_COOKIE, set_cookie)], to).into_response())
        }
        Err(problem) => Ok(ask_again(&problem, own_path(&next), &username)),
    }
}

/// The page again, saying why.
fn ask_again(problem: &Problem, next: &str, username: &str) -> Response {
    let mut page = show(&LoginPage {
        next,
        username,
        refused: Some(problem.detail()),
    });
    *page.status_mut() = problem.status();
    if let Some(after) = problem
        .clone()
        .into_response()
        .headers_mut()
        .remove(header::RETRY_AFTER)
    {
        page.headers_mut().insert(header::RETRY_AFTER, after);
    }
    page
}

#[derive(Deserialize)]
struct Nothing {}

async fn leave(State(app): State<Arc<App>>, form: Form<Nothing>) -> Result<Response, Refusal> {
    let (Credential::Cookie(secret) | Credential::Token(secret)) = form.viewer.identity.by;
    let ended = app
        .database
        .write(async move |mut tx| logins::end(&mut tx, &secret).await);
    ended.await.map_err(Problem::from)?;
    let clear = cookie::clear(app.options.tls.is_some());
    Ok(([(header::SET_COOKIE, clear)], Redirect::to("/login")).into_response())
}

/// A path of this server; the first page where it is none: a link to the login leads nowhere else.
fn own_path(next: &str) -> &str {
    let own = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains(|c: char| c == '\\' || c.is_control());
    if own { next } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn a_login_leads_to_our_own_pages_alone() {
        for (next, to) in [
            ("/sessions/new", "/sessions/new"),
            ("", "/"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("/\t/evil.example", "/"),
        ] {
            assert_eq!(own_path(next), to);
        }
    }
}
