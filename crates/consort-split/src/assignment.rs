//! From the fold in which each row is tested to the folds themselves.

use consort_core::Fold;
use rayon::prelude::*;

/// The mark of a row that no fold tests; every fold learns from it.
pub const NEVER: u32 = u32::MAX;

/// The folds of one repeat: row `i` is tested by fold `tested[i]` and learned from by all others.
pub fn folds(tested: &[u32], count: u32, repeat: u32) -> Vec<Fold> {
    let mut sizes = vec![0usize; count as usize];
    for &fold in tested {
        if fold != NEVER {
            sizes[fold as usize] += 1;
        }
    }
    (0..count)
        .into_par_iter()
        .map(|fold| {
            let size = sizes[fold as usize];
            // One place more than needed: each row is written to both lists and kept by one, without a branch.
            let mut test = vec![0; size + 1];
            let mut train = vec![0; tested.len() - size + 1];
            let (mut in_test, mut in_train) = (0, 0);
            for (row, &at) in tested.iter().enumerate() {
                let here = usize::from(at == fold);
                test[in_test] = row as u32;
                train[in_train] = row as u32;
                in_test += here;
                in_train += 1 - here;
            }
            test.truncate(size);
            train.truncate(tested.len() - size);
            Fold { repeat, fold, train, valid: Vec::new(), test }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_is_never_tested_is_always_learned_from() {
        let folds = folds(&[1, NEVER, 0, 1], 2, 3);
        assert_eq!((folds[0].train.as_slice(), folds[0].test.as_slice()), (&[0, 1, 3][..], &[2][..]));
        assert_eq!((folds[1].train.as_slice(), folds[1].test.as_slice()), (&[1, 2][..], &[0, 3][..]));
        assert!(folds.iter().all(|fold| fold.repeat == 3 && fold.valid.is_empty()));
    }
}
