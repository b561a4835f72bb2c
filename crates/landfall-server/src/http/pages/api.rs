//! The API, asked in this process as the person who looks at a page.

use std::fmt;

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, FromRequestParts, OriginalUri};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::net::SocketAddr;
use tower::ServiceExt;

use super::wire::List;
use super::{Elsewhere, Pages, Who, escape};
use crate::http::auth::{self, Credential, Identity};
use crate::people::logins;

/// Most bytes of an answer: a list of 200 entries is a few hundred KiB.
const ANSWER_MAX: usize = 16 * 1024 * 1024;
/// Most entries of a list that a page shows as a whole.
const ALL_MAX: usize = 2000;

/// Asks for somebody.
#[derive(Clone)]
pub(super) struct Api {
    pages: Pages,
    /// Of the request that came: who asks, and from where.
    headers: HeaderMap,
    from: SocketAddr,
    identity: Identity,
    /// Who looks.
    pub(super) who: Who,
}

/// The API refused.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    pub(super) status: StatusCode,
    detail: String,
    errors: Vec<(String, String)>,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let detail = self.detail.trim_end_matches('.');
        f.write_str(detail)?;
        for (path, message) in &self.errors {
            if !message.is_empty() && !detail.contains(message) {
                write!(f, "; {path}: {message}")?;
            }
        }
        f.write_str(".")
    }
}

impl Refused {
    fn read(status: StatusCode, body: &[u8]) -> Self {
        let problem: Value = serde_json::from_slice(body).unwrap_or_default();
        let text = |value: &Value, key: &str| value[key].as_str().unwrap_or_default().to_owned();
        let detail = match text(&problem, "detail") {
            detail if detail.is_empty() => text(&problem, "title"),
            detail => detail,
        };
        let errors = problem["errors"].as_array().into_iter().flatten();
        Self {
            status,
            detail,
            errors: errors
                .map(|e| (text(e, "path"), text(e, "message")))
                .collect(),
        }
    }

    /// An answer that was not what we read.
    fn unreadable(error: &dyn fmt::Display) -> Self {
        tracing::error!("a page does not understand the API: {error}");
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            detail: "The server did not understand itself".to_owned(),
            errors: Vec::new(),
        }
    }
}

impl FromRequestParts<Pages> for Api {
    type Rejection = Elsewhere;

    async fn from_request_parts(parts: &mut Parts, pages: &Pages) -> Result<Self, Elsewhere> {
        let headers = parts.headers.clone();
        let at = OriginalUri::from_request_parts(parts, pages).await;
        let at = at.map_or_else(|never| match never {}, |OriginalUri(uri)| uri);
        let path = at.path_and_query().map_or("/", |path| path.as_str());
        // Where somebody came by a form there is no page to come back to.
        let next = if parts.method == Method::GET {
            path
        } else {
            "/"
        };
        let identity = auth::identify(&pages.app, &headers).await.ok().flatten();
        let Some(identity) = identity else {
            return Err(Elsewhere::Login(next.to_owned()));
        };
        let Credential::Cookie(cookie) = &identity.by else {
            return Err(Elsewhere::Login(next.to_owned()));
        };
        let from = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        Ok(Self {
            pages: pages.clone(),
            from: from.map_or(SocketAddr::from(([0, 0, 0, 0], 0)), |from| from.0),
            who: Who {
                username: identity.user.username.clone(),
                role: identity.user.role.name().to_owned(),
                csrf: logins::csrf_token(cookie),
                at: at.path().to_owned(),
            },
            identity,
            headers,
        })
    }
}

impl Api {
    /// How browsers reach the server.
    pub(super) fn scheme(&self) -> &'static str {
        match self.pages.app.options.tls {
            Some(_) => "https",
            None => "http",
        }
    }

    /// Reads something.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Elsewhere> {
        let answer = self.call(Method::GET, path, "", Body::empty(), "").await;
        answer
            .and_then(|value| {
                serde_json::from_value(value).map_err(|error| Refused::unreadable(&error))
            })
            .map_err(|refused| Elsewhere::refused(&self.who, refused))
    }

    /// Reads a list, page by page; of a very long one the beginning.
    pub(super) async fn all<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, Elsewhere> {
        let first = format!("{path}?limit=200");
        let mut list: List<T> = self.get(&first).await?;
        let mut items = std::mem::take(&mut list.items);
        while let Some(cursor) = &list.next
            && items.len() < ALL_MAX
        {
            let next = format!("{first}&cursor={}", escape(cursor));
            list = self.get(&next).await?;
            items.append(&mut list.items);
        }
        Ok(items)
    }

    /// Changes something. `csrf` is what the form carried.
    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        csrf: &str,
        body: &Value,
    ) -> Result<Value, Refused> {
        let body = Body::from(body.to_string());
        self.call(method, path, csrf, body, "application/json")
            .await
    }

    /// The same with a table.
    pub(super) async fn send_csv(
        &self,
        path: &str,
        csrf: &str,
        csv: String,
    ) -> Result<Value, Refused> {
        self.call(Method::POST, path, csrf, Body::from(csv), "text/csv")
            .await
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        csrf: &str,
        body: Body,
        kind: &str,
    ) -> Result<Value, Refused> {
        let mut request = Request::builder().method(method).uri(path);
        for name in [header::COOKIE, header::HOST, header::ORIGIN] {
            if let Some(value) = self.headers.get(&name) {
                request = request.header(name, value);
            }
        }
        if let Some(site) = self.headers.get("sec-fetch-site") {
            request = request.header("sec-fetch-site", site);
        }
        if !kind.is_empty() {
            request = request.header(header::CONTENT_TYPE, kind);
        }
        let request = request
            .header("x-csrf-token", csrf)
            .extension(ConnectInfo(self.from))
            .extension(self.identity.clone())
            .body(body)
            .map_err(|error| Refused::unreadable(&error))?;
        let answer = self.pages.api.clone().oneshot(request).await;
        let answer = answer.unwrap_or_else(|never| match never {});
        let status = answer.status();
        let body = to_bytes(answer.into_body(), ANSWER_MAX).await;
        let body = body.map_err(|error| Refused::unreadable(&error))?;
        if !status.is_success() {
            return Err(Refused::read(status, &body));
        }
        if body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&body).map_err(|error| Refused::unreadable(&error))
    }
}
