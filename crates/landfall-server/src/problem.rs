//! Refusals as people's programs read them: `application/problem+json`, RFC 9457.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::database::DatabaseError;

/// The content type of a refusal.
pub(crate) const CONTENT_TYPE: &str = "application/problem+json";
/// When to ask again where the database was lost or too busy.
const RETRY_AFTER_S: u32 = 1;

/// Why a request was refused. It becomes the whole response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    detail: String,
    errors: Vec<FieldError>,
    retry_after_s: Option<u32>,
}

/// A value that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// Where it stands in the body or query: `password`, `devices[0].name`; empty where the whole is
    /// wrong.
    pub path: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

/// A refusal as it is sent.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody {
    /// `about:blank`: the status says it all.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The status in words.
    title: String,
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What is wrong, for a person.
    detail: String,
    /// The values that are wrong, one by one.
    errors: Vec<FieldError>,
}

impl Problem {
    /// A refusal with that status, and what a person is told.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: detail.into(),
            errors: Vec::new(),
            retry_after_s: None,
        }
    }

    /// 422: the value at `path` is wrong.
    pub fn wrong(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self::all_wrong(vec![FieldError {
            path: path.into(),
            message: message.into(),
        }])
    }

    /// 422: these values are wrong.
    pub fn all_wrong(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [whole] if whole.path.is_empty() => whole.message.clone(),
            [one] => format!("{}: {}", one.path, one.message),
            _ => "some values are wrong".to_owned(),
        };
        Self {
            errors,
            ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
        }
    }

    /// 404: there is no such thing, `what` it is called.
    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("there is no such {what}"))
    }

    /// 403: known, and not allowed.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, detail)
    }

    /// 409.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, detail)
    }

    /// 401: not known.
    pub fn unknown() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "log in, or send a token")
    }

    /// 429, or 503 of the server's own: ask again after so many seconds.
    pub fn later(status: StatusCode, detail: impl Into<String>, retry_after_s: u32) -> Self {
        Self {
            retry_after_s: Some(retry_after_s),
            ..Self::new(status, detail)
        }
    }

    /// What a person is told.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }
}

impl From<DatabaseError> for Problem {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::Taken => Self::conflict("it is there already"),
            DatabaseError::Reference => {
                Self::conflict("what it names is gone, or something else still names it")
            }
            DatabaseError::Busy | DatabaseError::Lost => Self::later(
                StatusCode::SERVICE_UNAVAILABLE,
                error.to_string(),
                RETRY_AFTER_S,
            ),
            DatabaseError::Defect | DatabaseError::Statement(_) => {
                tracing::error!(%error, "a defect");
                let detail = "this is a defect of the server; its log says more";
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, detail)
            }
        }
    }
}

impl From<sqlx::Error> for Problem {
    fn from(error: sqlx::Error) -> Self {
        DatabaseError::from(error).into()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = ProblemBody {
            kind: "about:blank",
            title: self
                .status
                .canonical_reason()
                .unwrap_or_default()
                .to_owned(),
            status: self.status.as_u16(),
            detail: self.detail,
            errors: self.errors,
        };
        let mut response = (self.status, axum::Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
