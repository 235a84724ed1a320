use consort_core::{Classes, Fusion, Gives, Ids, Missing, Outputs, Predictions};
use consort_fusion::rule;
use consort_kernels::{DeviceRule, LogPool, Vote, WeightedMean, stream, stream_in};

use crate::cases::{Kind, device, near, predictions, probabilities};

#[test]
fn parts_of_any_size_give_the_same_bits() {
    let shape = [5, 1003, 3];
    let host = predictions(shape, &probabilities(shape, Kind::Spread), Missing::Error);
    let rules: [&dyn DeviceRule; 3] =
        [&WeightedMean::default().numbers_only(), &LogPool::geometric(), &Vote::default()];
    for rule in rules {
        let whole = stream(&device(), &host, rule).unwrap();
        for (step, queues) in [(1003, 3), (1000, 2), (334, 3), (100, 3), (100, 1)] {
            let fused = stream_in(&device(), &host, rule, step, queues).unwrap();
            assert_eq!(fused, whole, "{rule:?}, {step} rows, {queues} queues");
        }
    }
}

#[test]
fn logits_are_made_into_probabilities_on_the_way() {
    let outputs = Outputs::Classes(Classes::new(["a", "b", "c"]).unwrap());
    let host = Predictions::builder(outputs, Ids::positions(2))
        .member("m", Gives::Logits, &[1.0, 2.0, 3.0, -1.0, 0.0, 100.0])
        .unwrap()
        .build()
        .unwrap();
    let fused = stream(&device(), &host, &WeightedMean::default()).unwrap();
    near(fused.values(), rule::Mean::new().fuse(&host).unwrap().values(), 1e-6, "logits");
}

#[test]
fn rules_of_order_see_logits_as_they_are() {
    // As probabilities of single precision the first two, or the last two, are equal.
    let outputs = Outputs::Classes(Classes::new(["a", "b", "c"]).unwrap());
    let host = Predictions::builder(outputs, Ids::positions(3))
        .member("m", Gives::Logits, &[0.0, 1e-9, -3.0, -200.0, 50.0, -300.0, 1e-9, 0.0, 1e-8])
        .unwrap()
        .member("n", Gives::Logits, &[500.0, 200.0, 300.0, -1.0, -1.0, -1.0, 0.0, 1.0, 2.0])
        .unwrap()
        .member("p", Gives::Probabilities, &[0.25, 0.5, 0.25, 0.0, 0.5, 0.5, 1.0, 0.0, 0.0])
        .unwrap()
        .build()
        .unwrap();
    for name in ["borda", "vote", "vote:share", "vote:majority", "vote:mean"] {
        let cpu = rule::by_name(name, &rule::Options::default()).unwrap();
        let named = consort_kernels::device_rule(&cpu.name(), cpu.weights(), host.outputs(), 3).unwrap();
        let fused = stream(&device(), &host, &*named).unwrap();
        near(fused.values(), cpu.fuse(&host).unwrap().values(), 1e-6, name);
    }
    let fused = stream(&device(), &host, &consort_kernels::Borda::default()).unwrap();
    assert_eq!(fused.row(0).iter().map(|x| (18.0 * x).round() / 2.0).collect::<Vec<_>>(), [3.5, 4.0, 1.5]);
}

#[test]
fn drawn_cubes_are_distributions_and_copies_take_time() {
    let cube = consort_kernels::Cube::drawn(&device(), 3, 101, 7, 5).unwrap();
    let numbers = cube.numbers().unwrap();
    assert!(numbers.chunks(7).all(|row| (row.iter().sum::<f32>() - 1.0).abs() < 1e-5 && row.iter().all(|&x| x > 0.0)));
    assert_ne!(numbers[..7], numbers[7..14]);
    let rate = device().copy_rate(1 << 20).unwrap();
    assert!(rate.is_finite() && rate > 0.0);
}

#[test]
fn rules_by_name_are_those_of_the_cpu() {
    for shape in [[7, 101, 10], [6, 513, 2]] {
        let host = predictions(shape, &probabilities(shape, Kind::Spread), Missing::Error);
        let names = [
            "mean",
            "geometric",
            "geometric:raw",
            "logit-mean",
            "product",
            "power:3",
            "harmonic",
            "median",
            "median:raw",
            "trimmed:0.2",
            "winsorised:2",
            "minimum",
            "maximum",
            "borda",
            "vote",
            "vote:share",
            "vote:majority,share",
        ];
        for name in names {
            let cpu = rule::by_name(name, &rule::Options::default()).unwrap();
            let named = consort_kernels::device_rule(&cpu.name(), cpu.weights(), host.outputs(), shape[0]).unwrap();
            let fused = stream(&device(), &host, &*named).unwrap();
            near(fused.values(), cpu.fuse(&host).unwrap().values(), 2e-5, name);
        }
    }
}
