//! What every learner of the crate keeps to.

use consort_core::{Classes, Column, Dataset, Features, FitContext, Learner, Model, Samples, Seed, Stream, Target};
use consort_linfa::*;

use crate::table::{context, fitted};

fn classifiers() -> Vec<Box<dyn Learner>> {
    vec![
        Box::new(LogisticRegression { tolerance: 1e-9, ..Default::default() }),
        Box::new(GaussianNb::default()),
        Box::new(KNearest::default()),
        Box::new(LinearDiscriminant::default().shrinkage(0.01)),
        Box::new(QuadraticDiscriminant::default()),
        Box::new(MultinomialNb::default()),
        Box::new(BernoulliNb::default().threshold(4.0)),
        Box::new(SupportVector { tolerance: 1e-8, ..Default::default() }),
    ]
}

fn regressors() -> Vec<Box<dyn Learner>> {
    vec![
        Box::new(LinearRegression::default()),
        Box::new(Ridge::default()),
        Box::new(Ridge::default().alphas([0.1, 1.0, 10.0])),
        Box::new(KNearest::default()),
        Box::new(Lasso { alpha: 0.1, tolerance: 1e-12, ..Default::default() }),
        Box::new(ElasticNet { alpha: 0.1, tolerance: 1e-12, ..Default::default() }),
        Box::new(Glm { alpha: 0.1, tolerance: 1e-9, ..Default::default() }),
        Box::new(Glm { power: 2.0, alpha: 0.1, tolerance: 1e-9, ..Default::default() }),
        Box::new(Pls::default()),
        Box::new(SupportVector { tolerance: 1e-8, ..Default::default() }),
    ]
}

#[test]
fn a_machine_of_a_standardised_target_knows_no_units() {
    let data = drawn(60, 2, false, &mut Seed::new(3).stream());
    let Some(Target::Values { values, .. }) = data.target() else { unreachable!() };
    let fit = |unit: f64, shift: f64| {
        let target = Target::from_values(values.iter().map(|y| unit * y + shift).collect(), "y").unwrap();
        let data = data.clone().with_target(target).unwrap();
        let learner = SupportVector { standardise_target: true, tolerance: 1e-8, ..Default::default() };
        let said = learner.fit(&Samples::all(&data), &context()).unwrap().predict(&Samples::all(&data)).unwrap();
        said.values().iter().map(|&x| (f64::from(x) - shift) / unit).collect::<Vec<f64>>()
    };
    let plain = fit(1.0, 0.0);
    for (unit, shift) in [(1e5, 0.0), (1e-3, 0.0), (1.0, 100.0), (1e-30, 0.0), (1e30, 0.0)] {
        let far = fit(unit, shift).iter().zip(&plain).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(far < 1e-3, "in units of {unit}, from {shift}: {far}");
    }
}

fn all() -> Vec<(Box<dyn Learner>, bool)> {
    classifiers().into_iter().map(|l| (l, true)).chain(regressors().into_iter().map(|l| (l, false))).collect()
}

/// Counts, so that they are legal for every model, one feature of which is constant; three classes or a value.
fn drawn(rows: usize, width: usize, is_class: bool, stream: &mut Stream) -> Dataset {
    let columns: Vec<Vec<f32>> =
        (0..width).map(|_| (0..rows).map(|_| (stream.unit() * 64.0).floor() as f32 / 8.0).collect()).collect();
    let score = |i: usize| columns.iter().enumerate().map(|(j, c)| f64::from(c[i]) / (j + 1) as f64).sum::<f64>();
    let target = if is_class {
        let codes = (0..rows).map(|i| ((score(i) * 1.3 + 2.0 * stream.unit()) as u32) % 3).collect();
        Target::Classes { codes, classes: Classes::new(["a", "b", "c"]).unwrap() }
    } else {
        Target::from_values((0..rows).map(|i| score(i) + stream.unit() + 0.1).collect(), "y").unwrap()
    };
    let mut features: Vec<Column> =
        columns.into_iter().enumerate().map(|(j, values)| Column::Numeric { name: format!("x{j}"), values }).collect();
    features.push(Column::Numeric { name: "constant".into(), values: vec![0.1; rows] });
    Dataset::new(Features::Columns(features)).unwrap().with_target(target).unwrap()
}

fn near(a: &consort_core::Matrix, b: &consort_core::Matrix, what: &str) {
    for (i, (a, b)) in a.values().iter().zip(b.values()).enumerate() {
        assert!((a - b).abs() <= 1e-4 * b.abs().max(1.0), "{what}: number {i}: {a} {b}");
    }
}

#[test]
fn a_weight_counts_copies_and_a_row_of_weight_zero_is_not_read() {
    let mut stream = Seed::new(5).stream();
    for (learner, is_class) in all().into_iter().filter(|(learner, _)| learner.takes().weights) {
        let mut data = drawn(120, 3, is_class, &mut stream);
        let weights: Vec<f64> = (0..120).map(|_| stream.below(4) as f64).collect();
        let copies: Vec<u32> = (0..120u32).flat_map(|i| vec![i; weights[i as usize] as usize]).collect();
        let drawn = Samples::rows(&data, &copies).unwrap();
        let by_copies = learner.fit(&drawn, &context()).unwrap();
        let wanted = by_copies.predict(&Samples::all(&data)).unwrap();
        let clean = data.clone();
        // What is not there may be anything.
        let absent = weights.iter().position(|&w| w == 0.0).unwrap();
        if let Features::Columns(mut columns) = data.features().clone() {
            if let Column::Numeric { values, .. } = &mut columns[0] {
                values[absent] = f32::NAN;
            }
            let target = data.target().unwrap().clone();
            data = Dataset::new(Features::Columns(columns)).unwrap().with_target(target).unwrap();
        }
        let weighted = Samples::all(&data).with_weights(&weights).unwrap();
        let by_weights = learner.fit(&weighted, &context()).unwrap();
        near(&by_weights.predict(&Samples::all(&clean)).unwrap(), &wanted, &learner.name());
    }
}

#[test]
fn one_thread_and_two_give_the_same_bits() {
    let mut stream = Seed::new(7).stream();
    for (learner, is_class) in all() {
        let data = drawn(900, 4, is_class, &mut stream);
        let samples = Samples::all(&data);
        let run = |threads: usize| {
            let ctx = FitContext { threads, ..context() };
            let model = learner.fit(&samples, &ctx).unwrap();
            (serde_json::to_string(&model).unwrap(), model.predict(&samples).unwrap())
        };
        assert_eq!(run(1), run(2), "{}", learner.name());
    }
}

#[test]
fn long_tables_give_the_same_bits_at_any_number_of_threads() {
    let mut stream = Seed::new(8).stream();
    let fast: Vec<(Box<dyn Learner>, bool)> = vec![
        (Box::new(LinearRegression::default()), false),
        (Box::new(Ridge::default().alphas([0.1, 1.0])), false),
        (Box::new(LogisticRegression::default()), true),
        (Box::new(GaussianNb::default()), true),
    ];
    for (learner, is_class) in fast {
        let data = drawn(20_000, 3, is_class, &mut stream);
        let run = |threads: usize| {
            let model = learner.fit(&Samples::all(&data), &FitContext { threads, ..context() }).unwrap();
            serde_json::to_string(&model).unwrap()
        };
        assert_eq!(run(1), run(3), "{}", learner.name());
    }
}

#[test]
fn a_saved_model_and_a_saved_learner_predict_the_same_bits() {
    let mut stream = Seed::new(9).stream();
    for (learner, is_class) in all() {
        let data = drawn(80, 3, is_class, &mut stream);
        let samples = Samples::all(&data);
        let model = learner.fit(&samples, &context()).unwrap();
        let loaded: Box<dyn Model> = serde_json::from_str(&serde_json::to_string(&model).unwrap()).unwrap();
        assert_eq!(loaded.predict(&samples).unwrap(), model.predict(&samples).unwrap());
        let again: Box<dyn Learner> = serde_json::from_str(&serde_json::to_string(&learner).unwrap()).unwrap();
        assert_eq!(fitted(&*again, &samples), model.predict(&samples).unwrap());
    }
}

#[test]
fn absent_classes_lone_classes_constant_features_and_few_rows_are_defined() {
    let mut stream = Seed::new(10).stream();
    for learner in classifiers() {
        let name = learner.name();
        let data = drawn(60, 3, true, &mut stream);
        let Target::Classes { codes, .. } = data.target().unwrap() else { panic!() };
        let without = |gone: &[u32]| -> Vec<u32> { (0..60).filter(|&i| !gone.contains(&codes[i as usize])).collect() };
        for gone in [&[1u32][..], &[0, 2]] {
            let rows = without(gone);
            let model = learner.fit(&Samples::rows(&data, &rows).unwrap(), &context()).unwrap();
            let predicted = model.predict(&Samples::all(&data)).unwrap();
            for i in 0..60 {
                assert!(gone.iter().all(|&k| predicted.at(i, k as usize) == 0.0), "{name}: {:?}", predicted.row(i));
                assert!((predicted.row(i).iter().sum::<f32>() - 1.0).abs() < 1e-5, "{name}: {:?}", predicted.row(i));
            }
        }
    }
    for (learner, is_class) in all() {
        for (rows, width) in [(1, 1), (2, 4), (6, 40)] {
            let data = drawn(rows, width, is_class, &mut stream);
            let predicted = fitted(&*learner, &Samples::all(&data));
            assert!(predicted.values().iter().all(|x| x.is_finite()), "{} {rows} × {width}", learner.name());
        }
        let constant = drawn(30, 0, is_class, &mut stream);
        let predicted = fitted(&*learner, &Samples::all(&constant));
        assert!(predicted.values().iter().all(|x| x.is_finite()), "{} on constants", learner.name());
    }
}

#[test]
fn what_is_not_a_number_is_refused_with_its_row_and_column() {
    for (learner, is_class) in all() {
        let good = drawn(40, 2, is_class, &mut Seed::new(11).stream());
        let with = |change: &dyn Fn(&mut Vec<Column>)| {
            let Features::Columns(mut columns) = good.features().clone() else { panic!() };
            change(&mut columns);
            Dataset::new(Features::Columns(columns)).unwrap().with_target(good.target().unwrap().clone()).unwrap()
        };
        let put = |x: f32| {
            with(&|columns| {
                if let Column::Numeric { values, .. } = &mut columns[1] {
                    values[16] = x;
                }
            })
        };
        let category = with(&|columns| {
            columns[1] = Column::Categorical { name: "x1".into(), codes: vec![0; 40], levels: vec!["l".into()] };
        });
        let model = learner.fit(&Samples::all(&good), &context()).unwrap();
        for (bad, words) in [
            (put(f32::NAN), vec!["missing", "row 17", "`x1`"]),
            (put(f32::INFINITY), vec!["row 17", "`x1`", "inf"]),
            (category, vec!["categories", "`x1`"]),
        ] {
            let errors = [
                learner.fit(&Samples::all(&bad), &context()).unwrap_err(),
                model.predict(&Samples::all(&bad)).unwrap_err(),
            ];
            for error in errors {
                assert!(words.iter().all(|word| error.to_string().contains(word)), "{}: {error}", learner.name());
            }
        }
        let lacking = with(&|columns| drop(columns.remove(0)));
        assert!(model.predict(&Samples::all(&lacking)).unwrap_err().to_string().contains("`x0`"));
        let swapped = with(&|columns| columns.reverse());
        assert_eq!(model.predict(&Samples::all(&swapped)).unwrap(), model.predict(&Samples::all(&good)).unwrap());
    }
}

#[test]
fn the_other_kind_of_target_is_refused_and_so_is_no_row() {
    let mut stream = Seed::new(12).stream();
    for (learner, is_class) in all() {
        if !["knn", "svm"].contains(&learner.name().as_str()) {
            let data = drawn(20, 2, !is_class, &mut stream);
            assert!(learner.fit(&Samples::all(&data), &context()).is_err(), "{}", learner.name());
        }
        let data = drawn(20, 2, is_class, &mut stream);
        assert!(learner.fit(&Samples::rows(&data, &[]).unwrap(), &context()).is_err());
        let cancel = consort_core::Cancel::default();
        cancel.cancel();
        let ctx = FitContext { cancel: Some(&cancel), ..context() };
        let refused = learner.fit(&Samples::all(&data), &ctx);
        assert!(matches!(refused, Err(consort_core::Error::Cancelled)), "{}", learner.name());
    }
}

#[test]
fn the_dummy_predicts_shares_means_and_medians() {
    let y = Target::from_values(vec![1.0, 9.0, 2.0, 100.0], "y").unwrap();
    let column = Column::Numeric { name: "x".into(), values: vec![f32::NAN; 4] };
    let data = Dataset::new(Features::Columns(vec![column])).unwrap().with_target(y).unwrap();
    let weights = [1.0, 1.0, 2.0, 0.0];
    let samples = Samples::all(&data).with_weights(&weights).unwrap();
    assert_eq!(fitted(&Dummy::default(), &samples).values(), [3.5; 4]);
    assert_eq!(fitted(&Dummy::default().middle(Middle::Median), &samples).values(), [2.0; 4]);
    let even = Samples::rows(&data, &[0, 1]).unwrap();
    assert_eq!(fitted(&Dummy::default().middle(Middle::Median), &even).at(0, 0), 5.0);
    let classes = Classes::new(["a", "b", "c"]).unwrap();
    let target = Target::Classes { codes: vec![0, 0, 2, 1], classes };
    let data = Dataset::new(data.features().clone()).unwrap().with_target(target).unwrap();
    let samples = Samples::all(&data).with_weights(&weights).unwrap();
    assert_eq!(fitted(&Dummy::default(), &samples).row(0), [0.5, 0.0, 0.5]);
}

#[test]
fn collinear_features_share_their_coefficient_in_least_squares() {
    let x: Vec<f32> = (0..50).map(|i| (i * 7 % 11) as f32).collect();
    let column = |name: &str, f: f32| Column::Numeric { name: name.into(), values: x.iter().map(|x| x * f).collect() };
    let y = Target::from_values(x.iter().map(|&x| 3.0 + 2.0 * f64::from(x)).collect(), "y").unwrap();
    let features = Features::Columns(vec![column("a", 1.0), column("b", 4.0)]);
    let data = Dataset::new(features).unwrap().with_target(y).unwrap();
    let model = LinearRegression::default().regress(&Samples::all(&data), &context()).unwrap();
    // Equal shares per standard deviation: 1 · a and ¼ · b.
    assert!((model.coefficients(0)[0] - 1.0).abs() < 1e-10, "{model:?}");
    assert!((model.coefficients(0)[1] - 0.25).abs() < 1e-10, "{model:?}");
    assert!((model.intercepts()[0] - 3.0).abs() < 1e-10);
}

#[test]
fn least_squares_is_right_where_the_normal_equations_are_not() {
    // Two features that differ in one part in a million.
    let rows = 5000;
    let mut stream = Seed::new(13).stream();
    let a: Vec<f32> = (0..rows).map(|_| stream.unit() as f32).collect();
    let b: Vec<f32> = a.iter().map(|&x| x + if stream.unit() < 0.5 { 1e-6 } else { 0.0 }).collect();
    let y = a.iter().zip(&b).map(|(&a, &b)| 5.0 * f64::from(a) - 4.0 * f64::from(b)).collect();
    let features =
        vec![Column::Numeric { name: "a".into(), values: a }, Column::Numeric { name: "b".into(), values: b }];
    let data = Dataset::new(Features::Columns(features)).unwrap();
    let data = data.with_target(Target::from_values(y, "y").unwrap()).unwrap();
    let model = LinearRegression::default().regress(&Samples::all(&data), &context()).unwrap();
    assert!((model.coefficients(0)[0] - 5.0).abs() < 1e-7, "{model:?}");
}

#[test]
fn ridge_by_leave_one_out_is_the_best_of_fits_without_each_row() {
    let data = drawn(25, 4, false, &mut Seed::new(14).stream());
    let alphas = [0.01, 3.0, 30.0, 300.0];
    let Target::Values { values, .. } = data.target().unwrap() else { panic!() };
    let plain = alphas.map(|alpha| {
        (0..25u32)
            .map(|out| {
                let rows: Vec<u32> = (0..25).filter(|&i| i != out).collect();
                let model = Ridge::default().alpha(alpha).regress(&Samples::rows(&data, &rows).unwrap(), &context());
                let predicted = model.unwrap().predict(&Samples::rows(&data, &[out]).unwrap()).unwrap();
                (f64::from(predicted.at(0, 0)) - values[out as usize]).powi(2)
            })
            .sum::<f64>()
    });
    let best = (0..4).min_by(|&a, &b| plain[a].total_cmp(&plain[b])).unwrap();
    let model = Ridge::default().alphas(alphas).regress(&Samples::all(&data), &context()).unwrap();
    assert_eq!(model.penalty(), Some(alphas[best]), "{plain:?}");
}

#[test]
fn ridge_of_more_features_than_rows_is_ridge() {
    let wide = drawn(12, 30, false, &mut Seed::new(15).stream());
    let by_rows = Ridge::default().alpha(0.5).regress(&Samples::all(&wide), &context()).unwrap();
    // Each row twice and the penalty doubled: the same problem, solved by the features.
    let copies: Vec<u32> = (0..12).flat_map(|i| [i, i, i, i]).collect();
    let tall = Samples::rows(&wide, &copies).unwrap();
    let by_features = Ridge::default().alpha(2.0).regress(&tall, &context()).unwrap();
    for (a, b) in by_rows.coefficients(0).iter().zip(by_features.coefficients(0)) {
        assert!((a - b).abs() < 1e-10, "{a} {b}");
    }
}

#[test]
fn gaussian_naive_bayes_does_not_underflow_with_two_thousand_features() {
    let (rows, width) = (40, 2000);
    let mut stream = Seed::new(16).stream();
    let values = (0..rows * width).map(|e| stream.normal() as f32 + (e / width % 2) as f32 * 0.1).collect();
    let codes = (0..rows as u32).map(|i| i % 2).collect();
    let target = Target::Classes { codes, classes: Classes::new(["a", "b"]).unwrap() };
    let data = Dataset::new(Features::Dense { values, shape: vec![width] }).unwrap().with_target(target).unwrap();
    let predicted = fitted(&GaussianNb::default(), &Samples::all(&data));
    for i in 0..rows {
        assert!((predicted.row(i).iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert_eq!(predicted.argmax(i), Some(i % 2));
    }
}

#[test]
fn damaged_models_give_errors() {
    let mut stream = Seed::new(17).stream();
    for (learner, is_class) in all() {
        let data = drawn(30, 2, is_class, &mut stream);
        let model = learner.fit(&Samples::all(&data), &context()).unwrap();
        let saved: serde_json::Value = serde_json::to_value(&model).unwrap();
        // Every list is cut by one, one after another.
        let mut paths = Vec::new();
        lists(&saved, String::new(), &mut paths);
        for path in paths {
            let mut damaged = saved.clone();
            damaged.pointer_mut(&path).unwrap().as_array_mut().unwrap().pop();
            if let Ok(model) = serde_json::from_value::<Box<dyn Model>>(damaged) {
                assert!(model.predict(&Samples::all(&data)).is_err(), "{} without the end of {path}", learner.name());
            }
        }
    }
}

fn lists(value: &serde_json::Value, path: String, found: &mut Vec<String>) {
    match value {
        serde_json::Value::Array(items) if !items.is_empty() => found.push(path),
        serde_json::Value::Object(fields) => {
            fields.iter().for_each(|(key, value)| lists(value, format!("{path}/{key}"), found));
        }
        _ => {}
    }
}

#[test]
fn weights_too_great_to_be_summed_are_refused() {
    let mut stream = Seed::new(8).stream();
    for (learner, is_class) in all() {
        let data = drawn(40, 2, is_class, &mut stream).with_weights(vec![1e308; 40]).unwrap();
        if learner.takes().weights {
            let refused = learner.fit(&Samples::all(&data), &context()).unwrap_err().to_string();
            assert!(refused.contains("1e30"), "{}: {refused}", learner.name());
        }
    }
}
