//! Forms of our own pages: read within bounds, and refused where another site sent them.

use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::viewer::{NoViewer, Viewer};
use crate::app::App;
use crate::http::auth::{self, Credential};
use crate::http::{body, params};
use crate::problem::Problem;

/// A form that a user who is logged in sent from one of our pages.
#[derive(Clone, Debug)]
pub(crate) struct Form<T> {
    /// Who sent it.
    pub(crate) viewer: Viewer,
    /// Its fields.
    #[expect(dead_code, reason = "for forms with fields")]
    pub(crate) fields: T,
}

/// The field that every form of ours carries.
#[derive(Deserialize)]
struct Token {
    #[serde(default)]
    csrf_token: String,
}

impl<T: DeserializeOwned> FromRequest<Arc<App>> for Form<T> {
    type Rejection = NoViewer;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, NoViewer> {
        let refused = |problem: Problem| NoViewer::Refused(problem.into());
        let headers = request.headers().clone();
        let back = request.uri().path().to_owned();
        let viewer = Viewer::of(app, &headers).await.map_err(NoViewer::Refused)?;
        let viewer = viewer.ok_or(NoViewer::LogIn(back))?;
        let text = body::read(request, body::JSON_MAX).await.map_err(refused)?;
        let Token { csrf_token } = params::parse_pairs(&text).map_err(refused)?;
        let (Credential::Cookie(secret) | Credential::Token(secret)) = &viewer.identity.by;
        let is_tls = app.options.tls.is_some();
        auth::guard_form(&headers, &csrf_token, secret, is_tls).map_err(refused)?;
        let fields = params::parse_pairs(&text).map_err(refused)?;
        Ok(Self { viewer, fields })
    }
}
