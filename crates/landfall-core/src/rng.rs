//! Numbers for jitter: cheap, and the same for the same seed on every target.

/// SplitMix64 (Steele, Lea, Flood 2014). Spreads a fleet; hides nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Rng {
    state: u64,
}

impl Rng {
    /// The numbers that follow from this seed.
    pub(crate) const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next 64 bits.
    pub(crate) const fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which is not 0. The bias of 2⁻³² does not matter to a jitter.
    pub(crate) const fn below(&mut self, bound: u32) -> u32 {
        (((self.next_u64() >> 32) * bound as u64) >> 32) as u32
    }

    /// `ms` give or take a quarter.
    pub(crate) const fn jitter(&mut self, ms: u32) -> u32 {
        let quarter = ms / 4;
        ms - quarter + self.below(2 * quarter + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::Rng;

    #[test]
    fn jitter_stays_within_a_quarter_and_reaches_both_ends() {
        let mut rng = Rng::new(1);
        let drawn: std::vec::Vec<_> = (0..2000).map(|_| rng.jitter(1000)).collect();
        assert!(drawn.iter().all(|ms| (750..=1250).contains(ms)));
        assert!(drawn.iter().any(|ms| *ms < 760) && drawn.iter().any(|ms| *ms > 1240));
    }
}
