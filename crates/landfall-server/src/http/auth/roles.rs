//! Roles as parameters of handlers. A handler without one of these does not know who asks.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::Identity;
use crate::people::user::Role;
use crate::problem::Problem;

/// An admin asks.
#[derive(Clone, Debug)]
pub(crate) struct Admin(pub(crate) Identity);

/// An admin or a lecturer asks; what a lecturer sees of it is the handler's to say.
#[derive(Clone, Debug)]
pub(crate) struct Staff(pub(crate) Identity);

/// Anybody who is known asks.
#[derive(Clone, Debug)]
pub(crate) struct Known(pub(crate) Identity);

impl<S: Send + Sync> FromRequestParts<S> for Admin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        one_of(parts, &[Role::Admin]).map(Self)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Staff {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        one_of(parts, &[Role::Admin, Role::Lecturer]).map(Self)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Known {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        one_of(parts, &[Role::Admin, Role::Lecturer, Role::Student]).map(Self)
    }
}

/// Who asks, if of one of these roles. A route that [`require`](super::require) does not guard knows
/// nobody, and lets nobody in.
fn one_of(parts: &Parts, roles: &[Role]) -> Result<Identity, Problem> {
    let identity = parts
        .extensions
        .get::<Identity>()
        .ok_or_else(Problem::unknown)?;
    if !roles.contains(&identity.user.role) {
        let detail = format!("a {} may not do this", identity.user.role.name());
        return Err(Problem::forbidden(detail));
    }
    Ok(identity.clone())
}
