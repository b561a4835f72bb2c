//! Logging in and out by a browser.

use std::net::SocketAddr;

use askama::Template;
use axum::Router;
use axum::extract::{ConnectInfo, Form, Query, State};
use axum::http::{HeaderMap, Method, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::json;

use super::api::Api;
use super::{Note, Pages, Shown, Who, show};
use crate::http::api::login::log_in;
use crate::http::auth::cookie;
use crate::people::passwords::Password;

pub(super) fn routes() -> Router<Pages> {
    Router::new()
        .route("/login", get(form).post(submit))
        .route("/logout", post(log_out))
}

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage {
    who: Option<Who>,
    note: Option<Note>,
    next: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Next {
    next: String,
}

#[derive(Deserialize)]
struct Credentials {
    username: String,
    password: Password,
    #[serde(default)]
    next: String,
}

async fn form(Query(query): Query<Next>) -> Response {
    show(&LoginPage {
        who: None,
        note: None,
        next: query.next,
    })
}

async fn submit(
    State(pages): State<Pages>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    Form(credentials): Form<Credentials>,
) -> Response {
    let Credentials {
        username,
        password,
        next,
    } = credentials;
    let app = &pages.app;
    match log_in(app, from, &headers, username, &password).await {
        Ok((_, value)) => {
            let set = cookie::set(&value, app.options.tls.is_some());
            let go = Redirect::to(own_path(&next));
            (AppendHeaders([(header::SET_COOKIE, set)]), go).into_response()
        }
        Err(problem) => {
            let note = Note::Failed(problem.detail().to_owned());
            let page = LoginPage {
                who: None,
                note: Some(note),
                next,
            };
            let mut page = show(&page);
            *page.status_mut() = problem.status();
            let head = problem.into_response().into_parts().0;
            for after in head.headers.get_all(header::RETRY_AFTER) {
                page.headers_mut()
                    .insert(header::RETRY_AFTER, after.clone());
            }
            page
        }
    }
}

/// Where to go after the login: a page of ours, whatever the link said.
fn own_path(next: &str) -> &str {
    let is_ours = next.starts_with('/')
        && !next.starts_with("//")
        && !next.contains(|c: char| c == '\\' || c.is_control());
    if is_ours { next } else { "/" }
}

#[derive(Deserialize)]
pub(super) struct Csrf {
    pub(super) csrf_token: String,
}

async fn log_out(State(pages): State<Pages>, api: Api, Form(form): Form<Csrf>) -> Shown {
    let path = "/api/v1/logout";
    let sent = api
        .send(Method::POST, path, &form.csrf_token, &json!({}))
        .await;
    sent.map_err(|refused| super::Elsewhere::refused(&api.who, refused))?;
    let clear = cookie::clear(pages.app.options.tls.is_some());
    let go = Redirect::to("/login");
    Ok((AppendHeaders([(header::SET_COOKIE, clear)]), go).into_response())
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn a_login_leads_to_our_own_pages() {
        for (next, to) in [
            ("/sessions/12?a=b", "/sessions/12?a=b"),
            ("", "/"),
            ("//evil.example/", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example/", "/"),
        ] {
            assert_eq!(own_path(next), to, "{next}");
        }
    }
}
