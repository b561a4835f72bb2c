//! What a heartbeat is answered: the members of the server before, with those of this one beside
//! them.

use std::sync::Arc;

use axum::http::header;
use axum::response::{IntoResponse, Response};
use landfall_protocol::path::SEALED_TYPE;
use landfall_protocol::seal::{Direction, Envelope, SEAL_LEN};
use serde::Serialize;
use serde_json::Value;

use super::credentials::Caller;
use super::refusal::Refusal;
use super::{Request, is_in_sync};
use crate::app::App;
use crate::config::render;
use crate::fleet::device::Record;
use crate::fleet::report::Report;
use crate::marks::MarkResult;

/// What a device is told.
#[derive(Debug)]
pub(super) struct Told<'a> {
    /// What the database says of it now.
    pub(super) record: Arc<Record>,
    pub(super) report: &'a Report<'a>,
    pub(super) caller: &'a Caller,
    pub(super) next_ms: u32,
    pub(super) mark_results: Vec<(String, MarkResult)>,
    /// Whether nobody on the way reads the answer in clear.
    pub(super) is_private: bool,
}

/// The answer on the wire.
#[derive(Serialize)]
struct Answer<'a> {
    status: &'static str,
    message: &'static str,
    device_id: &'a str,
    created: bool,
    next_heartbeat_ms: u32,
    config_version: i64,
    config_hash: &'a str,
    mark_results: Vec<MarkAnswer<'a>>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    warnings: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    new_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    configuration: Option<Value>,
}

#[derive(Serialize)]
struct MarkAnswer<'a> {
    id: &'a str,
    result: &'static str,
}

impl Told<'_> {
    /// The response, sealed where the request was.
    pub(super) fn respond(&self, app: &App, request: &Request) -> Result<Response, Refusal> {
        let hex = self.record.new_key().map(|key| key.secret.to_hex());
        let may_tell = self.is_private || self.caller.sealed.is_some();
        let new_key = hex.as_ref().filter(|_| may_tell).map(|hex| hex.as_str());
        // Text and numbers become JSON always.
        let mut body = serde_json::to_vec(&self.answer(app, new_key)).map_err(|_| Refusal::Busy)?;
        let kind = match self.caller.sealed {
            None => "application/json",
            Some(seq) => {
                self.seal(&mut body, request.path, seq)?;
                SEALED_TYPE
            }
        };
        Ok(([(header::CONTENT_TYPE, kind)], body).into_response())
    }

    fn answer<'a>(&'a self, app: &App, new_key: Option<&'a str>) -> Answer<'a> {
        let record = &*self.record;
        let message = match record.desired.session {
            Some(_) => "Heartbeat received - Active session configuration applied",
            None => "Heartbeat received - Device idle",
        };
        let configuration = || render::configuration(&record.sources(&app.fleet.layer()));
        let results = self.mark_results.iter();
        Answer {
            status: "success",
            message,
            device_id: self.report.named_id().unwrap_or(&record.hardware_id),
            created: self.caller.created,
            next_heartbeat_ms: self.next_ms,
            config_version: record.desired.version,
            config_hash: &record.desired.hash,
            mark_results: results
                .map(|(id, result)| MarkAnswer {
                    id,
                    result: result.name(),
                })
                .collect(),
            warnings: &self.report.warnings,
            new_key,
            configuration: (!is_in_sync(record, self.report)).then(configuration),
        }
    }

    fn seal(&self, body: &mut Vec<u8>, path: &str, seq: u64) -> Result<(), Refusal> {
        let len = body.len();
        body.resize(len + SEAL_LEN, 0);
        let envelope = Envelope {
            method: "POST",
            path,
            hardware_id: &self.record.hardware_id,
            seq,
        };
        let key = self.caller.key.as_ref().ok_or(Refusal::Unknown)?;
        let sealed = envelope.seal(&key.secret, Direction::ToDevice, body, len);
        // There is room, and the paths are short.
        sealed.map(|_| ()).map_err(|_| Refusal::Busy)
    }
}
