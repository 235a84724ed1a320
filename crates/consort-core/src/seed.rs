use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use serde::{Deserialize, Serialize};

/// A place in the tree of seeds: one number decides everything, and each part draws from its own name.
///
/// The seed of a part is a hash of its parent and its name, so it depends neither on how many parts there are,
/// nor on their order, nor on threads.
///
/// ```
/// use consort_core::Seed;
/// let run = Seed::new(7);
/// let forest = run.child("member").child("forest");
/// assert_ne!(forest, run.child("member").child("tree"));
/// assert_eq!(forest.stream().next_u64(), forest.stream().next_u64());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Seed([u8; 32]);

impl Seed {
    /// The root of a tree.
    pub fn new(number: u64) -> Self {
        Self(blake3::derive_key("consort seed tree 2026 root", &number.to_le_bytes()))
    }

    /// The seed of the part of this name.
    pub fn child(&self, name: &str) -> Self {
        Self(*blake3::keyed_hash(&self.0, name.as_bytes()).as_bytes())
    }

    /// The seed of the `number`-th part of this name, such as fold 3.
    pub fn nth(&self, name: &str, number: u64) -> Self {
        Self(*self.child(name).hasher().update(&number.to_le_bytes()).finalize().as_bytes())
    }

    fn hasher(&self) -> blake3::Hasher {
        blake3::Hasher::new_keyed(&self.0)
    }

    /// A name of this place for files: 32 hexadecimal digits.
    pub fn name(&self) -> String {
        self.0[..16].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The random numbers of this place, from the start.
    pub fn stream(&self) -> Stream {
        Stream(ChaCha8Rng::from_seed(self.0))
    }
}

/// A stream of random numbers (ChaCha with 8 rounds, Bernstein 2008): the same on every machine.
///
/// ```
/// use consort_core::Seed;
/// let mut stream = Seed::new(1).child("noise").stream();
/// assert!((0.0..1.0).contains(&stream.unit()) && stream.below(6) < 6);
/// assert_eq!(Seed::new(1).child("noise").stream().next_u64(), Seed::new(1).child("noise").stream().next_u64());
/// ```
#[derive(Debug, Clone)]
pub struct Stream(ChaCha8Rng);

impl Stream {
    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// How far it is from its start, for [`go_to`](Self::go_to).
    ///
    /// ```
    /// use consort_core::Seed;
    /// let mut stream = Seed::new(1).stream();
    /// stream.next_u64();
    /// let (place, next) = (stream.position(), stream.next_u64());
    /// let mut other = Seed::new(1).stream();
    /// other.go_to(place);
    /// assert_eq!(other.next_u64(), next);
    /// ```
    pub fn position(&self) -> u64 {
        // Far fewer than 2⁶⁴ numbers are ever drawn.
        self.0.get_word_pos() as u64
    }

    /// Goes to a place that [`position`](Self::position) told.
    pub fn go_to(&mut self, position: u64) {
        self.0.set_word_pos(u128::from(position));
    }

    /// A number in [0, 1) with 53 random bits.
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// A number in 0..`bound`, each equally likely (Lemire 2019); 0 for a bound of 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        let mut product = u128::from(self.next_u64()) * u128::from(bound);
        if (product as u64) < bound {
            let floor = bound.wrapping_neg() % bound;
            while (product as u64) < floor {
                product = u128::from(self.next_u64()) * u128::from(bound);
            }
        }
        (product >> 64) as u64
    }

    /// A number from the standard normal distribution (Box and Muller 1958).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// Puts the items in a random order, each order equally likely (Fisher and Yates 1938, Durstenfeld 1964).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i as u64 + 1) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_open_different_streams() {
        let root = Seed::new(0);
        let seeds = [root, root.child("a"), root.child("b"), root.nth("a", 0), root.nth("a", 1), Seed::new(1)];
        for (i, a) in seeds.iter().enumerate() {
            for b in &seeds[i + 1..] {
                assert_ne!(a, b);
            }
        }
    }

    /// Pinned, since saved runs depend on it: a change here breaks every seed that people noted down.
    #[test]
    fn the_stream_of_a_seed_never_changes() {
        let mut stream = Seed::new(7).child("member").stream();
        let drawn = [stream.next_u64(), stream.next_u64()];
        assert_eq!(drawn, [444_019_168_471_261_745, 13_201_606_840_521_219_413]);
    }

    #[test]
    fn below_is_uniform_and_a_shuffle_is_a_permutation() {
        let mut stream = Seed::new(1).stream();
        let mut counts = [0u32; 7];
        for _ in 0..70_000 {
            counts[stream.below(7) as usize] += 1;
        }
        // Chi-square with 6 degrees of freedom stays under 22.5 with probability 0.999.
        let chi2: f64 = counts.iter().map(|&c| (f64::from(c) - 1e4).powi(2) / 1e4).sum();
        assert!(chi2 < 22.5, "{counts:?}");
        let mut items: Vec<u32> = (0..100).collect();
        stream.shuffle(&mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }
}
