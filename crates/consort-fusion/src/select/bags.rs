use consort_core::{Error, Result, Seed};
use serde::{Deserialize, Serialize};

/// Several selections, each from a random part of the library; their weights are averaged.
///
/// The members of a bag are drawn by a hash of seed, bag and member name, so that neither the order of the members
/// nor the presence of others changes which is drawn before which.
///
/// Source: Caruana, Munson and Niculescu-Mizil (2006), Getting the most out of ensemble selection.
///
/// ```
/// use consort_fusion::select::Bags;
/// assert!(Bags::new(20, 0.5).check().is_ok());
/// assert!(Bags::new(20, 1.5).check().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bags {
    /// How many.
    pub count: usize,
    /// Which part of the library each has, in (0, 1], rounded up to whole members.
    pub fraction: f64,
}

impl Bags {
    /// So many bags of such a part of the library.
    pub fn new(count: usize, fraction: f64) -> Self {
        Self { count, fraction }
    }

    /// Checks the parameters.
    ///
    /// # Errors
    /// [`Error::Parameter`] without a bag, or unless the fraction is above 0 and at most 1.
    pub fn check(&self) -> Result<()> {
        if self.count == 0 {
            return Err(Error::parameter("bags.count", 0, "at least 1"));
        }
        if !(self.fraction > 0.0 && self.fraction <= 1.0) {
            return Err(Error::parameter("bags.fraction", self.fraction, "above 0 and at most 1"));
        }
        Ok(())
    }

    /// The members of bag `b`, ascending.
    pub(super) fn library(&self, b: usize, names: &[&str], seed: Seed) -> Vec<usize> {
        let size = ((self.fraction * names.len() as f64).ceil() as usize).clamp(1, names.len());
        let bag = seed.nth("bag", b as u64);
        let mut keys: Vec<(u64, &str, usize)> =
            names.iter().enumerate().map(|(m, &name)| (bag.child(name).stream().next_u64(), name, m)).collect();
        keys.sort_unstable();
        let mut library: Vec<usize> = keys[..size].iter().map(|key| key.2).collect();
        library.sort_unstable();
        library
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bag_is_drawn_by_names_not_by_order() {
        let names = ["a", "b", "c", "d", "e", "f", "g"];
        let mut turned = names;
        turned.reverse();
        for b in 0..5 {
            let drawn = |names: &[&'static str]| {
                let mut drawn: Vec<&str> =
                    Bags::new(5, 0.5).library(b, names, Seed::new(3)).into_iter().map(|m| names[m]).collect();
                drawn.sort_unstable();
                drawn
            };
            assert_eq!(drawn(&names), drawn(&turned));
            assert_eq!(drawn(&names).len(), 4);
        }
    }
}
