//! The contracts of encoders, over all of them.

// Helpers of tests are outside of `#[test]`, where clippy does not see that they are tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use consort_core::{Classes, Column, Dataset, Encoder, Encoding, Features, FitContext, Learner, Samples, Seed, Target};
use consort_ensemble::encode::{
    Chain, Encoded, Fill, Impute, LevelOrder, OneHot, Ordinal, Scale, ScaleTo, TableEncoder, TargetEncoding, Unseen,
    suited,
};
use consort_trees::boosting::GradientBoosting;

fn numeric(name: &str, values: &[f32]) -> Column {
    Column::Numeric { name: name.into(), values: values.to_vec() }
}

fn levels(name: &str, codes: &[u32], levels: usize) -> Column {
    let levels = (0..levels).map(|k| format!("level {k}")).collect();
    Column::Categorical { name: name.into(), codes: codes.to_vec(), levels }
}

/// Numbers with holes, few levels, many levels.
fn table(rows: usize) -> Dataset {
    let mut stream = Seed::new(5).stream();
    let x: Vec<f32> = (0..rows).map(|_| stream.normal() as f32 * 3.0 + 2.0).collect();
    let z: Vec<f32> = (0..rows).map(|i| if i % 5 == 0 { f32::NAN } else { stream.unit() as f32 }).collect();
    let few: Vec<u32> = (0..rows).map(|i| if i % 7 == 0 { Column::MISSING } else { stream.below(4) as u32 }).collect();
    let many: Vec<u32> = (0..rows).map(|_| stream.below(40) as u32).collect();
    let y = (0..rows).map(|i| f64::from(x[i]) + f64::from(many[i] % 3) + stream.normal()).collect();
    let columns = vec![numeric("x", &x), numeric("z", &z), levels("few", &few, 4), levels("many", &many, 40)];
    Dataset::new(Features::Columns(columns)).unwrap().with_target(Target::from_values(y, "y").unwrap()).unwrap()
}

fn all_encoders() -> Vec<Arc<dyn Encoder>> {
    vec![
        Arc::new(Impute::default()),
        Arc::new(Impute { fill: Fill::Mean, ..Impute::default() }),
        Arc::new(Scale::default()),
        Arc::new(Scale::to(ScaleTo::Robust)),
        Arc::new(Scale::to(ScaleTo::Normal)),
        Arc::new(OneHot::default()),
        Arc::new(OneHot { levels: 3, least_count: 2.0, ..OneHot::default() }),
        Arc::new(Ordinal::default()),
        Arc::new(Ordinal { order: LevelOrder::Weight, ..Ordinal::default() }),
        Arc::new(TargetEncoding::default()),
        Arc::new(TableEncoder::default()),
        Arc::new(Chain { encoders: vec![Arc::new(Impute::default()), Arc::new(TableEncoder::default())] }),
    ]
}

/// All columns as text that keeps every bit, NaN included.
fn bits(data: &Dataset) -> Vec<String> {
    let Features::Columns(columns) = data.features() else { panic!("a block") };
    let text = |column: &Column| match column {
        Column::Numeric { name, values } => {
            format!("{name} {:?}", values.iter().map(|x| x.to_bits()).collect::<Vec<_>>())
        }
        Column::Categorical { name, codes, levels } => format!("{name} {codes:?} {levels:?}"),
    };
    columns.iter().map(text).collect()
}

fn fit(encoder: &dyn Encoder, rows: &Samples<'_>, threads: usize) -> (Box<dyn Encoding>, Dataset) {
    encoder.fit(rows, &FitContext { threads, ..FitContext::new(Seed::new(1)) }).unwrap()
}

fn values(data: &Dataset, name: &str) -> Vec<f32> {
    let Features::Columns(columns) = data.features() else { panic!("a block") };
    let column = columns.iter().find(|column| column.name() == name).unwrap_or_else(|| panic!("no column {name}"));
    let Column::Numeric { values, .. } = column else { panic!("no numbers") };
    values.clone()
}

#[test]
fn what_is_not_among_the_training_rows_changes_no_bit() {
    let data = table(300);
    let rows: Vec<u32> = (0..200).collect();
    let Features::Columns(columns) = data.features() else { unreachable!() };
    let spoilt: Vec<Column> = columns
        .iter()
        .map(|column| match column.clone() {
            Column::Numeric { name, mut values } => {
                values[200..].fill(1e9);
                Column::Numeric { name, values }
            }
            Column::Categorical { name, mut codes, mut levels } => {
                codes[200..].fill(levels.len() as u32);
                levels.push("new".into());
                Column::Categorical { name, codes, levels }
            }
        })
        .collect();
    let Some(Target::Values { values, names }) = data.target() else { unreachable!() };
    let mut values = values.clone();
    values[200..].fill(-1e9);
    let other = Dataset::new(Features::Columns(spoilt)).unwrap();
    let other = other.with_target(Target::Values { values, names: names.clone() }).unwrap();
    for encoder in all_encoders() {
        let (a, b) = (Samples::rows(&data, &rows).unwrap(), Samples::rows(&other, &rows).unwrap());
        let ((one, _), (two, _)) = (fit(&*encoder, &a, 1), fit(&*encoder, &b, 1));
        assert_eq!(serde_json::to_string(&one).unwrap(), serde_json::to_string(&two).unwrap(), "{encoder:?}");
        let numbers_only = |data: &Dataset| bits(data).into_iter().filter(|text| !text.contains("\"new\"")).count();
        assert!(numbers_only(&one.apply(&a).unwrap()) > 0);
    }
}

#[test]
fn threads_and_a_round_trip_keep_every_bit() {
    let data = table(500);
    for encoder in all_encoders() {
        let text = serde_json::to_string(&encoder).unwrap();
        let again: Arc<dyn Encoder> = serde_json::from_str(&text).unwrap();
        let (one, train) = fit(&*encoder, &Samples::all(&data), 1);
        let (two, same) = fit(&*again, &Samples::all(&data), 2);
        assert_eq!(bits(&train), bits(&same), "{encoder:?}");
        let saved: Box<dyn Encoding> = serde_json::from_str(&serde_json::to_string(&two).unwrap()).unwrap();
        let rows: Vec<u32> = (0..500).rev().step_by(3).collect();
        let rows = Samples::rows(&data, &rows).unwrap();
        assert_eq!(bits(&one.apply(&rows).unwrap()), bits(&saved.apply(&rows).unwrap()), "{encoder:?}");
    }
}

#[test]
fn a_weight_of_0_is_absence() {
    let data = table(200);
    let weights: Vec<f64> = (0..200).map(|i| if i % 4 == 1 { 0.0 } else { 1.0 }).collect();
    let present: Vec<u32> = (0..200).filter(|i| i % 4 != 1).collect();
    for encoder in all_encoders() {
        let weighted = Samples::all(&data).with_weights(&weights).unwrap();
        let (one, _) = fit(&*encoder, &weighted, 1);
        let (two, _) = fit(&*encoder, &Samples::rows(&data, &present).unwrap(), 1);
        assert_eq!(serde_json::to_string(&one).unwrap(), serde_json::to_string(&two).unwrap(), "{encoder:?}");
    }
}

#[test]
fn a_weight_of_2_is_the_row_twice() {
    let data = table(120);
    let weights: Vec<f64> = (0..120).map(|i| 1.0 + f64::from(i % 3 == 0)).collect();
    let doubled: Vec<u32> = (0..120).flat_map(|i| std::iter::repeat_n(i, 1 + usize::from(i % 3 == 0))).collect();
    for encoder in all_encoders() {
        let weighted = Samples::all(&data).with_weights(&weights).unwrap();
        let one = fit(&*encoder, &weighted, 1).0.apply(&Samples::all(&data)).unwrap();
        let two = fit(&*encoder, &Samples::rows(&data, &doubled).unwrap(), 1).0.apply(&Samples::all(&data)).unwrap();
        let (Features::Columns(one), Features::Columns(two)) = (one.features(), two.features()) else { panic!() };
        for (a, b) in one.iter().zip(two) {
            assert_eq!(a.name(), b.name());
            if let (Column::Numeric { values: a, .. }, Column::Numeric { values: b, .. }) = (a, b) {
                let near = a.iter().zip(b).all(|(a, b)| (a.is_nan() && b.is_nan()) || (a - b).abs() < 1e-5);
                assert!(near, "{encoder:?}");
            }
        }
    }
}

#[test]
fn columns_are_known_by_name() {
    let data = table(100);
    let Features::Columns(columns) = data.features() else { unreachable!() };
    let with = |columns: Vec<Column>| Dataset::new(Features::Columns(columns)).unwrap();
    let mut other = columns.clone();
    other.reverse();
    other.insert(1, numeric("extra", &[0.0; 100]));
    let fewer = columns[1..].to_vec();
    let mut odd = columns.clone();
    odd[0] = levels("x", &[0; 100], 1);
    for encoder in all_encoders() {
        let (encoding, _) = fit(&*encoder, &Samples::all(&data), 1);
        let plain = bits(&encoding.apply(&Samples::all(&data)).unwrap());
        assert_eq!(bits(&encoding.apply(&Samples::all(&with(other.clone()))).unwrap()), plain, "{encoder:?}");
        let missing = encoding.apply(&Samples::all(&with(fewer.clone()))).unwrap_err().to_string();
        assert!(missing.contains("`x`"), "{missing}");
        let kind = encoding.apply(&Samples::all(&with(odd.clone()))).unwrap_err().to_string();
        assert!(kind.contains("column `x`"), "{kind}");
    }
}

#[test]
fn no_row_s_own_target_enters_its_code() {
    let codes: Vec<u32> = (0..60).map(|i| i % 4).collect();
    let values: Vec<f64> = (0..60).map(|i| f64::from(i * i % 17) + 0.1).collect();
    let data = |values: Vec<f64>| {
        let target = Target::from_values(values, "y").unwrap();
        Dataset::new(Features::Columns(vec![levels("c", &codes, 4)])).unwrap().with_target(target).unwrap()
    };
    // Row 7 is drawn three times: none of its copies may know its target either.
    let rows: Vec<u32> = (0..60).chain([7, 7]).collect();
    let code = |values: Vec<f64>| {
        let data = data(values);
        let rows = Samples::rows(&data, &rows).unwrap();
        let (_, train) = fit(&TargetEncoding::default(), &rows, 1);
        values_of(&train)
    };
    fn values_of(data: &Dataset) -> Vec<f32> {
        crate::values(data, "c: y")
    }
    let plain = code(values.clone());
    for i in [0usize, 7, 33] {
        let mut changed = values.clone();
        changed[i] = 1234.5;
        let changed = code(changed);
        assert_eq!(plain[i].to_bits(), changed[i].to_bits());
        if i == 7 {
            assert_eq!([plain[60], plain[61]], [changed[60], changed[61]]);
        }
        assert_ne!(plain, changed);
    }
}

#[test]
fn a_code_is_the_smoothed_mean_and_several_classes_have_a_column_each() {
    let codes = [0, 0, 1, 1, 1, Column::MISSING];
    let classes = Classes::new(["a", "b", "c"]).unwrap();
    let target = Target::Classes { codes: vec![0, 1, 2, 2, 0, 1], classes };
    let data = Dataset::new(Features::Columns(vec![levels("c", &codes, 3)])).unwrap().with_target(target).unwrap();
    let (encoding, _) = fit(&TargetEncoding { smoothing: 3.0, ..Default::default() }, &Samples::all(&data), 1);
    let new = Dataset::new(Features::Columns(vec![levels("c", &[0, 1, 2, Column::MISSING], 3)])).unwrap();
    let encoded = encoding.apply(&Samples::all(&new)).unwrap();
    // The share of class a is 1/3: (1 + 1) / 5, (1 + 1) / 6, the mean of all for level 2, (0 + 1) / 4.
    for (got, want) in values(&encoded, "c: a").iter().zip([0.4, 1.0 / 3.0, 1.0 / 3.0, 0.25]) {
        assert!((f64::from(*got) - want).abs() < 1e-7, "{got} {want}");
    }
    for i in 0..4 {
        let sum: f32 = ["c: a", "c: b", "c: c"].iter().map(|name| values(&encoded, name)[i]).sum();
        assert!((sum - 1.0).abs() < 1e-6);
    }
}

#[test]
fn rare_unseen_and_missing_levels_go_where_they_are_told() {
    let train = Dataset::new(Features::Columns(vec![levels("c", &[0, 0, 1, 2, Column::MISSING], 4)])).unwrap();
    let new = Dataset::new(Features::Columns(vec![levels("c", &[0, 1, 3, Column::MISSING], 4)])).unwrap();
    let encoded = |encoder: OneHot| {
        let (encoding, _) = fit(&encoder, &Samples::all(&train), 1);
        encoding.apply(&Samples::all(&new)).unwrap()
    };
    let rare = encoded(OneHot { least_count: 2.0, ..OneHot::default() });
    assert_eq!(values(&rare, "c=level 0"), [1.0, 0.0, 0.0, 0.0]);
    assert_eq!(values(&rare, "c is rare"), [0.0, 1.0, 1.0, 0.0]);
    assert_eq!(values(&rare, "c is missing"), [0.0, 0.0, 0.0, 1.0]);
    let zeros = encoded(OneHot { levels: 1, unseen: Unseen::Zeros, ..OneHot::default() });
    assert_eq!(values(&zeros, "c is rare"), [0.0, 1.0, 0.0, 0.0]);
}

#[test]
fn a_dense_block_passes_as_it_is_and_its_holes_are_filled() {
    let block = |values: Vec<f32>| Dataset::new(Features::Dense { values, shape: vec![2, 2] }).unwrap();
    let whole = block((0..1200).map(|i| i as f32).collect());
    let (_, encoded) = fit(&TableEncoder::default(), &Samples::all(&whole), 1);
    assert_eq!(encoded.features(), whole.features());
    let holes = block(vec![1.0, f32::NAN, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
    let (_, encoded) = fit(&TableEncoder::default(), &Samples::all(&holes), 1);
    assert_eq!(encoded.features(), block(vec![1.0, 6.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]).features());
}

#[test]
fn an_encoded_learner_takes_what_its_learner_does_not_and_keeps_its_name() {
    let data = table(400);
    let boost = GradientBoosting { rounds: 20, ..Default::default() };
    let learner = Encoded::new(Arc::new(TableEncoder::default()), Arc::new(boost));
    assert_eq!(learner.name(), "boost");
    let weights: Vec<f64> = (0..400).map(|i| f64::from(i % 3)).collect();
    let weighted = Samples::all(&data).with_weights(&weights).unwrap();
    let present: Vec<u32> = (0..400).filter(|i| i % 3 != 0).collect();
    let only = Samples::rows(&data, &present).unwrap().with_weights(&weights).unwrap();
    let ctx = FitContext { validation: Some(only), ..FitContext::new(Seed::new(2)) };
    let model = learner.fit(&weighted, &ctx).unwrap();
    let same = learner.fit(&only, &ctx).unwrap();
    let rows = Samples::all(&data);
    assert_eq!(model.predict(&rows).unwrap(), same.predict(&rows).unwrap());
    let saved: Box<dyn consort_core::Model> = serde_json::from_str(&serde_json::to_string(&model).unwrap()).unwrap();
    assert_eq!(model.predict(&rows).unwrap(), saved.predict(&rows).unwrap());
}

#[test]
fn a_learner_that_takes_all_needs_no_encoder() {
    let learner = suited(Arc::new(GradientBoosting::default()));
    assert!(!serde_json::to_string(&learner).unwrap().contains("encoder"));
}

#[test]
fn what_is_out_of_range_or_not_there_is_refused() {
    let data = table(20);
    let refused = |encoder: &dyn Encoder| {
        encoder.fit(&Samples::all(&data), &FitContext::new(Seed::new(0))).unwrap_err().to_string()
    };
    assert!(refused(&OneHot { levels: 0, ..Default::default() }).contains("`levels` is 0"));
    assert!(refused(&OneHot { least_share: 2.0, ..Default::default() }).contains("least_share"));
    assert!(refused(&TargetEncoding { folds: 1, ..Default::default() }).contains("`folds` is 1"));
    assert!(refused(&TargetEncoding { smoothing: -1.0, ..Default::default() }).contains("smoothing"));
    assert!(refused(&Impute { fill: Fill::Constant(f32::NAN), ..Default::default() }).contains("fill"));
    assert!(refused(&Scale { columns: Some(vec!["w".into()]), ..Default::default() }).contains("`w`"));
    assert!(refused(&Scale { columns: Some(vec!["few".into()]), ..Default::default() }).contains("categories"));
    let infinite = Dataset::new(Features::Columns(vec![numeric("x", &[1.0, f32::INFINITY])])).unwrap();
    let error = Scale::default().fit(&Samples::all(&infinite), &FitContext::new(Seed::new(0))).unwrap_err();
    assert!(error.to_string().contains("column `x`: row 2"), "{error}");
}
