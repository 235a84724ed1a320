use consort_core::Dataset;
use consort_trees::{boosting::GradientBoosting, grow::TreeParams};

/// Boosted trees for so many rows: few rows ask for small trees, a slow rate and fewer rounds.
pub(super) fn usual(data: &Dataset) -> GradientBoosting {
    let (rounds, leaves, min_rows) = match data.rows() {
        0..1_000 => (150, 6, 8.0),
        1_000..10_000 => (250, 12, 15.0),
        10_000..100_000 => (400, 31, 20.0),
        _ => (500, 63, 40.0),
    };
    let tree = TreeParams { leaves, min_rows, l2: 1.0, ..TreeParams::default() };
    GradientBoosting { rounds, learning_rate: 0.05, tree, features_per_split: 0.8, ..GradientBoosting::default() }
}

/// Deeper trees that see a part of the features each: members that err elsewhere than the usual ones.
pub(super) fn deep(data: &Dataset) -> GradientBoosting {
    let usual = usual(data);
    let tree = TreeParams { leaves: usual.tree.leaves * 3, l2: 5.0, ..usual.tree };
    GradientBoosting { rounds: usual.rounds * 3 / 4, tree, features_per_tree: 0.7, features_per_split: 0.5, ..usual }
}
