//! What is due when: deadlines of all radios in one heap, beside the schedule of the file.

use alloc::collections::BinaryHeap;
use core::cmp::Reverse;

use super::{Air, DeviceId, operation};

/// When to look at a radio again. A timer is not taken back: one whose moment is no deadline of
/// the radio any more does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Timer {
    at_ms: u64,
    /// Those of one moment go off in the order they were set.
    number: u64,
    device: DeviceId,
    purpose: Purpose,
}

/// What a timer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Purpose {
    /// The operation under way ends.
    Operation,
    /// The station gets its address.
    Address,
    /// The station misses its router.
    BeaconLoss,
}

/// The timers of an air.
#[derive(Clone, Debug, Default)]
pub(super) struct Timers {
    heap: BinaryHeap<Reverse<Timer>>,
    set: u64,
}

impl Timers {
    /// The moment of the next one, stale or not.
    pub(super) fn next_ms(&self) -> Option<u64> {
        self.heap.peek().map(|Reverse(timer)| timer.at_ms)
    }
}

impl Air {
    /// Lets everything happen that is due, in its order; of one moment, what the file schedules
    /// comes first.
    pub(super) fn advance(&mut self, now_ms: u64) {
        loop {
            let change_ms = self.schedule.last().map_or(u64::MAX, |change| change.ms);
            let timer_ms = self.timers.next_ms().unwrap_or(u64::MAX);
            let due_ms = change_ms.min(timer_ms);
            if due_ms > now_ms || due_ms == u64::MAX {
                break;
            }
            self.now_ms = self.now_ms.max(due_ms);
            if change_ms <= timer_ms {
                if let Some(change) = self.schedule.pop() {
                    self.happen(&change);
                }
            } else if let Some(Reverse(timer)) = self.timers.heap.pop() {
                self.ring(timer);
            }
        }
        self.now_ms = self.now_ms.max(now_ms);
    }

    fn ring(&mut self, timer: Timer) {
        if !self.is_live(&timer) {
            return;
        }
        match timer.purpose {
            Purpose::Operation => self.finish(timer.device),
            Purpose::Address => self.give_address(timer.device),
            Purpose::BeaconLoss => self.lose(timer.device, operation::BEACON_TIMEOUT),
        }
    }

    fn is_live(&self, timer: &Timer) -> bool {
        self.radio(timer.device).deadline(timer.purpose) == Some(timer.at_ms)
    }

    pub(super) fn drop_stale_timers(&mut self) {
        while let Some(Reverse(timer)) = self.timers.heap.peek() {
            if self.is_live(timer) {
                break;
            }
            self.timers.heap.pop();
        }
    }

    pub(super) fn set_timer(&mut self, device: DeviceId, purpose: Purpose, at_ms: u64) {
        self.timers.set += 1;
        self.timers.heap.push(Reverse(Timer {
            at_ms,
            number: self.timers.set,
            device,
            purpose,
        }));
    }
}
