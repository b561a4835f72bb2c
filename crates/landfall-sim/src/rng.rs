//! Chance that can be repeated: the core's generator, with what a world asks of it. Eight bytes of
//! state, so that every device carries its own stream and adding a device does not change what
//! happens to the others.

use landfall_core::rng;

pub use landfall_core::rng::mix;

/// A stream of numbers fixed by its seed. Not for keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rng(rng::Rng);

impl Rng {
    /// The stream of that seed.
    pub const fn new(seed: u64) -> Self {
        Self(rng::Rng::new(seed))
    }

    /// The next number, all 64 bits of it.
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `bound`; 0 where `bound` is 0. The bias is below `bound` / 2^64.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next_u64()) * u128::from(bound)) >> 64) as u64
    }

    /// True in `percent` of a hundred calls.
    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// A seed for one device of a world, so that a fleet does not move in step.
pub fn device_seed(world: u64, mac: landfall_core::net::Mac) -> u64 {
    let [a, b, c, d, e, f] = mac.0;
    mix(world ^ mix(u64::from_be_bytes([0, 0, a, b, c, d, e, f])))
}

#[cfg(test)]
mod tests {
    use super::Rng;

    #[test]
    fn a_chance_comes_as_often_as_it_says() {
        let mut rng = Rng::new(1);
        let hits = (0..10_000).filter(|_| rng.chance(30)).count();
        assert!((2_800..3_200).contains(&hits), "{hits}");
    }
}
