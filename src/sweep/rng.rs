//! Deterministic random numbers.

/// Pseudo-random numbers from a seed (splitmix64), equal on every machine. Not for secrets.
pub(super) struct Rng(u64);

impl Rng {
    pub(super) fn of(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(super) fn shuffle(&mut self, mut values: Vec<usize>) -> Vec<usize> {
        for at in (1..values.len()).rev() {
            let below = u64::try_from(at + 1).expect("an index is a small number");
            let other = usize::try_from(self.next() % below).expect("less than an index");
            values.swap(at, other);
        }
        values
    }
}
