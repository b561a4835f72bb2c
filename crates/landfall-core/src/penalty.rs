//! Access points that failed lately go behind the others of their network.

use heapless::Vec;

use crate::net::Bssid;
use crate::time::Instant;

/// Most access points under penalty; the one that failed longest ago gives way.
const MAX_PENALTIES: usize = 8;

/// How long an access point stays behind after its first, second … failure, in seconds.
const STEPS_S: [u32; 6] = [10, 10, 60, 120, 600, 1800];

/// After this long without a failure its past is forgotten.
const MEMORY_S: u32 = 3600;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Penalty {
    bssid: Bssid,
    /// Failures so far, at least 1, at most the number of steps.
    failures: u8,
    /// Seconds since boot at the last of them.
    last_s: u32,
}

/// The access points that failed lately.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Penalties {
    list: Vec<Penalty, MAX_PENALTIES>,
}

impl Penalties {
    /// One more failure of it.
    pub(crate) fn add(&mut self, bssid: Bssid, now: Instant) {
        let now_s = seconds(now);
        self.list
            .retain(|penalty| now_s.saturating_sub(penalty.last_s) < MEMORY_S);
        if let Some(penalty) = self.list.iter_mut().find(|penalty| penalty.bssid == bssid) {
            penalty.failures = (penalty.failures + 1).min(STEPS_S.len() as u8);
            penalty.last_s = now_s;
            return;
        }
        if self.list.is_full() {
            let oldest = self
                .list
                .iter()
                .enumerate()
                .min_by_key(|(_, penalty)| penalty.last_s);
            if let Some((i, _)) = oldest {
                self.list.swap_remove(i);
            }
        }
        // There is room now.
        let _ = self.list.push(Penalty {
            bssid,
            failures: 1,
            last_s: now_s,
        });
    }

    /// It let us in.
    pub(crate) fn forgive(&mut self, bssid: Bssid) {
        self.list.retain(|penalty| penalty.bssid != bssid);
    }

    /// Whether it stays behind now.
    pub(crate) fn is_under(&self, bssid: Bssid, now: Instant) -> bool {
        self.list.iter().any(|penalty| {
            let step = STEPS_S[usize::from(penalty.failures - 1)];
            penalty.bssid == bssid && seconds(now).saturating_sub(penalty.last_s) < step
        })
    }
}

fn seconds(now: Instant) -> u32 {
    u32::try_from(now.as_ms() / 1000).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::Mac;

    #[test]
    fn penalties_grow_and_are_forgotten_after_an_hour_or_a_success() {
        let ap = Mac([1; 6]);
        let at = |s: u64| Instant::from_ms(s * 1000);
        let mut penalties = Penalties::default();
        for (failed_at, step) in [(0, 10), (100, 10), (200, 60), (300, 120), (500, 600)] {
            penalties.add(ap, at(failed_at));
            assert!(penalties.is_under(ap, at(failed_at + step - 1)), "{step}");
            assert!(!penalties.is_under(ap, at(failed_at + step)), "{step}");
        }
        penalties.add(ap, at(600));
        penalties.add(ap, at(700));
        assert!(penalties.is_under(ap, at(700 + 1799)));
        penalties.add(ap, at(700 + 3600));
        assert!(
            !penalties.is_under(ap, at(700 + 3600 + 10)),
            "begins anew after an hour"
        );
        penalties.forgive(ap);
        assert!(!penalties.is_under(ap, at(700 + 3600 + 1)));
    }

    #[test]
    fn the_list_is_bounded_and_keeps_the_newest() {
        let mut penalties = Penalties::default();
        for n in 0..100 {
            penalties.add(Mac([n; 6]), Instant::from_ms(u64::from(n)));
        }
        assert_eq!(penalties.list.len(), MAX_PENALTIES);
        assert!(penalties.is_under(Mac([99; 6]), Instant::from_ms(99)));
    }
}
