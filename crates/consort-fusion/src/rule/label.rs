use consort_core::{Gives, Outputs, Predictions};

/// How a member's row becomes the class that it chooses: the first greatest; for two classes the positive one as
/// soon as it is not below the other (probability 0.5 on).
#[derive(Debug, Clone, Copy)]
pub(super) struct Chooser {
    /// The class that wins a tie of two classes.
    positive: Option<usize>,
}

impl Chooser {
    pub(super) fn new(outputs: &Outputs) -> Self {
        let positive = match outputs {
            Outputs::Classes(classes) if classes.len() == 2 => Some(classes.positive()),
            _ => None,
        };
        Self { positive }
    }

    /// The class that a row chooses.
    pub(super) fn choose(self, row: &[f32]) -> usize {
        match (self.positive, row) {
            (Some(1), &[a, b]) => usize::from(b >= a),
            (Some(_), &[a, b]) => usize::from(b > a),
            _ => first_greatest(row),
        }
    }

    /// Adds a member's share to the class that each row chooses.
    pub(super) fn add_votes(self, values: &[f32], columns: usize, share: f64, shares: &mut [f64]) {
        if let (2, Some(positive)) = (columns, self.positive) {
            let (pairs, sums) = (values.as_chunks::<2>().0, shares.as_chunks_mut::<2>().0);
            for (&[a, b], sum) in pairs.iter().zip(sums) {
                let second = if positive == 1 { b >= a } else { b > a };
                sum[0] += if second { 0.0 } else { share };
                sum[1] += if second { share } else { 0.0 };
            }
            return;
        }
        self.each(values, columns, |i, k| shares[i * columns + k] += share);
    }

    /// The classes that all rows of a member choose, one after the other.
    pub(super) fn each(self, values: &[f32], columns: usize, mut take: impl FnMut(usize, usize)) {
        // A length known at compile time lets the comparisons of a row be unrolled.
        macro_rules! unrolled {
            ($($n:literal)*) => {
                match columns {
                    2 => values.as_chunks::<2>().0.iter().enumerate().for_each(|(i, row)| take(i, self.choose(row))),
                    $($n => {
                        values.as_chunks::<$n>().0.iter().enumerate().for_each(|(i, row)| take(i, first_greatest(row)));
                    })*
                    _ => values.chunks_exact(columns).enumerate().for_each(|(i, row)| take(i, self.choose(row))),
                }
            };
        }
        unrolled!(3 4 5 6 7 8 9 10);
    }
}

/// The first place of the greatest number, without a branch where there are at most 32 numbers.
#[inline(always)]
fn first_greatest(row: &[f32]) -> usize {
    let greater = |a: f32, b: f32| if a > b { a } else { b };
    let top = match row.first_chunk::<4>() {
        // Four at a time; the last four may overlap those before.
        Some(first) => {
            let mut tops = *first;
            let (fours, _) = row[4..].as_chunks::<4>();
            for four in fours.iter().chain(row.last_chunk::<4>()) {
                (0..4).for_each(|j| tops[j] = greater(tops[j], four[j]));
            }
            greater(greater(tops[0], tops[2]), greater(tops[1], tops[3]))
        }
        None => row.iter().copied().fold(f32::NEG_INFINITY, greater),
    };
    if row.len() > 32 {
        return row.iter().position(|&x| x >= top).unwrap_or(0);
    }
    let mut places = 0u32;
    for (k, &x) in row.iter().enumerate() {
        places |= if x >= top { 1 << k } else { 0 };
    }
    (places.trailing_zeros() as usize).min(row.len() - 1)
}

/// From which number on a member says yes to a label.
pub(super) fn yes_from(gives: Gives) -> f32 {
    if gives == Gives::Logits { 0.0 } else { 0.5 }
}

/// The class that each member chooses in row `i`; `None` where it lacks the row.
pub(super) fn ballots(predictions: &Predictions, chooser: Chooser, i: usize, out: &mut Vec<Option<u32>>) {
    out.clear();
    out.extend((0..predictions.members().len()).map(|m| {
        let row = predictions.member_rows(m, i..i + 1);
        (!row[0].is_nan()).then(|| chooser.choose(row) as u32)
    }));
}

#[cfg(test)]
mod tests {
    use consort_core::Classes;

    use super::*;

    #[test]
    fn a_tie_goes_to_the_first_class_and_of_two_to_the_positive_one() {
        let classes = |names: &[&str]| Outputs::Classes(Classes::new(names.iter().copied()).unwrap());
        assert_eq!(Chooser::new(&classes(&["a", "b", "c"])).choose(&[0.2, 0.4, 0.4]), 1);
        assert_eq!(Chooser::new(&classes(&["a", "b"])).choose(&[0.5, 0.5]), 1);
        let first = Outputs::Classes(Classes::new(["a", "b"]).unwrap().with_positive("a").unwrap());
        assert_eq!(Chooser::new(&first).choose(&[0.5, 0.5]), 0);
    }

    #[test]
    fn each_chooses_as_choose_does_for_every_number_of_classes() {
        for columns in 2..14 {
            let chooser = Chooser { positive: (columns == 2).then_some(1) };
            let values: Vec<f32> = (0..columns * 50).map(|i| ((i * 7919) % 13) as f32).collect();
            let mut chosen = Vec::new();
            chooser.each(&values, columns, |i, k| {
                assert_eq!(i, chosen.len());
                chosen.push(k);
            });
            let expected: Vec<usize> = values.chunks(columns).map(|row| chooser.choose(row)).collect();
            assert_eq!(chosen, expected);
        }
    }
}
