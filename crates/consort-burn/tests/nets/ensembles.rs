//! What each ensemble is by definition.

use consort_burn::{
    architecture::{Mlp, RankOneMlp, TabularResNet},
    ensemble::{
        Bagging, BatchEnsemble, Boosting, Combine, DeepEnsemble, Independent, McDropout, NegativeCorrelation, Packing,
        Recipe, Snapshot, Soup, WeightAveraging,
    },
    loss::Loss,
    net::Net,
};
use consort_core::{Column, Dataset, Features, FitContext, Gives, Model, Samples, Seed, Target};

use crate::tables::{accuracy, classes, numbers};

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

#[test]
fn averaged_weights_are_the_mean_and_their_norms_fit() {
    let data = classes(300);
    let all = Samples::all(&data);
    let resnet = TabularResNet { blocks: 1, width: 8, hidden: 8, dropout: 0.0 };
    let net = Net { epochs: 3, batch: 32, learning_rate: 0.01, ..Net::new(resnet) };
    let of = |epochs: usize| WeightAveraging { net: net.clone(), epochs, rate: 0.5 }.train(&all, &ctx()).unwrap();
    // The runs of one, two and three epochs of averaging go the same way, so the mean of three is known from them:
    // m1 = w1, m2 = (w1 + w2) / 2, m3 = (w1 + w2 + w3) / 3; w3 alone is not, but w1 and w2 are.
    let (one, two) = (of(1), of(2));
    let weights = |fitted: &consort_burn::ensemble::NetEnsemble| fitted.nets()[0].weights().unwrap();
    let (one, two) = (weights(&one), weights(&two));
    let last = {
        // One epoch more of the same run: the learning of `of(2)` without the mean.
        let bias = |w: &consort_burn::weights::Weights| w.layer("head.bias").unwrap().values.clone();
        let (m1, m2) = (bias(&one), bias(&two));
        m1.iter().zip(&m2).map(|(m1, m2)| 2.0 * m2 - m1).collect::<Vec<f32>>()
    };
    assert!(last.iter().all(|x| x.is_finite()) && last != one.layer("head.bias").unwrap().values);
    // Norms that fit: the running mean of the first norm is the mean of what goes into it.
    let model = &of(2);
    let mean = model.nets()[0].weights().unwrap().layer("blocks.0.norm.running_mean").unwrap().values.clone();
    assert!(mean.iter().any(|&x| x != 0.0));
    assert!(accuracy(&all, &model.predict(&all).unwrap()) > 0.6);
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
    let uniform = soup(Recipe::Uniform).train(&train, &ctx()).unwrap();
    assert!(accuracy(&valid, &uniform.predict(&valid).unwrap()) > 0.6);
}

#[test]
fn boosting_lowers_the_error_round_by_round() {
    let data = numbers(400);
    let all = Samples::all(&data);
    let small = Net { epochs: 5, ..mlp() };
    let fitted = Boosting { net: small, members: 4, rate: 0.7 }.train(&all, &ctx()).unwrap();
    assert_eq!(fitted.combine(), Combine::Sum { rate: 0.7 });
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
