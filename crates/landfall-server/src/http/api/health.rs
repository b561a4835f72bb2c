//! Whether the server lives, and whether it can do its work.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use utoipa_axum::routes;

use crate::app::App;
use crate::http::routes::Routes;
use crate::http::sse;
use crate::metrics::Text;
use crate::problem::Problem;
use crate::process::Process;

/// The routes of this file.
pub(crate) fn routes() -> Routes {
    Routes::default()
        .routes(routes!(alive))
        .routes(routes!(ready))
        .routes(routes!(metrics))
}

/// The process lives.
#[utoipa::path(get, path = "/healthz", tag = "server",
    responses((status = 200, body = String, content_type = "text/plain")))]
async fn alive() -> &'static str {
    "alive\n"
}

/// The server does its work: its database answers.
#[utoipa::path(get, path = "/readyz", tag = "server",
    responses((status = 200, body = String, content_type = "text/plain")))]
async fn ready(State(app): State<Arc<App>>) -> Result<&'static str, Problem> {
    if app.database.is_ready().await {
        return Ok("ready\n");
    }
    Err(Problem::later(
        StatusCode::SERVICE_UNAVAILABLE,
        "the database is lost",
        1,
    ))
}

/// Figures of the running process, for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "server",
    responses((status = 200, body = String, content_type = "text/plain")))]
async fn metrics(State(app): State<Arc<App>>) -> impl IntoResponse {
    let mut text = Text::default();
    text.head("landfall_build_info", "gauge", "The running version.");
    let version = format!("version=\"{}\"", env!("CARGO_PKG_VERSION"));
    text.value("landfall_build_info", &version, 1);
    let up_s = app.clock().monotonic_ms() / 1000;
    text.gauge("landfall_uptime_seconds", "Since the start.", up_s);
    text.gauge(
        "landfall_sse_streams",
        "Pages that watch.",
        sse::open_streams(),
    );
    let written = app.database.written();
    text.gauge(
        "landfall_writer_waiting",
        "Jobs that wait for the writer.",
        written.waiting,
    );
    text.counter("landfall_writer_jobs_total", "Jobs written.", written.jobs);
    text.counter("landfall_writer_commits_total", "Commits.", written.commits);
    text.counter(
        "landfall_writer_failures_total",
        "Commits that failed.",
        written.failures,
    );
    fleet(&mut text, &app);
    process(&mut text);
    app.requests.write(&mut text);
    (
        [(
            header::CONTENT_TYPE,
            "text/plain; version=0.0.4; charset=utf-8",
        )],
        text.finish(),
    )
}

/// The devices, and what they send.
fn fleet(text: &mut Text, app: &App) {
    let now = app.clock().monotonic_ms();
    let summary = app.fleet.summary(app.presence_timeout(), now);
    let devices = "landfall_devices";
    text.head(devices, "gauge", "Devices by their state.");
    for (state, count) in [
        ("online", summary.online),
        ("offline", summary.offline),
        ("pending", summary.pending),
        ("retired", summary.retired),
    ] {
        text.value(devices, &format!("state=\"{state}\""), count);
    }
    let free = "Devices that a session could have.";
    text.gauge("landfall_devices_available", free, summary.available);
    let heartbeats = "landfall_heartbeats_total";
    text.head(heartbeats, "counter", "Heartbeats answered.");
    let (taken, refused) = app.fleet.pace.counted();
    text.value(heartbeats, "result=\"taken\"", taken);
    text.value(heartbeats, "result=\"refused\"", refused);
    let stretch = "How much longer than set devices are told to wait.";
    let times = app.fleet.pace.stretch();
    text.gauge("landfall_heartbeat_stretch", stretch, times);
}

/// What the process uses, by the names that Prometheus' own libraries give it; nothing where the kernel
/// does not say.
fn process(text: &mut Text) {
    let process = Process(std::process::id());
    if let Some(cpu) = process.cpu() {
        let name = "process_cpu_seconds_total";
        text.counter(name, "Time on the processor.", cpu.as_secs_f64());
    }
    let rss = process.rss_bytes();
    if rss > 0 {
        let name = "process_resident_memory_bytes";
        text.gauge(name, "Memory held.", rss);
    }
}
