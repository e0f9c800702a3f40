/// A random number generator with a seed: `SplitMix64`.
#[derive(Clone, Debug)]
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Creates a generator for one point of a scenario, which `place` identifies. Its random numbers do not depend on
    /// other points, so a shortened scenario has the same random numbers.
    pub(crate) fn from_seed(seed: u64, place: &[u64]) -> Self {
        place.iter().fold(Self(seed), |mut dice, part| Self(dice.next() ^ part.wrapping_mul(0xD6E8_FEB8_6659_FD93)))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn next_below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    pub(crate) fn next_between(&mut self, first: u64, last: u64) -> u64 {
        first + self.next_below(last - first + 1)
    }

    pub(crate) fn percent(&mut self, chance: u64) -> bool {
        self.next_below(100) < chance
    }

    pub(crate) fn pick<T: Copy>(&mut self, among: &[T]) -> T {
        let place = usize::try_from(self.next_below(among.len() as u64)).unwrap_or_default();
        among[place]
    }
}
