//! People at the portal: while they use it, rounds of attempts hold off.

use crate::time::Instant;

/// How long one touch of the page holds the rounds off.
const HOLD_MS: u32 = 60_000;
/// How long touches hold them off in all, until a `POST` is accepted.
const HOLD_MAX_MS: u32 = 5 * 60_000;
/// A portal used within this time keeps the access point for the result to be seen.
const RECENT_MS: u64 = 5 * 60_000;

/// What people did at the portal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Portal {
    last_use: Option<Instant>,
    /// Since when touches hold the rounds off.
    held_since: Option<Instant>,
    held_until: Instant,
    /// The page has shown the result of the present connection.
    result_seen: bool,
}

impl Portal {
    /// The page was loaded, touched, or asked for a scan.
    pub(super) fn touched(&mut self, now: Instant) {
        self.last_use = Some(now);
        let since = *self.held_since.get_or_insert(now);
        let until = now.plus_ms(HOLD_MS).min(since.plus_ms(HOLD_MAX_MS));
        self.held_until = self.held_until.max(until);
    }

    /// A `POST` was accepted.
    pub(super) fn posted(&mut self, now: Instant) {
        self.held_since = None;
        self.touched(now);
    }

    /// The page has shown the result.
    pub(super) fn seen(&mut self) {
        self.result_seen = true;
    }

    /// Credentials are tried: there is no result yet.
    pub(super) fn result_is_open(&mut self) {
        self.result_seen = false;
    }

    /// Whether the page has shown the result.
    pub(super) fn result_was_seen(&self) -> bool {
        self.result_seen
    }

    /// The access point went down: its users are gone.
    pub(super) fn closed(&mut self) {
        self.held_since = None;
        self.held_until = Instant::BOOT;
        self.result_seen = false;
    }

    /// Until when rounds are held off.
    pub(super) fn held_until(&self) -> Instant {
        self.held_until
    }

    /// Whether it was used in the last five minutes.
    pub(super) fn used_recently(&self, now: Instant) -> bool {
        self.last_use
            .is_some_and(|at| now.ms_since(at) <= RECENT_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn touches_hold_a_minute_each_and_five_in_all_until_a_post() {
        let at = |s: u64| Instant::from_ms(s * 1000);
        let mut portal = Portal::default();
        portal.touched(at(10));
        assert_eq!(portal.held_until(), at(70));
        for s in (20..400).step_by(10) {
            portal.touched(at(s));
        }
        assert_eq!(portal.held_until(), at(310));
        portal.posted(at(400));
        assert_eq!(portal.held_until(), at(460));
        portal.closed();
        assert_eq!(portal.held_until(), at(0));
        assert!(portal.used_recently(at(700)) && !portal.used_recently(at(701)));
    }
}
