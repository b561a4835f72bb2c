//! What goes into the machine and what comes out of it.

use crate::command::{Command, PortalUse, Reply, Ticket, Verdict};
use crate::config::{Identity, Networks, Wifi};
use crate::event::Event;
use crate::net::{Bssid, Channel, Ipv4Net, Passphrase, Security, Ssid};
use crate::radio::{RadioEvent, RadioOp};
use crate::status::{Internet, State};
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
    /// A door asks something. Only while [`Manager::takes_commands`](super::Manager::takes_commands).
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
    /// The state changed, for the one who asked for it or for nobody in particular. The LED follows.
    State(Option<Ticket>, State),
    /// Ask whether the network leads to the internet; answer with [`Input::Internet`].
    ProbeInternet,
    /// Restart the device.
    Restart,
}

/// What the store is to write. The content is read from the machine when the operation is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StoreOp {
    /// Networks, candidate, verdict and last good access point ([`Manager::record`](super::Manager::record)), in one piece.
    Networks,
    /// Mode and access point ([`Manager::wifi`](super::Manager::wifi)), in one piece.
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
    /// The access point through which the first of the networks gave the last address.
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
    /// The access point through which the first of the networks gave the last address.
    pub last_good: Option<LastGood>,
    /// Who the device is.
    pub identity: &'static Identity,
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
    pub key: Option<&'a Passphrase>,
    /// Whether it hides its name.
    pub hidden: bool,
    /// Most clients.
    pub max_clients: u8,
    /// Its address and network.
    pub address: Ipv4Net,
}

impl Boot {
    /// A device with that configuration and nothing else to remember.
    pub fn new(wifi: Wifi, identity: &'static Identity) -> Self {
        Self {
            wifi,
            candidate: None,
            last_good: None,
            identity,
            safe_mode: false,
            probe_internet: false,
            seed: 0,
        }
    }
}
