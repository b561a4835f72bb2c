//! The machine: decides what the radio, the store and the doors do next.
//!
//! [`Manager::handle`] takes one input and the time. Then [`Manager::poll_output`] is drained until it gives
//! [`Output::Wait`], which names the moment at which [`Input::Timeout`] is due if nothing else
//! comes before.

use crate::command::{Command, PortalUse, Reply, Ticket, Verdict};
use crate::config::{Identity, KnownNetwork, Networks, Wifi};
use crate::event::Event;
use crate::led::Pattern;
use crate::net::{Bssid, Channel, Ipv4Net, Security, Ssid};
use crate::radio::{FailureClass, RadioEvent, RadioOp, ScanRow};
use crate::status::{Internet, State, Status};
use crate::time::Instant;

/// What goes in.
#[derive(Clone, Debug)]
pub enum Input {
    /// The moment named by [`Output::Wait`] has come, or somebody wants the machine to look.
    Timeout,
    /// The radio says something.
    Radio(RadioEvent),
    /// The store operation under way ended.
    Stored(Result<(), StoreFailed>),
    /// A door asks something. Only while [`Manager::takes_commands`].
    Command(Ticket, Command),
    /// People use the portal.
    Portal(PortalUse),
    /// The probe asked for by [`Output::ProbeInternet`] ended.
    Internet(Internet),
}

/// The store did not take it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoreFailed;

/// What comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Nothing more; the next deadline, if there is one.
    Wait(Option<Instant>),
    /// The radio is to do this.
    Radio(RadioOp),
    /// The store is to do this; answer with [`Input::Stored`].
    Store(StoreOp),
    /// This happened.
    Event(Event),
    /// A door is answered.
    Reply(Ticket, Reply),
    /// The credentials of that ticket failed.
    Failed(Ticket, Verdict),
    /// The state changed, for the one who asked for it or for nobody in particular.
    State(Option<Ticket>, State),
    /// The LED is to show this.
    Led(Pattern),
    /// Ask whether the network leads to the internet; answer with [`Input::Internet`].
    ProbeInternet,
    /// Restart the device.
    Restart,
}

/// What the store is to write. The content is read from the machine when the operation is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StoreOp {
    /// Networks, candidate, verdict and last good access point ([`Manager::record`]), in one piece.
    Networks,
    /// Mode and access point ([`Manager::wifi`]), in one piece.
    Settings,
    /// Mode `sta_ap` and policy `fallback` first, then no networks and no candidate.
    Reset,
}

/// What is stored in one piece, so that a power cut leaves all of the old or all of the new.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// The known networks.
    pub networks: &'a Networks,
    /// The credentials being proved: with their verdict they tell after a restart what became of them.
    pub candidate: Option<(&'a Ssid, Verdict)>,
    /// The last access point that gave an address.
    pub last_good: Option<LastGood>,
}

/// The access point that gave the last address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LastGood {
    /// Its hardware address.
    pub bssid: Bssid,
    /// Its channel.
    pub channel: Channel,
}

/// What the machine starts from.
#[derive(Clone, Debug)]
pub struct Boot {
    /// What was stored.
    pub wifi: Wifi,
    /// The last candidate and its verdict; [`Verdict::Trying`] becomes [`Verdict::Interrupted`].
    pub candidate: Option<(Ssid, Verdict)>,
    /// The last access point that gave an address.
    pub last_good: Option<LastGood>,
    /// Who the device is.
    pub identity: Identity,
    /// Whether the last starts ended in crashes.
    pub safe_mode: bool,
    /// Whether to probe for internet after each connection.
    pub probe_internet: bool,
    /// Seed of the jitter; the device's own, so that a fleet does not move in step.
    pub seed: u64,
}

/// What a join needs beside the [`RadioOp`].
#[derive(Clone, Copy, Debug)]
pub struct JoinTarget<'a> {
    /// The network.
    pub ssid: &'a Ssid,
    /// How it lets in.
    pub security: &'a Security,
}

/// What the access point needs beside the [`RadioOp`].
#[derive(Clone, Copy, Debug)]
pub struct ApTarget<'a> {
    /// Its name.
    pub ssid: Ssid,
    /// Its key; none: open.
    pub key: Option<&'a crate::net::Passphrase>,
    /// Whether it hides its name.
    pub hidden: bool,
    /// Most clients.
    pub max_clients: u8,
    /// Its address and network.
    pub address: Ipv4Net,
}

/// The machine. See the [module](self) for how it is driven.
#[derive(Clone, Debug)]
pub struct Manager {
    wifi: Wifi,
}

impl Manager {
    /// The machine of a device that has just booted.
    pub fn new(boot: Boot) -> Self {
        Self { wifi: boot.wifi }
    }
    /// Takes one input at that time.
    pub fn handle(&mut self, _input: Input, _now: Instant) {}
    /// Gives the next thing to do, [`Output::Wait`] last.
    pub fn poll_output(&mut self) -> Output {
        Output::Wait(None)
    }
    /// Whether a command would be looked at: false while the store is at work for the last one.
    pub fn takes_commands(&self) -> bool {
        true
    }
    /// How the device stands.
    pub fn status(&self) -> Status {
        unimplemented!()
    }
    /// The configuration in force.
    pub fn wifi(&self) -> &Wifi {
        &self.wifi
    }
    /// Who the device is.
    pub fn identity(&self) -> &Identity {
        unimplemented!()
    }
    /// What [`StoreOp::Networks`] is to write.
    pub fn record(&self) -> Record<'_> {
        unimplemented!()
    }
    /// The network of the [`RadioOp::Join`] under way.
    pub fn join_target(&self) -> Option<JoinTarget<'_>> {
        None
    }
    /// The access point of the [`RadioOp::ApStart`] under way, or as it runs.
    pub fn ap_target(&self) -> ApTarget<'_> {
        unimplemented!()
    }
    /// What the last scan heard, strongest first; one row per access point.
    pub fn scan_rows(&self) -> &[ScanRow] {
        &[]
    }
    /// Age of the last whole scan in milliseconds; none: there was none.
    pub fn scan_age_ms(&self, _now: Instant) -> Option<u64> {
        None
    }
    /// Whether the probes of phones are answered with success now, so that their sheet closes.
    pub fn probe_succeeds(&self, _now: Instant) -> bool {
        false
    }
    /// The class of the last failed attempt.
    pub fn last_failure(&self) -> Option<FailureClass> {
        None
    }
    /// The known network that a command would name.
    pub fn known(&self, n: u8) -> Option<&KnownNetwork> {
        self.wifi.networks.get(usize::from(n))
    }
}
