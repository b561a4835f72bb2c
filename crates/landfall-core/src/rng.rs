//! Numbers for jitter: cheap, and the same for the same seed on every target.

/// SplitMix64 (Steele, Lea, Flood 2014). Spreads a fleet; hides nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Rng {
    state: u64,
}

/// The increment of the generator: 2^64 divided by the golden ratio, made odd.
const GOLDEN_GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

impl Rng {
    /// The numbers that follow from this seed.
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next 64 bits.
    pub const fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN_GAMMA);
        mix(self.state)
    }

    /// A number below `bound`, which is not 0. The bias of 2⁻³² does not matter to a jitter.
    pub const fn below(&mut self, bound: u32) -> u32 {
        (((self.next_u64() >> 32) * bound as u64) >> 32) as u32
    }

    /// `ms` give or take a quarter.
    pub const fn jitter(&mut self, ms: u32) -> u32 {
        let quarter = ms / 4;
        ms - quarter + self.below(2 * quarter + 1)
    }
}

/// Spreads the bits of a number over all bits of the result. Different inputs give different
/// results.
pub const fn mix(number: u64) -> u64 {
    let z = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::Rng;

    #[test]
    fn the_stream_is_the_published_one() {
        // The reference values of the generator for the seed 1234567.
        let mut rng = Rng::new(1_234_567);
        assert_eq!(rng.next_u64(), 6_457_827_717_110_365_317);
        assert_eq!(rng.next_u64(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn jitter_stays_within_a_quarter_and_reaches_both_ends() {
        let mut rng = Rng::new(1);
        let drawn: std::vec::Vec<_> = (0..2000).map(|_| rng.jitter(1000)).collect();
        assert!(drawn.iter().all(|ms| (750..=1250).contains(ms)));
        assert!(drawn.iter().any(|ms| *ms < 760) && drawn.iter().any(|ms| *ms > 1240));
    }
}
