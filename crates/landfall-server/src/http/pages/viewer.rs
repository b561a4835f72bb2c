//! Who looks at a page.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};

use super::Refusal;
use crate::app::App;
use crate::http::auth::{self, Credential, Identity};
use crate::people::logins;

/// A user who is logged in and looks at a page.
#[derive(Clone, Debug)]
pub(crate) struct Viewer {
    /// Who.
    pub(crate) identity: Identity,
    /// To be put into every form, as the field `csrf_token`.
    #[expect(dead_code, reason = "for the pages to come")]
    pub(crate) csrf_token: String,
}

/// Who looks has to log in first, or the database does not say.
#[derive(Debug)]
pub(crate) enum NoViewer {
    /// To `/login`, and back to this address after it.
    LogIn(String),
    /// It cannot be told.
    Refused(Refusal),
}

impl Viewer {
    /// Who sent a request with these headers.
    pub(super) async fn of(app: &App, headers: &HeaderMap) -> Result<Option<Self>, Refusal> {
        // Pages are the browser's: a token opens none.
        if headers.contains_key(header::AUTHORIZATION) {
            return Ok(None);
        }
        let Some(identity) = auth::identify(app, headers).await? else {
            return Ok(None);
        };
        let (Credential::Cookie(secret) | Credential::Token(secret)) = &identity.by;
        let csrf_token = logins::csrf_token(secret);
        Ok(Some(Self {
            identity,
            csrf_token,
        }))
    }
}

impl FromRequestParts<Arc<App>> for Viewer {
    type Rejection = NoViewer;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, NoViewer> {
        let back = || NoViewer::LogIn(parts.uri.path().to_owned());
        Self::of(app, &parts.headers)
            .await
            .map_err(NoViewer::Refused)?
            .ok_or_else(back)
    }
}

impl IntoResponse for NoViewer {
    fn into_response(self) -> Response {
        match self {
            Self::LogIn(back) => {
                let next: String = form_urlencoded::byte_serialize(back.as_bytes()).collect();
                Redirect::to(&format!("/login?next={next}")).into_response()
            }
            Self::Refused(refusal) => refusal.into_response(),
        }
    }
}
