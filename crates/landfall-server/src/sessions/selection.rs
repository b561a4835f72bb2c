//! Which devices a session takes, and why: pure, so that the preview shows what a start would do.
//!
//! Rank is by room, free station slots, signal in steps of 10 dB, then the most recent heartbeat.
//! Everything that decides stands in the [`Choice`] in words: nobody has to guess why a device
//! was passed over.

use std::cmp::Ordering;

/// What a device that never said its capacity is taken to hold: the fewest of any chip.
pub(crate) const STATION_CAPACITY_DEFAULT: u32 = 4;
/// Devices of which it is kept and told why they were passed over, the best first.
const PASSED_OVER_MAX: usize = 1_000;
/// Signals closer than this rank alike: they differ by who stands in the way.
const SIGNAL_STEP_DB: i32 = 10;

/// A device, as far as it matters for being picked. Retired ones are not offered.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub(crate) hardware_id: String,
    pub(crate) standing: Standing,
    pub(crate) room: Option<String>,
    /// Stations that are joined to its access point.
    pub(crate) stations: u32,
    pub(crate) station_capacity: Option<u32>,
    /// In dBm; a device without a station link has none.
    pub(crate) rssi: Option<i32>,
    /// Wall time of the last heartbeat in ms since 1970.
    pub(crate) last_seen: i64,
}

/// Whether a device can be picked at all. What comes first in the list is what is said where several
/// hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Not accepted by an admin yet.
    Pending,
    /// Switched off by an admin.
    Disabled,
    /// No heartbeat ever.
    NeverSeen,
    /// No heartbeat within the presence timeout.
    Offline,
    /// Online, and leased by a running session.
    InSession,
    /// Enabled, online, free.
    Available,
}

/// The picked devices, best first, and all others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) picked: Vec<Picked>,
    pub(crate) passed_over: Vec<PassedOver>,
}

/// A device that was picked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Picked {
    pub(crate) hardware_id: String,
    /// What it was ranked by, in the order of rank.
    pub(crate) reasons: Vec<String>,
}

/// A device that was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PassedOver {
    pub(crate) hardware_id: String,
    /// `pending`, `disabled`, `never_seen`, `offline`, `in_session` or `ranked_lower: <what>`.
    pub(crate) reason: String,
}

/// Why nobody could be picked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nobody {
    /// No enabled device is online.
    NoneOnline,
    /// All that are online are leased.
    AllTaken,
}

impl Nobody {
    /// As the start page says it.
    pub(crate) fn detail(self) -> &'static str {
        match self {
            Self::NoneOnline => {
                "No ESP32 devices are currently online. Please check device connectivity."
            }
            Self::AllTaken => "All online ESP32 devices are already in a session.",
        }
    }
}

/// What a device is ranked by, in this order.
#[derive(Clone, Copy)]
enum Criterion {
    Room,
    Slots,
    Signal,
    Heartbeat,
    Id,
}

const CRITERIA: [Criterion; 5] = [
    Criterion::Room,
    Criterion::Slots,
    Criterion::Signal,
    Criterion::Heartbeat,
    Criterion::Id,
];

impl Criterion {
    fn name(self) -> &'static str {
        match self {
            Self::Room => "room",
            Self::Slots => "free station slots",
            Self::Signal => "signal",
            Self::Heartbeat => "most recent heartbeat",
            Self::Id => "hardware id",
        }
    }

    /// `Less` where `a` ranks before `b`.
    fn compare(self, a: &Candidate, b: &Candidate, room: Option<&str>) -> Ordering {
        match self {
            Self::Room => b.is_in(room).cmp(&a.is_in(room)),
            Self::Slots => b.free_slots().cmp(&a.free_slots()),
            Self::Signal => b.signal_step().cmp(&a.signal_step()),
            Self::Heartbeat => b.last_seen.cmp(&a.last_seen),
            Self::Id => a.hardware_id.cmp(&b.hardware_id),
        }
    }
}

impl Candidate {
    /// Stations that it holds in all.
    pub(crate) fn capacity(&self) -> u32 {
        self.station_capacity.unwrap_or(STATION_CAPACITY_DEFAULT)
    }

    fn free_slots(&self) -> u32 {
        self.capacity().saturating_sub(self.stations)
    }

    fn signal_step(&self) -> Option<i32> {
        self.rssi.map(|rssi| rssi / SIGNAL_STEP_DB)
    }

    fn is_in(&self, room: Option<&str>) -> bool {
        let same = |own: &str, wanted: &str| own.trim().to_lowercase() == wanted.to_lowercase();
        match (self.room.as_deref(), room) {
            (Some(own), Some(wanted)) => same(own, wanted.trim()),
            (None, _) | (_, None) => false,
        }
    }

    fn reasons(&self, room: Option<&str>, now: i64) -> Vec<String> {
        let mut reasons = Vec::new();
        if let Some(room) = room {
            reasons.push(match self.is_in(Some(room)) {
                true => format!("in room {}", room.trim()),
                false => format!("not in room {}", room.trim()),
            });
        }
        reasons.push(format!("free station slots: {}", self.free_slots()));
        reasons.push(match self.rssi {
            Some(rssi) => format!("signal: {rssi} dBm"),
            None => "signal: unknown".to_owned(),
        });
        let seconds = (now - self.last_seen).max(0) / 1000;
        reasons.push(format!("last heartbeat: {seconds} s ago"));
        reasons
    }
}

/// The first criterion by which two devices differ; the last one always does.
fn decided_by(a: &Candidate, b: &Candidate, room: Option<&str>) -> (Ordering, Criterion) {
    let differs = CRITERIA
        .into_iter()
        .map(|criterion| (criterion.compare(a, b, room), criterion))
        .find(|(order, _)| order.is_ne());
    differs.unwrap_or((Ordering::Equal, Criterion::Id))
}

/// The available devices, best first.
pub(crate) fn rank<'a>(candidates: &'a [Candidate], room: Option<&str>) -> Vec<&'a Candidate> {
    let available = |one: &&Candidate| one.standing == Standing::Available;
    let mut ranked: Vec<_> = candidates.iter().filter(available).collect();
    ranked.sort_by(|a, b| decided_by(a, b, room).0);
    ranked
}

/// Picks up to `wanted` devices at that time (ms since 1970).
pub(crate) fn choose(
    candidates: &[Candidate],
    room: Option<&str>,
    wanted: usize,
    now: i64,
) -> Result<Choice, Nobody> {
    let ranked = rank(candidates, room);
    let picked = &ranked[..wanted.min(ranked.len())];
    match picked.last() {
        Some(_) => Ok(explain(candidates, picked, room, now)),
        None => Err(nobody(candidates)),
    }
}

/// Why there is nobody, where nobody is available.
pub(crate) fn nobody(candidates: &[Candidate]) -> Nobody {
    let taken = |one: &Candidate| one.standing == Standing::InSession;
    if candidates.iter().any(taken) {
        Nobody::AllTaken
    } else {
        Nobody::NoneOnline
    }
}

/// Puts into words why these were picked and the others were not.
pub(crate) fn explain(
    candidates: &[Candidate],
    picked: &[&Candidate],
    room: Option<&str>,
    now: i64,
) -> Choice {
    let is_picked = |one: &Candidate| picked.iter().any(|it| it.hardware_id == one.hardware_id);
    let mut passed_over: Vec<_> = candidates.iter().filter(|one| !is_picked(one)).collect();
    let busy = |one: &Candidate| one.standing != Standing::Available;
    passed_over.sort_by(|a, b| busy(a).cmp(&busy(b)).then(decided_by(a, b, room).0));
    Choice {
        picked: picked
            .iter()
            .map(|one| Picked {
                hardware_id: one.hardware_id.clone(),
                reasons: one.reasons(room, now),
            })
            .collect(),
        passed_over: passed_over
            .into_iter()
            .take(PASSED_OVER_MAX)
            .map(|one| PassedOver {
                hardware_id: one.hardware_id.clone(),
                reason: passed_over_for(one, picked.last().copied(), room),
            })
            .collect(),
    }
}

fn passed_over_for(one: &Candidate, last: Option<&Candidate>, room: Option<&str>) -> String {
    match one.standing {
        Standing::Pending => "pending".to_owned(),
        Standing::Disabled => "disabled".to_owned(),
        Standing::NeverSeen => "never_seen".to_owned(),
        Standing::Offline => "offline".to_owned(),
        Standing::InSession => "in_session".to_owned(),
        Standing::Available => {
            // Who was ahead by nothing took the last place by its id alone.
            let what = last.map_or(Criterion::Id, |last| decided_by(last, one, room).1);
            format!("ranked_lower: {}", what.name())
        }
    }
}

#[cfg(test)]
mod tests;
