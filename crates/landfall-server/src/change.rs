//! What changed, told once: to memory, which reloads it from the database; to who watches; and over
//! PostgreSQL to the other processes, which do the same. One way serves one process and many.

use std::sync::{OnceLock, Weak};

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, broadcast};

use crate::database::DatabaseError;
use crate::people::secret;

/// Something that changed in the database. It names what, never how: who hears it reads the truth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// A device, its keys or its enrolment.
    Device {
        /// Which.
        hardware_id: String,
    },
    /// A session, its devices or its end.
    Session {
        /// Which.
        session_id: i64,
    },
    /// A mark was entered.
    Mark {
        /// In which session.
        session_id: i64,
    },
    /// The fleet's settings.
    Settings,
    /// The configuration of the fleet, or of devices that are named beside it.
    Config,
    /// Anything: changes were missed, everything is to be read again.
    All,
}

/// Changes that a watcher may be behind by before it has to read everything again.
const BEHIND_MAX: usize = 1024;

/// Memory that holds a copy of the database.
pub(crate) trait Reload: Send + Sync {
    /// Reads what the change names again.
    fn reload<'a>(&'a self, change: &'a Change) -> BoxFuture<'a, Result<(), DatabaseError>>;
}

/// Where changes are told.
#[derive(Debug)]
pub(crate) struct Bus {
    /// Tells it from the buses of other processes on the same database.
    id: u64,
    watchers: broadcast::Sender<Change>,
    memory: OnceLock<Weak<dyn Reload>>,
    /// A reload failed: the next one reads everything. Locked while changes are taken in: of two that
    /// read the same device at once the one that read the older state could be the later to keep it.
    stale: Mutex<bool>,
}

impl std::fmt::Debug for dyn Reload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reload")
    }
}

impl Bus {
    pub(crate) fn new() -> Self {
        Self {
            id: u64::from_ne_bytes(secret::random()),
            watchers: broadcast::channel(BEHIND_MAX).0,
            memory: OnceLock::new(),
            stale: Mutex::new(false),
        }
    }

    /// Which bus it is, among those of one database.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// Names the memory that is kept true, once.
    pub(crate) fn keeps(&self, memory: Weak<dyn Reload>) {
        let _ = self.memory.set(memory);
    }

    /// The changes from now on. A receiver that lags has missed some, and reads everything again.
    pub(crate) fn watch(&self) -> broadcast::Receiver<Change> {
        self.watchers.subscribe()
    }

    /// Takes committed changes into memory, then tells them.
    pub(crate) async fn apply(&self, changes: &[Change]) {
        let mut stale = self.stale.lock().await;
        let missed = std::mem::take(&mut *stale).then_some(&Change::All);
        for change in missed.into_iter().chain(changes) {
            *stale |= !self.apply_one(change).await;
        }
    }

    /// Tells watchers of something that memory alone knows: who came, who went, who was heard.
    pub(crate) fn tell(&self, change: Change) {
        // Nobody watching is no error.
        let _ = self.watchers.send(change);
    }

    /// Takes a change in; whether it was read.
    async fn apply_one(&self, change: &Change) -> bool {
        let memory = self.memory.get().and_then(Weak::upgrade);
        let read = match memory {
            Some(memory) => memory.reload(change).await,
            None => Ok(()),
        };
        if let Err(error) = &read {
            tracing::warn!(%error, ?change, "reading a change failed; everything is read again next");
        }
        // Nobody watching is no error.
        let _ = self.watchers.send(change.clone());
        read.is_ok()
    }
}
