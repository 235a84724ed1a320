use consort_core::{Error, Result, Seed, Stream, Target};
use serde::{Deserialize, Serialize};

/// Which rows a member of a bag sees, such as a tree of a forest.
///
/// Rows of weight 0 are absent. Where rows have weights, a bootstrap draws each in proportion to its weight, and the
/// member sees it as often as it was drawn. If the weights are whole numbers, it is the bootstrap of so many copies; other
/// weights, and those of more than 16 million copies, say nothing of how many draws there are: then it is the rows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Draw {
    /// All, with their weights.
    All,
    /// `share` × rows draws with replacement (Breiman 1996).
    Bootstrap {
        /// How many draws, as a share of the rows; it may be above 1.
        share: f64,
    },
    /// A share of the rows without replacement, with their weights (pasting, Breiman 1999).
    Subsample {
        /// The share of the rows.
        share: f64,
    },
    /// Of each class as many draws with replacement as the rarest has rows (Chen, Liaw and Breiman 2004).
    Balanced,
}

impl Default for Draw {
    fn default() -> Self {
        Draw::Bootstrap { share: 1.0 }
    }
}

impl Draw {
    /// Refuses what is out of range.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    ///
    /// ```
    /// use consort_split::Draw;
    /// assert!(Draw::Subsample { share: 1.5 }.check().is_err());
    /// ```
    pub fn check(&self) -> Result<()> {
        match *self {
            Draw::Bootstrap { share } if !(share.is_finite() && share > 0.0 && share <= 16.0) => {
                Err(Error::parameter("share", share, "above 0 and at most 16"))
            }
            Draw::Subsample { share } if !(share > 0.0 && share <= 1.0) => {
                Err(Error::parameter("share", share, "above 0 and at most 1"))
            }
            _ => Ok(()),
        }
    }

    /// Whether a member may miss a row.
    pub fn leaves_rows_out(&self) -> bool {
        *self != Draw::All
    }
}

/// Draws the rows of each member, by its seed.
///
/// ```
/// use consort_core::{Seed, Target};
/// use consort_split::{Draw, Drawer};
/// let target = Target::from_values(vec![0.0; 100], "y")?;
/// let drawer = Drawer::new(Draw::default(), (0..100).collect(), vec![1.0; 100], &target)?;
/// let (rows, times) = drawer.draw(Seed::new(0).nth("member", 3));
/// assert!(rows.len() < 80 && times.iter().sum::<f64>() == 100.0);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug)]
pub struct Drawer {
    rows: Vec<u32>,
    weights: Vec<f64>,
    /// What each row weighs beside the draws; empty for 1.
    factors: Vec<f64>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    All,
    /// Draws among places of which all weigh the same.
    Even {
        draws: usize,
    },
    /// Draws in proportion to weights: their running sums.
    Weighted {
        draws: usize,
        sums: Vec<f64>,
    },
    Subsample {
        count: usize,
    },
    /// The places of each class, and the running sums of their weights.
    Balanced {
        draws: usize,
        classes: Vec<(Vec<u32>, Vec<f64>)>,
    },
}

/// As many copies of rows as weights may stand for.
const MOST_COPIES: f64 = 16e6;

impl Drawer {
    /// A drawer of these rows of a data set, which ascend and have weights above 0. The target is that of all rows of the
    /// data set.
    ///
    /// # Errors
    /// [`Error::Parameter`] if a share is out of range or there is no row, [`Error::Unsupported`] for a balanced draw
    /// of what is no class.
    pub fn new(draw: Draw, rows: Vec<u32>, weights: Vec<f64>, target: &Target) -> Result<Self> {
        draw.check()?;
        if rows.is_empty() {
            return Err(Error::parameter("rows", 0, "at least 1 to draw from"));
        }
        let even = weights.iter().all(|&w| w == 1.0);
        let whole = weights.iter().all(|w| w.fract() == 0.0);
        // Whole weights count copies; others have no natural size, and drawing billions of copies has no end.
        let copies = whole && weights.iter().sum::<f64>() <= MOST_COPIES;
        let size = |weights: &[f64]| if copies { weights.iter().sum() } else { weights.len() as f64 };
        let kind = match draw {
            Draw::All => Kind::All,
            Draw::Bootstrap { share } => {
                let draws = (share * size(&weights)).round().clamp(1.0, u32::MAX as f64) as usize;
                if even { Kind::Even { draws } } else { Kind::Weighted { draws, sums: running(&weights) } }
            }
            Draw::Subsample { share } => {
                Kind::Subsample { count: ((share * rows.len() as f64).round() as usize).max(1) }
            }
            Draw::Balanced => {
                let Target::Classes { codes, classes } = target else {
                    return Err(Error::Unsupported {
                        by: "a balanced bootstrap".into(),
                        what: target.outputs().task().to_string(),
                        hint: "choose `bootstrap`".into(),
                    });
                };
                let mut places = vec![Vec::new(); classes.len()];
                for (place, &row) in (0..).zip(&rows) {
                    places[codes[row as usize] as usize].push(place);
                }
                let classes: Vec<(Vec<u32>, Vec<f64>)> = places
                    .into_iter()
                    .filter(|places: &Vec<u32>| !places.is_empty())
                    .map(|places| {
                        let weights: Vec<f64> = places.iter().map(|&place| weights[place as usize]).collect();
                        (places, weights)
                    })
                    .collect();
                let fewest = classes.iter().map(|(_, weights)| size(weights)).fold(f64::INFINITY, f64::min);
                let draws = fewest.round().clamp(1.0, u32::MAX as f64) as usize;
                let classes = classes.into_iter().map(|(places, weights)| (places, running(&weights))).collect();
                Kind::Balanced { draws, classes }
            }
        };
        Ok(Self { rows, weights, factors: Vec::new(), kind })
    }

    /// With a factor for the weight of each row, such as that of its class.
    pub fn with_factors(mut self, factors: Vec<f64>) -> Self {
        if factors.iter().any(|&factor| factor != 1.0) {
            self.factors = factors;
        }
        self
    }

    /// Multiplies the weights of rows drawn with their factors.
    pub fn weigh(&self, rows: &[u32], weights: &mut [f64]) {
        if self.factors.is_empty() {
            return;
        }
        let mut place = 0;
        for (&row, weight) in rows.iter().zip(weights) {
            // Both ascend.
            while self.rows[place] != row {
                place += 1;
            }
            *weight *= self.factors[place];
        }
    }

    /// The rows that a member may see.
    pub fn all_rows(&self) -> &[u32] {
        &self.rows
    }

    /// The rows that the member of this seed sees, ascending, each once, and what they weigh: how often each was drawn, or
    /// the weights that they had where none is drawn twice.
    pub fn draw(&self, seed: Seed) -> (Vec<u32>, Vec<f64>) {
        let mut stream = seed.stream();
        let mut counts = vec![0u32; if matches!(self.kind, Kind::All) { 0 } else { self.rows.len() }];
        match &self.kind {
            Kind::All => return (self.rows.clone(), self.weights.clone()),
            Kind::Even { draws } => {
                for _ in 0..*draws {
                    counts[stream.below(self.rows.len() as u64) as usize] += 1;
                }
            }
            Kind::Weighted { draws, sums } => {
                for _ in 0..*draws {
                    counts[pick(sums, &mut stream)] += 1;
                }
            }
            Kind::Subsample { count } => {
                // Floyd's way, turned into a shuffle of which only the start is done.
                let mut places: Vec<u32> = (0..self.rows.len() as u32).collect();
                for i in 0..*count {
                    let other = i + stream.below((places.len() - i) as u64) as usize;
                    places.swap(i, other);
                    counts[places[i] as usize] = 1;
                }
                return self.kept(|place| f64::from(counts[place]) * self.weights[place]);
            }
            Kind::Balanced { draws, classes } => {
                for (places, sums) in classes {
                    for _ in 0..*draws {
                        counts[places[pick(sums, &mut stream)] as usize] += 1;
                    }
                }
            }
        }
        self.kept(|place| f64::from(counts[place]))
    }

    fn kept(&self, weight: impl Fn(usize) -> f64) -> (Vec<u32>, Vec<f64>) {
        (0..self.rows.len()).map(|place| (self.rows[place], weight(place))).filter(|(_, weight)| *weight > 0.0).unzip()
    }
}

fn running(weights: &[f64]) -> Vec<f64> {
    weights
        .iter()
        .scan(0.0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        })
        .collect()
}

/// A place drawn in proportion to the steps of a running sum.
fn pick(sums: &[f64], stream: &mut Stream) -> usize {
    let drawn = stream.unit() * sums.last().copied().unwrap_or(0.0);
    sums.partition_point(|sum| *sum <= drawn).min(sums.len() - 1)
}

#[cfg(test)]
mod tests {
    use consort_core::Classes;

    use super::*;

    fn values(rows: usize) -> Target {
        Target::from_values(vec![0.0; rows], "y").unwrap()
    }

    #[test]
    fn a_bootstrap_of_whole_weights_is_that_of_copies() {
        let weighted = Drawer::new(Draw::default(), vec![0, 1, 2], vec![1.0, 3.0, 2.0], &values(3)).unwrap();
        let sums = running(&[1.0; 6]);
        let (rows, counts) = weighted.draw(Seed::new(5));
        let mut stream = Seed::new(5).stream();
        let mut want = [0.0; 3];
        for _ in 0..6 {
            want[[0, 1, 1, 1, 2, 2][pick(&sums, &mut stream)]] += 1.0;
        }
        for (row, want) in want.iter().enumerate() {
            let got = rows.iter().position(|&r| r as usize == row).map_or(0.0, |i| counts[i]);
            assert_eq!(got, *want);
        }
    }

    #[test]
    fn shares_and_balance_are_kept() {
        let n = 1000;
        let draw = |draw: Draw, target: &Target| {
            Drawer::new(draw, (0..n).collect(), vec![1.0; n as usize], target).unwrap().draw(Seed::new(1))
        };
        let (rows, counts) = draw(Draw::default(), &values(1000));
        assert_eq!(counts.iter().sum::<f64>(), 1000.0);
        // 1 − 1/e of the rows.
        assert!((590..675).contains(&rows.len()), "{}", rows.len());
        assert_eq!(draw(Draw::Subsample { share: 0.25 }, &values(1000)).0.len(), 250);
        assert_eq!(draw(Draw::Bootstrap { share: 0.25 }, &values(1000)).1.iter().sum::<f64>(), 250.0);
        let codes: Vec<u32> = (0..n).map(|i| u32::from(i % 10 == 0)).collect();
        let target = Target::Classes { codes, classes: Classes::new(["a", "b"]).unwrap() };
        let (rows, counts) = draw(Draw::Balanced, &target);
        let of =
            |rare: bool| rows.iter().zip(&counts).filter(|(r, _)| (*r % 10 == 0) == rare).map(|(_, c)| c).sum::<f64>();
        assert_eq!((of(true), of(false)), (100.0, 100.0));
    }
}
