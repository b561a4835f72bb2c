//! Judges one mark: when it was taken, whether it counts, and what it counts as. Pure: the server's
//! receive time and the device's monotonic clock go in.
//!
//! A device's wall clock is never asked for: it may have none. How long ago a mark was taken is told by
//! the uptimes of the mark and of the heartbeat that carried it.

use crate::sessions::code::CodeSecret;

/// How long after a session's end its marks are still taken.
pub(crate) const AFTER_CLOSE_MS: i64 = 24 * 60 * 60 * 1000;

/// A session, as far as a mark is judged by it. Times are wall time in ms since 1970.
#[derive(Debug)]
pub(crate) struct Rules {
    pub(crate) started_at: i64,
    pub(crate) ended_at: Option<i64>,
    /// From when on a student is late, after the start.
    pub(crate) late_after_ms: i64,
    /// Where a code is asked for.
    pub(crate) code: Option<CodeSecret>,
    /// When the device held the session's lease; without an end it still does.
    pub(crate) held: Vec<Held>,
}

/// A time for which a device held the lease.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    pub(crate) from: i64,
    pub(crate) until: Option<i64>,
}

/// The clocks of one mark.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clocks {
    /// When the heartbeat with the mark came in, wall time in ms since 1970.
    pub(crate) received_at: i64,
    /// The device's uptime when it sent the heartbeat.
    pub(crate) uptime_ms: Option<u64>,
    /// Its uptime when it took the mark.
    pub(crate) taken_uptime_ms: Option<u64>,
    /// Whether both are of one boot.
    pub(crate) same_boot: bool,
}

/// When a mark was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    pub(crate) at: i64,
    /// The device could not tell, so it is the receive time.
    pub(crate) clock_unknown: bool,
}

/// What becomes of a well-formed mark, its student's enrolment aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Counts {
        late: bool,
        taken: Taken,
        after_close: bool,
    },
    NoActiveSession,
    WrongCode,
}

/// The receive time less the mark's age, within the session's start and the receive time.
pub(crate) fn taken(clocks: Clocks, started_at: i64) -> Taken {
    let now = clocks.received_at;
    match (clocks.uptime_ms, clocks.taken_uptime_ms) {
        (Some(uptime_ms), Some(taken_ms)) if clocks.same_boot => {
            let age_ms = i64::try_from(uptime_ms.saturating_sub(taken_ms)).unwrap_or(i64::MAX);
            Taken {
                // A wall clock that was set back may stand before the start.
                at: now.saturating_sub(age_ms).max(started_at).min(now),
                clock_unknown: false,
            }
        }
        (Some(_) | None, Some(_) | None) => Taken {
            at: now,
            clock_unknown: true,
        },
    }
}

/// Judges a mark by its session's rules and the code that was typed.
pub(crate) fn judge(rules: &Rules, clocks: Clocks, typed: Option<&str>) -> Verdict {
    let taken = taken(clocks, rules.started_at);
    let held = |held: &Held| held.from <= taken.at && held.until.is_none_or(|end| taken.at <= end);
    let in_time = rules.ended_at.is_none_or(|ended_at| {
        taken.at <= ended_at && clocks.received_at.saturating_sub(ended_at) <= AFTER_CLOSE_MS
    });
    if !in_time || !rules.held.iter().any(held) {
        return Verdict::NoActiveSession;
    }
    if let Some(secret) = &rules.code
        && !typed.is_some_and(|typed| secret.admits(typed, taken.at))
    {
        return Verdict::WrongCode;
    }
    Verdict::Counts {
        late: taken.at - rules.started_at >= rules.late_after_ms,
        taken,
        after_close: rules.ended_at.is_some_and(|end| clocks.received_at > end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The session starts at 1 000 s of wall time; the device holds it from then on.
    const START: i64 = 1_000_000;
    const MINUTE: i64 = 60_000;

    fn rules() -> Rules {
        Rules {
            started_at: START,
            ended_at: None,
            late_after_ms: 15 * MINUTE,
            code: None,
            held: vec![Held {
                from: START,
                until: None,
            }],
        }
    }

    /// Received so long after the start, taken so long before that.
    fn clocks(received_after: i64, age: i64) -> Clocks {
        Clocks {
            received_at: START + received_after,
            uptime_ms: Some(500_000_000),
            taken_uptime_ms: Some(500_000_000 - age.unsigned_abs()),
            same_boot: true,
        }
    }

    fn check(rules: &Rules, clocks: Clocks, expected: &str) {
        let found = match judge(rules, clocks, None) {
            Verdict::NoActiveSession => "no session".to_owned(),
            Verdict::WrongCode => "wrong code".to_owned(),
            Verdict::Counts {
                late,
                taken,
                after_close,
            } => format!(
                "{}{}{} at {}",
                if late { "late" } else { "present" },
                if taken.clock_unknown { " clock" } else { "" },
                if after_close { " after_close" } else { "" },
                taken.at - START
            ),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn the_time_is_told_by_the_uptimes_within_start_and_now() {
        let rules = rules();
        check(&rules, clocks(MINUTE, 40_000), "present at 20000");
        check(&rules, clocks(MINUTE, 2 * MINUTE), "present at 0");
        let ahead = Clocks {
            taken_uptime_ms: Some(u64::MAX),
            ..clocks(MINUTE, 0)
        };
        check(&rules, ahead, "present at 60000");
        let other_boot = Clocks {
            same_boot: false,
            ..clocks(MINUTE, 40_000)
        };
        check(&rules, other_boot, "present clock at 60000");
        for (uptime_ms, taken_uptime_ms) in [(None, Some(1)), (Some(1), None), (None, None)] {
            let unknown = Clocks {
                uptime_ms,
                taken_uptime_ms,
                ..clocks(MINUTE, 0)
            };
            check(&rules, unknown, "present clock at 60000");
        }
    }

    #[test]
    fn lateness_begins_when_it_is_said_to() {
        let rules = rules();
        check(
            &rules,
            clocks(20 * MINUTE, 5 * MINUTE + 1),
            "present at 899999",
        );
        check(&rules, clocks(20 * MINUTE, 5 * MINUTE), "late at 900000");
        let other_boot = Clocks {
            same_boot: false,
            ..clocks(20 * MINUTE, 6 * MINUTE)
        };
        check(&rules, other_boot, "late clock at 1200000");
    }

    #[test]
    fn a_mark_taken_before_the_end_may_come_a_day_after_it() {
        let ended = Rules {
            ended_at: Some(START + MINUTE),
            ..rules()
        };
        check(&ended, clocks(MINUTE, 0), "present at 60000");
        check(
            &ended,
            clocks(3 * MINUTE, 2 * MINUTE),
            "present after_close at 60000",
        );
        check(&ended, clocks(3 * MINUTE, 2 * MINUTE - 1), "no session");
        let day = AFTER_CLOSE_MS + MINUTE;
        check(&ended, clocks(day, day), "present after_close at 0");
        check(&ended, clocks(day + 1, day), "no session");
        let unknown = Clocks {
            same_boot: false,
            ..clocks(3 * MINUTE, 3 * MINUTE)
        };
        check(&ended, unknown, "no session");
    }

    #[test]
    fn a_mark_counts_while_its_device_held_the_lease() {
        let replaced = Rules {
            held: vec![Held {
                from: START,
                until: Some(START + MINUTE),
            }],
            ..rules()
        };
        check(
            &replaced,
            clocks(5 * MINUTE, 4 * MINUTE),
            "present at 60000",
        );
        check(&replaced, clocks(5 * MINUTE, 4 * MINUTE - 1), "no session");
        let stranger = Rules {
            held: Vec::new(),
            ..rules()
        };
        check(&stranger, clocks(MINUTE, 0), "no session");
    }

    #[test]
    fn the_code_is_that_of_the_moment_the_mark_was_taken() {
        let secret = CodeSecret::random().unwrap();
        let then = secret.shown_at(START + MINUTE).value;
        let rules = Rules {
            code: Some(secret),
            ..rules()
        };
        let kept = clocks(60 * MINUTE, 59 * MINUTE);
        assert!(matches!(
            judge(&rules, kept, Some(&then)),
            Verdict::Counts { .. }
        ));
        assert_eq!(judge(&rules, kept, None), Verdict::WrongCode);
        let fresh = clocks(60 * MINUTE, 0);
        assert_eq!(judge(&rules, fresh, Some(&then)), Verdict::WrongCode);
    }
}
