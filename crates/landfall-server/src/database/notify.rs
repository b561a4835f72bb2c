//! Changes told between the processes that share a PostgreSQL database: sent inside the transaction
//! that made them, heard by everybody else, and applied like one's own.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use sqlx::AnyConnection;
use sqlx::postgres::PgListener;

use crate::change::{Bus, Change};

/// The channel that all processes of one database listen on.
const CHANNEL: &str = "landfall";
/// PostgreSQL takes payloads under 8 000 bytes.
const PAYLOAD_MAX: usize = 7_900;
/// How long to wait before listening again where the database is lost.
const RETRY: Duration = Duration::from_secs(1);

/// What is sent.
#[derive(Serialize, Deserialize)]
struct Notice {
    /// Whose bus sent it: it has applied the changes itself.
    from: u64,
    changes: Vec<Change>,
}

/// Tells the changes to the other processes, once the transaction is committed.
pub(super) async fn notify(
    connection: &mut AnyConnection,
    from: u64,
    changes: &[Change],
) -> Result<(), sqlx::Error> {
    if changes.is_empty() {
        return Ok(());
    }
    for payload in payloads(from, changes) {
        let sql = "SELECT 1 FROM pg_notify($1, $2)";
        sqlx::query(sql)
            .bind(CHANNEL)
            .bind(payload)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// The changes in as few payloads as they fit into.
fn payloads(from: u64, changes: &[Change]) -> Vec<String> {
    let notice = Notice {
        from,
        changes: changes.to_vec(),
    };
    // A notice has no map with keys that are not text, the one thing that could fail.
    let payload = serde_json::to_string(&notice).unwrap_or_default();
    if payload.len() <= PAYLOAD_MAX {
        return vec![payload];
    }
    if changes.len() == 1 {
        return payloads(from, &[Change::All]);
    }
    let (first, second) = changes.split_at(changes.len() / 2);
    [payloads(from, first), payloads(from, second)].concat()
}

/// Listens to the other processes of a database. It is opened before the database is read, and
/// [followed](Ear::follow) after: what they change meanwhile waits in it.
#[derive(Debug)]
pub(crate) struct Ear {
    url: String,
    listener: PgListener,
}

impl Ear {
    /// Begins to listen.
    pub(crate) async fn open(url: &str) -> Result<Self, sqlx::Error> {
        let mut listener = PgListener::connect(url).await?;
        listener.listen(CHANNEL).await?;
        let url = url.to_owned();
        Ok(Self { url, listener })
    }

    /// Applies for ever what the others changed. After a lost connection everything is read again:
    /// notices sent meanwhile are gone.
    pub(crate) async fn follow(mut self, bus: Arc<Bus>) {
        loop {
            if let Err(error) = self.hear(&bus).await {
                tracing::warn!(%error, "other processes are not heard");
            }
            self.listener = loop {
                tokio::time::sleep(RETRY).await;
                match Self::open(&self.url).await {
                    Ok(again) => break again.listener,
                    Err(error) => tracing::warn!(%error, "other processes are not heard"),
                }
            };
            bus.apply(&[Change::All]).await;
        }
    }

    /// Applies what the others changed until the connection is lost.
    async fn hear(&mut self, bus: &Bus) -> Result<(), sqlx::Error> {
        while let Some(notification) = self.listener.try_recv().await? {
            match serde_json::from_str::<Notice>(notification.payload()) {
                Ok(notice) if notice.from == bus.id() => {}
                Ok(notice) => bus.apply(&notice.changes).await,
                // A newer process knows changes that this one does not.
                Err(_) => bus.apply(&[Change::All]).await,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Notice, PAYLOAD_MAX, payloads};
    use crate::change::Change;

    #[test]
    fn many_changes_are_told_in_payloads_that_fit() {
        let changes: Vec<_> = (0..1000)
            .map(|session_id| Change::Session { session_id })
            .collect();
        let mut told = Vec::new();
        for payload in payloads(7, &changes) {
            assert!(payload.len() <= PAYLOAD_MAX);
            let notice: Notice = serde_json::from_str(&payload).unwrap();
            assert_eq!(notice.from, 7);
            told.extend(notice.changes);
        }
        assert_eq!(told, changes);
    }

    #[test]
    fn one_that_fits_nowhere_becomes_all() {
        let long = Change::Device {
            hardware_id: "x".repeat(PAYLOAD_MAX),
        };
        let payloads = payloads(7, &[long]);
        let notice: Notice = serde_json::from_str(&payloads[0]).unwrap();
        assert_eq!(notice.changes, [Change::All]);
    }
}
