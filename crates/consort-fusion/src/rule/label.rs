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

/// The first place of the greatest number, without a branch where there are at most 64 numbers.
#[inline(always)]
fn first_greatest(row: &[f32]) -> usize {
    let mut top = row[0];
    for &x in &row[1..] {
        top = if x > top { x } else { top };
    }
    if row.len() > 64 {
        return row.iter().position(|&x| x >= top).unwrap_or(0);
    }
    let mut places = 0u64;
    for (k, &x) in row.iter().enumerate() {
        places |= u64::from(x >= top) << k;
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
