use consort_core::{Gives, Outputs, Predictions};

use super::{
    first_greatest::{each_first_greatest, first_greatest},
    streams::{PIECE, ask_ahead},
    wide::wide,
};

/// How a member's row becomes the class that it chooses: the first greatest; for two classes the positive one as
/// soon as it is not below the other (probability 0.5 on).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chooser {
    /// The class that wins a tie of two classes.
    positive: Option<usize>,
}

impl Chooser {
    pub(crate) fn new(outputs: &Outputs) -> Self {
        let positive = match outputs {
            Outputs::Classes(classes) if classes.len() == 2 => Some(classes.positive()),
            _ => None,
        };
        Self { positive }
    }

    /// The class that a row chooses.
    pub(crate) fn choose(self, row: &[f32]) -> usize {
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
        each_first_greatest(values, columns, shares, |shares, k| shares[k] += share);
    }

    /// Counts the votes of each row of two classes: `take` gets row, votes for the first class and votes for the second.
    pub(super) fn count_pairs(self, members: &[&[f32]], seconds: &mut Vec<f32>, take: impl FnMut(usize, f32, f32)) {
        let rows = members.first().map_or(0, |values| values.len() / 2);
        seconds.clear();
        seconds.resize(rows, 0.0);
        for values in members {
            if self.positive == Some(1) {
                wide(CountPairs { values, seconds, second: |[a, b]: [f32; 2]| b >= a });
            } else {
                wide(CountPairs { values, seconds, second: |[a, b]: [f32; 2]| b > a });
            }
        }
        let (mut take, all) = (take, members.len() as f32);
        seconds.iter().enumerate().for_each(|(i, &second)| take(i, all - second, second));
    }

    /// The classes that all rows of a member choose, one after the other.
    pub(super) fn each(self, values: &[f32], columns: usize, mut take: impl FnMut(usize, usize)) {
        if columns == 2 {
            values.as_chunks::<2>().0.iter().enumerate().for_each(|(i, row)| take(i, self.choose(row)));
        } else {
            let (mut i, nothing) = (0, &mut vec![(); values.len()][..]);
            each_first_greatest(values, columns, nothing, |_, k| {
                take(i, k);
                i += 1;
            });
        }
    }
}

/// Counts the pairs of which the second is chosen, row by row.
struct CountPairs<'a, F> {
    values: &'a [f32],
    seconds: &'a mut [f32],
    second: F,
}

impl<F: Fn([f32; 2]) -> bool> pulp::NullaryFnOnce for CountPairs<'_, F> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let count = |seconds: &mut [f32], pairs: &[[f32; 2]]| {
            for (count, &pair) in seconds.iter_mut().zip(pairs) {
                *count += if (self.second)(pair) { 1.0 } else { 0.0 };
            }
        };
        let (pieces, rest) = self.values.as_chunks::<PIECE>();
        let (counts, rest_of_counts) = self.seconds.as_chunks_mut::<{ PIECE / 2 }>();
        for (piece, counts) in pieces.iter().zip(counts) {
            ask_ahead(piece);
            count(counts, piece.as_chunks().0);
        }
        count(rest_of_counts, rest.as_chunks().0);
    }
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
