use consort_core::{Error, Outputs, Predictions, Result, Truth};

use super::{Correctness, SymmetricMatrix, bit_rows::BitRows, symmetric::upper};
use crate::classification::{decide_row, label_is_set};

/// Which class each member decides for in each row, as bits: plane `b` of a member holds bit `b` of its class numbers.
///
/// A member decides for the class of its greatest number, the first of equals; with two classes, for the positive
/// one from a probability of 0.5 on. Of yes-or-no labels, each label of each row is a decision of its own, yes from
/// [`label_is_set`] on. Rows of
/// weight 0 are not read; rows that some member lacks are [left out](Self::left_out).
///
/// Memory: members × rows × ⌈log₂ classes⌉ / 8 bytes.
///
/// ```
/// use consort_core::{Classes, Gives, Ids, Outputs, Predictions, Target, Truth};
/// use consort_metrics::diversity::Decisions;
/// let classes = Classes::new(["no", "yes"])?;
/// let predictions = Predictions::builder(Outputs::Classes(classes.clone()), Ids::positions(4))
///     .member("a", Gives::Probabilities, &[0.9, 0.1, 0.4, 0.6, 0.3, 0.7, 0.8, 0.2])?
///     .member("b", Gives::Probabilities, &[0.8, 0.2, 0.7, 0.3, 0.1, 0.9, 0.6, 0.4])?
///     .build()?;
/// let target = Target::from_labels(["no", "yes", "yes", "yes"], &classes, "y")?;
/// let decisions = Decisions::new(&predictions, &Truth::new(&target))?;
/// assert_eq!(decisions.kappa()?.at(0, 1), Some(0.5)); // Cohen's kappa between the two
/// assert_eq!(decisions.correctness().accuracy(0), 0.75);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Decisions {
    names: Vec<String>,
    rows: BitRows,
    outcomes: usize,
    /// `[member][plane][word]`
    planes: Vec<Vec<Vec<u64>>>,
    /// `[plane][word]`
    truth: Vec<Vec<u64>>,
}

impl Decisions {
    /// The decisions of all members.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for predictions that decide nothing (numbers, quantiles), [`Error::Length`] unless
    /// the truth is parallel, [`Error::Empty`] if no row is left.
    pub fn new(predictions: &Predictions, truth: &Truth<'_>) -> Result<Self> {
        const BY: &str = "diversity of decisions";
        truth.check_rows(predictions.rows())?;
        let rows = BitRows::new(predictions, truth);
        if rows.rows() == 0 {
            return Err(Error::Empty {
                what: "the list of rows".into(),
                hint: "some row must have weight and a prediction of every member".into(),
            });
        }
        let names = predictions.names().map(String::from).collect();
        let members = predictions.members().len();
        match predictions.outputs() {
            Outputs::Classes(classes) => {
                let (codes, _) = truth.classes(BY)?;
                let positive = (classes.len() == 2).then(|| classes.positive());
                let outcomes = classes.len();
                let depth = (usize::BITS - (outcomes - 1).leading_zeros()) as usize;
                let plane_of = |decide: &(dyn Fn(usize) -> usize + Sync)| -> Result<Vec<Vec<u64>>> {
                    (0..depth).map(|b| rows.pack(|i| Ok(decide(i) >> b & 1 == 1))).collect()
                };
                let planes: Result<Vec<_>> = (0..members)
                    .map(|m| {
                        let (values, gives) = (predictions.member(m), predictions.members()[m].gives);
                        plane_of(&|i| decide_row(&values[i * outcomes..(i + 1) * outcomes], gives, positive))
                    })
                    .collect();
                let truth = plane_of(&|i| codes[i] as usize)?;
                Ok(Self { names, outcomes, planes: planes?, truth, rows })
            }
            Outputs::Labels(labels) => {
                let (answers, width) = truth.labels(BY)?;
                if width != labels.len() {
                    return Err(Error::Length {
                        what: "the truth".into(),
                        got: width,
                        expected: labels.len(),
                        unit: "labels",
                        hint: "predictions and truth must have the same labels".into(),
                    });
                }
                let cells = rows.repeat(width);
                let planes: Result<Vec<_>> = (0..members)
                    .map(|m| {
                        let (values, gives) = (predictions.member(m), predictions.members()[m].gives);
                        let least = label_is_set(gives);
                        Ok(vec![cells.pack(|cell| Ok(f64::from(values[cell]) >= least))?])
                    })
                    .collect();
                let truth = vec![cells.pack(|cell| Ok(answers[cell]))?];
                Ok(Self { names, outcomes: 2, planes: planes?, truth, rows: cells })
            }
            other => Err(Error::Unsupported {
                by: BY.into(),
                what: other.task().to_string(),
                hint: "for numbers use `Ambiguity` and `residual_correlation`".into(),
            }),
        }
    }

    /// How many rows were left out because some member lacks them.
    pub fn left_out(&self) -> usize {
        self.rows.left_out()
    }

    /// Who is right where.
    pub fn correctness(&self) -> Correctness {
        let words = self.rows.words();
        let bits = self
            .planes
            .iter()
            .map(|planes| (0..words).map(|w| agree(planes, &self.truth, w) & self.mask(w)).collect())
            .collect();
        Correctness::of(self.names.clone(), self.rows.clone(), bits)
    }

    /// Cohen's kappa between the decisions of each pair (Cohen 1960): κ = (p_o − p_e) / (1 − p_e).
    ///
    /// p_o is the share of rows in which the two decide alike, p_e that expected of independent members with the same
    /// shares of classes. Low is diverse. Undefined where both decide for one same class throughout.
    ///
    /// # Errors
    /// None for decisions that could be made.
    pub fn kappa(&self) -> Result<SymmetricMatrix> {
        let members = self.planes.len();
        let total = self.rows.total();
        let alike = self.rows.weigh_pairs(members, |i, j, w| agree(&self.planes[i], &self.planes[j], w) & self.mask(w));
        let shares: Vec<Vec<f64>> =
            (0..members).map(|m| (0..self.outcomes).map(|k| self.share(m, k)).collect()).collect();
        SymmetricMatrix::from_fn(self.names.clone(), |i, j| {
            let observed = alike[upper(members, i, j)] / total;
            let expected: f64 = shares[i].iter().zip(&shares[j]).map(|(a, b)| a * b).sum();
            (1.0 - expected > 1e-15).then(|| (observed - expected) / (1.0 - expected))
        })
    }

    /// The share of rows in which member `m` decides for class `k`.
    pub fn share(&self, m: usize, k: usize) -> f64 {
        let words: Vec<u64> = (0..self.rows.words())
            .map(|w| {
                let class = |(b, plane): (usize, &Vec<u64>)| if k >> b & 1 == 1 { plane[w] } else { !plane[w] };
                self.planes[m].iter().enumerate().map(class).fold(self.mask(w), |all, plane| all & plane)
            })
            .collect();
        self.rows.weigh(&words) / self.rows.total()
    }

    /// The bits of word `w` that are rows.
    fn mask(&self, w: usize) -> u64 {
        match self.rows.rows() - w * 64 {
            0..64 => (1 << (self.rows.rows() - w * 64)) - 1,
            _ => u64::MAX,
        }
    }
}

/// The rows of word `w` in which all planes are equal.
fn agree(a: &[Vec<u64>], b: &[Vec<u64>], w: usize) -> u64 {
    !a.iter().zip(b).fold(0, |differ, (a, b)| differ | (a[w] ^ b[w]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use consort_core::{Gives, Ids, Target};

    #[test]
    fn a_label_is_set_where_the_metrics_say_so() {
        let names = vec!["a".to_owned()];
        for gives in [Gives::Probabilities, Gives::Logits, Gives::Scores] {
            let least = if gives == Gives::Probabilities { 0.0 } else { -1.0 };
            let values = [least, 0.0, 0.2, 0.7];
            let predictions = Predictions::builder(Outputs::Labels(names.clone()), Ids::positions(4))
                .member("m", gives, &values)
                .unwrap()
                .build()
                .unwrap();
            let target = Target::Labels { values: vec![true; 4], names: names.clone() };
            let decisions = Decisions::new(&predictions, &Truth::new(&target)).unwrap();
            let set = values.iter().filter(|&&x| f64::from(x) >= label_is_set(gives)).count();
            assert_eq!(decisions.correctness().accuracy(0), set as f64 / 4.0, "{gives}");
        }
    }
}
