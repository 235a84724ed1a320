use consort_core::{Gives, Matrix, Outputs, Predictions, Result};

use super::{
    normalise::normalise,
    panel::{Panel, Rows},
};

/// The number that beats all others by `better`: the engine of the minimum and the maximum.
pub(super) fn extreme(
    by: &str,
    predictions: &Predictions,
    weights: Option<&[f64]>,
    raw: bool,
    better: impl Fn(f32, f32) -> f32 + Sync,
) -> Result<Matrix> {
    let panel = Panel::new(by, predictions, weights, &[Gives::Probabilities, Gives::Logits, Gives::Values])?;
    let scale = matches!(predictions.outputs(), Outputs::Classes(_)) && !raw;
    panel.fuse(|rows: &Rows<'_>, _: &mut (), out: &mut [f32]| {
        let len = out.len();
        out.copy_from_slice(rows.values[0]);
        let mut fours = rows.values[1..].chunks_exact(4);
        for x in fours.by_ref() {
            let (a, b, c, d) = (&x[0][..len], &x[1][..len], &x[2][..len], &x[3][..len]);
            for i in 0..len {
                out[i] = better(out[i], better(better(a[i], b[i]), better(c[i], d[i])));
            }
        }
        for x in fours.remainder() {
            for (out, &x) in out.iter_mut().zip(x.iter()) {
                *out = better(*out, x);
            }
        }
        if scale {
            normalise(out, rows.columns);
        }
    })
}
