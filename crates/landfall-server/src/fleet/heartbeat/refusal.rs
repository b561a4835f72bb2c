//! Why a heartbeat is refused, as a device reads it.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::database::DatabaseError;
use crate::fleet::report::BadForm;

/// When to ask again where the server is too busy.
const RETRY_AFTER_S: u16 = 5;

/// Why a heartbeat is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It names no device.
    DeviceId,
    /// It is no JSON object.
    Json,
    /// It is longer than a heartbeat may be.
    TooLarge,
    /// No such device, or no credentials of it.
    Unknown,
    /// A key was sent where others read it.
    InClear,
    /// Its number was there before.
    Replayed,
    /// An admin has yet to accept the device.
    Pending,
    /// The device was given up.
    Retired,
    /// The device is not used.
    Disabled,
    /// The key was revoked.
    Revoked,
    /// There are too many devices without a key.
    TooMany,
    /// There is too much to do, or the database is lost.
    Busy,
}

impl Refusal {
    fn message(self) -> (StatusCode, &'static str) {
        match self {
            Self::DeviceId => (StatusCode::BAD_REQUEST, "Device ID required"),
            Self::Json => (StatusCode::BAD_REQUEST, "Invalid JSON"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "Heartbeat over 8 KiB"),
            Self::Unknown => (StatusCode::UNAUTHORIZED, "Device not known"),
            Self::InClear => (
                StatusCode::UNAUTHORIZED,
                "Without TLS a heartbeat has to be sealed",
            ),
            Self::Replayed => (StatusCode::UNAUTHORIZED, "Sequence number used before"),
            Self::Pending => (StatusCode::FORBIDDEN, "Device waits to be accepted"),
            Self::Retired => (StatusCode::FORBIDDEN, "Device is retired"),
            Self::Disabled => (StatusCode::FORBIDDEN, "Device is disabled"),
            Self::Revoked => (StatusCode::FORBIDDEN, "Key is revoked"),
            Self::TooMany => (
                StatusCode::TOO_MANY_REQUESTS,
                "Too many devices without a key",
            ),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "Server busy, try again"),
        }
    }
}

impl From<BadForm> for Refusal {
    fn from(form: BadForm) -> Self {
        match form {
            BadForm::Json => Self::Json,
            BadForm::DeviceId => Self::DeviceId,
        }
    }
}

impl From<DatabaseError> for Refusal {
    fn from(error: DatabaseError) -> Self {
        tracing::warn!(%error, "a heartbeat is not taken");
        Self::Busy
    }
}

impl From<Refusal> for Response {
    fn from(refusal: Refusal) -> Self {
        let (status, message) = refusal.message();
        let mut response = error(status, message);
        if matches!(refusal, Refusal::TooMany | Refusal::Busy) {
            let headers = response.headers_mut();
            headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_S));
        }
        response
    }
}

/// An error as old firmware reads it.
pub(crate) fn error(status: StatusCode, message: &str) -> Response {
    let body = serde_json::json!({"status": "error", "message": message});
    (status, axum::Json(body)).into_response()
}
