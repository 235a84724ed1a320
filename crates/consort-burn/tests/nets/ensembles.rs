//! What each ensemble is by definition.

use consort_burn::{
    architecture::{Mlp, RankOneMlp, TabularResNet},
    ensemble::{
        Adversarial, Bagging, BatchEnsemble, Boosting, Combine, DeepEnsemble, FastGeometric, Independent, McDropout,
        NegativeCorrelation, NetEnsemble, Packing, Recipe, Snapshot, SoftBoosting, Soup, WeightAveraging,
    },
    loss::Loss,
    net::{Net, NetModel},
    optimizer::Optimizer,
};
use consort_core::{Classes, Column, Dataset, Features, FitContext, Gives, Matrix, Model, Samples, Seed, Target};

use crate::tables::{accuracy, classes, numbers};

/// The mean of −log p of the truth.
fn log_loss(rows: &Samples<'_>, predicted: &Matrix) -> f64 {
    let Some(Target::Classes { codes, .. }) = rows.dataset().target() else { unreachable!() };
    let of = |i: usize| -f64::from(predicted.at(i, codes[rows.row(i)] as usize)).max(1e-12).ln();
    (0..rows.len()).map(of).sum::<f64>() / rows.len() as f64
}

fn mlp() -> Net {
    Net { epochs: 6, batch: 32, learning_rate: 0.01, ..Net::new(Mlp { hidden: vec![16, 8], ..Mlp::default() }) }
}

fn ctx() -> FitContext<'static> {
    FitContext { threads: 2, ..FitContext::new(Seed::new(5)) }
}

#[test]
fn packed_nets_are_those_trained_apart() {
    let data = classes(330);
    let all = Samples::all(&data);
    let weights: Vec<f64> = (0..330).map(|i| 1.0 + f64::from(i % 3)).collect();
    let weighed = all.with_weights(&weights).unwrap();
    let dropping =
        Net { architecture: std::sync::Arc::new(Mlp { hidden: vec![16, 8], dropout: 0.2, ..Mlp::default() }), ..mlp() };
    for (net, rows) in [(mlp(), all), (dropping, weighed)] {
        let of = |packing| {
            let ensemble = Independent { nets: vec![net.clone()], members: 4, packing };
            ensemble.train(&rows, &FitContext { validation: Some(all), ..ctx() }).unwrap()
        };
        let (packed, apart) = (of(Packing::Packed), of(Packing::Apart));
        assert!(packed.how().contains("packed") && apart.how().contains("apart"));
        for (a, b) in packed.nets().iter().zip(apart.nets()) {
            let (a, b) = (a.weights().unwrap(), b.weights().unwrap());
            for layer in a.layers() {
                let other = b.layer(&layer.name).unwrap();
                let far = layer.values.iter().zip(&other.values).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max);
                assert!(far < 2e-3, "{}: {far}", layer.name);
            }
        }
        let (a, b) = (packed.predict(&all).unwrap(), apart.predict(&all).unwrap());
        let far = a.values().iter().zip(b.values()).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max);
        assert!(far < 2e-3, "{far}");
        let (a, b) = (packed.nets()[1].history(), apart.nets()[1].history());
        assert!(a.epochs.iter().zip(&b.epochs).all(|(a, b)| (a.loss - b.loss).abs() < 1e-3));
        assert!((a.epochs[0].validation_loss.unwrap() - b.epochs[0].validation_loss.unwrap()).abs() < 1e-3);
    }
}

#[test]
fn what_cannot_be_packed_says_why() {
    let data = numbers(40);
    let net = Net { clip: Some(1.0), ..mlp() };
    let packed = Independent { nets: vec![net], members: 2, packing: Packing::Packed };
    let error = packed.train(&Samples::all(&data), &ctx()).unwrap_err().to_string();
    assert!(error.contains("clipped gradients"), "{error}");
}

#[test]
fn members_and_their_predictions_make_the_ensemble() {
    let data = classes(300);
    let all = Samples::all(&data);
    let resnet = Net::new(TabularResNet { blocks: 1, width: 8, hidden: 8, dropout: 0.0 });
    let mixed =
        Independent { nets: vec![mlp(), Net { epochs: 3, batch: 32, ..resnet }], members: 3, packing: Packing::Auto };
    let fitted = mixed.train(&all, &ctx()).unwrap();
    let predictions = fitted.predictions(&all).unwrap();
    assert_eq!(predictions.members()[2].name, "net-3");
    assert_eq!(predictions.members()[0].gives, Gives::Probabilities);
    let fused = fitted.predict(&all).unwrap();
    for i in 0..300 {
        let mean = (0..3).map(|m| f64::from(predictions.at(m, i, 1))).sum::<f64>() / 3.0;
        assert!((mean - f64::from(fused.at(i, 1))).abs() < 1e-6);
    }
    let names: Vec<&str> = fitted.nets()[1]
        .weights()
        .unwrap()
        .layers()
        .iter()
        .map(|layer| layer.name.clone())
        .map(|n| if n.starts_with("stem") { "stem" } else { "" })
        .collect();
    assert!(names.contains(&"stem"), "the second member is of the second kind");
}

#[test]
fn snapshots_are_the_weights_at_the_end_of_each_cycle() {
    let data = classes(200);
    let all = Samples::all(&data);
    let fitted = Snapshot { net: Net { batch: 50, ..mlp() }, members: 3 }.train(&all, &ctx()).unwrap();
    assert_eq!(fitted.len(), 3);
    let rates: Vec<f64> = fitted.nets()[0].history().epochs.iter().map(|epoch| epoch.rate / 0.01).collect();
    // Four steps an epoch, two epochs a cycle: the last step of a cycle is the eighth of eight.
    let cosine = |t: f64| 0.5 * ((std::f64::consts::PI * t).cos() + 1.0);
    for (i, rate) in rates.iter().enumerate() {
        let expected = cosine(if i % 2 == 0 { 3.0 / 8.0 } else { 7.0 / 8.0 });
        assert!((rate - expected).abs() < 1e-9, "{rates:?}");
    }
    let weights: Vec<_> = fitted.nets().iter().map(|net| net.weights().unwrap()).collect();
    assert!(weights[0] != weights[1] && weights[1] != weights[2]);
    let odd = Snapshot { net: Net { epochs: 7, ..mlp() }, members: 3 }.train(&all, &ctx()).unwrap_err().to_string();
    assert!(odd.contains("multiple of the 3 members"), "{odd}");
}

/// The values of one layer.
fn values(model: &NetModel, layer: &str) -> Vec<f32> {
    model.weights().unwrap().layer(layer).unwrap().values.clone()
}

#[test]
fn fast_geometric_members_are_taken_after_the_step_of_the_least_rate() {
    let data = classes(200);
    let all = Samples::all(&data);
    // One step an epoch, and four of them.
    for (batch, cycle) in [(200, 2), (50, 2), (50, 4)] {
        let net = Net { epochs: 2, batch, ..mlp() };
        let fge = FastGeometric { net, members: 3, cycle, greatest: 0.5, least: 0.1 };
        let fitted = fge.train(&all, &ctx()).unwrap();
        assert_eq!(fitted.len(), 3);
        let history = fitted.nets()[0].history();
        let expected: Vec<usize> = (0..3).map(|m| 2 + m * cycle + cycle / 2).collect();
        assert_eq!(history.snapshots, expected);
        for &epoch in &history.snapshots {
            let rate = history.epochs[epoch - 1].rate;
            assert!((rate - 0.01 * 0.5 * 0.1).abs() < 1e-9, "{rate} in epoch {epoch} of cycles of {cycle}");
        }
        // The last step of a cycle is back at the greatest.
        let end = history.epochs[2 + cycle - 1].rate;
        assert!((end - 0.01 * 0.5).abs() < 1e-9, "{end}");
    }
}

#[test]
fn averaged_weights_are_the_mean_of_those_after_each_epoch() {
    let data = classes(300);
    let all = Samples::all(&data);
    // Steps so small that each epoch goes as far as the one before, w = w0 + k d: the mean of k = 1 is w0 + d, that of
    // k = 1, 2, 3 is w0 + 2 d; the last weights alone would be w0 + 3 d.
    let optimizer = Optimizer::Sgd { momentum: 0.0, weight_decay: 0.0 };
    let net = Net { batch: 300, epochs: 1, optimizer, learning_rate: 1.0, ..mlp() };
    let usual = net.train(&all, &ctx()).unwrap();
    let of = |epochs| WeightAveraging { net: net.clone(), epochs, rate: 1e-3 }.train(&all, &ctx()).unwrap();
    let (one, three) = (of(1), of(3));
    let at = |model: &NetModel| values(model, "layers.2.weight");
    let (start, one, three) = (at(&usual), at(&one.nets()[0]), at(&three.nets()[0]));
    let moved = |to: &[f32]| to.iter().zip(&start).map(|(x, y)| f64::from(x - y)).collect::<Vec<f64>>();
    let (one, three) = (moved(&one), moved(&three));
    let size: f64 = one.iter().map(|x| x * x).sum();
    let along: f64 = one.iter().zip(&three).map(|(a, b)| a * b).sum();
    assert!(size > 0.0 && (along / size - 2.0).abs() < 0.05, "{}", along / size);
}

#[test]
fn norms_of_averaged_weights_fit_them() {
    let mut stream = Seed::new(2).stream();
    let x: Vec<f32> = (0..300).map(|_| 3.0 + stream.normal() as f32).collect();
    let target = Target::from_values(x.iter().map(|&x| f64::from(x * x)).collect(), "y").unwrap();
    let x = Column::Numeric { name: "x".into(), values: x };
    let data = Dataset::new(Features::Columns(vec![x])).unwrap().with_target(target).unwrap();
    let resnet = TabularResNet { blocks: 1, width: 8, hidden: 8, dropout: 0.0 };
    let net = Net { epochs: 3, batch: 32, learning_rate: 0.01, ..Net::new(resnet) };
    let swa = WeightAveraging { net, epochs: 2, rate: 0.5 }.train(&Samples::all(&data), &ctx()).unwrap();
    // Inputs have mean 0, so what goes into the first norm has the mean of the stem's bias.
    let (mean, bias) = (values(&swa.nets()[0], "blocks.0.norm.running_mean"), values(&swa.nets()[0], "stem.bias"));
    let far = mean.iter().zip(&bias).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(far < 1e-4 && bias.iter().any(|b| b.abs() > 1e-3), "{mean:?} and {bias:?}");
}

#[test]
fn an_adversary_moves_each_number_by_its_share_of_the_range() {
    let data = numbers(200);
    let all = Samples::all(&data);
    // A net without hidden layers that does not learn: its loss is told before the first step.
    let line =
        Net { epochs: 1, batch: 200, learning_rate: 1e-12, ..Net::new(Mlp { hidden: vec![], ..Mlp::default() }) };
    let epsilon = 0.2;
    let fitted = Adversarial { net: line, members: 1, epsilon }.train(&all, &ctx()).unwrap();
    let model = &fitted.nets()[0];
    let Features::Columns(columns) = data.features() else { unreachable!() };
    let Column::Numeric { values: x, .. } = &columns[0] else { unreachable!() };
    let Some(Target::Values { values: y, .. }) = data.target() else { unreachable!() };
    let x: Vec<f64> = x.iter().map(|&x| f64::from(x)).collect();
    let scaled = |of: &[f64]| {
        let mean = of.iter().sum::<f64>() / 200.0;
        let deviation = (of.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 200.0).sqrt();
        of.iter().map(|x| (x - mean) / deviation).collect::<Vec<f64>>()
    };
    let (x, y) = (scaled(&x), scaled(y));
    let range = x.iter().copied().fold(f64::MIN, f64::max) - x.iter().copied().fold(f64::MAX, f64::min);
    let weight = f64::from(values(model, "layers.0.weight")[0]);
    let bias = f64::from(values(model, "layers.0.bias")[0]);
    let (mut clean, mut hostile) = (0.0, 0.0);
    for (x, y) in x.iter().zip(&y) {
        let off = weight * x + bias - y;
        // The sign of the gradient is that of (f − y) · w, so that the error grows by ε · range · |w|.
        (clean, hostile) = (clean + off.powi(2), hostile + (off.abs() + epsilon * range * weight.abs()).powi(2));
    }
    let expected = 0.5 * (clean + hostile) / 200.0;
    let told = model.history().epochs[0].loss;
    assert!((told - expected).abs() < 1e-4 * expected, "{told} and {expected}");
}

#[test]
fn a_greedy_soup_needs_validation_rows_and_is_no_worse_than_its_nets() {
    let data = classes(400);
    let (train, valid): (Vec<u32>, Vec<u32>) = (0..400).partition(|i| i % 2 == 0);
    let (train, valid) = (Samples::rows(&data, &train).unwrap(), Samples::rows(&data, &valid).unwrap());
    let soup = |recipe| Soup { net: Net { epochs: 2, ..mlp() }, shared: 4, members: 3, recipe };
    assert!(soup(Recipe::Greedy).train(&train, &ctx()).unwrap_err().to_string().contains("validation"));
    let fitted = soup(Recipe::Greedy).train(&train, &FitContext { validation: Some(valid), ..ctx() }).unwrap();
    assert!(fitted.how().contains("of 3 nets"), "{}", fitted.how());
    assert_eq!(fitted.len(), 1);
    // Its first net is in no soup of one that is better.
    let loss = |fitted: &NetEnsemble| log_loss(&valid, &fitted.predict(&valid).unwrap());
    let alone = Soup { members: 1, ..soup(Recipe::Greedy) };
    let alone = alone.train(&train, &FitContext { validation: Some(valid), ..ctx() }).unwrap();
    assert!(loss(&fitted) <= loss(&alone) + 1e-6, "{} and {}", loss(&fitted), loss(&alone));
    let uniform = soup(Recipe::Uniform).train(&train, &ctx()).unwrap();
    assert!(accuracy(&valid, &uniform.predict(&valid).unwrap()) > 0.6);
}

#[test]
fn boosting_lowers_the_error_round_by_round() {
    let data = numbers(400);
    let all = Samples::all(&data);
    let small = Net { epochs: 5, ..mlp() };
    let fitted = Boosting { net: small, members: 4, rate: 0.7 }.train(&all, &ctx()).unwrap();
    // Numbers are what is learnt: nothing is stretched.
    assert_eq!(fitted.combine(), &Combine::Sum { rates: vec![0.7; 4] });
    let Some(Target::Values { values, .. }) = data.target() else { unreachable!() };
    let errors: Vec<f64> = fitted
        .member_predictions(&all)
        .unwrap()
        .iter()
        .map(|p| (0..400).map(|i| (f64::from(p.at(i, 0)) - values[i]).powi(2)).sum::<f64>() / 400.0)
        .collect();
    assert!(errors[1] < errors[0] && errors[3] < errors[1], "{errors:?}");
    let last = fitted.member_predictions(&all).unwrap().pop().unwrap();
    let fused = fitted.predict(&all).unwrap();
    assert!(last.values().iter().zip(fused.values()).all(|(a, b)| (a - b).abs() < 1e-3));
}

#[test]
fn one_learning_rate_suits_all_rounds_of_boosting() {
    // Without noise each round leaves next to nothing for the next; a plain gradient step must not grow by that.
    let x: Vec<f32> = (0..300).map(|i| i as f32 / 50.0).collect();
    let y = Target::from_values(x.iter().map(|&x| f64::from(x.sin())).collect(), "y").unwrap();
    let x = Column::Numeric { name: "x".into(), values: x };
    let data = Dataset::new(Features::Columns(vec![x])).unwrap().with_target(y).unwrap();
    let all = Samples::all(&data);
    let optimizer = Optimizer::Sgd { momentum: 0.9, weight_decay: 0.0 };
    let net = Net { optimizer, learning_rate: 0.02, epochs: 40, ..mlp() };
    let fitted = Boosting { net, members: 6, rate: 1.0 }.train(&all, &ctx()).unwrap();
    assert_eq!(fitted.len(), 6);
    let Some(Target::Values { values, .. }) = data.target() else { unreachable!() };
    let predicted = fitted.predict(&all).unwrap();
    let error = (0..300).map(|i| (f64::from(predicted.at(i, 0)) - values[i]).powi(2)).sum::<f64>() / 300.0;
    assert!(error < 2e-3, "{error}");
}

#[test]
fn boosted_nets_are_as_sure_as_they_may_be() {
    // Two classes that are far apart. Fitted residuals alone, 1 − p a round, would leave a loss of 0.09 after five rounds.
    let x: Vec<f32> = (0..200).map(|i| if i % 2 == 0 { -1.0 } else { 1.0 }).collect();
    let codes = (0..200).map(|i| i % 2).collect();
    let classes = Classes::new(["a", "b"]).unwrap();
    let x = Column::Numeric { name: "x".into(), values: x };
    let data = Dataset::new(Features::Columns(vec![x])).unwrap();
    let data = data.with_target(Target::Classes { codes, classes }).unwrap();
    let all = Samples::all(&data);
    let net = Net { epochs: 20, ..mlp() };
    let hard = Boosting { net: net.clone(), members: 5, rate: 1.0 }.train(&all, &ctx()).unwrap();
    let soft = SoftBoosting { net, members: 5, rate: 1.0 }.train(&all, &ctx()).unwrap();
    for fitted in [hard, soft] {
        let loss = log_loss(&all, &fitted.predict(&all).unwrap());
        assert!(loss < 0.03, "{loss}: {:?}", fitted.combine());
    }
}

#[test]
fn rounds_do_not_depend_on_how_many_follow() {
    let data = numbers(200);
    let all = Samples::all(&data);
    let of = |members| Boosting { net: Net { epochs: 3, ..mlp() }, members, rate: 1.0 }.train(&all, &ctx()).unwrap();
    let (two, three) = (of(2), of(3));
    let (two, three) = (two.member_predictions(&all).unwrap(), three.member_predictions(&all).unwrap());
    assert_eq!(two, three[..2]);
}

#[test]
fn without_reward_negative_correlation_is_each_member_alone() {
    let data = numbers(100);
    let all = Samples::all(&data);
    let of = |members, lambda| {
        NegativeCorrelation { net: mlp(), members, lambda }.train(&all, &FitContext::new(Seed::new(5))).unwrap()
    };
    // The first member of three, and it alone: the same seed and the same batches.
    let (three, alone) = (of(3, 0.0), of(1, 0.0));
    assert_eq!(three.nets()[0].weights().unwrap(), alone.nets()[0].weights().unwrap());
    assert_ne!(of(3, 0.8).nets()[0].weights().unwrap(), alone.nets()[0].weights().unwrap());
}

#[test]
fn negative_correlation_drives_members_apart() {
    let data = numbers(300);
    let all = Samples::all(&data);
    let spread = |lambda: f64| {
        let fitted =
            NegativeCorrelation { net: Net { epochs: 15, ..mlp() }, members: 4, lambda }.train(&all, &ctx()).unwrap();
        let members = fitted.member_predictions(&all).unwrap();
        (0..300)
            .map(|i| {
                let mean = members.iter().map(|m| f64::from(m.at(i, 0))).sum::<f64>() / 4.0;
                members.iter().map(|m| (f64::from(m.at(i, 0)) - mean).powi(2)).sum::<f64>()
            })
            .sum::<f64>()
    };
    assert!(spread(0.9) > 1.1 * spread(0.0), "{} and {}", spread(0.9), spread(0.0));
}

#[test]
fn bagged_nets_see_other_rows() {
    let data = classes(200);
    let all = Samples::all(&data);
    let fitted = Bagging { net: mlp(), members: 3, share: 0.5, replacement: false }.train(&all, &ctx()).unwrap();
    let weights: Vec<_> = fitted.nets().iter().map(|net| net.weights().unwrap()).collect();
    assert!(weights[0] != weights[1]);
    assert!(Bagging { share: 0.0, ..Bagging::default() }.train(&all, &ctx()).is_err());
}

#[test]
fn members_that_share_weights_differ_and_others_are_refused() {
    let data = classes(300);
    let all = Samples::all(&data);
    let shared = RankOneMlp { hidden: vec![16], members: 3, ..RankOneMlp::default() };
    let net = Net { epochs: 8, batch: 32, learning_rate: 0.01, ..Net::new(shared) };
    let fitted = BatchEnsemble { net: net.clone() }.train(&all, &ctx()).unwrap();
    let members = fitted.member_predictions(&all).unwrap();
    assert_eq!((members.len(), fitted.nets().len()), (3, 1));
    assert_ne!(members[0], members[1]);
    assert!(net.train(&all, &ctx()).unwrap_err().to_string().contains("BatchEnsemble"));
    assert!(BatchEnsemble { net: mlp() }.train(&all, &ctx()).unwrap_err().to_string().contains("one member"));
}

#[test]
fn passes_of_dropout_differ_and_their_mean_predicts() {
    let data = classes(300);
    let all = Samples::all(&data);
    let dropping = Mlp { hidden: vec![32], dropout: 0.3, ..Mlp::default() };
    let fitted = McDropout { net: Net { batch: 32, learning_rate: 0.01, ..Net::new(dropping) }, members: 8 };
    let fitted = fitted.train(&all, &ctx()).unwrap();
    let members = fitted.member_predictions(&all).unwrap();
    assert_ne!(members[0], members[1]);
    assert!(accuracy(&all, &fitted.predict(&all).unwrap()) > 0.75);
    assert_eq!(fitted.predict(&all).unwrap(), fitted.predict(&all).unwrap());
    let error = McDropout { net: mlp(), members: 8 }.train(&all, &ctx()).unwrap_err().to_string();
    assert!(error.contains("no unit is dropped"), "{error}");
}

#[test]
fn a_reward_without_end_is_refused() {
    let data = numbers(60);
    let all = Samples::all(&data);
    let of = |lambda| {
        let net = Net { loss: Some(Loss::Huber { delta: 1.0 }), epochs: 1, ..mlp() };
        NegativeCorrelation { net, members: 2, lambda }.train(&all, &ctx())
    };
    assert!(of(0.5).unwrap_err().to_string().contains("`lambda` to 0"));
    assert!(of(0.0).is_ok());
}

#[test]
fn averaged_norms_do_not_depend_on_the_order_of_the_rows() {
    // Rows sorted by what they are told by, in many batches and one row: running statistics of rows in their order would be
    // those of parts that hardly vary.
    let column: Vec<f32> = (0..321).map(|i| i as f32 / 100.0).collect();
    let truth: Vec<f64> = column.iter().map(|&x| f64::from((3.0 * x).sin())).collect();
    let data = Dataset::new(Features::Columns(vec![Column::Numeric { name: "x".into(), values: column }])).unwrap();
    let data = data.with_target(Target::from_values(truth.clone(), "y").unwrap()).unwrap();
    let all = Samples::all(&data);
    let net = Net { epochs: 60, batch: 32, learning_rate: 0.01, ..Net::new(TabularResNet { dropout: 0.0, ..small() }) };
    let error = |model: &dyn Model| {
        let said = model.predict(&all).unwrap();
        let squares = truth.iter().enumerate().map(|(i, y)| (f64::from(said.at(i, 0)) - y).powi(2));
        (squares.sum::<f64>() / 321.0).sqrt()
    };
    let usual = error(&net.train(&all, &ctx()).unwrap());
    let averaged = error(&WeightAveraging { net, epochs: 4, rate: 0.1 }.train(&all, &ctx()).unwrap());
    assert!(averaged < usual + 0.1, "{averaged}, and {usual} as usual");
}

fn small() -> TabularResNet {
    TabularResNet { width: 16, hidden: 16, blocks: 2, ..TabularResNet::default() }
}
