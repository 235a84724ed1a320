use consort_core::{Column, Dataset, Features, Gives, Outputs, Predictions, Result, Samples};

use super::MetaInputs;
use crate::{encode::make_unique, gather};

/// The members' predictions as features, one column a member and output, and with passthrough the features of the
/// rows beside them. `rows` are those of the predictions, in their order.
///
/// Of two classes only the second has a column: the first says the same.
pub(super) fn dataset(
    predictions: &Predictions,
    inputs: MetaInputs,
    passthrough: Option<&Samples<'_>>,
) -> Result<Dataset> {
    let columns = predictions.columns();
    let first = usize::from(matches!(predictions.outputs(), Outputs::Classes(classes) if classes.len() == 2));
    let mut features = Vec::new();
    for (m, member) in predictions.members().iter().enumerate() {
        let values = predictions.member(m);
        for k in first..columns {
            let column = values.iter().skip(k).step_by(columns);
            let values = match inputs {
                MetaInputs::Logits if member.gives == Gives::Probabilities => column.map(|&p| logit(p)).collect(),
                _ => column.copied().collect(),
            };
            let name = format!("{}: {}", member.name, predictions.outputs().name(k));
            features.push(Column::Numeric { name, values });
        }
    }
    if let Some(rows) = passthrough {
        features.extend(gather::columns(rows));
        // A feature may be called as a member's output.
        make_unique(&mut features);
    }
    Dataset::new(Features::Columns(features))
}

/// The logarithm of the odds, kept finite.
fn logit(p: f32) -> f32 {
    let p = p.clamp(1e-6, 1.0 - 1e-6);
    (p / (1.0 - p)).ln()
}
