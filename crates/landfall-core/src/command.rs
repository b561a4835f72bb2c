//! What a door asks of the machine, and what it gets back.
//!
//! Every door has its own codec (console lines, HTTP, Improv, MQTT, the library's handle) and
//! ends in one of these commands, so that all of them are refused, accepted and answered alike.

use crate::config::{ApSettings, KnownNetwork, Mode, StationSettings};
use crate::net::{Security, Ssid};
use crate::radio::FailureClass;

/// A way into the device. Commands that come by one are answered there alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Door {
    /// A console on the serial port of that number.
    Serial(u8),
    /// The WebREPL terminal.
    WebRepl,
    /// Console lines over MQTT.
    Mqtt,
    /// Console lines over the fleet server.
    Fleet,
    /// Improv frames on the serial port of that number.
    Improv(u8),
    /// The portal and the config server.
    Http,
    /// The program that the device runs, by the library's handle.
    Program,
}

impl Door {
    /// Whether whoever uses it holds the device in their hands: only they are shown the access
    /// point's secret.
    pub const fn is_local(self) -> bool {
        match self {
            Self::Serial(_) | Self::Improv(_) | Self::Program => true,
            Self::WebRepl | Self::Mqtt | Self::Fleet | Self::Http => false,
        }
    }
}

/// Pairs a command with its replies: numbers need to differ within one door only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket {
    /// Where the command came in, and where its answers go.
    pub door: Door,
    /// Which of that door's commands it is; on consoles, the CID.
    pub number: u32,
}

/// What a door asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Try these credentials, and keep them once they gave an address. [`Reply::Accepted`], then
    /// a verdict.
    Join {
        /// The network.
        ssid: Ssid,
        /// How it lets in.
        security: Security,
    },
    /// Add a network behind the others, or change the one of that name in its place.
    /// [`Reply::Known`].
    Add(KnownNetwork),
    /// Change the network at this place. [`Reply::Known`].
    Put(u8, KnownNetwork),
    /// Forget the network of that name. [`Reply::Known`].
    Remove(Ssid),
    /// Forget the network at this place. [`Reply::Known`].
    RemoveAt(u8),
    /// Say which interfaces may be used. [`Reply::Done`], then it acts.
    SetMode(Mode),
    /// Change the access point. [`Reply::Done`].
    SetAp(ApSettings),
    /// Change the timing of the station; what runs goes on, with what is decided from then on by the
    /// new one. [`Reply::Done`].
    SetStation(StationSettings),
    /// Bring the access point up, or take it down, whatever the policy says, until the mode is set or
    /// the device restarts. [`Reply::Done`].
    ForceAp(bool),
    /// Leave the network and stay away until [`Command::Resume`], a join, a mode or a restart.
    /// [`Reply::Done`].
    Disconnect,
    /// Look for the known networks now. [`Reply::Done`].
    Resume,
    /// Hear what networks there are. [`Reply::Scanned`] once the rows are fresh.
    Scan,
    /// Forget all networks and restart into the access point. [`Reply::Done`], then the restart.
    Reset,
    /// As [`Command::Reset`], and never refused as busy: the button is for whoever holds the
    /// device in their hands. [`Reply::Done`], then the restart.
    ResetByButton,
    /// Restart. [`Reply::Done`], then the restart.
    Reboot,
}

impl Command {
    /// Whether it changes what is stored, and so confirms a configuration on trial. A reset does
    /// not: it ends the trial by itself, in one piece with what it forgets.
    pub const fn is_edit(&self) -> bool {
        match self {
            Self::Join { .. }
            | Self::Add(_)
            | Self::Put(..)
            | Self::Remove(_)
            | Self::RemoveAt(_)
            | Self::SetMode(_)
            | Self::SetAp(_)
            | Self::SetStation(_) => true,
            Self::Reset
            | Self::ResetByButton
            | Self::ForceAp(_)
            | Self::Disconnect
            | Self::Resume
            | Self::Scan
            | Self::Reboot => false,
        }
    }
}

/// What a door gets back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reply {
    /// The credentials are stored and being tried.
    Accepted,
    /// The list is stored and has this many networks now.
    Known(u8),
    /// It is done (and stored, where it is kept).
    Done,
    /// The rows of the last scan are fresh.
    Scanned,
    /// It is refused; nothing changed.
    Refused(Refusal),
}

/// Why a command is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// Credentials are being proved, or the first round runs. Ask again in a moment.
    Busy,
    /// Sixteen other networks are known already. Forget one first.
    ListFull,
    /// The store did not take it. Look at the flash.
    SaveFailed,
    /// No known network has that name or place.
    UnknownNetwork,
    /// Scanning is for the access point's users. Bring the access point up first.
    ScanApOnly,
    /// The radio could not scan. Ask again.
    ScanFailed,
    /// Too many wait for a scan already. Ask again.
    TooManyAskers,
    /// The mode or the policy forbids it.
    Forbidden,
}

/// How the last candidate fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Being tried.
    Trying,
    /// It gave an address and is committed.
    Ok,
    /// It failed.
    Failed(FailureClass),
    /// The device restarted in the middle of its proof.
    Interrupted,
    /// It gave an address, but the store did not take it.
    SaveFailed,
}

impl Verdict {
    /// The name that every door uses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Trying => "trying",
            Self::Ok => "ok",
            Self::Failed(class) => class.name(),
            Self::Interrupted => "interrupted",
            Self::SaveFailed => "save_failed",
        }
    }
}

/// What the people at the portal do, as far as it concerns the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortalUse {
    /// The page was loaded or touched, or a scan asked for: hold the rounds off.
    Touched,
    /// A `POST` was accepted: hold them off anew.
    Posted,
    /// The page has shown the result.
    Seen,
}
