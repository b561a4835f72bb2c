//! A world for one device: a radio that answers at once, a store in memory, and time that passes
//! when nothing else happens.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use landfall_core::config::{
    Config, ConfigRef, Defaults, KnownNetwork, Mode, Networks, Security, Services, StartPolicy,
    Warning,
};
use landfall_core::manager::{StoreFailed, StoreOp};
use landfall_core::net::{Channel, Ipv4Net, KeyMaterial, Mac, Passphrase, Ssid};
use landfall_core::radio::{AuthMode, LinkReport, RadioEvent, RadioOp, Reason, ScanRow};
use landfall_core::time::Instant;
use landfall_device::runtime::{Clock, LoadError, Radio, Source, Storage, Stored, Target};

pub(crate) const MAC: Mac = Mac([0x24, 0x6f, 0x28, 0x56, 0x78, 0x9a]);
pub(crate) const HOME: &[u8] = b"HomeNetwork";
pub(crate) const HOME_KEY: &[u8] = b"Password2";
/// An access point that is heard, and answers nobody.
const SILENCE: &[u8] = b"Silence";
const HOME_BSSID: Mac = Mac([2, 0, 0, 0, 0, 1]);

/// Virtual time: moved on by [`run`] to the next moment that somebody waits for.
#[derive(Debug)]
pub(crate) struct TestClock {
    now_ms: AtomicU64,
    awaited: Mutex<Vec<u64>>,
}

impl TestClock {
    pub(crate) const fn new() -> Self {
        Self {
            now_ms: AtomicU64::new(0),
            awaited: Mutex::new(Vec::new()),
        }
    }
}

impl Clock for TestClock {
    fn now(&self) -> Instant {
        Instant::from_ms(self.now_ms.load(Ordering::Relaxed))
    }

    async fn sleep_until(&self, at: Instant) {
        poll_fn(|_| {
            if self.now() >= at {
                return Poll::Ready(());
            }
            self.awaited.lock().unwrap().push(at.as_ms());
            Poll::Pending
        })
        .await;
    }
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Runs a future to its end; time moves on when it waits for nothing else.
pub(crate) fn run<T>(clock: &TestClock, future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let flag = Arc::new(Flag(AtomicBool::new(false)));
    let waker = Waker::from(Arc::clone(&flag));
    for _ in 0..100_000 {
        clock.awaited.lock().unwrap().clear();
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return value;
        }
        if !flag.0.swap(false, Ordering::Relaxed) {
            let next = clock.awaited.lock().unwrap().iter().min().copied();
            let next = next.expect("nothing is awaited any more: a call hangs");
            clock.now_ms.fetch_max(next, Ordering::Relaxed);
        }
    }
    panic!("never ends");
}

/// A radio on an air with the home alone.
#[derive(Debug, Default)]
pub(crate) struct TestRadio {
    events: VecDeque<RadioEvent>,
    joined: bool,
    ap_up: bool,
    scans: i8,
}

impl TestRadio {
    fn join(&mut self, target: Target<'_>) {
        let Target::Network(network) = target else {
            panic!("a join without a network");
        };
        let right = Security::from_password(HOME_KEY).unwrap();
        let reason = match network.ssid.as_bytes() {
            HOME if *network.security == right => {
                self.joined = true;
                let channel = Channel::new(6).unwrap();
                self.events.push_back(RadioEvent::Joined {
                    bssid: HOME_BSSID,
                    channel,
                    rssi: -48,
                });
                self.events.push_back(RadioEvent::Address(address()));
                return;
            }
            HOME => Reason::Code(15),
            SILENCE => return,
            _ => Reason::NOT_FOUND,
        };
        self.events.push_back(RadioEvent::JoinFailed {
            reason,
            comeback_ms: None,
        });
    }
}

fn address() -> Ipv4Net {
    Ipv4Net::parse("10.0.0.2/24").unwrap()
}

impl Radio for TestRadio {
    fn start(&mut self, op: RadioOp, target: Target<'_>) {
        let event = match op {
            RadioOp::Scan => {
                self.scans += 1;
                let rows = [
                    (Some(HOME), HOME_BSSID, -48, AuthMode::Wpa2),
                    (Some(HOME), Mac([2, 0, 0, 0, 0, 2]), -70, AuthMode::Wpa2),
                    // What a scan finds differs from what the one before found.
                    (
                        Some(SILENCE),
                        Mac([2, 0, 0, 0, 0, 3]),
                        -60 - self.scans,
                        AuthMode::Open,
                    ),
                    (None, Mac([2, 0, 0, 0, 0, 4]), -30, AuthMode::Wpa2),
                ];
                for (ssid, bssid, rssi, auth) in rows {
                    self.events.push_back(RadioEvent::ScanRow(ScanRow {
                        ssid: ssid.and_then(|name| Ssid::new(name).ok()),
                        bssid,
                        channel: Channel::new(6).unwrap(),
                        rssi,
                        auth,
                    }));
                }
                RadioEvent::ScanDone
            }
            RadioOp::Join { .. } => return self.join(target),
            RadioOp::Leave => {
                self.joined = false;
                RadioEvent::Left
            }
            RadioOp::ApStart { channel } => {
                self.ap_up = true;
                RadioEvent::ApStarted { channel }
            }
            RadioOp::ApStop => {
                self.ap_up = false;
                RadioEvent::ApStopped
            }
            RadioOp::ApMove { channel } => RadioEvent::ApMoved { channel },
            RadioOp::Cancel => return,
            RadioOp::Query => RadioEvent::Report(LinkReport {
                rssi: self.joined.then_some(-48),
                address: self.joined.then(address),
                ap_up: self.ap_up,
            }),
        };
        self.events.push_back(event);
    }

    async fn next(&mut self) -> RadioEvent {
        match self.events.pop_front() {
            Some(event) => event,
            None => std::future::pending().await,
        }
    }

    fn reset(&mut self) {
        *self = Self::default();
    }
}

/// A store in memory, and a hand that breaks it.
#[derive(Clone, Debug, Default)]
pub(crate) struct TestStorage {
    inside: Arc<Mutex<Kept>>,
    stored: Option<Stored>,
}

#[derive(Debug, Default)]
struct Kept {
    config: Config,
    taken: Option<Config>,
    /// What was taken is a whole new configuration.
    new: bool,
    /// What comes back where the configuration is not confirmed.
    before: Option<Config>,
    secret: Option<Passphrase>,
    failing: bool,
}

impl TestStorage {
    pub(crate) fn knowing_home() -> Self {
        let storage = Self::default();
        let security = Security::from_password(HOME_KEY).unwrap();
        let home = KnownNetwork::new(Ssid::new(HOME).unwrap(), security);
        storage.inside.lock().unwrap().config.wifi.networks =
            Networks::from_slice(&[home]).unwrap();
        storage
    }

    /// A device whose one known network never answers, and that has no access point to fall back on.
    pub(crate) fn knowing_silence() -> Self {
        let storage = Self::default();
        let mut inside = storage.inside.lock().unwrap();
        let wifi = &mut inside.config.wifi;
        let silence = KnownNetwork::new(Ssid::new(SILENCE).unwrap(), Security::Open);
        wifi.networks = Networks::from_slice(&[silence]).unwrap();
        wifi.station.connect_timeout_ms = 60_000;
        wifi.ap.start_policy = StartPolicy::Never;
        drop(inside);
        storage
    }

    /// What is stored for the doors.
    pub(crate) fn services(&self) -> Services {
        self.inside.lock().unwrap().config.services.clone()
    }

    pub(crate) fn set_failing(&self, failing: bool) {
        self.inside.lock().unwrap().failing = failing;
    }

    pub(crate) fn is_on_trial(&self) -> bool {
        self.inside.lock().unwrap().before.is_some()
    }

    pub(crate) fn forget_networks(&self) {
        self.inside.lock().unwrap().config.wifi.networks.clear();
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let kept = self.inside.lock().unwrap();
        let networks = kept.config.wifi.networks.iter();
        networks.map(|network| network.ssid.to_string()).collect()
    }

    pub(crate) fn secret(&self) -> Option<String> {
        let kept = self.inside.lock().unwrap();
        match kept.secret.as_ref()?.material() {
            KeyMaterial::Phrase(text) => Some(text.to_owned()),
            KeyMaterial::Raw(_) => None,
        }
    }
}

impl Storage for TestStorage {
    async fn load(&mut self, _: &mut dyn FnMut(&Warning<'_>)) -> Result<&mut Stored, LoadError> {
        let kept = self.inside.lock().unwrap();
        if kept.failing {
            return Err(LoadError::StoreFailed);
        }
        let stored = Stored::begin(&mut self.stored, &Defaults::default());
        stored.pieces.config = kept.config.clone();
        stored.ap_secret = kept.secret.clone();
        stored.on_trial = kept.before.is_some();
        Ok(stored)
    }

    fn forget(&mut self) {
        self.stored = None;
    }

    fn take(&mut self, op: StoreOp, source: Source<'_>) -> Result<(), StoreFailed> {
        let mut config = Config {
            wifi: source.manager.wifi().clone(),
            services: source.services.clone(),
        };
        let mut kept = self.inside.lock().unwrap();
        if op == StoreOp::Reset {
            config.wifi.networks.clear();
            config.wifi.mode = Mode::StaAp;
            config.wifi.ap.start_policy = StartPolicy::Fallback;
            kept.before = None;
        }
        kept.taken = Some(config);
        Ok(())
    }

    fn take_config(&mut self, config: ConfigRef<'_>, _: Source<'_>) -> Result<(), StoreFailed> {
        let mut kept = self.inside.lock().unwrap();
        kept.taken = Some(Config {
            wifi: config.wifi.clone(),
            services: config.services.clone(),
        });
        kept.new = true;
        Ok(())
    }

    async fn end_trial(&mut self, keep: bool) -> Result<(), StoreFailed> {
        let mut kept = self.inside.lock().unwrap();
        if kept.failing {
            return Err(StoreFailed);
        }
        let before = kept.before.take();
        if let Some(before) = before.filter(|_| !keep) {
            kept.config = before;
        }
        Ok(())
    }

    async fn commit(&mut self) -> Result<(), StoreFailed> {
        let mut kept = self.inside.lock().unwrap();
        if kept.failing {
            return Err(StoreFailed);
        }
        let taken = kept.taken.take().expect("something was taken");
        let before = std::mem::replace(&mut kept.config, taken);
        if std::mem::take(&mut kept.new) {
            kept.before = Some(before);
        }
        Ok(())
    }

    async fn keep_secret(&mut self, secret: &Passphrase) -> Result<(), StoreFailed> {
        self.inside.lock().unwrap().secret = Some(secret.clone());
        Ok(())
    }
}
