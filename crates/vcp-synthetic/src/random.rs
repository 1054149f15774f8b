//! Random numbers of a seed. The same seed gives the same numbers in every version of this crate,
//! which libraries of random numbers do not promise.

/// A generator of random numbers (SplitMix64).
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    /// Makes a generator for one purpose. Generators for different purposes are independent, so
    /// that a change of one part of a call does not change the others.
    pub(crate) fn new(seed: u64, purpose: &str) -> Self {
        let mut random = Self(seed);
        for byte in purpose.bytes() {
            random.0 = random.next() ^ u64::from(byte);
        }
        random
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number from 0 to `end`, without `end`. Returns 0 if `end` is 0.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        u64::try_from((u128::from(self.next()) * u128::from(end)) >> 64).unwrap_or(0)
    }

    /// Returns a number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// Returns true in `percent` of a hundred cases.
    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// Returns one of the items. Returns `None` if there are none.
    pub(crate) fn pick<'t, T>(&mut self, items: &'t [T]) -> Option<&'t T> {
        let at = self.below(u64::try_from(items.len()).unwrap_or(u64::MAX));
        items.get(usize::try_from(at).unwrap_or(usize::MAX))
    }

    /// Returns an index, chosen by weight. Returns `None` if all weights are 0.
    pub(crate) fn weighted(&mut self, weights: impl Iterator<Item = u32> + Clone) -> Option<usize> {
        let mut at = self.below(weights.clone().map(u64::from).sum());
        for (index, weight) in weights.enumerate() {
            match at.checked_sub(u64::from(weight)) {
                Some(left) => at = left,
                None => return Some(index),
            }
        }
        None
    }

    /// Returns `length` characters of `alphabet`.
    pub(crate) fn text(&mut self, alphabet: &[u8], length: usize) -> String {
        (0..length).filter_map(|_| self.pick(alphabet).copied()).map(char::from).collect()
    }

    /// Returns `length` lower-case hexadecimal digits.
    pub(crate) fn hex(&mut self, length: usize) -> String {
        self.text(b"0123456789abcdef", length)
    }

    /// Returns `length` letters and digits.
    pub(crate) fn letters(&mut self, length: usize) -> String {
        self.text(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", length)
    }

    /// Returns a UUID of the given version, `4` or `7` as a digit.
    pub(crate) fn uuid(&mut self, version: char) -> String {
        let variant = self.text(b"89ab", 1);
        let (a, b, c, d, e) = (self.hex(8), self.hex(4), self.hex(3), self.hex(3), self.hex(12));
        format!("{a}-{b}-{version}{c}-{variant}{d}-{e}")
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn numbers_are_those_of_splitmix64() {
        let mut random = Random(1_234_567);
        let numbers = [random.next(), random.next(), random.next()];
        assert_eq!(numbers, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn numbers_of_a_purpose_stay_the_same() {
        let mut random = Random::new(42, "test");
        assert_eq!([(); 5].map(|()| random.below(1000)), [793, 847, 490, 526, 656]);
        assert_ne!(Random::new(42, "tset").below(u64::MAX), Random::new(42, "test").below(u64::MAX));
    }

    #[test]
    fn weights_of_zero_are_never_chosen() {
        let mut random = Random::new(1, "test");
        assert!((0..200).all(|_| random.weighted([0, 3, 0, 1].into_iter()).is_some_and(|at| at == 1 || at == 3)));
        assert_eq!(random.weighted([0, 0].into_iter()), None);
        assert_eq!(random.pick::<u8>(&[]), None);
    }
}
