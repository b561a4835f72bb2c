//! One device in memory: what the database says of it, whether it is there, and who waits for its
//! changes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use landfall_protocol::key::{DeviceKey, Fingerprint};
use tokio::sync::Notify;

use super::presence::Presence;
use super::session::SessionSettings;
use crate::config::render::{self, RolloutNetwork, Sources};
use crate::config::values::Values;

/// A device.
#[derive(Debug)]
pub struct Device {
    record: RwLock<Arc<Record>>,
    presence: Mutex<Presence>,
    /// Rung when what the device is told changes.
    pub(crate) changed: Notify,
}

/// What the database says of a device.
#[derive(Clone, Debug)]
pub struct Record {
    /// What it is for ever.
    pub hardware_id: Arc<str>,
    /// The id by which it goes outside sessions.
    pub own_id: Arc<str>,
    /// What an admin calls it.
    pub name: Option<String>,
    /// What groups of devices are made by.
    pub labels: Vec<String>,
    /// Where it stands.
    pub room: Option<String>,
    /// Whether it is firmware without a key.
    pub legacy: bool,
    /// Whether it may take part.
    pub enrolment: Enrolment,
    /// Whether it is used.
    pub enabled: bool,
    /// Its keys, the oldest first.
    pub keys: Vec<Key>,
    /// What an admin should know.
    pub alerts: Vec<Alert>,
    /// What it is to be told.
    pub desired: Desired,
}

/// What a device is to be told, and by which version.
#[derive(Clone, Debug, Default)]
pub struct Desired {
    /// Counts up with every change.
    pub version: i64,
    /// Stands for the rendered configuration.
    pub hash: Arc<str>,
    /// The device's own layer.
    pub layer: Option<Arc<Values>>,
    /// The session that it is in.
    pub session: Option<Arc<SessionSettings>>,
    /// What roll-outs gave it, the oldest first.
    pub networks: Vec<RolloutNetwork>,
}

/// Whether a device may take part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enrolment {
    /// An admin has yet to compare its fingerprint.
    Pending,
    /// It is one of the fleet.
    Accepted,
    /// It was one.
    Retired,
}

impl Enrolment {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Accepted, Self::Retired];

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Accepted => "accepted",
            Self::Retired => "retired",
        }
    }

    /// From the word for it.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == word)
    }
}

/// A key of a device.
#[derive(Clone, Debug)]
pub struct Key {
    /// Which.
    pub id: i64,
    /// The secret itself.
    pub secret: DeviceKey,
    /// When it was made, in milliseconds since 1970.
    pub created_at: i64,
    /// Whether the device has shown that it has it.
    pub used: bool,
    /// When it was revoked.
    pub revoked_at: Option<i64>,
    /// Whether the device has yet to be told it.
    pub undelivered: bool,
}

/// Something about a device that an admin should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// What.
    pub kind: String,
}

impl Record {
    /// The keys that let it in, the oldest first.
    pub fn valid_keys(&self) -> impl DoubleEndedIterator<Item = &Key> {
        self.keys.iter().filter(|key| key.revoked_at.is_none())
    }

    /// What stands for its key: of the newest that it has shown or, before that, that it is to show.
    pub fn fingerprint(&self) -> Option<Fingerprint> {
        let shown = self.valid_keys().rfind(|key| key.used);
        let key = shown.or_else(|| self.valid_keys().next());
        key.map(|key| key.secret.fingerprint())
    }

    /// The key that it is to be told.
    pub fn new_key(&self) -> Option<&Key> {
        self.valid_keys().rfind(|key| key.undelivered)
    }

    /// Whether its heartbeats are taken: it is enabled, or still in a session.
    pub fn may_beat(&self) -> bool {
        let in_use = self.enabled || self.desired.session.is_some();
        self.enrolment == Enrolment::Accepted && in_use
    }

    /// What its configuration is made of, over that layer of the fleet.
    pub fn sources<'a>(&'a self, fleet: &'a Values) -> Sources<'a> {
        Sources {
            own_id: &self.own_id,
            name: self.name.as_deref(),
            legacy: self.legacy,
            fleet,
            device: self.desired.layer.as_deref(),
            session: self.desired.session.as_deref(),
            networks: &self.desired.networks,
        }
    }

    /// The layers of fleet and device.
    pub fn base(&self, fleet: &Values) -> Values {
        render::merged(fleet, self.desired.layer.as_deref())
    }
}

impl Device {
    /// A device of that record, not heard yet.
    pub(crate) fn new(record: Record) -> Self {
        Self {
            record: RwLock::new(Arc::new(record)),
            presence: Mutex::default(),
            changed: Notify::new(),
        }
    }

    /// What the database says of it.
    pub fn record(&self) -> Arc<Record> {
        let record = self.record.read();
        record.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes what the database says now, and wakes who waits for it.
    pub(crate) fn replace(&self, record: Record) {
        let record = Arc::new(record);
        *self.record.write().unwrap_or_else(PoisonError::into_inner) = record;
        self.changed.notify_waiters();
    }

    /// Its presence.
    pub fn presence(&self) -> MutexGuard<'_, Presence> {
        // What is in there is whole whenever the lock is free.
        self.presence.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
