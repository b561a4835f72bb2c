//! How the known networks fared lately: wrong keys counted, hopeless ones held back.

use heapless::Vec;

use crate::config::NetworkId;
use crate::time::Instant;

/// Wrong keys, over all access points of a network, after which unproven credentials wait.
const WRONG_KEYS_MAX: u8 = 3;

/// Most networks that are watched so; the one that has been for longest gives way, and is tried
/// as if nothing had been.
const MAX_STANDINGS: usize = 6;

/// How long hopeless credentials wait.
pub(crate) const HOLD_MS: u32 = 5 * 60 * 1000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Standing {
    id: NetworkId,
    wrong_keys: u8,
    held_until_s: u32,
}

/// The standing of the networks that failed since they last worked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Standings {
    list: Vec<Standing, MAX_STANDINGS>,
}

impl Standings {
    /// Its key was refused once more. Proven credentials are never held: the fault may lie with
    /// the access point.
    pub(crate) fn wrong_key(&mut self, id: NetworkId, proven: bool, now: Instant) {
        let standing = self.of(id);
        standing.wrong_keys += 1;
        if standing.wrong_keys >= WRONG_KEYS_MAX {
            standing.wrong_keys = 0;
            if !proven {
                self.hold(id, now);
            }
        }
    }

    /// It waits five minutes.
    pub(crate) fn hold(&mut self, id: NetworkId, now: Instant) {
        let until_ms = now.plus_ms(HOLD_MS).as_ms();
        self.of(id).held_until_s = u32::try_from(until_ms.div_ceil(1000)).unwrap_or(u32::MAX);
    }

    /// Whether it waits now.
    pub(crate) fn is_held(&self, id: NetworkId, now: Instant) -> bool {
        self.held_until(id).is_some_and(|until| now < until)
    }

    /// When its wait ends, or ended.
    pub(crate) fn held_until(&self, id: NetworkId) -> Option<Instant> {
        let standing = self.list.iter().find(|standing| standing.id == id)?;
        Some(Instant::from_ms(u64::from(standing.held_until_s) * 1000))
    }

    /// It worked, or it is another network now.
    pub(crate) fn forget(&mut self, id: NetworkId) {
        self.list.retain(|standing| standing.id != id);
    }

    /// Somebody wants everything tried now.
    pub(crate) fn forget_all(&mut self) {
        self.list.clear();
    }

    fn of(&mut self, id: NetworkId) -> &mut Standing {
        if let Some(i) = self.list.iter().position(|standing| standing.id == id) {
            return &mut self.list[i];
        }
        if self.list.is_full() {
            self.list.remove(0);
        }
        let _ = self.list.push(Standing {
            id,
            wrong_keys: 0,
            held_until_s: 0,
        });
        let last = self.list.len() - 1;
        &mut self.list[last]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_wrong_keys_hold_unproven_credentials_for_five_minutes() {
        let mut standings = Standings::default();
        let (fresh, proven) = (NetworkId(1), NetworkId(2));
        for _ in 0..2 {
            standings.wrong_key(fresh, false, Instant::BOOT);
            assert!(!standings.is_held(fresh, Instant::BOOT));
        }
        standings.wrong_key(fresh, false, Instant::BOOT);
        assert!(standings.is_held(fresh, Instant::from_ms(299_999)));
        assert!(!standings.is_held(fresh, Instant::from_ms(300_000)));
        for _ in 0..9 {
            standings.wrong_key(proven, true, Instant::BOOT);
        }
        assert!(!standings.is_held(proven, Instant::BOOT));
    }
}
