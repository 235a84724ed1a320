use consort_core::Missing;
use consort_kernels::{Holes, Uncertainty};

use crate::cases::*;

fn check(shape: Shape, numbers: &[f32], policy: Holes, missing: Missing, what: &str) {
    let host = consort_metrics::uncertainty::Uncertainty::of(&predictions(shape, numbers, missing)).unwrap();
    let found = Uncertainty::of(&cube(shape, numbers).with_holes(policy)).unwrap().read().unwrap();
    let single = |x: &[f64]| -> Vec<f32> { x.iter().map(|&x| x as f32).collect() };
    near(&found.predictive_entropy, &single(&host.predictive_entropy), 5e-6, &format!("total, {what}"));
    near(&found.expected_entropy, &single(&host.expected_entropy), 5e-6, &format!("expected, {what}"));
    near(&found.mutual_information, &single(&host.mutual_information), 5e-6, &format!("information, {what}"));
    near(&found.variation_ratio, &single(&host.variation_ratio), 1e-6, &format!("variation, {what}"));
    near(&found.margin, &single(&host.margin), 1e-6, &format!("margin, {what}"));
    near(&found.disagreement, &single(&host.disagreement), 1e-6, &format!("disagreement, {what}"));
}

#[test]
fn measures_agree() {
    for shape in shapes(SHAPES, TELLING) {
        for kind in KINDS {
            let numbers = probabilities(shape, kind);
            check(shape, &numbers, Holes::None, Missing::Error, &format!("{shape:?}, {kind:?}"));
        }
    }
}

#[test]
fn members_that_lack_a_row_are_left_out() {
    for shape in [[3, 5, 3], [5, 101, 10], [8, 513, 2], [4, 61, 17]] {
        let mut numbers = probabilities(shape, Kind::Spread);
        holes(shape, &mut numbers);
        check(shape, &numbers, Holes::LeaveOut, Missing::Available, &format!("holes, {shape:?}"));
    }
}
