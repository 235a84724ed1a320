/// Scales each row to a sum of 1. A row of zeros becomes the uniform distribution: nothing speaks for any class.
pub(super) fn normalise(values: &mut [f32], columns: usize) {
    let uniform = 1.0 / columns as f32;
    if columns == 2 {
        // Written without a branch for the usual case, so that it compiles to wide instructions.
        for row in values.as_chunks_mut::<2>().0 {
            let sum = row[0] + row[1];
            let (a, b) = (row[0] / sum, row[1] / sum);
            *row = if sum > 0.0 { [a, b] } else { [uniform; 2] };
        }
        return;
    }
    for row in values.chunks_exact_mut(columns) {
        let sum: f32 = row.iter().sum();
        if sum > 0.0 {
            let scale = 1.0 / f64::from(sum);
            row.iter_mut().for_each(|x| *x = (f64::from(*x) * scale) as f32);
        } else {
            row.fill(uniform);
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn rows_sum_to_one_and_a_row_of_zeros_is_uniform() {
        let mut rows = [0.25, 0.25, 0.0, 0.0];
        super::normalise(&mut rows, 2);
        assert_eq!(rows, [0.5, 0.5, 0.5, 0.5]);
        let mut rows = [0.2, 0.2, 0.1, 0.0, 0.0, 0.0];
        super::normalise(&mut rows, 3);
        assert_eq!(rows, [0.4, 0.4, 0.2, 1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0]);
    }
}
