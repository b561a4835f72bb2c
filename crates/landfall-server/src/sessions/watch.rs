//! What happens to sessions by itself: their end times, devices that go offline in mid-session, and
//! evidence that is kept for a day. One task looks at memory a few times a second; only where
//! something is due it asks the database. With several processes each looks: every step is done once,
//! by whoever is first.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast::error::TryRecvError;
use tokio::time::{MissedTickBehavior, interval};

use super::end::{self, NotReplaced};
use super::{fleet, selection};
use crate::app::App;
use crate::change::Change;
use crate::database::{DatabaseError, Tx};
use crate::marks::purge;
use crate::people::audit;

/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How often evidence is looked through, in ms.
const PURGE_EVERY_MS: i64 = 60_000;
/// How often a device is looked for that takes the place of one that is gone, in ms.
const REPLACE_EVERY_MS: i64 = 1_000;

/// Who did what nobody did, in the audit log.
const NOBODY: &str = "landfall";

/// Looks until the server stops.
pub(crate) async fn run(app: Arc<App>) {
    let mut stopping = app.stopping();
    let mut ticks = interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut watch = Watch::new(&app);
    loop {
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => return,
            _ = ticks.tick() => {}
        }
        if let Err(error) = watch.look(&app).await {
            // The next look tries again.
            tracing::warn!(%error, "what is due of the sessions was not done");
        }
    }
}

/// What is remembered between two looks.
struct Watch {
    changes: tokio::sync::broadcast::Receiver<Change>,
    /// When the next session ends by itself: to be read again where it is not known.
    next_end: Option<Option<i64>>,
    /// When devices that are gone are replaced next, in monotonic ms.
    replace_at: i64,
    purge_at: i64,
}

impl Watch {
    fn new(app: &App) -> Self {
        Self {
            changes: app.watch(),
            next_end: None,
            replace_at: i64::MIN,
            purge_at: i64::MIN,
        }
    }

    async fn look(&mut self, app: &App) -> Result<(), DatabaseError> {
        self.hear();
        self.end_due(app).await?;
        self.replace_gone(app).await?;
        let now = app.clock().monotonic_ms();
        if now >= self.purge_at {
            purge::run(app).await?;
            self.purge_at = now + PURGE_EVERY_MS;
        }
        Ok(())
    }

    /// A session that started or ended changes who ends next.
    fn hear(&mut self) {
        loop {
            match self.changes.try_recv() {
                Ok(Change::Session { .. } | Change::All) | Err(TryRecvError::Lagged(_)) => {
                    self.next_end = None;
                }
                Ok(_) => {}
                Err(TryRecvError::Empty | TryRecvError::Closed) => return,
            }
        }
    }

    async fn end_due(&mut self, app: &App) -> Result<(), DatabaseError> {
        let next_end = match self.next_end {
            Some(known) => known,
            None => end::next_due(&mut *app.database.read().await?).await?,
        };
        self.next_end = Some(next_end);
        let now = app.clock().now_ms();
        if next_end.is_none_or(|next| next > now) {
            return Ok(());
        }
        let due = end::due(&mut *app.database.read().await?, now).await?;
        for (session_id, ends_at) in due {
            let job = async move |mut tx: Tx| {
                if end::end(&mut tx, session_id, ends_at).await? {
                    let deed = ("session.ended", &*session_id.to_string(), "by its end time");
                    audit::note(&mut tx, now, NOBODY, deed).await?;
                }
                Ok::<_, DatabaseError>(())
            };
            app.database.write(job).await?;
        }
        self.next_end = None;
        Ok(())
    }

    async fn replace_gone(&mut self, app: &App) -> Result<(), DatabaseError> {
        let gone = fleet::gone(app);
        let now = app.clock().monotonic_ms();
        if gone.is_empty() || now < self.replace_at {
            return Ok(());
        }
        self.replace_at = now + REPLACE_EVERY_MS;
        for lease in gone {
            let candidates = fleet::candidates(app);
            if selection::rank(&candidates, None).is_empty() {
                return Ok(());
            }
            let now = app.clock().now_ms();
            let job = async move |mut tx: Tx| {
                let deed = (
                    "session.device_replaced",
                    lease.0.to_string(),
                    lease.1.clone(),
                );
                end::replace(&mut tx, lease, &candidates, now).await?;
                audit::note(&mut tx, now, NOBODY, (deed.0, &deed.1, &deed.2)).await?;
                Ok(())
            };
            match app.database.write(job).await {
                Ok(()) | Err(NotReplaced::Over | NotReplaced::NoneFree) => {}
                Err(NotReplaced::Database(error)) => return Err(error),
            }
        }
        Ok(())
    }
}
