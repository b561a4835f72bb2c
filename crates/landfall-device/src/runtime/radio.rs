//! What a radio adapter is to the runner: something that starts operations and says what happened.

use landfall_core::manager::{ApTarget, JoinTarget, Manager};
use landfall_core::net::Mac;
use landfall_core::radio::{RadioEvent, RadioOp};

/// A radio. The machine never asks for two exclusive operations at once, so an adapter needs no
/// queue: it remembers the one under way.
pub trait Radio {
    /// Begins an operation and comes back at once; what becomes of it is told by
    /// [`next`](Self::next). Called under the device's lock: copy what is needed, do no I/O that waits.
    fn start(&mut self, op: RadioOp, target: Target<'_>);

    /// The next thing that happened. Dropping the future loses nothing: the runner waits for other
    /// things beside it, and asks again.
    fn next(&mut self) -> impl Future<Output = RadioEvent>;

    /// Silences the radio, as after power-on: link and access point are gone, and so is what was
    /// not told yet. For a device that restarts in place.
    fn reset(&mut self) {}

    /// Has a client of our access point leave it, where the radio can: a student has marked, and the place
    /// is another one's. Called under the device's lock, as [`start`](Self::start) is.
    fn let_go(&mut self, _client: Mac) {}

    /// How strongly a client of our access point is heard, in dBm, where the radio knows.
    fn client_rssi(&self, _client: Mac) -> Option<i8> {
        None
    }
}

/// What an operation needs beside the [`RadioOp`].
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    /// Nothing.
    None,
    /// The network to join.
    Network(JoinTarget<'a>),
    /// The access point to bring up.
    Ap(ApTarget<'a>),
}

impl<'a> Target<'a> {
    /// What the machine has for that operation.
    pub fn of(op: RadioOp, manager: &'a Manager) -> Self {
        match op {
            RadioOp::Join { .. } => manager.join_target().map_or(Self::None, Self::Network),
            RadioOp::ApStart { .. } => Self::Ap(manager.ap_target()),
            RadioOp::Scan
            | RadioOp::Leave
            | RadioOp::ApStop
            | RadioOp::ApMove { .. }
            | RadioOp::Cancel
            | RadioOp::Query => Self::None,
        }
    }
}
