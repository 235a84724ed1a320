//! One net: epochs, early stops, weights, devices.

use consort_burn::{
    architecture::Mlp,
    ensemble::{DeepEnsemble, Independent, Packing, WeightAveraging},
    loss::Loss,
    net::{ClassWeights, EarlyStop, Net, NetModel},
    optimizer::Optimizer,
    schedule::Schedule,
};
use consort_core::{FitContext, Model, Samples, Seed, Target};

use crate::tables::{accuracy, classes, numbers};

/// A rate that comes to rest.
const CALM: Schedule = Schedule::Cosine { least: 0.0 };

fn mlp() -> Net {
    Net { epochs: 15, batch: 32, learning_rate: 0.01, ..Net::new(Mlp { hidden: vec![32], ..Mlp::default() }) }
}

fn halves(rows: u32) -> (Vec<u32>, Vec<u32>) {
    ((0..rows / 2).collect(), (rows / 2..rows).collect())
}

#[test]
fn a_net_learns_what_a_line_cannot() {
    let data = classes(1200);
    let (train, test) = halves(1200);
    let (train, test) = (Samples::rows(&data, &train).unwrap(), Samples::rows(&data, &test).unwrap());
    let fit = |net: &Net| net.train(&train, &FitContext::new(Seed::new(1))).unwrap();
    let curved = accuracy(&test, &fit(&mlp()).predict(&test).unwrap());
    let straight = accuracy(
        &test,
        &fit(&Net { architecture: std::sync::Arc::new(Mlp { hidden: vec![], ..Mlp::default() }), ..mlp() })
            .predict(&test)
            .unwrap(),
    );
    assert!(curved > 0.8 && curved > straight + 0.05, "{curved} and {straight}");
}

#[test]
fn every_optimizer_lowers_the_loss() {
    let data = classes(400);
    let all = Samples::all(&data);
    for (optimizer, rate) in [
        (Optimizer::Adam { weight_decay: 1e-3 }, 0.01),
        (Optimizer::AdamW { weight_decay: 1e-2 }, 0.01),
        (Optimizer::Sgd { momentum: 0.9, weight_decay: 1e-4 }, 0.02),
        (Optimizer::Sgd { momentum: 0.0, weight_decay: 0.0 }, 0.2),
    ] {
        let net = Net { optimizer, learning_rate: rate, clip: Some(1.0), warm_up: 1.0, ..mlp() };
        let model = net.train(&all, &FitContext::new(Seed::new(1))).unwrap();
        let losses: Vec<f64> = model.history().epochs.iter().map(|epoch| epoch.loss).collect();
        assert!(losses[14] < 0.75 * losses[0], "{optimizer:?}: {losses:?}");
    }
}

#[test]
fn the_rate_follows_warm_up_and_schedule() {
    let data = numbers(64);
    let net = Net { epochs: 4, batch: 16, warm_up: 1.0, schedule: Schedule::Step { steps: 2, factor: 0.1 }, ..mlp() };
    let model = net.train(&Samples::all(&data), &FitContext::new(Seed::new(1))).unwrap();
    let rates: Vec<f64> = model.history().epochs.iter().map(|epoch| epoch.rate / 0.01).collect();
    // Four steps an epoch: the last of the first one has 4/5 of the rate; the second half has a tenth.
    let expected = [0.8, 1.0, 0.1, 0.1];
    assert!(rates.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{rates:?}");
}

#[test]
fn the_best_epoch_is_kept_and_training_stops_early() {
    let data = numbers(120);
    let (train, valid) = halves(120);
    let (train, valid) = (Samples::rows(&data, &train).unwrap(), Samples::rows(&data, &valid).unwrap());
    let net = Net {
        epochs: 200,
        learning_rate: 0.03,
        early_stop: Some(EarlyStop { epochs: 5, ..EarlyStop::default() }),
        ..mlp()
    };
    let ctx = FitContext { validation: Some(valid), ..FitContext::new(Seed::new(1)) };
    let model = net.train(&train, &ctx).unwrap();
    let history = model.history();
    let best = history.best_epoch.unwrap();
    assert_eq!(history.epochs.len(), best + 5, "{:?}", history.stopped);
    assert!(history.epochs.len() < 200 && history.stopped.is_some());
    assert_eq!(history.score.as_deref(), Some("rmse"));
    let losses: Vec<f64> = history.epochs.iter().map(|epoch| epoch.validation_loss.unwrap()).collect();
    assert!(losses.iter().all(|&loss| loss >= losses[best - 1]));
    // The model is that of the best epoch: its error is the score that was written down.
    let predicted = model.predict(&valid).unwrap();
    let Some(Target::Values { values, .. }) = data.target() else { unreachable!() };
    let squares = (0..valid.len()).map(|i| (f64::from(predicted.at(i, 0)) - values[valid.row(i)]).powi(2));
    let rmse = (squares.sum::<f64>() / valid.len() as f64).sqrt();
    assert!((rmse - history.epochs[best - 1].validation_score.unwrap()).abs() < 1e-4 * rmse);
    let alone = net.train(&train, &FitContext::new(Seed::new(1))).unwrap_err().to_string();
    assert!(alone.contains("validation rows"), "{alone}");
}

#[test]
fn a_loss_that_is_not_finite_stops_training_and_is_said() {
    let data = numbers(64);
    let all = Samples::all(&data);
    let wild = Net { learning_rate: 1e30, optimizer: Optimizer::Sgd { momentum: 0.0, weight_decay: 0.0 }, ..mlp() };
    let error = wild.train(&all, &FitContext::new(Seed::new(1))).unwrap_err().to_string();
    assert!(error.contains("not finite in epoch 1") && error.contains("learning rate"), "{error}");
    // An epoch of a single step, whose loss is that before it: the step alone spoils the weights.
    let at_once = Net { batch: 64, ..wild };
    let error = at_once.train(&all, &FitContext::new(Seed::new(1))).unwrap_err().to_string();
    assert!(error.contains("not finite in epoch 1"), "{error}");
}

#[test]
fn the_last_good_weights_are_kept_where_a_loss_gets_out_of_hand() {
    let data = numbers(64);
    let all = Samples::all(&data);
    // The rate rises over many epochs until a step is too great; each epoch is one step.
    let rising = Net {
        learning_rate: 1e12,
        batch: 64,
        warm_up: 1e12,
        epochs: 40,
        optimizer: Optimizer::Sgd { momentum: 0.0, weight_decay: 0.0 },
        ..mlp()
    };
    let wild = Schedule::Step { steps: 2, factor: 1.0 };
    let late = Net { schedule: wild, warm_up: 20.0, learning_rate: 2e3, ..rising };
    for packing in [Packing::Apart, Packing::Packed] {
        let nets = Independent { nets: vec![late.clone()], members: 2, packing };
        let fitted = nets.train(&all, &FitContext::new(Seed::new(1))).unwrap();
        let net = &fitted.nets()[0];
        let history = net.history();
        let stopped = history.stopped.clone().unwrap();
        let kept = history.epochs.len();
        assert!(stopped.contains(&format!("the weights of epoch {kept} were kept")), "{kept}: {stopped}");
        let predicted = net.predict(&all).unwrap();
        assert!(predicted.values().iter().all(|x| x.is_finite()));
    }
}

#[test]
fn averaging_that_gets_out_of_hand_leaves_the_usual_net() {
    let data = numbers(64);
    let all = Samples::all(&data);
    let net = Net { epochs: 5, ..mlp() };
    let swa = WeightAveraging { net: net.clone(), epochs: 3, rate: 1e30 };
    let fitted = swa.train(&all, &FitContext::new(Seed::new(1))).unwrap();
    let alone = net.train(&all, &FitContext::new(Seed::new(1))).unwrap();
    assert_eq!(fitted.nets()[0].weights().unwrap(), alone.weights().unwrap());
    let stopped = fitted.nets()[0].history().stopped.clone().unwrap();
    assert!(stopped.contains("the weights before were kept"), "{stopped}");
}

#[test]
fn class_weights_move_the_balance() {
    let data = classes(600);
    let all = Samples::all(&data);
    let share = |class_weights: ClassWeights| {
        let net = Net { class_weights, epochs: 8, ..mlp() };
        let predicted = net.train(&all, &FitContext::new(Seed::new(1))).unwrap().predict(&all).unwrap();
        (0..600).map(|i| f64::from(predicted.at(i, 2))).sum::<f64>() / 600.0
    };
    let given =
        |high: f64| ClassWeights::Given(vec![("low".into(), 1.0), ("middle".into(), 1.0), ("high".into(), high)]);
    assert!(share(given(5.0)) > share(ClassWeights::Equal) + 0.05);
    let error = Net { class_weights: ClassWeights::Given(vec![("low".into(), 1.0)]), ..mlp() }
        .train(&all, &FitContext::new(Seed::new(1)))
        .unwrap_err()
        .to_string();
    assert!(error.contains("middle"), "{error}");
}

#[test]
fn quantiles_and_variances_are_those_of_the_noise() {
    let data = numbers(2000);
    let all = Samples::all(&data);
    let ctx = FitContext::new(Seed::new(1));
    let Some(Target::Values { values, .. }) = data.target() else { unreachable!() };
    let high = Net { loss: Some(Loss::Quantile { level: 0.9 }), epochs: 40, schedule: CALM, ..mlp() }
        .train(&all, &ctx)
        .unwrap();
    let predicted = high.predict(&all).unwrap();
    let below = (0..2000).filter(|&i| values[i] <= f64::from(predicted.at(i, 0))).count() as f64 / 2000.0;
    assert!((below - 0.9).abs() < 0.03, "{below}");
    let normal = Net { loss: Some(Loss::Gaussian), epochs: 60, schedule: CALM, ..mlp() }.train(&all, &ctx).unwrap();
    let (mean, variance) = (normal.predict(&all).unwrap(), normal.variances(&all).unwrap());
    let scaled: f64 =
        (0..2000).map(|i| (values[i] - f64::from(mean.at(i, 0))).powi(2) / f64::from(variance.at(i, 0))).sum::<f64>()
            / 2000.0;
    assert!((scaled - 1.0).abs() < 0.1, "{scaled}");
    assert!(high.variances(&all).is_err());
}

#[test]
fn a_saved_model_of_other_weights_is_refused_with_their_names() {
    let data = numbers(64);
    let all = Samples::all(&data);
    let model = Net { epochs: 1, ..mlp() }.train(&all, &FitContext::new(Seed::new(1))).unwrap();
    let text = serde_json::to_string(&model).unwrap();
    let again: NetModel = serde_json::from_str(&text).unwrap();
    assert_eq!(again.predict(&all).unwrap(), model.predict(&all).unwrap());
    let other = text.replace("\"hidden\":[32]", "\"hidden\":[32,8]");
    assert_ne!(other, text);
    let error = serde_json::from_str::<NetModel>(&other).unwrap_err().to_string();
    assert!(error.contains("layers.2.weight` is missing") && error.contains("layers.1.weight"), "{error}");
}

#[test]
fn images_of_another_size_are_refused() {
    use consort_core::{Dataset, Features};
    let block = |side: usize| {
        let values = (0..6 * side * side).map(|i| (i % 7) as f32).collect();
        let target = Target::from_values((0..6).map(f64::from).collect(), "y").unwrap();
        Dataset::new(Features::Dense { values, shape: vec![1, side, side] }).unwrap().with_target(target).unwrap()
    };
    let net = Net { epochs: 1, batch: 4, ..Net::new(consort_burn::architecture::LeNet5::default()) };
    let data = block(16);
    let model = net.train(&Samples::all(&data), &FitContext::new(Seed::new(1))).unwrap();
    let error = model.predict(&Samples::all(&block(20))).unwrap_err().to_string();
    assert!(error.contains("[1, 20, 20]") && error.contains("[1, 16, 16]"), "{error}");
    let small = block(8);
    assert!(net.train(&Samples::all(&small), &FitContext::new(Seed::new(1))).is_err());
}

#[test]
fn sixteen_bits_learn_about_as_well_as_thirty_two() {
    use consort_burn::{architecture::TabularResNet, network::Precision};
    let data = classes(600);
    let all = Samples::all(&data);
    let resnet = TabularResNet { blocks: 1, width: 16, hidden: 16, dropout: 0.1 };
    let net = Net { epochs: 10, batch: 64, learning_rate: 0.01, ..Net::new(resnet) };
    let fit = |precision| {
        let model = Net { precision, ..net.clone() }.train(&all, &FitContext::new(Seed::new(2))).unwrap();
        (accuracy(&all, &model.predict(&all).unwrap()), model.weights().unwrap())
    };
    let (full, weights) = fit(Precision::Full);
    for precision in [Precision::Bf16, Precision::F16] {
        let (narrow, other) = fit(precision);
        assert!(full > 0.75 && narrow > full - 0.04, "{precision:?}: {narrow} and {full}");
        assert_ne!(other, weights, "{precision:?} rounds");
        // Norms learn too.
        assert_ne!(other.layer("norm.running_mean").unwrap().values, vec![0.0; 16]);
    }
}
