//! Changes, live: one stream of Server-Sent Events for each page that is open. At most four flushes a
//! second, however much changes; who is too slow is told to read everything again instead of being
//! sent more than fits.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Semaphore, SemaphorePermit, broadcast, watch};
use tokio::time::{Instant, sleep_until};
use utoipa_axum::routes;

use super::auth::{self, Staff};
use super::routes::Routes;
use crate::app::App;
use crate::change::Change;
use crate::problem::Problem;

/// Between two flushes: four a second.
const FLUSH_EVERY: Duration = Duration::from_millis(250);
/// Between two comments, which keep the way open and find out that nobody listens.
const COMMENT_EVERY: Duration = Duration::from_secs(15);
/// Different changes of one flush; more are one `resync`.
const PENDING_MAX: usize = 256;
/// Streams at once, of one process.
const STREAMS_MAX: usize = 1024;

/// The comment.
const COMMENT: &str = ": \n\n";

static STREAMS: Semaphore = Semaphore::const_new(STREAMS_MAX);

/// The routes of this file.
pub(crate) fn routes() -> Routes {
    Routes::default().routes(routes!(events))
}

/// How many streams are open.
pub(crate) fn open_streams() -> usize {
    STREAMS_MAX - STREAMS.available_permits()
}

/// What changes, as it changes: events `device`, `session`, `mark` with the id of what changed, and
/// `resync` after which everything is to be read again.
#[utoipa::path(get, path = "/api/v1/events", tag = "server",
    responses((status = 200, body = String, content_type = "text/event-stream")))]
async fn events(
    State(app): State<Arc<App>>,
    _: Staff,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let busy = |_| {
        let detail = "too many pages are open; close some";
        Problem::later(StatusCode::SERVICE_UNAVAILABLE, detail, 15)
    };
    let permit = STREAMS.try_acquire().map_err(busy)?;
    let watcher = Watcher::new(app, headers, permit);
    let chunks = stream::unfold(watcher, |mut watcher| async move {
        let chunk = watcher.chunk().await?;
        Some((Ok::<_, std::convert::Infallible>(chunk), watcher))
    });
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, Body::from_stream(chunks)).into_response())
}

/// One open page.
struct Watcher {
    app: Arc<App>,
    /// Who asked, to be asked again: a login may end while its page is open.
    headers: HeaderMap,
    changes: broadcast::Receiver<Change>,
    stopping: watch::Receiver<bool>,
    pending: Pending,
    next_flush: Instant,
    next_comment: Instant,
    greeted: bool,
    _permit: SemaphorePermit<'static>,
}

impl Watcher {
    fn new(app: Arc<App>, headers: HeaderMap, permit: SemaphorePermit<'static>) -> Self {
        let now = Instant::now();
        Self {
            changes: app.watch(),
            stopping: app.stopping(),
            app,
            headers,
            pending: Pending::default(),
            next_flush: now,
            next_comment: now + COMMENT_EVERY,
            greeted: false,
            _permit: permit,
        }
    }

    /// The next piece of the stream, once there is one; none where it ends.
    async fn chunk(&mut self) -> Option<Bytes> {
        if !std::mem::replace(&mut self.greeted, true) {
            // The head of the answer is sent with it.
            return Some(COMMENT.into());
        }
        loop {
            tokio::select! {
                biased;
                () = stopped(&mut self.stopping) => return None,
                () = sleep_until(self.next_flush), if !self.pending.is_empty() => {
                    self.next_flush = Instant::now() + FLUSH_EVERY;
                    return Some(self.pending.take().into());
                }
                () = sleep_until(self.next_comment) => {
                    self.next_comment = Instant::now() + COMMENT_EVERY;
                    return self.is_still_known().await.then(|| COMMENT.into());
                }
                change = self.changes.recv() => match change {
                    Ok(change) => self.pending.add(&change),
                    Err(RecvError::Lagged(_)) => self.pending.resync(),
                    Err(RecvError::Closed) => return None,
                },
            }
        }
    }

    /// Whether who asked would still be let in. A database that is lost for the moment ends nothing.
    async fn is_still_known(&self) -> bool {
        !matches!(auth::identify(&self.app, &self.headers).await, Ok(None))
    }
}

/// Waits until the server stops.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // Where the sender is gone, so is the server.
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

/// What is to be told with the next flush, each thing once.
#[derive(Debug, Default)]
struct Pending {
    events: Vec<String>,
    resync: bool,
}

impl Pending {
    fn add(&mut self, change: &Change) {
        let event = match change {
            Change::Device { hardware_id } => event("device", &json!({"hardware_id": hardware_id})),
            Change::Session { session_id } => event("session", &json!({"session_id": session_id})),
            Change::Mark { session_id } => event("mark", &json!({"session_id": session_id})),
            Change::Settings | Change::Config | Change::All => return self.resync(),
        };
        if self.events.len() >= PENDING_MAX {
            self.resync();
        } else if !self.resync && !self.events.contains(&event) {
            self.events.push(event);
        }
    }

    /// Everything is to be read again: what else is pending is part of it.
    fn resync(&mut self) {
        self.resync = true;
        self.events.clear();
    }

    fn is_empty(&self) -> bool {
        self.events.is_empty() && !self.resync
    }

    /// What is pending as it is sent.
    fn take(&mut self) -> String {
        let Self { events, resync } = std::mem::take(self);
        if resync {
            event("resync", &json!({}))
        } else {
            events.concat()
        }
    }
}

fn event(name: &str, data: &serde_json::Value) -> String {
    format!("event: {name}\ndata: {data}\n\n")
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::{PENDING_MAX, Pending};
    use crate::change::Change;

    #[test]
    fn a_flush_tells_each_thing_once() {
        let mut pending = Pending::default();
        let device = Change::Device {
            hardware_id: "lf-1".into(),
        };
        for change in [device.clone(), Change::Mark { session_id: 3 }, device] {
            pending.add(&change);
        }
        expect![[r#"
            event: device
            data: {"hardware_id":"lf-1"}

            event: mark
            data: {"session_id":3}

        "#]]
        .assert_eq(&pending.take());
        assert!(pending.is_empty());
    }

    #[test]
    fn too_much_is_one_resync() {
        let mut pending = Pending::default();
        for session_id in 0..=i64::try_from(PENDING_MAX).unwrap() {
            pending.add(&Change::Session { session_id });
        }
        pending.add(&Change::Session { session_id: 1 });
        assert_eq!(pending.take(), "event: resync\ndata: {}\n\n");
    }
}
