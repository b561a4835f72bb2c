//! What an MQTT broker is still to be told of the events: a place in the device's history.

use landfall_core::bus::{QUEUE_MAX, Subscription};
use landfall_core::event::{History, Record};

use super::Device;

/// The first event that no broker has acknowledged, from the boot on. Waiting events cost nothing
/// beside the history, so as many wait as that keeps.
#[derive(Debug)]
pub(super) struct Outbox(Subscription);

impl Outbox {
    #[inline(always)]
    pub(super) fn new() -> Self {
        Self::behind(&History::new())
    }

    #[inline(always)]
    fn behind(history: &History) -> Self {
        match Subscription::new(history, QUEUE_MAX) {
            Ok(place) => Self(place),
            Err(_) => unreachable!("a queue of the greatest length"),
        }
    }
}

impl Device {
    /// The oldest event that waits for the broker, and the place behind it.
    pub(crate) fn unpublished(&self) -> Option<(Record, Subscription)> {
        let mut behind = self.outbox.0;
        let record = behind.poll(&self.history)?;
        Some((record, behind))
    }

    /// The broker has everything up to that place.
    pub(crate) fn was_published(&mut self, behind: Subscription) {
        self.outbox = Outbox(behind);
    }

    /// What happened until now is not for the broker.
    pub(crate) fn publish_from_now(&mut self) {
        self.outbox = Outbox::behind(&self.history);
    }

    /// How many events had to make room before the broker was told of them, since boot; none:
    /// there is no broker.
    pub(crate) fn unpublished_lost(&self) -> Option<u32> {
        let mut place = self.outbox.0;
        let configured = !self.services.mqtt_url.is_empty();
        configured.then(|| place.dropped(&self.history))
    }
}
