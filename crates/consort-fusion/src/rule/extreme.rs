use consort_core::{Gives, Matrix, Outputs, Predictions, Result};

use super::{
    normalise::normalise,
    panel::{Panel, Rows},
    streams::streams,
    wide::wide,
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
        wide(Best { values: rows.values, out, better: &better });
        if scale {
            normalise(out, rows.columns);
        }
    })
}

/// The best of the members in each place, four members at a time.
struct Best<'a, F> {
    values: &'a [&'a [f32]],
    out: &'a mut [f32],
    better: F,
}

impl<F: Fn(f32, f32) -> f32> pulp::NullaryFnOnce for Best<'_, F> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { values, out, better } = self;
        let (first, others) = values.split_at(1);
        streams(first, out, |out, [x]| *out = x);
        let mut fours = others.chunks_exact(4);
        for x in fours.by_ref() {
            streams(x, out, |out, [a, b, c, d]| *out = better(*out, better(better(a, b), better(c, d))));
        }
        for x in fours.remainder().chunks(1) {
            streams(x, out, |out, [x]| *out = better(*out, x));
        }
    }
}
