//! Who asks: a browser by its cookie, or a program by its token; and what each role may.
//!
//! [`require`] stands before every route of people: without credentials nothing behind it is seen, not
//! even whether it exists. What a route lets in is the first parameter of its handler: [`Admin`],
//! [`Staff`] or [`Known`].

pub(super) mod cookie;
mod csrf;
mod limiter;
mod roles;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use zeroize::Zeroizing;

pub(crate) use csrf::guard_origin;
pub(crate) use limiter::{Address, is_blocked, note_wrong};
pub(crate) use roles::{Admin, Known, Staff};

use crate::app::App;
use crate::people::user::User;
use crate::people::{logins, tokens};
use crate::problem::Problem;

/// Who asks.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    /// The user.
    pub(crate) user: User,
    /// How the user is known.
    pub(crate) by: Credential,
}

/// What was sent with the request.
#[derive(Clone)]
pub(crate) enum Credential {
    /// A login's cookie: a browser sends it by itself, so writes need the token too.
    Cookie(Zeroizing<String>),
    /// A token, sent on purpose.
    Token(Zeroizing<String>),
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Cookie(_) => "Cookie(***)",
            Self::Token(_) => "Token(***)",
        })
    }
}

impl Credential {
    /// What the request carries. `Authorization` is sent on purpose and wins over a cookie.
    fn of(headers: &HeaderMap, is_tls: bool) -> Option<Self> {
        match headers.get(header::AUTHORIZATION) {
            Some(value) => {
                let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
                let bearer = scheme.eq_ignore_ascii_case("bearer");
                bearer.then(|| Self::Token(token.trim().to_owned().into()))
            }
            None => cookie::read(headers, is_tls).map(Self::Cookie),
        }
    }
}

/// Who sent that request; none where the credentials are missing, unknown or ended.
pub(crate) async fn identify(app: &App, headers: &HeaderMap) -> Result<Option<Identity>, Problem> {
    let Some(by) = Credential::of(headers, app.options.tls.is_some()) else {
        return Ok(None);
    };
    let mut connection = app.database.read().await?;
    let user = match &by {
        Credential::Cookie(cookie) => {
            logins::find(&mut connection, cookie, app.clock().now_ms()).await?
        }
        Credential::Token(token) => tokens::find(&mut connection, token).await?,
    };
    Ok(user.map(|user| Identity { user, by }))
}

/// Lets known people alone through, and of browsers no write that another site could have made.
pub(crate) async fn require(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Response {
    // A page of this process has asked who looks at it already; from outside none of these comes.
    let known = request.extensions_mut().remove::<Identity>();
    match let_in(&app, request.method(), request.headers(), known).await {
        Ok(identity) => {
            request.extensions_mut().insert(identity);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

async fn let_in(
    app: &App,
    method: &Method,
    headers: &HeaderMap,
    known: Option<Identity>,
) -> Result<Identity, Problem> {
    let identity = match known {
        Some(known) => known,
        None => identify(app, headers).await?.ok_or_else(Problem::unknown)?,
    };
    if let Credential::Cookie(cookie) = &identity.by {
        csrf::guard(method, headers, cookie, app.options.tls.is_some())?;
    }
    Ok(identity)
}
