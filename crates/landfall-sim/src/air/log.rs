//! The last radio operations of all devices, with their times and what came of them.

use alloc::collections::VecDeque;

use landfall_core::net::Ssid;
use landfall_core::radio::{RadioOp, Reason};

use super::DeviceId;

/// How many operations are kept; the oldest go first.
pub const LOG_LEN: usize = 4096;

/// One operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When it was asked for, in milliseconds since the air began.
    pub at_ms: u64,
    /// Whose radio.
    pub device: DeviceId,
    /// What was asked.
    pub op: RadioOp,
    /// The network, of a join or of an access point that starts.
    pub ssid: Option<Ssid>,
    /// When it ended and how; none: it is under way.
    pub end: Option<(u64, Outcome)>,
}

/// How an operation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As asked.
    Done,
    /// Not as asked.
    Failed(Reason),
    /// The scan failed.
    ScanFailed,
    /// The device gave it up.
    Cancelled,
    /// The radio was busy with another one: the device should not have asked.
    Refused,
    /// The device lost its power.
    PowerLost,
}

/// Names an entry of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EntryId(u64);

/// The log.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    entries: VecDeque<Entry>,
    dropped: u64,
}

impl Log {
    pub(super) fn begin(&mut self, entry: Entry) -> EntryId {
        if self.entries.len() == LOG_LEN {
            self.entries.pop_front();
            self.dropped += 1;
        }
        self.entries.push_back(entry);
        EntryId(self.dropped + self.entries.len() as u64 - 1)
    }

    /// Notes the end of an entry, if it is still kept.
    pub(super) fn end(&mut self, id: EntryId, at_ms: u64, outcome: Outcome) {
        let place = id.0.checked_sub(self.dropped).map(|place| place as usize);
        if let Some(entry) = place.and_then(|place| self.entries.get_mut(place)) {
            entry.end = Some((at_ms, outcome));
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn the_oldest_go_first_and_an_end_finds_its_entry() {
        let mut log = Log::default();
        let entry = |at_ms| Entry {
            at_ms,
            device: DeviceId(0),
            op: RadioOp::Scan,
            ssid: None,
            end: None,
        };
        let first = log.begin(entry(0));
        let ids: Vec<_> = (1..=LOG_LEN as u64)
            .map(|at| log.begin(entry(at)))
            .collect();
        log.end(first, 9, Outcome::Done);
        log.end(ids[1], 9, Outcome::Done);
        let ended: Vec<_> = log.iter().filter(|e| e.end.is_some()).collect();
        assert_eq!(ended.len(), 1);
        assert_eq!(ended[0].at_ms, 2);
        assert_eq!(log.iter().count(), LOG_LEN);
    }
}
