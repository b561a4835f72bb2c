//! A whole new configuration: from the door that brings it, over the store, into force; kept when
//! somebody confirms it, and back to the one before when nobody does.
//!
//! ```text
//!  document ─▶ parsed under the lock ─▶ Sent ─▶ store, on trial ─▶ answered ─▶ in force ─▶ kept
//!                    │ wrong              │ refused                               │
//!                    ▼                    ▼                                       └─▶ the one before
//!               PutError::Invalid    PutError::StoreFailed
//! ```

use embassy_sync::blocking_mutex::raw::RawMutex;
use landfall_core::config::{
    Config, ConfigRef, Defaults, Invalid, Path, Reason, SaveError, Services, parse_strict_into,
};
use landfall_core::event::{Event, Record};
use landfall_core::radio::FailureClass;
use landfall_core::time::Instant;
use landfall_core::trial::{Step, Terms, Trial};

use super::device::Device;
use super::error::{CallError, PutError};
use super::runner::Runner;
use super::storage::{Storage, Stored};
use super::{Clock, Radio, Shared};

/// Bound of a configuration's way into the store.
const PUT_MS: u32 = 10_000;
/// The version of a configuration that is no fleet's.
const OWN_VERSION: u32 = 0;

/// What confirms a new configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirm {
    /// A request to the config server, where the new configuration has one; else as the other.
    Request,
    /// That the device holds an address or has its access point up.
    Reach,
}

/// A configuration on its way: the one that is to be stored, for whoever sent it, or what the fleet wants
/// until that is told to the machine.
#[derive(Debug, Default)]
pub(super) enum Sent {
    #[default]
    None,
    Waiting(u32, Config, Confirm),
    Stored(u32, Result<(), PutError>),
    Wanted(Config),
}

impl Sent {
    /// A place for a configuration, as the default.
    #[inline(never)]
    fn begin(&mut self, number: u32, confirm: Confirm) -> &mut Config {
        *self = Self::Waiting(number, Config::default(), confirm);
        match self {
            Self::Waiting(_, config, _) => config,
            Self::None | Self::Stored(..) | Self::Wanted(_) => {
                unreachable!("it waits, as said just now")
            }
        }
    }

    /// Withdraws that one.
    fn withdraw(&mut self, number: u32) {
        if let Self::Waiting(of, ..) | Self::Stored(of, _) = self
            && *of == number
        {
            *self = Self::None;
        }
    }

    /// What became of that one.
    fn result(&self, number: u32) -> Option<Result<(), PutError>> {
        match self {
            Self::Stored(of, result) if *of == number => Some(result.clone()),
            Self::Stored(..) | Self::Waiting(..) | Self::Wanted(_) | Self::None => None,
        }
    }
}

/// Whether a document is one to be saved; else the first field for which it is not: one that is wrong,
/// or that this device cannot do.
///
/// # Errors
/// See [`SaveError`].
// On its own, as what it calls: a chip's stack has room for one configuration beneath few other things.
#[inline(never)]
pub(crate) fn judge(document: &[u8], current: ConfigRef<'_>) -> Result<(), SaveError> {
    judge_into(document, current, &mut Config::default())
}

/// The same, and makes a [`Config::default`] what the device would be.
#[inline(never)]
fn judge_into(
    document: &[u8],
    current: ConfigRef<'_>,
    config: &mut Config,
) -> Result<(), SaveError> {
    parse_strict_into(document, current, &Defaults::built_in(), config)?;
    match beyond(&config.services, SPEAKS_TLS) {
        Some(invalid) => Err(SaveError::Invalid(invalid)),
        None => Ok(()),
    }
}

/// Whether the device's clients speak TLS: hosts do, chips do not.
const SPEAKS_TLS: bool = cfg!(feature = "std");

/// What a device cannot do that does not speak TLS, if it does not.
fn beyond(services: &Services, speaks_tls: bool) -> Option<Invalid> {
    let is_beyond = !speaks_tls && services.mqtt_url.starts_with("mqtts:");
    is_beyond.then(|| Invalid {
        path: Path::new("mqtt.url"),
        reason: Reason::Expected("an mqtt:// URL: this device does not speak TLS"),
    })
}

impl Device {
    /// How the configuration that was stored begins.
    pub(super) fn trial_of(stored: &Stored, safe_mode: bool, now: Instant) -> Trial {
        if !stored.on_trial {
            Trial::new()
        } else if safe_mode {
            Trial::failed()
        } else {
            Trial::resumed(Terms::of(stored.pieces.config.as_ref()), now)
        }
    }

    /// Says that the device's owner asked the config server for something.
    pub fn confirm_config(&mut self) {
        self.trial.requested(self.manager.is_reachable());
    }

    /// The configuration in force, as it is stored.
    pub fn config(&self) -> ConfigRef<'_> {
        ConfigRef {
            wifi: self.manager.wifi(),
            services: &self.services,
        }
    }

    /// Takes a document that is to be the configuration; gives the number of its answer.
    #[inline(never)]
    fn send(&mut self, document: &[u8], confirm: Confirm) -> Result<u32, PutError> {
        let waits = matches!(self.sent, Sent::Waiting(..) | Sent::Wanted(_));
        if self.manager.is_proving() || self.trial.is_announced() || waits {
            return Err(PutError::Busy);
        }
        let Self {
            manager,
            services,
            sent,
            ..
        } = self;
        let wifi = manager.wifi();
        let number = self.last_sent.wrapping_add(1);
        if let Err(error) = judge_into(
            document,
            ConfigRef { wifi, services },
            sent.begin(number, confirm),
        ) {
            *sent = Sent::None;
            return Err(PutError::Invalid(error));
        }
        self.last_sent = number;
        Ok(number)
    }

    /// A configuration to be changed, as the one in force, which stands beside it. It is kept until it
    /// [is forgotten](Self::want_nothing). None: another one is on its way.
    #[inline(never)]
    pub(crate) fn want(&mut self) -> Option<(&mut Config, ConfigRef<'_>)> {
        let Self {
            manager,
            services,
            sent,
            ..
        } = self;
        let Sent::None = sent else {
            return None;
        };
        *sent = Sent::Wanted(Config::default());
        let Sent::Wanted(wanted) = sent else {
            unreachable!("it was put there just now");
        };
        let wifi = manager.wifi();
        wanted.wifi.clone_from(wifi);
        wanted.services.clone_from(services);
        Some((wanted, ConfigRef { wifi, services }))
    }

    /// What is wanted, if anything is.
    pub(crate) fn wanted(&self) -> Option<&Config> {
        match &self.sent {
            Sent::Wanted(wanted) => Some(wanted),
            Sent::None | Sent::Waiting(..) | Sent::Stored(..) => None,
        }
    }

    /// Nothing is wanted any more.
    pub(crate) fn want_nothing(&mut self) {
        if let Sent::Wanted(_) = self.sent {
            self.sent = Sent::None;
        }
    }

    /// Takes what the doors need of what is wanted, to be stored with the machine's settings; whether it
    /// is other than before.
    pub(crate) fn take_wanted_services(&mut self) -> bool {
        let Sent::Wanted(Config { services, .. }) = &mut self.sent else {
            return false;
        };
        let is_other = self.services != *services;
        if is_other {
            let probes = !services.internet_probe_url.is_empty();
            self.manager.handle_probe(probes);
            core::mem::swap(&mut self.services, services);
        }
        is_other
    }

    /// What the trial wants done.
    fn trial_step(&mut self, now: Instant) -> Step {
        if self.calls.next_is_edit() {
            self.trial.changed();
        }
        self.trial.poll(self.manager.is_reachable(), now)
    }

    /// Puts what was stored in force, and takes it. The network restarts with it, unless it says the
    /// same.
    #[inline(never)]
    fn apply(&mut self, stored: &mut Stored, now: Instant, always: bool) -> bool {
        let Config { wifi, services } = &mut stored.pieces.config;
        core::mem::swap(&mut self.services, services);
        if !always && wifi.says_the_same(self.manager.wifi()) {
            return true;
        }
        let wifi = core::mem::take(wifi);
        let probes = !self.services.internet_probe_url.is_empty();
        self.manager.handle_config(wifi, probes, now).is_ok()
    }
}

impl<C: Clock, M: RawMutex> Shared<C, M> {
    /// Has a document stored as the whole configuration; the network restarts with it half a
    /// second after this has come back. It is on trial then, and the one before returns where
    /// nothing confirms it.
    ///
    /// # Errors
    /// Nothing changed then.
    pub async fn put_config(&self, document: &[u8], confirm: Confirm) -> Result<(), PutError> {
        let sent = self.with(|device| device.send(document, confirm));
        let number = sent.ok_or(CallError::NotRunning)??;
        let _withdrawn = Withdraw(self, number);
        let stored = |device: &mut Device| device.sent.result(number);
        self.until(PUT_MS, stored).await?
    }
}

/// Withdraws a configuration when its sender is gone.
struct Withdraw<'a, C, M: RawMutex>(&'a Shared<C, M>, u32);

impl<C, M: RawMutex> Drop for Withdraw<'_, C, M> {
    fn drop(&mut self) {
        let Self(shared, number) = self;
        shared.look(|device| device.sent.withdraw(*number));
    }
}

impl<R: Radio, S: Storage, C: Clock, M: RawMutex> Runner<R, S, C, M> {
    /// Does what the trial of a configuration wants; false where it wants nothing now.
    pub(super) async fn try_config(&mut self) -> bool {
        let now = self.shared.clock().now();
        let looked = self.shared.look(|device| {
            let free = device.manager.takes_config();
            (device.trial_step(now), free)
        });
        let Some((step, free)) = looked else {
            return false;
        };
        self.trial_due = None;
        match step {
            Step::Wait(due) => {
                self.trial_due = due;
                return false;
            }
            // The store or a proof comes to its end first, and wakes us.
            Step::Apply | Step::Return if !free => return false,
            Step::Apply => {
                let ok = self.reload(true).await;
                let now = self.shared.clock().now();
                self.shared.look(|device| device.trial.applied(ok, now));
                let version = OWN_VERSION;
                self.note(Event::ConfigApplied { version });
            }
            Step::Keep => {
                let ok = self.store.end_trial(true).await.is_ok();
                self.end_trial(ok);
            }
            Step::Return => {
                let ok = self.store.end_trial(false).await.is_ok() && self.reload(true).await;
                self.end_trial(ok);
                if ok {
                    let (version, class) = (OWN_VERSION, None::<FailureClass>);
                    self.note(Event::ConfigReverted { version, class });
                }
            }
        }
        true
    }

    fn end_trial(&mut self, ok: bool) {
        let now = self.shared.clock().now();
        self.shared.look(|device| device.trial.ended(ok, now));
    }

    /// Keeps an event that is not the machine's, and tells of it.
    fn note(&mut self, event: Event) {
        let now = self.shared.clock().now();
        let noted: Option<Record> = self.shared.look(|device| device.note(event, now));
        if let Some(record) = noted {
            self.tell(&record);
        }
        self.shared.tell();
    }

    /// Stores the configuration that a door left; false where none did, or the machine has to come
    /// to an end with something first.
    pub(super) async fn store_sent(&mut self) -> bool {
        let Self { shared, store, .. } = self;
        let taken = shared.look(|device| {
            let Sent::Waiting(number, config, confirm) = &device.sent else {
                return None;
            };
            let taken = if !device.trial.is_settled() {
                Err(PutError::Busy)
            } else if device.manager.takes_config() {
                let taken = store.take_config(config.as_ref(), device.source());
                taken.map_err(|_| PutError::StoreFailed)
            } else {
                return None;
            };
            let terms = Terms::of(config.as_ref());
            let terms = match confirm {
                Confirm::Request => terms,
                Confirm::Reach => terms.without_request(),
            };
            Some((*number, terms, taken))
        });
        let Some((number, terms, taken)) = taken.flatten() else {
            return false;
        };
        let stored = match taken {
            Ok(()) => store.commit().await.map_err(|_| PutError::StoreFailed),
            Err(error) => Err(error),
        };
        let now = shared.clock().now();
        shared.look(|device| {
            if stored.is_ok() {
                device.trial.stored(terms, now);
            }
            device.sent = match device.sent {
                Sent::Waiting(of, ..) if of == number => Sent::Stored(number, stored),
                // Whoever sent it did not wait.
                Sent::Waiting(..) | Sent::Stored(..) | Sent::Wanted(_) | Sent::None => Sent::None,
            };
        });
        shared.tell();
        true
    }

    /// Reads the store again, and puts what it says in force; `always`, with the network restarted
    /// even where it is the same.
    pub(super) async fn reload(&mut self, always: bool) -> bool {
        let Self { shared, store, .. } = self;
        let Ok(stored) = store.load(&mut |_| {}).await else {
            return false;
        };
        let now = shared.clock().now();
        let applied = shared.look(|device| device.apply(stored, now, always));
        store.forget();
        applied.unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use std::string::ToString;

    fn check(url: &str, speaks_tls: bool, expected: Expect) {
        let services = Services {
            mqtt_url: url.try_into().expect("it is short"),
            ..Defaults::built_in().config().services
        };
        let said = beyond(&services, speaks_tls).map(|invalid| invalid.to_string());
        expected.assert_eq(&said.unwrap_or_default());
    }

    #[test]
    fn a_broker_behind_tls_is_refused_where_none_is_spoken() {
        check("mqtts://broker", true, expect![""]);
        check("mqtt://broker", false, expect![""]);
        check(
            "mqtts://broker",
            false,
            expect!["mqtt.url: expected an mqtt:// URL: this device does not speak TLS"],
        );
    }
}
