//! The fleet: who the devices are, which of them are there, and what they say and are told.
//!
//! Memory decides: everything a heartbeat needs is in here. What the database says of a device is
//! read again after every change to it (`Fleet::reload`), whoever made it; presence is memory's
//! own, and written in a batch once a second (`batch.rs`).

pub(crate) mod batch;
pub(crate) mod claims;
pub(crate) mod device;
pub(crate) mod enrol;
pub(crate) mod events;
pub(crate) mod heartbeat;
pub(crate) mod kept;
pub(crate) mod keys;
pub(crate) mod legacy;
pub(crate) mod load;
pub(crate) mod pace;
pub mod presence;
pub(crate) mod refresh;
pub mod report;
mod seed;
mod session;
pub(crate) mod summary;
mod watch;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use futures_util::FutureExt;
use tokio::task::JoinSet;

use crate::app::App;
use crate::config::template::Templates;
use crate::config::values::Values;
use crate::config::{rollouts, scopes};
use crate::database::{Database, DatabaseError};
use device::{Device, Record};
use load::Which;
use presence::Kind;

pub(crate) use refresh::refresh;
pub use seed::seed;
pub use session::{Candidate, SessionSettings};

/// Different kinds of devices that are kept once; one more is kept with its device.
const KINDS_MAX: usize = 1024;

/// Starts what the fleet does beside requests, until the server stops.
pub(crate) fn run(app: &Arc<App>, beside: &mut JoinSet<()>) {
    beside.spawn(batch::run(app.clone()));
    beside.spawn(rollouts::watch(app.clone()));
    beside.spawn(pace::watch(app.clone()));
    let app = app.clone();
    beside.spawn(async move {
        // A server that stopped while devices were rendered left some behind.
        if let Err(error) = refresh::refresh_left(&app.database).await {
            tracing::warn!(%error, "devices are not rendered; the next change does it");
        }
    });
}

/// All devices, in memory.
#[derive(Debug, Default)]
pub struct Fleet {
    devices: RwLock<HashMap<Arc<str>, Arc<Device>>>,
    /// Which device every id leads to that one ever went by.
    ids: RwLock<HashMap<Box<str>, Arc<Device>>>,
    /// The layer of all devices.
    layer: RwLock<Arc<Values>>,
    /// Those that are in a session: few of many, and looked at several times a second.
    in_session: Mutex<HashMap<Arc<str>, Arc<Device>>>,
    kinds: Mutex<HashSet<Arc<Kind>>>,
    /// Those that were heard since the last batch.
    heard: Mutex<Vec<Arc<Device>>>,
    watch: Mutex<watch::Watch>,
    pub(crate) pace: pace::Pace,
    pub(crate) events: events::Queue,
}

impl Fleet {
    /// The device of that hardware id.
    pub fn device(&self, hardware_id: &str) -> Option<Arc<Device>> {
        let devices = self.devices.read();
        let devices = devices.unwrap_or_else(PoisonError::into_inner);
        devices.get(hardware_id).cloned()
    }

    /// The device that goes or went by that id.
    pub fn device_by_id(&self, id: &str) -> Option<Arc<Device>> {
        self.device(id).or_else(|| {
            let ids = self.ids.read().unwrap_or_else(PoisonError::into_inner);
            ids.get(id).cloned()
        })
    }

    /// All devices, in no order.
    pub fn devices(&self) -> Vec<Arc<Device>> {
        let devices = self.devices.read();
        let devices = devices.unwrap_or_else(PoisonError::into_inner);
        devices.values().cloned().collect()
    }

    /// The layer of all devices.
    pub fn layer(&self) -> Arc<Values> {
        let layer = self.layer.read().unwrap_or_else(PoisonError::into_inner);
        layer.clone()
    }

    /// The templates in force.
    pub fn templates(&self) -> Templates {
        let layer = self.layer();
        Templates::of(|name| layer.get(name).and_then(serde_json::Value::as_str))
    }

    /// Has the next batch look at a device: it was heard, here or by another process.
    pub(crate) fn was_heard(&self, device: Arc<Device>) {
        let heard = self.heard.lock();
        heard.unwrap_or_else(PoisonError::into_inner).push(device);
    }

    /// The devices that were heard since this was asked last.
    fn take_heard(&self) -> Vec<Arc<Device>> {
        let heard = self.heard.lock();
        std::mem::take(&mut *heard.unwrap_or_else(PoisonError::into_inner))
    }

    /// The one copy of a kind that is kept.
    pub(crate) fn intern(&self, kind: Kind) -> Arc<Kind> {
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = kinds.get(&kind) {
            return kept.clone();
        }
        let kind = Arc::new(kind);
        if kinds.len() < KINDS_MAX {
            kinds.insert(kind.clone());
        }
        kind
    }

    /// Reads one device again, or everything of it where there is none any more.
    pub(crate) async fn reload(
        &self,
        database: &Database,
        hardware_id: &str,
    ) -> Result<(), DatabaseError> {
        let mut connection = database.read().await?;
        let record = load::one(&mut connection, hardware_id).await?;
        let ids = load::ids(&mut connection, Which::One(hardware_id)).await?;
        match record {
            Some(record) => self.put(record, ids.into_iter().map(|(id, _)| id)),
            None => self.forget(hardware_id),
        }
        Ok(())
    }

    /// Reads the fleet's layer again, and every device whose configuration it may have changed.
    pub(crate) async fn reload_config(&self, database: &Database) -> Result<(), DatabaseError> {
        let mut connection = database.read().await?;
        let (_, layer) = scopes::current(&mut connection, scopes::FLEET).await?;
        *self.layer.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(layer);
        let versions = refresh::versions(&mut connection).await?;
        for (hardware_id, version, hash) in versions {
            let Some(device) = self.device(&hardware_id) else {
                continue;
            };
            let record = device.record();
            if record.desired.version < version {
                let mut record = Record::clone(&record);
                (record.desired.version, record.desired.hash) = (version, hash.into());
                device.replace(record);
            }
        }
        Ok(())
    }

    /// Reads everything again.
    pub(crate) async fn reload_all(&self, database: &Database) -> Result<(), DatabaseError> {
        let mut connection = database.read().await?;
        let (_, layer) = scopes::current(&mut connection, scopes::FLEET).await?;
        *self.layer.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(layer);
        drop(connection);
        let mut there = HashSet::new();
        let read: load::Read<Record> = |connection, which| load::records(connection, which).boxed();
        let put = |part: Vec<Record>| {
            for record in part {
                there.insert(record.hardware_id.clone());
                self.put(record, std::iter::empty());
            }
        };
        load::all(database, read, put).await?;
        let ids = load::ids(&mut *database.read().await?, Which::All).await?;
        for (id, hardware_id) in ids {
            if let Some(device) = self.device(&hardware_id) {
                let mut ids = self.ids.write().unwrap_or_else(PoisonError::into_inner);
                ids.insert(id.into(), device);
            }
        }
        for device in self.devices() {
            let hardware_id = &device.record().hardware_id;
            if !there.contains(hardware_id) {
                self.forget(hardware_id);
            }
        }
        Ok(())
    }

    fn put(&self, record: Record, ids: impl Iterator<Item = String>) {
        let hardware_id = record.hardware_id.clone();
        let device = match self.device(&hardware_id) {
            Some(device) => {
                device.replace(record);
                device
            }
            None => {
                let device = Arc::new(Device::new(record));
                let mut devices = self.devices.write().unwrap_or_else(PoisonError::into_inner);
                devices.insert(hardware_id.clone(), device.clone());
                device
            }
        };
        self.note_session(&hardware_id, &device);
        let mut known = self.ids.write().unwrap_or_else(PoisonError::into_inner);
        for id in ids {
            known.insert(id.into(), device.clone());
        }
    }

    fn note_session(&self, hardware_id: &Arc<str>, device: &Arc<Device>) {
        let is_in_session = device.record().desired.session.is_some();
        let in_session = self.in_session.lock();
        let mut in_session = in_session.unwrap_or_else(PoisonError::into_inner);
        if is_in_session {
            in_session.insert(hardware_id.clone(), device.clone());
        } else {
            in_session.remove(hardware_id);
        }
    }

    /// The devices that are in a session.
    pub(crate) fn devices_in_session(&self) -> Vec<Arc<Device>> {
        let in_session = self.in_session.lock();
        let in_session = in_session.unwrap_or_else(PoisonError::into_inner);
        in_session.values().cloned().collect()
    }

    fn forget(&self, hardware_id: &str) {
        let mut devices = self.devices.write().unwrap_or_else(PoisonError::into_inner);
        devices.remove(hardware_id);
        let in_session = self.in_session.lock();
        in_session
            .unwrap_or_else(PoisonError::into_inner)
            .remove(hardware_id);
        let mut ids = self.ids.write().unwrap_or_else(PoisonError::into_inner);
        ids.retain(|_, device| &*device.record().hardware_id != hardware_id);
    }
}
