//! What trees must not do.

use std::{collections::BTreeMap, sync::Arc};

use consort_core::{Column, Dataset, Features, FitContext, Learner, Model, Samples, Seed, Stream, Target};
use consort_trees::{
    boosting::{
        BoostedTrees, GradientBoosting, RowSampling,
        loss::{Absolute, Loss, Quantile},
    },
    grow::Monotone,
};

use crate::tables::{fit, small, table};

/// Three numbers; the target rises with `a` but for noise and a dent, falls with `b`, and `a` and `c` interact.
fn dented(rows: usize) -> Dataset {
    let mut stream: Stream = Seed::new(5).stream();
    let mut column = || (0..rows).map(|_| stream.unit() as f32).collect::<Vec<f32>>();
    let (a, b, c) = (column(), column(), column());
    let y = (0..rows)
        .map(|i| {
            let (a, b, c) = (f64::from(a[i]), f64::from(b[i]), f64::from(c[i]));
            let dent = if (0.4..0.6).contains(&a) { -0.5 } else { 0.0 };
            a + dent - b.powi(2) + a * c + 0.1 * stream.normal()
        })
        .collect();
    let column = |name: &str, values| Column::Numeric { name: name.into(), values };
    Dataset::new(Features::Columns(vec![column("a", a), column("b", b), column("c", c)]))
        .unwrap()
        .with_target(Target::from_values(y, "y").unwrap())
        .unwrap()
}

/// Predictions as one feature goes over a grid, for many settings of the others.
fn along(model: &dyn Model, feature: usize) -> Vec<Vec<f32>> {
    let mut stream: Stream = Seed::new(6).stream();
    (0..200)
        .map(|_| {
            let rest = [stream.unit() as f32, stream.unit() as f32, stream.unit() as f32];
            let columns = ["a", "b", "c"]
                .iter()
                .enumerate()
                .map(|(f, name)| {
                    let at = |i: usize| if f == feature { i as f32 / 60.0 - 0.1 } else { rest[f] };
                    Column::Numeric { name: (*name).into(), values: (0..72).map(at).collect() }
                })
                .collect();
            let grid = Dataset::new(Features::Columns(columns)).unwrap();
            model.predict(&Samples::all(&grid)).unwrap().into_values()
        })
        .collect()
}

fn fitted(params: &GradientBoosting, data: &Dataset) -> Box<dyn Model> {
    params.fit(&Samples::all(data), &FitContext::new(Seed::new(0))).unwrap()
}

#[test]
fn monotone_constraints_hold_on_a_grid_and_are_needed_there() {
    let data = dented(3000);
    let rises = |runs: Vec<Vec<f32>>| runs.iter().all(|run| run.windows(2).all(|pair| pair[0] <= pair[1]));
    let falls = |runs: Vec<Vec<f32>>| runs.iter().all(|run| run.windows(2).all(|pair| pair[0] >= pair[1]));
    let free = fitted(&small(60), &data);
    assert!(!rises(along(&*free, 0)), "the dent is there to be seen");
    let monotone: BTreeMap<String, Monotone> =
        [("a".to_owned(), Monotone::Increasing), ("b".to_owned(), Monotone::Decreasing)].into();
    let quantile = GradientBoosting { loss: Some(Arc::new(Quantile { share: 0.7 })), ..small(60) };
    let sampled = GradientBoosting { rows: RowSampling::Share(0.6), ..small(60) };
    let mut penalised = small(60);
    penalised.tree.l1 = 0.5;
    for params in [small(60), quantile, sampled, penalised] {
        let model = fitted(&GradientBoosting { monotone: monotone.clone(), ..params }, &data);
        assert!(rises(along(&*model, 0)) && falls(along(&*model, 1)));
        // The constraint does not stop learning.
        let run = &along(&*model, 0)[0];
        assert!(run[71] - run[0] > 0.5, "{run:?}");
    }
}

/// Bounds of leaves are of the unit of the target, whatever the gradients are.
#[test]
fn monotone_medians_and_quantiles_are_those_of_the_targets_unit() {
    let data = dented(1500);
    let Some(Target::Values { values, .. }) = data.target().cloned() else { unreachable!() };
    let losses: [Arc<dyn Loss>; 2] = [Arc::new(Absolute), Arc::new(Quantile { share: 0.7 })];
    for loss in losses {
        let params = |monotone| GradientBoosting { loss: Some(Arc::clone(&loss)), monotone, ..small(40) };
        let bound = params([("a".to_owned(), Monotone::Increasing), ("b".to_owned(), Monotone::Decreasing)].into());
        let said = |params: &GradientBoosting, unit: f64| {
            let target = Target::from_values(values.iter().map(|y| y * unit).collect(), "y").unwrap();
            fit(params, &data.clone().with_target(target).unwrap())
        };
        let usual = said(&bound, 1.0);
        for unit in [1024.0, 1.0 / 1024.0] {
            let other = said(&bound, unit);
            assert!(usual.iter().zip(&other).all(|(p, q)| p * unit as f32 == *q), "{loss:?} in a unit of {unit}");
        }
        // The constraint is nearly true, so it costs little.
        let error = |said: &[f32]| said.iter().zip(&values).map(|(p, y)| (f64::from(*p) - y).abs()).sum::<f64>();
        let free = said(&params(BTreeMap::new()), 1.0);
        assert!(error(&usual) < 1.3 * error(&free), "{loss:?}: {} {}", error(&usual), error(&free));
    }
}

#[test]
fn features_that_may_not_meet_never_share_a_way() {
    let data = dented(2000);
    let params = GradientBoosting { interactions: vec![vec!["a".into(), "b".into()]], ..small(30) };
    let model = boosted(&params, &data);
    let mut has_met = false;
    for tree in model.trees().trees() {
        // The features asked on the way to each node.
        let mut paths = vec![Vec::new(); tree.nodes().len()];
        for (i, node) in tree.nodes().iter().enumerate() {
            let Some(split) = node.split else { continue };
            let mut path: Vec<u32> = paths[i].clone();
            path.push(split.feature);
            assert!(!path.contains(&2) || path.iter().all(|&f| f == 2), "{path:?}");
            has_met |= path.contains(&0) && path.contains(&1);
            split.children().into_iter().for_each(|child| paths[child].clone_from(&path));
        }
    }
    assert!(has_met, "features of one set may meet");
}

fn boosted(params: &GradientBoosting, data: &Dataset) -> BoostedTrees {
    let binned = consort_trees::bins::Binned::shared(data, &params.bins).unwrap();
    params.fit_binned(&binned, &Samples::all(data), &FitContext::new(Seed::new(0))).unwrap()
}

#[test]
fn constraints_on_what_is_not_there_are_refused() {
    let data = table(200, 0);
    let refused = |params: GradientBoosting| {
        params.fit(&Samples::all(&data), &FitContext::new(Seed::new(0))).unwrap_err().to_string()
    };
    let of = |name: &str| GradientBoosting { monotone: [(name.into(), Monotone::Increasing)].into(), ..small(5) };
    assert!(refused(of("nobody")).contains("`nobody`"));
    assert!(refused(of("c")).contains("categories"));
    assert!(refused(GradientBoosting { interactions: vec![vec!["nobody".into()]], ..small(5) }).contains("`nobody`"));
}

#[test]
fn a_tree_or_a_split_that_may_ask_one_feature_asks_one() {
    let data = dented(1000);
    let model = boosted(&GradientBoosting { features_per_tree: 0.3, ..small(30) }, &data);
    let mut seen = [false; 3];
    for tree in model.trees().trees() {
        let mut asked: Vec<u32> =
            tree.nodes().iter().filter_map(|node| node.split).map(|split| split.feature).collect();
        asked.dedup();
        assert_eq!(asked.len(), 1, "a third of three features is one");
        seen[asked[0] as usize] = true;
    }
    assert_eq!(seen, [true; 3]);
    let model = boosted(&GradientBoosting { features_per_split: 0.3, ..small(5) }, &data);
    let asked = |tree: &consort_trees::Tree| {
        let mut asked: Vec<u32> =
            tree.nodes().iter().filter_map(|node| node.split).map(|split| split.feature).collect();
        asked.sort_unstable();
        asked.dedup();
        asked.len()
    };
    assert!(model.trees().trees().iter().any(|tree| asked(tree) > 1), "each split draws anew");
}
