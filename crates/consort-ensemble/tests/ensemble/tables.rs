//! Data and members that the tests share.

use consort_core::{
    Classes, Column, Dataset, Error, Features, FitContext, Learner, Matrix, Model, Result, Samples, Seed, Stream,
    Takes, Target,
};
use consort_ensemble::NamedLearner;
use consort_trees::boosting::GradientBoosting;
use serde::{Deserialize, Serialize};

/// Three numbers and a category; the target depends on all of them. `classes` of 0 is a number.
pub(crate) fn table(rows: usize, classes: usize) -> Dataset {
    let mut stream: Stream = Seed::new(8).stream();
    let mut column = || (0..rows).map(|_| stream.normal() as f32).collect::<Vec<f32>>();
    let (a, b, c) = (column(), column(), column());
    let codes: Vec<u32> = (0..rows).map(|i| (i * 7 % 5) as u32).collect();
    let signal = |i: usize| f64::from(a[i]) + f64::from(b[i] * c[i]) + f64::from(codes[i]) / 3.0;
    let target = if classes == 0 {
        Target::from_values((0..rows).map(|i| signal(i) + 0.3 * stream.normal()).collect(), "y").unwrap()
    } else {
        let step =
            |i: usize, noise: f64| ((signal(i) + 0.3 * noise + 1.0) * 0.6).clamp(0.0, classes as f64 - 1.0) as u32;
        let classes = Classes::new((0..classes).map(|k| format!("class {k}"))).unwrap();
        Target::Classes { codes: (0..rows).map(|i| step(i, stream.normal())).collect(), classes }
    };
    let number = |name: &str, values| Column::Numeric { name: name.into(), values };
    let levels = (0..5).map(|k| format!("level {k}")).collect();
    let columns =
        vec![number("a", a), number("b", b), number("c", c), Column::Categorical { name: "d".into(), codes, levels }];
    Dataset::new(Features::Columns(columns)).unwrap().with_target(target).unwrap()
}

/// Boosted trees of three kinds.
pub(crate) fn members() -> Vec<NamedLearner> {
    let boost = |rounds: usize, leaves: usize| {
        let mut boost = GradientBoosting { rounds, features_per_split: 0.7, ..Default::default() };
        boost.tree.leaves = leaves;
        boost.tree.min_rows = 5.0;
        boost
    };
    vec![
        NamedLearner::new("stumps", boost(60, 2)),
        NamedLearner::new("short", boost(5, 8)),
        NamedLearner::new("long", boost(40, 8)),
    ]
}

/// A learner that always fails.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Broken;

#[typetag::serde(name = "test_broken")]
impl Learner for Broken {
    fn name(&self) -> String {
        "broken".into()
    }

    fn takes(&self) -> Takes {
        Takes { categories: true, missing: true, weights: true }
    }

    fn fit(&self, _: &Samples<'_>, _: &FitContext<'_>) -> Result<Box<dyn Model>> {
        Err(Error::custom("it is broken"))
    }
}

/// A learner that remembers which rows it saw: it predicts 1 for them and 0 for others.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Memory;

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Memories(Vec<u32>);

#[typetag::serde(name = "test_memory")]
impl Learner for Memory {
    fn name(&self) -> String {
        "memory".into()
    }

    fn takes(&self) -> Takes {
        Takes { categories: true, missing: true, weights: true }
    }

    fn fit(&self, train: &Samples<'_>, _: &FitContext<'_>) -> Result<Box<dyn Model>> {
        Ok(Box::new(Memories((0..train.len()).map(|i| train.row(i) as u32).collect())))
    }
}

#[typetag::serde(name = "test_memories")]
impl Model for Memories {
    fn predict(&self, rows: &Samples<'_>) -> Result<Matrix> {
        let mut out = Matrix::zeros(rows.len(), 1);
        for i in 0..rows.len() {
            out.values_mut()[i] = f32::from(self.0.contains(&(rows.row(i) as u32)));
        }
        Ok(out)
    }
}

/// A learner that takes no weights.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Unweighted(pub(crate) std::sync::Arc<dyn Learner>);

#[typetag::serde(name = "test_unweighted")]
impl Learner for Unweighted {
    fn name(&self) -> String {
        "unweighted".into()
    }

    fn takes(&self) -> Takes {
        Takes { weights: false, ..self.0.takes() }
    }

    fn fit(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<Box<dyn Model>> {
        if train.is_weighted() {
            return Err(Error::custom("it takes no weights"));
        }
        self.0.fit(train, ctx)
    }
}
