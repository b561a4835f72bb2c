//! A heartbeat, from its bytes to its answer: who it is from, what it says, what it is told.
//!
//! Memory answers: the database is asked only where a heartbeat brings something that has to be on
//! disk before it is acknowledged (marks, a verdict on a roll-out, the first use of a key, a new
//! device).

mod answer;
mod credentials;
mod refusal;

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::response::Response;
use landfall_protocol::path::WAIT_MAX_S;

use super::device::{Device, Record};
use super::pace::Place;
use super::report::{Report, ReportedMark};
use super::{keys, refresh};
use crate::app::App;
use crate::change::Change;
use crate::config::rollouts;
use crate::database::{DatabaseError, Tx};
use crate::marks::{self, Delivery, MarkResult};
use answer::Told;
use credentials::Caller;
pub(crate) use refusal::{Refusal, error};

/// A heartbeat as it arrived.
#[derive(Debug)]
pub(crate) struct Request {
    /// The path it was sent to.
    pub(crate) path: &'static str,
    /// Its headers.
    pub(crate) headers: HeaderMap,
    /// Where it came from.
    pub(crate) from: SocketAddr,
    /// Its body, not longer than a heartbeat may be.
    pub(crate) body: Bytes,
}

impl Request {
    /// Whether nobody on the way reads what is answered in clear.
    fn is_private(&self, app: &App) -> bool {
        app.options.tls.is_some() || self.from.ip().to_canonical().is_loopback()
    }

    /// How long the device would wait for a change: `Prefer: wait=25` (RFC 7240).
    fn wait(&self) -> Option<Duration> {
        let headers = self.headers.get_all("prefer").iter();
        let preferences = headers
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','));
        let seconds = preferences.filter_map(|preference| {
            let (name, value) = preference.split(';').next()?.split_once('=')?;
            let is_wait = name.trim().eq_ignore_ascii_case("wait");
            let seconds = value.trim().trim_matches('"').parse::<u32>().ok()?;
            (is_wait && (1..=WAIT_MAX_S).contains(&seconds)).then_some(seconds)
        });
        seconds
            .map(|seconds| Duration::from_secs(seconds.into()))
            .next()
    }
}

/// Answers a heartbeat.
pub(crate) async fn answer(app: &Arc<App>, request: Request) -> Response {
    let Some(place) = app.fleet.pace.answering() else {
        app.fleet.pace.count(false);
        return Refusal::Busy.into();
    };
    let answered = beat(app, request, place).await;
    app.fleet.pace.count(answered.is_ok());
    match answered {
        Ok(response) => response,
        Err(refusal) => refusal.into(),
    }
}

async fn beat(app: &Arc<App>, mut request: Request, place: Place<'_>) -> Result<Response, Refusal> {
    let mut body = Vec::from(std::mem::take(&mut request.body));
    let opened = credentials::open(app, &request, &mut body)?;
    let plain = match &opened {
        Some(opened) => body.get(..opened.len).unwrap_or_default(),
        None => &body,
    };
    let mut report = Report::parse(plain)?;
    let caller = match opened {
        Some(opened) => opened.caller(&report)?,
        None => credentials::plain(app, &request, &report).await?,
    };
    let next_ms = hear(app, &caller, &report)?;
    let marks = std::mem::take(&mut report.marks);
    let has_marks = !marks.is_empty();
    let mark_results = take_in(app, &caller, &report, marks).await?;
    drop(place);
    if !has_marks && let Some(wait) = request.wait() {
        wait_for_change(app, &caller.device, &report, wait).await;
    }
    let told = Told {
        record: caller.device.record(),
        report: &report,
        caller: &caller,
        next_ms,
        mark_results,
        is_private: request.is_private(app),
    };
    told.respond(app, &request)
}

/// Notes that the device was heard, and what it said; what it is told to wait.
fn hear(app: &App, caller: &Caller, report: &Report<'_>) -> Result<u32, Refusal> {
    let clock = app.clock();
    let (now, wall) = (clock.monotonic_ms(), clock.now_ms());
    let random = fastrand::u32(..);
    let next_ms = app.fleet.pace.next_ms(app.settings().heartbeat_ms, random);
    let mut presence = caller.device.presence();
    if let (Some(key), Some(seq)) = (&caller.key, caller.seq)
        && !presence.take_seq(key.id, seq)
    {
        return Err(Refusal::Replayed);
    }
    let is_first = presence.heard(now, wall, next_ms);
    presence.uptime_ms = report.device.uptime_ms.or(presence.uptime_ms);
    presence.said.take(report, |kind| app.fleet.intern(kind));
    let came = !std::mem::replace(&mut presence.was_online, true);
    drop(presence);
    if is_first {
        app.fleet.was_heard(caller.device.clone());
    }
    let hardware_id = &caller.record.hardware_id;
    if came {
        let hardware_id = hardware_id.to_string();
        app.bus().tell(Change::Device { hardware_id });
    }
    app.fleet.events.push(hardware_id, wall, &report.events);
    Ok(next_ms)
}

/// Puts on disk what is acknowledged by the answer.
async fn take_in(
    app: &Arc<App>,
    caller: &Caller,
    report: &Report<'_>,
    marks: Vec<ReportedMark>,
) -> Result<Vec<(String, MarkResult)>, Refusal> {
    let hardware_id = caller.record.hardware_id.to_string();
    let now = app.clock().now_ms();
    if let Some(key) = caller.key.as_ref().filter(|key| !key.used) {
        let (id, hardware_id) = (key.id, hardware_id.clone());
        let job = async move |mut tx: Tx| {
            keys::shown(&mut tx, &hardware_id, id, now).await?;
            refresh(&mut tx, &hardware_id).await
        };
        // The key lets in either way; its next heartbeat tries again.
        let noted: Result<(), DatabaseError> = app.database.write(job).await;
        if let Err(error) = noted {
            tracing::warn!(%error, "the first use of a key is not noted");
        }
    }
    if let Some(verdict) = report.rollout.clone() {
        let hardware_id = hardware_id.clone();
        let job =
            async move |mut tx: Tx| rollouts::heard(&mut tx, &hardware_id, &verdict, now).await;
        app.database.write(job).await?;
    }
    if marks.is_empty() {
        return Ok(Vec::new());
    }
    let who = &report.who;
    let delivery = Delivery {
        hardware_id,
        received_at: now,
        boot_id: who.boot_id.as_deref().map(str::to_owned),
        uptime_ms: report.device.uptime_ms,
    };
    Ok(marks::intake(app, delivery, marks).await?)
}

/// Waits until the device is to be told something, so long at most. One of too many does not wait.
async fn wait_for_change(app: &App, device: &Device, report: &Report<'_>, wait: Duration) {
    let Some(_place) = app.fleet.pace.waiting() else {
        return;
    };
    let mut stopping = app.stopping();
    let mut deadline = pin!(tokio::time::sleep(wait));
    loop {
        let mut changed = pin!(device.changed.notified());
        // Listening begins before looking, or a change between both would be missed.
        changed.as_mut().enable();
        let record = device.record();
        if !is_in_sync(&record, report) || record.new_key().is_some() {
            return;
        }
        tokio::select! {
            () = &mut changed => {}
            () = &mut deadline => return,
            _ = stopping.wait_for(|stop| *stop) => return,
        }
    }
}

/// Whether the device has applied what it is to be told.
fn is_in_sync(record: &Record, report: &Report<'_>) -> bool {
    let (applied, desired) = (&report.applied, &record.desired);
    let same =
        applied.version == Some(desired.version) && applied.hash.as_deref() == Some(&*desired.hash);
    same && !record.legacy
}
