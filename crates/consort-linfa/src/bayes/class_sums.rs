use crate::dense::{CHUNK, ClassTarget, Training, chunks, ordered_sum};

/// `Σ ω f(x_j − centre_cj)` over the rows of each class that is present: `[class][feature]`, as `centre` is.
pub(super) fn class_sums(
    train: &Training<'_>,
    target: &ClassTarget,
    centre: &[f64],
    f: impl Fn(f64) -> f64 + Sync,
) -> Vec<f64> {
    let width = train.width();
    ordered_sum(train.len(), centre.len(), |block| {
        let mut sums = vec![0.0; centre.len()];
        let mut column = vec![0.0; CHUNK.min(block.len())];
        for rows in chunks(block) {
            let column = &mut column[..rows.len()];
            for j in 0..width {
                train.table.column(j, rows.clone(), column);
                for (x, i) in column.iter().zip(rows.clone()) {
                    let place = target.codes[i] as usize * width + j;
                    sums[place] += train.weight(i) * f(x - centre[place]);
                }
            }
        }
        sums
    })
}
