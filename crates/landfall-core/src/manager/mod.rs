//! The machine: decides what the radio, the store and the doors do next.
//!
//! [`Manager::handle`] takes one input and the time. Then [`Manager::poll_output`] is drained
//! until it gives [`Output::Wait`], which names the moment at which [`Input::Timeout`] is due if
//! nothing else comes before:
//!
//! ```
//! use landfall_core::config::{Identity, Wifi};
//! use landfall_core::manager::{Boot, Input, Manager, Output};
//! use landfall_core::net::{Mac, Passphrase};
//! use landfall_core::time::Instant;
//!
//! let mac = Mac([0x24, 0x6f, 0x28, 0x56, 0x78, 0x9a]);
//! let ap_secret = Passphrase::new(b"ABCDEFGHJKLM").unwrap();
//! let identity = Identity { mac, ap_secret, ap_prefix: "Landfall-".try_into().unwrap() };
//! let identity: &'static Identity = Box::leak(Box::new(identity));
//! let mut manager = Manager::new(Boot::new(Wifi::default(), identity));
//!
//! manager.handle(Input::Timeout, Instant::BOOT);
//! let deadline = loop {
//!     match manager.poll_output() {
//!         Output::Wait(deadline) => break deadline,
//!         Output::Radio(op) => println!("the radio is to {op:?}"),
//!         Output::Store(_) | Output::Event(_) | Output::Reply(..) | Output::Failed(..) => {}
//!         Output::State(..) | Output::ProbeInternet | Output::Restart => {}
//!     }
//! };
//! assert!(deadline.is_some());
//! ```
//!
//! Inside, events change what the parts *want*; `next_operation` then picks the one thing the
//! radio does next. So no order of events can ask the radio for two things at once.

mod ap;
mod commands;
mod face;
mod failure;
mod io;
mod onboarding;
mod outbox;
mod portal;
mod radio_queue;
mod station;
mod timers;
mod vault;
mod watch;
mod whole;

use heapless::Vec;

use crate::command::{PortalUse, Ticket};
use crate::config::{Identity, Mode, NetworkId, Wifi};
use crate::event::Event;
use crate::heard::Heard;
use crate::penalty::Penalties;
use crate::rng::Rng;
use crate::standing::Standings;
use crate::status::{Internet, State};
use crate::time::Instant;

pub use crate::heard::MAX_ROWS;
use ap::AccessPoint;
pub use io::{ApTarget, Boot, Input, JoinTarget, LastGood, Output, Record, StoreFailed, StoreOp};
use onboarding::Onboarding;
use outbox::Outbox;
use portal::Portal;
use radio_queue::RadioQueue;
use station::{Station, StationSide};
use vault::Vault;
use watch::Watch;

/// Most doors that wait for one scan.
pub const MAX_ASKERS: usize = 4;

/// The machine. See the [module](self) for how it is driven.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Manager {
    now: Instant,
    wifi: Wifi,
    identity: &'static Identity,
    policy: Policy,
    side: StationSide,
    known: Knowledge,
    ap: AccessPoint,
    portal: Portal,
    radio: RadioQueue,
    onboarding: Onboarding,
    vault: Vault,
    watch: Watch,
    told: Told,
    outbox: Outbox,
}

/// What is in force, beside the configuration as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Policy {
    /// The mode acted upon; it follows the configuration once that is in the store.
    mode: Mode,
    /// Somebody said `Disconnect`.
    paused: bool,
    /// Somebody said `ForceAp`.
    ap_forced: Option<bool>,
    safe_mode: bool,
    probe_internet: bool,
    /// A restart is under way: nothing is decided any more.
    halted: bool,
}

/// What was learned about the world.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Knowledge {
    rng: Rng,
    heard: Heard,
    penalties: Penalties,
    standings: Standings,
    last_good: Option<(NetworkId, LastGood)>,
    internet: Option<Internet>,
}

/// What people were told last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Told {
    state: State,
    /// Whose command the coming changes of state belong to.
    cause: Option<Ticket>,
}

impl Manager {
    /// The machine of a device that has just booted.
    pub fn new(boot: Boot) -> Self {
        let mut wifi = boot.wifi;
        for (i, network) in wifi.networks.iter_mut().enumerate() {
            network.id = NetworkId(i as u8);
        }
        let last_good = wifi
            .networks
            .first()
            .and_then(|first| Some((first.id, boot.last_good?)));
        let mut manager = Self {
            now: Instant::BOOT,
            policy: Policy {
                mode: wifi.mode,
                paused: false,
                ap_forced: None,
                safe_mode: boot.safe_mode,
                probe_internet: boot.probe_internet,
                halted: false,
            },
            side: StationSide::new(wifi.networks.len() as u8),
            known: Knowledge {
                rng: Rng::new(boot.seed),
                heard: Heard::default(),
                penalties: Penalties::default(),
                standings: Standings::default(),
                last_good,
                internet: None,
            },
            ap: AccessPoint::new(wifi.ap.address),
            portal: Portal::default(),
            radio: RadioQueue::new(wifi.mode != Mode::Off),
            onboarding: Onboarding::after_boot(boot.candidate),
            vault: Vault::default(),
            watch: Watch::default(),
            told: Told {
                state: State::Off,
                cause: None,
            },
            outbox: Outbox::default(),
            identity: boot.identity,
            wifi,
        };
        if manager.policy.mode.uses_station() {
            manager.outbox.event(Event::StaStart);
        }
        manager.begin_first_round();
        manager
    }

    /// Takes one input at that time, which never runs backwards.
    pub fn handle(&mut self, input: Input, now: Instant) {
        self.now = self.now.max(now);
        if self.policy.halted {
            return;
        }
        match input {
            Input::Timeout => self.run_timers(),
            Input::Radio(event) => self.on_radio(event),
            Input::Stored(result) => self.on_stored(result.is_ok()),
            Input::Command(ticket, command) => self.on_command(ticket, command),
            Input::Portal(used) => self.on_portal(used),
            Input::Internet(internet) => self.on_internet(internet),
        }
        if !self.policy.halted {
            // A write begun now would bring back what a reset just took.
            self.begin_background_write();
            self.ask_radio();
            self.tell_state();
        }
    }

    /// Gives the next thing to do, [`Output::Wait`] last.
    pub fn poll_output(&mut self) -> Output {
        if let Some((ticket, reply)) = self.radio.pop_scan_answer() {
            return Output::Reply(ticket, reply);
        }
        self.outbox
            .pop()
            .unwrap_or_else(|| Output::Wait(self.deadline()))
    }

    fn on_portal(&mut self, used: PortalUse) {
        match used {
            PortalUse::Touched => self.portal.touched(self.now),
            PortalUse::Posted => self.portal.posted(self.now),
            PortalUse::Seen => self.portal.seen(),
        }
    }

    fn on_internet(&mut self, internet: Internet) {
        if self.is_online() {
            self.known.internet = Some(internet);
        }
    }

    /// Tells a change of state, to the one whose command led to it.
    fn tell_state(&mut self) {
        let state = self.state();
        if state == self.told.state {
            return;
        }
        self.told.state = state;
        self.outbox.state(self.told.cause, state);
        let settled = matches!(state, State::Connected | State::ApActive);
        if settled && self.onboarding.proof.is_none() {
            self.told.cause = None;
        }
    }

    fn event(&mut self, event: Event) {
        self.outbox.event(event);
    }

    fn is_online(&self) -> bool {
        matches!(self.side.station, Station::Online(_))
    }

    /// Whether the station may look for known networks by itself.
    fn may_look(&self) -> bool {
        self.policy.mode.uses_station() && !self.policy.paused
    }
}

/// Doors waiting for the rows of a scan.
type Askers = Vec<Ticket, MAX_ASKERS>;

#[cfg(test)]
mod tests;
