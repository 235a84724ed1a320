use consort_core::{Fusion, Missing};
use consort_fusion::rule::Mean;
use consort_kernels::{Holes, Uncertainty};

use crate::cases::*;

fn check(shape: Shape, numbers: &[f32], policy: Holes, missing: Missing, what: &str) {
    let host = predictions(shape, numbers, missing);
    let mean = Mean::new().fuse(&host).unwrap();
    let host = consort_metrics::uncertainty::Uncertainty::of(&host).unwrap();
    let found = Uncertainty::of(&cube(shape, numbers).with_holes(policy)).unwrap().read().unwrap();
    // A row that is missing has no greatest number.
    let top = |row: &[f32]| row.iter().copied().reduce(|a, b| if a.is_nan() { a } else { a.max(b) }).unwrap();
    let tops: Vec<f32> = (0..shape[1]).map(|i| top(mean.row(i))).collect();
    near(&found.top, &tops, 1e-6, &format!("top, {what}"));
    // The CPU leaves members out whatever the policy.
    let [members, rows, columns] = shape;
    let spreads =
        |i: usize| policy == Holes::Spread && (0..members).any(|m| numbers[(m * rows + i) * columns].is_nan());
    let single = |x: &[f64]| -> Vec<f32> {
        x.iter().enumerate().map(|(i, &x)| if spreads(i) { f32::NAN } else { x as f32 }).collect()
    };
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
fn members_that_lack_a_row_are_left_out_or_make_it_missing() {
    for shape in [[3, 5, 3], [5, 101, 10], [8, 513, 2], [4, 61, 17]] {
        let mut numbers = probabilities(shape, Kind::Spread);
        holes(shape, &mut numbers);
        for (policy, missing) in [(Holes::LeaveOut, Missing::Available), (Holes::Spread, Missing::Propagate)] {
            check(shape, &numbers, policy, missing, &format!("{policy:?}, {shape:?}"));
        }
    }
}
