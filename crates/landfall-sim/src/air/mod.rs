//! The air: routers, the radios of several devices and a phone, in virtual time.
//!
//! [`Air::handle`] takes one operation of one device and the time. [`Air::poll_event`] is drained
//! until it gives nothing; [`Air::poll_timeout`] then names the moment at which to drain it again
//! if no operation comes before.
//!
//! ```
//! use landfall_core::radio::RadioOp;
//! use landfall_core::net::Mac;
//! use landfall_sim::air::{Air, Targets, file::AirFile};
//!
//! let file = AirFile::parse("air.toml", "[[ap]]\nssid = \"CafeFree\"").unwrap();
//! let mut air = Air::new(file);
//! let device = air.add_device(Mac([0x24, 0x6f, 0x28, 0x56, 0x78, 0x9a]));
//! air.handle(device, RadioOp::Scan, Targets::default(), 0);
//! while let Some(now) = air.poll_timeout() {
//!     while let Some((device, event)) = air.poll_event(now) {
//!         println!("{now} {device:?} {event:?}");
//!     }
//! }
//! ```
//!
//! What the model knows: strengths are exact above -80 dBm and waver by 2 dB below; a scan hears
//! all routers from -92 dBm up, and the access points of other devices at a fixed strength; a
//! router that goes silent is missed after [`BEACON_LOSS_MS`]; a radio has one channel, so that a
//! device's access point follows its station. What it does not know: distance (a router is equally
//! strong everywhere), collisions, leases that end, and joining another device's access point.

pub mod access_point;
#[cfg(feature = "std")]
pub mod answer;
mod change;
#[cfg(feature = "std")]
pub mod command;
mod device;
pub mod file;
pub mod key;
pub mod log;
mod operation;
mod outcome;
mod phone;
mod timer;
mod view;

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use landfall_core::manager::{ApTarget, JoinTarget, Manager};
use landfall_core::net::{Bssid, Mac};
use landfall_core::radio::{RadioEvent, RadioOp};

use crate::rng::{Rng, device_seed};
use access_point::{AccessPoint, ApSpec};
use device::Radio;
use file::{Addition, AirFile, TimedChange};
use key::KeyRing;
use log::Log;
use timer::{Purpose, Timers};

pub use change::AddError;
pub use device::{DeviceAp, DeviceId, Fault};
pub use operation::Violation;
pub use phone::{PHONE_MAC, PhoneError};
pub use view::LinkView;

/// How long a station takes to notice that its router is silent: the default of ESP-IDF
/// (`esp_wifi_set_inactive_time`), 6 s.
pub const BEACON_LOSS_MS: u32 = 6_000;
/// How long a wrong key takes to be refused.
pub const WRONG_KEY_MS: u32 = 2_000;
/// How long a station looks on one channel in vain.
pub const MISS_MS: u32 = 300;
/// How long a router takes to refuse what it can tell at once.
pub const REFUSE_MS: u32 = 100;
/// How long a cancelled operation takes to end.
pub const CANCEL_MS: u32 = 20;
/// How long a station takes to leave.
pub const LEAVE_MS: u32 = 30;
/// How long an access point takes to come up at least; up to 40 ms are added by the seed.
pub const AP_START_MS: u32 = 80;
/// How long an access point takes to go down.
pub const AP_STOP_MS: u32 = 30;
/// How long an announced move takes: five beacons of 102.4 ms.
pub const AP_MOVE_MS: u32 = 512;

/// The names and keys that go with an operation: [`RadioOp::Join`] needs the one,
/// [`RadioOp::ApStart`] the other.
#[derive(Clone, Copy, Debug, Default)]
pub struct Targets<'a> {
    /// Whom to join.
    pub join: Option<JoinTarget<'a>>,
    /// What access point to bring up.
    pub ap: Option<ApTarget<'a>>,
}

impl<'a> Targets<'a> {
    /// As a machine has them.
    pub fn of(manager: &'a Manager) -> Self {
        Self {
            join: manager.join_target(),
            ap: Some(manager.ap_target()),
        }
    }
}

/// An air and everyone on it. See the [module](self) for how it is driven.
#[derive(Clone, Debug)]
pub struct Air {
    now_ms: u64,
    seed: u64,
    scan_ms: u32,
    aps: Vec<AccessPoint>,
    radios: Vec<Radio>,
    /// Changes to come, the next one last.
    schedule: Vec<TimedChange>,
    timers: Timers,
    events: VecDeque<(DeviceId, RadioEvent)>,
    phone_at: Option<DeviceId>,
    keys: KeyRing,
    log: Log,
    violations: operation::Violations,
}

impl Air {
    /// The air of that file, at its moment 0.
    pub fn new(file: AirFile) -> Self {
        let mut air = Self {
            now_ms: 0,
            seed: file.seed,
            scan_ms: file.scan_ms,
            aps: Vec::new(),
            radios: Vec::new(),
            schedule: Vec::new(),
            timers: Timers::default(),
            events: VecDeque::new(),
            phone_at: None,
            keys: KeyRing::default(),
            log: Log::default(),
            violations: operation::Violations::default(),
        };
        air.settle(file.aps, file.changes);
        air
    }

    /// Puts a device on the air, its radio silent. Its address in every network and its stream of
    /// chance follow from the order of such calls and from `mac`.
    pub fn add_device(&mut self, mac: Mac) -> DeviceId {
        let id = DeviceId(self.radios.len() as u32);
        let rng = Rng::new(device_seed(self.seed, mac));
        self.radios.push(Radio::new(mac, rng));
        id
    }

    /// Adds routers and changes. Refused whole where a hardware address is taken already, or the
    /// air would have too many routers.
    pub fn add(&mut self, addition: Addition, now_ms: u64) -> Result<(), AddError> {
        self.advance(now_ms);
        change::check_addition(&self.aps, &addition.aps)?;
        self.settle(addition.aps, addition.changes);
        self.advance(now_ms);
        Ok(())
    }

    fn settle(&mut self, specs: Vec<ApSpec>, changes: Vec<TimedChange>) {
        let mut taken: Vec<Bssid> = self.aps.iter().map(|ap| ap.bssid).collect();
        taken.extend(specs.iter().filter_map(|spec| spec.bssid));
        for spec in specs {
            let bssid = spec.bssid.unwrap_or_else(|| free_bssid(&taken));
            taken.push(bssid);
            self.aps.push(AccessPoint {
                spec,
                bssid,
                comeback_ms: None,
            });
        }
        self.schedule.reverse();
        self.schedule.extend(changes);
        // Stable, so that changes of one moment keep the order of the file.
        self.schedule.sort_by_key(|change| change.ms);
        self.schedule.reverse();
    }

    /// Takes one operation of a device. Names and keys are read from `targets`. Time never goes
    /// back: an earlier `now_ms` than the last counts as the last.
    pub fn handle(&mut self, device: DeviceId, op: RadioOp, targets: Targets<'_>, now_ms: u64) {
        self.advance(now_ms);
        self.take(device, op, targets);
    }

    /// The next event up to this moment, in the order they happened.
    pub fn poll_event(&mut self, now_ms: u64) -> Option<(DeviceId, RadioEvent)> {
        self.advance(now_ms);
        self.events.pop_front()
    }

    /// The moment at which something happens by itself; none: nothing will. A moment that has
    /// come means that there are events.
    pub fn poll_timeout(&mut self) -> Option<u64> {
        if !self.events.is_empty() {
            return Some(self.now_ms);
        }
        self.drop_stale_timers();
        let timer = self.timers.next_ms();
        let change = self.schedule.last().map(|change| change.ms);
        timer.into_iter().chain(change).min()
    }

    /// Takes the power from a device: its link, its access point and its operation are gone
    /// without an event, and events it has not seen yet are lost. The next operation finds the
    /// radio as after a boot. A restart of the device is the same.
    pub fn power_off(&mut self, device: DeviceId, now_ms: u64) {
        self.advance(now_ms);
        if let Some(operation) = self.radio_mut(device).power_off() {
            self.log
                .end(operation, self.now_ms, log::Outcome::PowerLost);
        }
        if self.phone_at == Some(device) {
            self.phone_at = None;
        }
        self.events.retain(|(whose, _)| *whose != device);
    }

    fn tell(&mut self, device: DeviceId, event: RadioEvent) {
        self.events.push_back((device, event));
    }

    // A `DeviceId` is made by `add_device` alone, and devices are never taken off an air.
    fn radio(&self, device: DeviceId) -> &Radio {
        &self.radios[device.index()]
    }

    fn radio_mut(&mut self, device: DeviceId) -> &mut Radio {
        &mut self.radios[device.index()]
    }

    fn devices(&self) -> impl Iterator<Item = DeviceId> + use<> {
        (0..self.radios.len() as u32).map(DeviceId)
    }
}

/// The first of 02:00:00:00:00:01, :02 and so on that nobody has.
fn free_bssid(taken: &[Bssid]) -> Bssid {
    let mut number = 1_u32;
    loop {
        let [a, b, c, d] = number.to_be_bytes();
        let bssid = Mac([2, 0, a, b, c, d]);
        if !taken.contains(&bssid) {
            return bssid;
        }
        number += 1;
    }
}

#[cfg(test)]
mod tests;
