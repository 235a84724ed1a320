//! Rules and selections of `consort-fusion`, told to run on the device.

use std::sync::Arc;

use consort_core::{Classes, Gives, Ids, Missing, Outputs, Predictions, Seed, Target, Truth};
use consort_fusion::{device, rule, select::GreedySelection};

use crate::cases::*;

#[test]
fn rules_give_the_same_on_the_device() {
    for shape in [[7, 101, 10], [6, 513, 2]] {
        let host = predictions(shape, &probabilities(shape, Kind::Spread), Missing::Error);
        for name in ["mean", "geometric", "median", "vote:share", "borda", "power:3", "rank", "dempster-shafer"] {
            for weights in [None, Some(weights(shape))] {
                let options = rule::Options { weights };
                let Ok(rule) = rule::by_name(name, &options) else { continue };
                let on = device::fuse(Some(&device()), &*rule, &host).unwrap();
                near(on.values(), rule.fuse(&host).unwrap().values(), 2e-5, name);
            }
        }
    }
}

#[test]
fn great_logits_give_the_same_on_the_device() {
    let outputs = Outputs::Classes(Classes::new(["a", "b", "c"]).unwrap());
    let host = Predictions::builder(outputs, Ids::positions(2))
        .member("m", Gives::Logits, &[0.0, -200.0, -300.0, 1.0, 2.0, 2.0])
        .unwrap()
        .member("n", Gives::Logits, &[-150.0, 0.0, -300.0, -1.0, 3.0, 2.0])
        .unwrap()
        .member("p", Gives::Probabilities, &[0.25, 0.25, 0.5, 0.0, 0.5, 0.5])
        .unwrap()
        .build()
        .unwrap();
    for name in
        ["mean", "geometric", "logit-mean", "product", "power:3", "harmonic", "median", "minimum", "vote", "borda"]
    {
        let rule = rule::by_name(name, &rule::Options::default()).unwrap();
        let on = device::fuse(Some(&device()), &*rule, &host).unwrap();
        near(on.values(), rule.fuse(&host).unwrap().values(), 2e-5, name);
    }
}

#[test]
fn selection_picks_the_same_on_the_device() {
    let shape = [12, 700, 4];
    let (numbers, codes) = skilled(shape);
    let host = predictions(shape, &numbers, Missing::Error);
    let classes = Classes::new((0..4).map(|k| format!("c{k:04}"))).unwrap();
    let target = Target::Classes { codes, classes };
    // A fifth of the rows is not read.
    let weights: Vec<f64> = (0..700).map(|i| f64::from(u8::from(i % 5 != 0))).collect();
    for name in ["log_loss", "brier", "accuracy"] {
        let metric = consort_metrics::registry::by_name(name).unwrap();
        for removal in [false, true] {
            for truth in [Truth::new(&target), Truth::with(&target, Some(&weights)).unwrap()] {
                let greedy = GreedySelection::new(metric.clone()).rounds(12).removal(removal);
                let cpu = greedy.select(&host, &truth, Seed::new(0)).unwrap();
                let on = greedy.on(Arc::new(device())).select(&host, &truth, Seed::new(0)).unwrap();
                let what = format!("{name}, removal {removal}, weights {}", truth.weights().is_some());
                assert_eq!(on.runs()[0].picks, cpu.runs()[0].picks, "{what}");
                assert_eq!(on.member_weights(), cpu.member_weights(), "{what}");
                for (on, cpu) in on.runs()[0].path.iter().zip(&cpu.runs()[0].path) {
                    assert!((on.unwrap() - cpu.unwrap()).abs() < 3e-6, "{what}: {on:?} {cpu:?}");
                }
                let fused = device::fuse(Some(&device()), &on, &host).unwrap();
                near(fused.values(), consort_core::Fusion::fuse(&on, &host).unwrap().values(), 1e-6, &what);
            }
        }
    }
}
