//! The configuration as a flash store keeps it: a few binary pieces, each under a key of its own.
//!
//! A key-value flash store replaces one piece whole or not at all, but not two at once. So what
//! has to change together is in one piece:
//!
//! - *networks* ([`encode_networks`]): known networks, candidate, verdict and last good access
//!   point; what [`StoreOp::Networks`](crate::manager::StoreOp::Networks) writes, at most
//!   [`NETWORKS_MAX`] bytes.
//! - *settings* ([`encode_settings`]): everything else; what
//!   [`StoreOp::Settings`](crate::manager::StoreOp::Settings) writes, at most [`SETTINGS_MAX`]
//!   bytes.
//!
//! A whole configuration that is saved changes both. With both pieces in two [`Slot`]s, and a
//! [`Head`] that says which slot is in force, a power cut between them is harmless: write both
//! into the [`Slot::other`], then the head. Until the head is written the old configuration is in
//! force, whole; and as long as the new one is not confirmed the old one can come back.
//!
//! A piece begins with its [`VERSION`]; what follows is one field after another. Reading is lenient:
//! whatever the bytes are, it gives a configuration, and warns of what is wrong. The pieces hold
//! secrets in clear: wipe the buffers.

pub mod bytes;
mod form;
mod networks;
mod settings;

pub use networks::{NETWORKS_MAX, encode_networks};
pub use settings::{SETTINGS_MAX, encode_settings};

use super::path::Path;
use super::reason::Reason;
use super::reason::Warning;
use super::{Config, Defaults};
use crate::command::Verdict;
use crate::manager::LastGood;
use crate::net::Ssid;

/// The version of the pieces that are written. Another one is not read.
pub const VERSION: u8 = 1;

/// A buffer for any piece, in bytes: what one sector of flash holds beside the store's own marks.
pub const PIECE_MAX: usize = 4_000;

const _: () = assert!(NETWORKS_MAX <= PIECE_MAX && SETTINGS_MAX <= PIECE_MAX);

/// The buffer is smaller than the piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DoesNotFit;

/// What was stored, put together piece by piece.
///
/// ```
/// use landfall_core::config::{Defaults, stored::Stored};
///
/// let (settings, networks) = (Some(&[1_u8, 2, 3][..]), None::<&[u8]>);
/// let mut warnings = 0;
/// let mut stored = Stored::new(&Defaults::built_in());
/// if let Some(bytes) = settings {
///     stored.read_settings(bytes, &mut |_| warnings += 1);
/// }
/// if let Some(bytes) = networks {
///     stored.read_networks(bytes, &mut |_| warnings += 1);
/// }
/// assert_eq!(warnings, 1);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// The configuration.
    pub config: Config,
    /// The last candidate and its verdict.
    pub candidate: Option<(Ssid, Verdict)>,
    /// The last access point that gave an address.
    pub last_good: Option<LastGood>,
}

impl Stored {
    /// Of a device whose store is blank.
    pub fn new(defaults: &Defaults) -> Self {
        let mut stored = Self::default();
        defaults.fill(&mut stored.config);
        stored
    }
}

/// Which of the two places of the pieces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Slot {
    /// The first.
    #[default]
    A,
    /// The second.
    B,
}

impl Slot {
    /// The one that this is not.
    pub const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

/// Which slot is in force; a piece of its own, [`Head::LEN`] bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The slot in force.
    pub slot: Slot,
    /// Whether its configuration still has to be confirmed, or the other slot's comes back.
    pub on_trial: bool,
}

impl Head {
    /// Length of the piece.
    pub const LEN: usize = 3;

    /// The piece.
    pub const fn encode(self) -> [u8; Self::LEN] {
        [VERSION, self.slot as u8, self.on_trial as u8]
    }

    /// From the piece; none where it is none.
    pub const fn decode(bytes: &[u8]) -> Option<Self> {
        let (slot, on_trial) = match bytes {
            [VERSION, 0, trial @ 0..=1] => (Slot::A, *trial),
            [VERSION, 1, trial @ 0..=1] => (Slot::B, *trial),
            _ => return None,
        };
        Some(Self {
            slot,
            on_trial: on_trial == 1,
        })
    }
}

/// Warns of a member by its name.
struct Warner<'w> {
    piece: &'static str,
    warn: &'w mut dyn FnMut(&Warning<'_>),
}

impl Warner<'_> {
    /// Warns that a value is out of its bounds, and that the default stands.
    fn wrong(&mut self, name: &str) {
        let mut path = Path::default();
        path.key(self.piece);
        path.key(name);
        (self.warn)(&Warning {
            path: &path,
            reason: Reason::NotReadable,
        });
    }

    /// Warns of the whole piece.
    fn unreadable(&mut self) {
        let mut path = Path::default();
        path.key(self.piece);
        (self.warn)(&Warning {
            path: &path,
            reason: Reason::NotReadable,
        });
    }

    /// Warns where a value is wrong.
    fn expect(&mut self, name: &str, is_right: bool) {
        if !is_right {
            self.wrong(name);
        }
    }
}
