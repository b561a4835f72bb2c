//! What is in force, as the flash keeps it: it makes a device that restarts in the middle of a
//! session run that session again, without its server.

use heapless::{String, Vec};
use landfall_core::config::stored::bytes::{Cursor, Writer};
use landfall_core::config::{ApSecurity, StartPolicy};
use landfall_core::net::{KeyMaterial, Passphrase, Security, Ssid};
use landfall_protocol::message::CONFIG_HASH_MAX;

use super::state::{COURSE_CODE_MAX, COURSE_TITLE_MAX};

/// Longest name that a session or the fleet gives a device, in bytes.
pub(super) const DEVICE_ID_MAX: usize = 64;
/// Longest word about what was not taken, in bytes.
pub(super) const ERROR_MAX: usize = 96;
/// Longest class of a roll-out that was undone, in bytes.
pub(super) const CLASS_MAX: usize = 20;
/// Most roll-outs that are remembered as done with; the oldest is forgotten.
pub(super) const ROLLOUTS_MAX: usize = 8;

/// What is in force, and what was before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Record {
    /// The version that was applied, or failed to be; 0: none.
    pub(super) version: u32,
    pub(super) hash: String<CONFIG_HASH_MAX>,
    /// What of it was not taken; empty: nothing.
    pub(super) error: String<ERROR_MAX>,
    /// The name that the device was given; empty: none.
    pub(super) device_id: String<DEVICE_ID_MAX>,
    pub(super) session: Option<SessionRecord>,
    /// Roll-outs that were tried.
    pub(super) tried: Vec<u32, ROLLOUTS_MAX>,
    /// What became of the last one, until the server has heard it; an empty class: it is proven.
    pub(super) outcome: Option<(u32, String<CLASS_MAX>)>,
    pub(super) trial: Option<Trial>,
}

/// A session, and what the access point was before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SessionRecord {
    pub(super) id: u32,
    pub(super) course_code: String<COURSE_CODE_MAX>,
    pub(super) course_title: String<COURSE_TITLE_MAX>,
    pub(super) needs_code: bool,
    pub(super) ssid: Ssid,
    pub(super) security: Security,
    pub(super) before: ApBefore,
}

/// What a session changes of the access point's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ApBefore {
    pub(super) ssid: Option<Ssid>,
    pub(super) security: ApSecurity,
    pub(super) start_policy: StartPolicy,
}

/// A network of a roll-out that is being proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trial {
    pub(super) rollout: u32,
    pub(super) ssid: Ssid,
    /// How the device got into the network of that name before; none: it did not know it.
    pub(super) before: Option<Security>,
}

impl Record {
    /// Remembers that a roll-out was tried.
    pub(super) fn has_tried(&mut self, rollout: u32) {
        if self.tried.contains(&rollout) {
            return;
        }
        if self.tried.is_full() {
            self.tried.remove(0);
        }
        let _ = self.tried.push(rollout);
    }

    /// Writes it as the flash keeps it. It holds keys: wipe the buffer.
    pub(super) fn encode<'b>(&self, buffer: &'b mut [u8]) -> Option<&'b [u8]> {
        let mut w = Writer::new(buffer);
        w.number(self.version);
        w.text(&self.hash);
        w.text(&self.error);
        w.text(&self.device_id);
        w.flag(self.session.is_some());
        if let Some(session) = &self.session {
            write_session(&mut w, session);
        }
        w.byte(self.tried.len() as u8);
        for rollout in &self.tried {
            w.number(*rollout);
        }
        w.flag(self.outcome.is_some());
        if let Some((rollout, class)) = &self.outcome {
            w.number(*rollout);
            w.text(class);
        }
        w.flag(self.trial.is_some());
        if let Some(trial) = &self.trial {
            w.number(trial.rollout);
            w.bytes(trial.ssid.as_bytes());
            w.flag(trial.before.is_some());
            if let Some(before) = &trial.before {
                write_security(&mut w, before);
            }
        }
        w.finish().ok()
    }

    /// Reads it; none where it is none.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut r = Cursor::new(bytes);
        let mut record = Self {
            version: r.number(),
            hash: String::try_from(r.text()).ok()?,
            error: String::try_from(r.text()).ok()?,
            device_id: String::try_from(r.text()).ok()?,
            ..Self::default()
        };
        if r.flag() {
            record.session = Some(read_session(&mut r)?);
        }
        for _ in 0..r.byte() {
            record.has_tried(r.number());
        }
        if r.flag() {
            record.outcome = Some((r.number(), String::try_from(r.text()).ok()?));
        }
        if r.flag() {
            record.trial = Some(Trial {
                rollout: r.number(),
                ssid: Ssid::new(r.bytes()).ok()?,
                before: match r.flag() {
                    true => Some(read_security(&mut r)?),
                    false => None,
                },
            });
        }
        r.is_whole().then_some(record)
    }
}

fn write_session(w: &mut Writer<'_>, session: &SessionRecord) {
    w.number(session.id);
    w.text(&session.course_code);
    w.text(&session.course_title);
    w.flag(session.needs_code);
    w.bytes(session.ssid.as_bytes());
    write_security(w, &session.security);
    let before = &session.before;
    w.some_bytes(before.ssid.as_ref().map(Ssid::as_bytes));
    match &before.security {
        ApSecurity::DeviceSecret => w.byte(0),
        ApSecurity::Open => w.byte(1),
        ApSecurity::Key(key) => {
            w.byte(2);
            write_key(w, key);
        }
    }
    w.byte(match before.start_policy {
        StartPolicy::Always => 0,
        StartPolicy::Fallback => 1,
        StartPolicy::Never => 2,
    });
}

fn read_session(r: &mut Cursor<'_>) -> Option<SessionRecord> {
    Some(SessionRecord {
        id: r.number(),
        course_code: String::try_from(r.text()).ok()?,
        course_title: String::try_from(r.text()).ok()?,
        needs_code: r.flag(),
        ssid: Ssid::new(r.bytes()).ok()?,
        security: read_security(r)?,
        before: ApBefore {
            ssid: match r.flag() {
                true => Some(Ssid::new(r.bytes()).ok()?),
                false => None,
            },
            security: match r.byte() {
                0 => ApSecurity::DeviceSecret,
                1 => ApSecurity::Open,
                2 => ApSecurity::Key(read_key(r)?),
                _ => return None,
            },
            start_policy: *StartPolicy::ALL.get(usize::from(r.byte()))?,
        },
    })
}

fn write_security(w: &mut Writer<'_>, security: &Security) {
    match security {
        Security::Open => w.flag(false),
        Security::Personal(key) => {
            w.flag(true);
            write_key(w, key);
        }
    }
}

fn read_security(r: &mut Cursor<'_>) -> Option<Security> {
    Some(match r.flag() {
        false => Security::Open,
        true => Security::Personal(read_key(r)?),
    })
}

fn write_key(w: &mut Writer<'_>, key: &Passphrase) {
    match key.material() {
        KeyMaterial::Phrase(text) => {
            w.flag(false);
            w.text(text);
        }
        KeyMaterial::Raw(raw) => {
            w.flag(true);
            w.raw(raw);
        }
    }
}

fn read_key(r: &mut Cursor<'_>) -> Option<Passphrase> {
    match r.flag() {
        false => Passphrase::new(r.bytes()).ok(),
        true => Some(Passphrase::from_raw(&r.array())),
    }
}
