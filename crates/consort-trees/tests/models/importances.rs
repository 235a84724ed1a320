//! Importances belong to the columns, wherever these stand.

use consort_core::{Column, Dataset, Features, FitContext, Samples, Seed, Target};
use consort_trees::{bins::Binned, boosting::GradientBoosting, decision_tree::SplitFeatures, forest::RandomForest};

use crate::contributions::lesson;

#[test]
fn permuting_columns_permutes_importances() {
    let (columns, _, y) = lesson(400);
    let order = [7usize, 2, 11, 0, 5, 9, 1, 10, 3, 8, 6, 4];
    let data = |order: &[usize]| {
        let columns =
            order.iter().map(|&f| Column::Numeric { name: format!("x{f}"), values: columns[f].clone() }).collect();
        let target = Target::from_values(y.clone(), "y").unwrap();
        Dataset::new(Features::Columns(columns)).unwrap().with_target(target).unwrap()
    };
    let straight: Vec<usize> = (0..12).collect();
    let (one, other) = (data(&straight), data(&order));
    let ctx = FitContext::new(Seed::new(6));

    let boosted = [&one, &other].map(|data| {
        let boost = GradientBoosting::default();
        let binned = Binned::shared(data, &boost.bins).unwrap();
        boost.fit_binned(&binned, &Samples::all(data), &ctx).unwrap().importances()
    });
    // Features are drawn, and in small nodes many part the rows alike: neither goes by the place of a column.
    for features in [SplitFeatures::ByTarget, SplitFeatures::Share(0.3), SplitFeatures::All] {
        let forests = [&one, &other].map(|data| {
            let forest = RandomForest::default().trees(10).split_features(features);
            forest.fit_forest(&Samples::all(data), &ctx).unwrap()
        });
        for (here, &f) in order.iter().enumerate() {
            assert_eq!(boosted[1][here], boosted[0][f]);
            assert_eq!(forests[1].trees().importances()[here], forests[0].trees().importances()[f]);
            // Their sum to 1 is rounded in the order of columns.
            assert!((forests[1].importances()[here] - forests[0].importances()[f]).abs() < 1e-15);
        }
    }
    assert!(boosted[0][0].gain > boosted[0][11].gain && boosted[0][0].splits > 0);
}
