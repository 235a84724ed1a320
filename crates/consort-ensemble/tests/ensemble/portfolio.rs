//! Members of the portfolio on tables that are hard for their kind.

use consort_core::{Column, Dataset, Features, FitContext, Samples, Seed, Target};
use consort_ensemble::portfolio::by_name;

use crate::reference::table;

/// The log loss and the accuracy of a member on the rows that it learnt.
fn own_scores(name: &str, data: &Dataset) -> (f64, f64) {
    let rows = Samples::all(data);
    let model = by_name(name, data).unwrap().learner.fit(&rows, &FitContext::new(Seed::new(0))).unwrap();
    let predicted = model.predict(&rows).unwrap();
    let Some(Target::Classes { codes, .. }) = data.target() else { unreachable!() };
    let (mut loss, mut right) = (0.0, 0.0);
    for (i, &code) in codes.iter().enumerate() {
        loss -= f64::from(predicted.at(i, code as usize)).max(1e-15).ln();
        right += f64::from(u8::from(predicted.argmax(i) == Some(code as usize)));
    }
    (loss / codes.len() as f64, right / codes.len() as f64)
}

#[test]
fn naive_bayes_bears_one_row_without_a_number() {
    let whole = table("breast_cancer.csv", true);
    let Features::Columns(columns) = whole.features() else { unreachable!() };
    let columns = columns.iter().map(|column| match column {
        Column::Numeric { name, values } => {
            let mut values = values.clone();
            values[0] = f32::NAN;
            Column::Numeric { name: name.clone(), values }
        }
        other => other.clone(),
    });
    let one_empty = Dataset::new(Features::Columns(columns.collect())).unwrap();
    let one_empty = one_empty.with_target(whole.target().unwrap().clone()).unwrap();
    // scikit-learn 1.9.1: SimpleImputer(strategy="median"), StandardScaler(), GaussianNB(var_smoothing=0.1). With an
    // indicator a column and the usual smoothing of 1e-9 it has 10.6 and 0.684, as we did.
    let (loss, accuracy) = own_scores("gnb", &one_empty);
    assert!((loss - 0.50155384).abs() < 1e-4, "{loss}");
    assert!((accuracy - 0.94376098).abs() < 1e-6, "{accuracy}");
    let (loss, _) = own_scores("gnb", &whole);
    assert!((loss - 0.47443630).abs() < 1e-4, "{loss}");
}
