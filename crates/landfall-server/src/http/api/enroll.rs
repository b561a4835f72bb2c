//! How a device comes into the fleet, by itself: by a claim, or pending.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use landfall_protocol::claim::{Nonce, Proof};
use landfall_protocol::hardware_id::HardwareId;
use landfall_protocol::key::DeviceKey;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use crate::app::App;
use crate::database::DatabaseError;
use crate::fleet::enrol::{self, ByClaim, Pending};
use crate::http::body::Body;
use crate::http::routes::Routes;
use crate::people::passwords::Password;
use crate::problem::Problem;

/// When a device may ask again where too many wait for an admin.
const RETRY_AFTER_S: u32 = 60;

/// The routes of this file.
pub(crate) fn routes() -> Routes {
    Routes::default().routes(routes!(enroll))
}

/// A device that wants to be one of the fleet: by a claim with `claim_id`, `device_nonce` and
/// `proof`, or pending with `device_key`.
#[derive(Deserialize, ToSchema)]
struct Enroll {
    /// `lf-` and 12 lower-case hex digits.
    #[schema(pattern = "^lf-[0-9a-f]{12}$")]
    hardware_id: String,
    claim_id: Option<String>,
    /// 32 hex digits.
    device_nonce: Option<String>,
    /// 64 hex digits.
    proof: Option<String>,
    /// 64 hex digits.
    #[schema(value_type = Option<String>)]
    device_key: Option<Password>,
}

/// A device that is enrolled, or waits.
#[derive(Serialize, ToSchema)]
struct Enrolled {
    hardware_id: String,
    /// `accepted` or `pending`.
    status: &'static str,
    /// By a claim: 32 hex digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    server_nonce: Option<String>,
    /// By a claim: 64 hex digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<String>,
    /// Pending: what an admin compares with what the device shows.
    #[serde(skip_serializing_if = "Option::is_none")]
    fingerprint: Option<String>,
}

/// A device enrols.
#[utoipa::path(post, path = "/api/v1/enroll", tag = "device", request_body = Enroll,
    responses((status = 200, body = Enrolled), (status = 201, body = Enrolled),
        (status = 202, body = Enrolled), (status = 403), (status = 429)))]
async fn enroll(
    State(app): State<Arc<App>>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    Body(ask): Body<Enroll>,
) -> Result<Response, Problem> {
    let wrong = |_| Problem::wrong("hardware_id", "`lf-` and 12 lower-case hexadecimal digits");
    let hardware_id = HardwareId::parse(&ask.hardware_id).map_err(wrong)?;
    match (&ask.claim_id, &ask.device_key) {
        (Some(claim_id), _) => by_claim(&app, hardware_id, claim_id, &ask).await,
        (None, Some(key)) => {
            let is_loopback = from.ip().to_canonical().is_loopback();
            if app.options.tls.is_none() && !is_loopback {
                let detail = "a device's key is sent over TLS alone; enrol by a claim code instead";
                return Err(Problem::forbidden(detail));
            }
            pending(&app, hardware_id, key).await
        }
        (None, None) => Err(Problem::wrong(
            "claim_id",
            "send claim_id, device_nonce and proof, or device_key",
        )),
    }
}

async fn by_claim(
    app: &App,
    hardware_id: HardwareId,
    claim_id: &str,
    ask: &Enroll,
) -> Result<Response, Problem> {
    let nonce = ask.device_nonce.as_deref().and_then(Nonce::parse);
    let device_nonce =
        nonce.ok_or_else(|| Problem::wrong("device_nonce", "32 hexadecimal digits"))?;
    let proof = ask.proof.as_deref();
    let proof = proof.ok_or_else(|| Problem::wrong("proof", "64 hexadecimal digits"))?;
    let ask = ByClaim {
        hardware_id,
        claim_id: claim_id.to_owned(),
        device_nonce,
        proof: Proof::parse(proof),
    };
    let now = app.clock().now_ms();
    let job = async move |mut tx| {
        // A refusal is counted: the job is done, not failed.
        enrol::by_claim(&mut tx, &ask, now).await
    };
    let accepted: Result<_, DatabaseError> = app.database.write(job).await;
    let Some(accepted) = accepted? else {
        let detail = "the claim is unknown, used or expired, or the proof is wrong";
        return Err(Problem::forbidden(detail));
    };
    let body = Enrolled {
        hardware_id: hardware_id.to_string(),
        status: "accepted",
        server_nonce: Some(accepted.server_nonce.to_hex().as_str().to_owned()),
        proof: Some(accepted.proof.to_hex().as_str().to_owned()),
        fingerprint: None,
    };
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

async fn pending(app: &App, hardware_id: HardwareId, key: &str) -> Result<Response, Problem> {
    let key = DeviceKey::parse(key);
    let key = key.ok_or_else(|| Problem::wrong("device_key", "64 hexadecimal digits"))?;
    let now = app.clock().now_ms();
    let job = async move |mut tx| enrol::pending(&mut tx, hardware_id.as_str(), &key, now).await;
    let outcome: Result<_, DatabaseError> = app.database.write(job).await;
    let (status, word, fingerprint) = match outcome? {
        Pending::Waits(fingerprint) => (StatusCode::ACCEPTED, "pending", fingerprint),
        Pending::Accepted(fingerprint) => (StatusCode::OK, "accepted", fingerprint),
        Pending::Refused => {
            let detail = "another key is bound to this hardware id, or it is retired";
            return Err(Problem::forbidden(detail));
        }
        Pending::TooMany => {
            let detail = "too many devices wait for an admin";
            let status = StatusCode::TOO_MANY_REQUESTS;
            return Err(Problem::later(status, detail, RETRY_AFTER_S));
        }
    };
    let body = Enrolled {
        hardware_id: hardware_id.to_string(),
        status: word,
        server_nonce: None,
        proof: None,
        fingerprint: Some(fingerprint.to_string()),
    };
    Ok((status, Json(body)).into_response())
}
