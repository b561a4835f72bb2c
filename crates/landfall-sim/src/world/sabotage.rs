//! Deliberate faults between machine and world, to prove that the invariants can fail. For tests
//! alone: no scenario and no random world sets one.

use landfall_core::config::StartPolicy;
use landfall_core::event::Event;
use landfall_core::manager::Input;
use landfall_core::radio::{RadioEvent, RadioOp};

/// How much faster the machine's clock runs than the world's under [`Sabotage::FastClock`].
const FAST: u64 = 10;

/// A deliberate fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sabotage {
    /// A write of the list drops its last network (I1).
    DropNetwork,
    /// No row of a scan reaches the machine (I2).
    DeafScan,
    /// The access point is never started (I3).
    SwallowApStart,
    /// The machine believes in the policy `never` (I3).
    OtherPolicy,
    /// With every operation a scan is asked for, too (I4).
    AskWhileBusy,
    /// The machine's clock runs ahead, so that it takes every pause for over (I4).
    FastClock,
    /// No `disconnected` is told (I5).
    ForgetDisconnected,
    /// The access point's secret stands in the journal (I7).
    PrintKey,
}

impl Sabotage {
    /// Whether the input does not reach the machine.
    pub(super) fn swallows_input(self, input: &Input) -> bool {
        self == Self::DeafScan && matches!(input, Input::Radio(RadioEvent::ScanRow(_)))
    }

    /// Whether the operation does not reach the radio.
    pub(super) fn swallows_op(self, op: RadioOp) -> bool {
        self == Self::SwallowApStart && matches!(op, RadioOp::ApStart { .. })
    }

    /// Whether the event is not told.
    pub(super) fn swallows_event(self, event: &Event) -> bool {
        self == Self::ForgetDisconnected && matches!(event, Event::Disconnected { .. })
    }

    /// The policy that the machine boots with.
    pub(super) fn policy(self, stored: StartPolicy) -> StartPolicy {
        if self == Self::OtherPolicy {
            StartPolicy::Never
        } else {
            stored
        }
    }

    /// Machine's milliseconds for one of the world's.
    pub(super) fn clock_factor(self) -> u64 {
        if self == Self::FastClock { FAST } else { 1 }
    }
}
