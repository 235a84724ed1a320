use std::{convert::Infallible, ops::Range};

use consort_core::{Estimates, Gives, Real, Values, blocks};

/// The class that each row chooses, `[rows]`.
///
/// Of two classes the positive one is chosen from a probability of 0.5 on (of logits or scores: where its number is
/// not below the other's). Of more, the greatest number wins, and the first class on a tie: the rule of
/// [`consort_core::Classes::choice`], for many rows. Rows that have NaN choose some class; callers refuse them or give
/// them no weight.
///
/// O(rows × columns), in parallel.
///
/// ```
/// use consort_core::{Estimates, Gives};
/// use consort_metrics::classification::decide;
/// let estimates = Estimates::f32(&[0.5, 0.5, 0.7, 0.3], 2, Gives::Probabilities)?;
/// assert_eq!(decide(&estimates, Some(1)), [1, 0]); // 0.5 is enough for the positive class
/// let estimates = Estimates::f32(&[0.4, 0.4, 0.2], 3, Gives::Probabilities)?;
/// assert_eq!(decide(&estimates, None), [0]);
/// # Ok::<(), consort_core::Error>(())
/// ```
pub fn decide(estimates: &Estimates<'_>, positive: Option<usize>) -> Vec<u32> {
    let mut chosen = vec![0u32; estimates.rows()];
    let filled = blocks::fill(&mut chosen, 1, |rows, out| {
        decide_rows(estimates, positive, rows, out);
        Ok::<(), Infallible>(())
    });
    match filled {
        Ok(()) => chosen,
    }
}

/// The same of a range of rows.
pub(crate) fn decide_rows(estimates: &Estimates<'_>, positive: Option<usize>, rows: Range<usize>, out: &mut [u32]) {
    let columns = estimates.columns();
    let half = label_is_set(estimates.gives()) == 0.5;
    let range = rows.start * columns..rows.end * columns;
    match estimates.values() {
        Values::F32(values) => choose(&values[range], columns, positive, half, out),
        Values::F64(values) => choose(&values[range], columns, positive, half, out),
    }
}

/// The least number for which a yes-or-no label is set: 0.5 of probabilities, 0 of logits and scores.
///
/// ```
/// use consort_core::Gives;
/// assert_eq!(consort_metrics::classification::label_is_set(Gives::Probabilities), 0.5);
/// assert_eq!(consort_metrics::classification::label_is_set(Gives::Logits), 0.0);
/// ```
pub fn label_is_set(gives: Gives) -> f64 {
    gives.least_yes()
}

/// The class that one row chooses: the rule of [`decide`].
pub(crate) fn decide_row<T: Real>(row: &[T], gives: Gives, positive: Option<usize>) -> usize {
    let mut chosen = [0];
    choose(row, row.len(), positive, label_is_set(gives) == 0.5, &mut chosen);
    chosen[0] as usize
}

fn choose<T: Real>(values: &[T], columns: usize, positive: Option<usize>, half: bool, out: &mut [u32]) {
    match positive.filter(|_| columns == 2) {
        Some(positive) => {
            let [positive, negative] = [positive.min(1), 1 - positive.min(1)];
            for (out, row) in out.iter_mut().zip(values.chunks_exact(2)) {
                let floor = if half { 0.5 } else { row[negative].f64() };
                let yes = row[positive].f64() >= floor;
                *out = if yes { positive as u32 } else { negative as u32 };
            }
        }
        None => {
            // A length known at compile time lets the comparisons of a row be unrolled.
            macro_rules! unrolled {
                ($($n:literal)*) => {
                    match columns {
                        $($n => {
                            for (out, row) in out.iter_mut().zip(values.as_chunks::<$n>().0) {
                                *out = first_greatest(row);
                            }
                        })*
                        _ => {
                            for (out, row) in out.iter_mut().zip(values.chunks_exact(columns)) {
                                *out = first_greatest(row);
                            }
                        }
                    }
                };
            }
            unrolled!(3 4 5 6 7 8 9 10);
        }
    }
}

/// The first place of the greatest number.
#[inline(always)]
fn first_greatest<T: Real>(row: &[T]) -> u32 {
    let mut best = 0;
    let mut top = row[0];
    for (k, &x) in row.iter().enumerate().skip(1) {
        // Selects instead of branches: which class wins is not predictable.
        let above = x > top;
        best = if above { k as u32 } else { best };
        top = if above { x } else { top };
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_positive_class_may_be_the_first() {
        let estimates = Estimates::f64(&[0.5, 0.5, 0.4, 0.6], 2, Gives::Probabilities).unwrap();
        assert_eq!(decide(&estimates, Some(0)), [0, 1]);
    }

    #[test]
    fn many_rows_choose_as_one_row_does() {
        let values: Vec<f32> = (0..4800u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 29) as f32 / 8.0).collect();
        for names in [&["a", "b"][..], &["a", "b", "c"]] {
            for positive in names {
                let classes = consort_core::Classes::new(names.to_vec()).unwrap().with_positive(positive).unwrap();
                for gives in [Gives::Probabilities, Gives::Scores] {
                    let estimates = Estimates::f32(&values, names.len(), gives).unwrap();
                    let many = decide(&estimates, Some(classes.positive()));
                    for (i, chosen) in many.into_iter().enumerate() {
                        assert_eq!(estimates.choice(i, &classes), Some(chosen as usize), "row {i}");
                    }
                }
            }
        }
    }

    #[test]
    fn logits_of_two_classes_are_compared_with_each_other() {
        let estimates = Estimates::f64(&[3.0, 2.0, -5.0, -5.0, -5.0, -4.0], 2, Gives::Logits).unwrap();
        assert_eq!(decide(&estimates, Some(1)), [0, 1, 1]);
    }
}
