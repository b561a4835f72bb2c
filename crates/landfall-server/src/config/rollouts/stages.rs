//! The stages of a roll-out: who comes when, and whether it goes on. Pure.

/// Longest proof of a network by a device, in milliseconds.
const PROOF_MS: i64 = 120_000;
/// Heartbeats in which a device hears of the network and answers for it.
const HEARTBEATS: i64 = 4;
/// Most stages.
const STAGES_MAX: usize = 16;

/// Where a device stands in a roll-out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DeviceState {
    /// Its stage has not begun, or the roll-out was stopped before it answered.
    Waiting,
    /// It is told the network.
    Sent,
    /// It is in the network.
    Proven,
    /// It could not get in, and is back where it was.
    RolledBack,
    /// It did not answer in time.
    TimedOut,
}

impl DeviceState {
    const ALL: [Self; 5] = [
        Self::Waiting,
        Self::Sent,
        Self::Proven,
        Self::RolledBack,
        Self::TimedOut,
    ];

    /// The word for it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Proven => "proven",
            Self::RolledBack => "rolled_back",
            Self::TimedOut => "timed_out",
        }
    }

    /// From the word for it.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == word)
    }
}

/// A device in a roll-out.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) hardware_id: String,
    /// The stage in which it is told, from 0.
    pub(crate) stage: i64,
    pub(crate) state: DeviceState,
    /// Why, where it failed.
    pub(crate) reason: Option<String>,
}

/// A device that was off all the time is no failure of the network.
pub(crate) const OFFLINE: &str = "offline";
/// A device that heard of the network and said nothing more.
pub(crate) const NO_VERDICT: &str = "no_verdict";

/// Checks stages: percents that rise to 100.
pub(crate) fn check(stages: &[i64]) -> Result<(), &'static str> {
    let rise = stages.windows(2).all(|pair| pair[0] < pair[1]);
    let positive = stages.first().is_some_and(|first| *first >= 1);
    if stages.len() > STAGES_MAX {
        Err("at most 16 stages")
    } else if !rise || !positive || stages.last() != Some(&100) {
        Err("expected percents that rise, the last of them 100")
    } else {
        Ok(())
    }
}

/// The stage of the device at that place among so many: a stage takes its percents of all, rounded
/// up.
pub(crate) fn stage_of(place: usize, count: usize, stages: &[i64]) -> i64 {
    let ends = stages.iter().map(|percent| {
        let percent = usize::try_from(*percent).unwrap_or_default();
        (count * percent).div_ceil(100)
    });
    let stage = ends.take_while(|end| place >= *end).count();
    i64::try_from(stage).unwrap_or(i64::MAX)
}

/// What is to become of a roll-out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Course {
    /// Devices of this stage have yet to answer.
    Goes,
    /// The next stage begins.
    NextStage,
    /// So many percent failed: it stops.
    Stops(i64),
    /// Every device answered.
    Done,
}

/// What is to become of a roll-out that is in that stage.
pub(crate) fn course(members: &[Member], stage: i64, stop_at_failed_percent: i64) -> Course {
    let begun = || members.iter().filter(|one| one.stage <= stage);
    let (started, failed) = (
        begun().count(),
        begun().filter(|one| is_failure(one)).count(),
    );
    let percent = |part: usize| i64::try_from(part * 100 / started.max(1)).unwrap_or(100);
    let reached = i64::try_from(failed * 100).unwrap_or(i64::MAX)
        >= stop_at_failed_percent.saturating_mul(i64::try_from(started).unwrap_or(i64::MAX));
    if failed > 0 && reached {
        Course::Stops(percent(failed))
    } else if begun().any(|one| one.state == DeviceState::Sent) {
        Course::Goes
    } else if members.iter().any(|one| one.stage > stage) {
        Course::NextStage
    } else {
        Course::Done
    }
}

fn is_failure(member: &Member) -> bool {
    match member.state {
        DeviceState::RolledBack => true,
        DeviceState::TimedOut => member.reason.as_deref() != Some(OFFLINE),
        DeviceState::Waiting | DeviceState::Sent | DeviceState::Proven => false,
    }
}

/// Until when a device that was told the network at that moment may answer.
pub(crate) fn deadline(since: i64, heartbeat_ms: i64) -> i64 {
    since + PROOF_MS + HEARTBEATS * heartbeat_ms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_rise_to_a_hundred() {
        for (stages, ok) in [
            (&[10, 50, 100][..], true),
            (&[100], true),
            (&[], false),
            (&[0, 100], false),
            (&[50, 50, 100], false),
            (&[50, 10, 100], false),
            (&[10, 50], false),
            (&[10, 101], false),
        ] {
            assert_eq!(check(stages).is_ok(), ok, "{stages:?}");
        }
    }

    #[test]
    fn a_stage_takes_its_share_rounded_up() {
        let of = |count: usize| -> Vec<i64> {
            (0..count)
                .map(|place| stage_of(place, count, &[10, 50, 100]))
                .collect()
        };
        assert_eq!(of(10), [0, 1, 1, 1, 1, 2, 2, 2, 2, 2]);
        assert_eq!(of(1), [0]);
        assert_eq!(of(3), [0, 1, 2]);
    }

    #[test]
    fn it_goes_on_by_what_devices_answered() {
        use DeviceState::{Proven, RolledBack, Sent, TimedOut, Waiting};
        let members = |states: &[(i64, DeviceState, Option<&str>)]| -> Vec<Member> {
            states
                .iter()
                .map(|(stage, state, reason)| Member {
                    hardware_id: String::new(),
                    stage: *stage,
                    state: *state,
                    reason: reason.map(str::to_owned),
                })
                .collect()
        };
        for (states, expected) in [
            (&[(0, Sent, None), (1, Waiting, None)][..], Course::Goes),
            (&[(0, Proven, None), (1, Waiting, None)], Course::NextStage),
            (
                &[(0, RolledBack, None), (1, Waiting, None)],
                Course::Stops(100),
            ),
            (
                &[(0, TimedOut, Some(OFFLINE)), (1, Waiting, None)],
                Course::NextStage,
            ),
            (&[(0, TimedOut, Some(NO_VERDICT))], Course::Stops(100)),
            (&[(0, Proven, None)], Course::Done),
            (&[], Course::Done),
        ] {
            assert_eq!(course(&members(states), 0, 20), expected, "{states:?}");
        }
        let mut many = vec![(0, Proven, None); 9];
        many.push((0, RolledBack, None));
        assert_eq!(course(&members(&many), 0, 20), Course::Done);
        assert_eq!(course(&members(&many), 0, 10), Course::Stops(10));
    }
}
