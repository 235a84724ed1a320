use consort_core::{Dataset, Estimates, Fold, LossHistory, Metric, Result, Samples, Seed, Truth};

use crate::cross_fit::{FitKey, Part, Store};

/// What the models of some folds score on rows that they learnt from: beside the score on rows that they did not see it
/// shows whether a member learns by heart, learns too little, or has seen what it is tested on.
///
/// ```
/// use std::{collections::HashMap, sync::Mutex};
/// use consort_core::{Column, Dataset, Error, Features, Result, Samples, Seed, Splitter, Target};
/// use consort_ensemble::{NamedLearner, cross_fit::{CrossFit, Fit, FitKey, Store}, estimate::OwnRows};
/// use consort_metrics::regression::RootMeanSquaredError;
/// use consort_trees::decision_tree::DecisionTree;
///
/// /// Keeps fits in memory, as JSON.
/// #[derive(Default)]
/// struct Memory(Mutex<HashMap<FitKey, String>>);
/// impl Store for Memory {
///     fn load(&self, key: &FitKey) -> Result<Option<Fit>> {
///         let kept = self.0.lock().map_err(|error| Error::custom(error.to_string()))?;
///         kept.get(key).map(|text| serde_json::from_str(text).map_err(Error::custom)).transpose()
///     }
///     fn save(&self, fit: &Fit) -> Result<()> {
///         let text = serde_json::to_string(fit).map_err(Error::custom)?;
///         self.0.lock().map_err(|error| Error::custom(error.to_string()))?.insert(fit.key.clone(), text);
///         Ok(())
///     }
/// }
///
/// let x = Column::Numeric { name: "x".into(), values: (0..60).map(|i| i as f32).collect() };
/// let y = Target::from_values((0..60).map(f64::from).collect(), "y")?;
/// let data = Dataset::new(Features::Columns(vec![x]))?.with_target(y)?;
/// let folds = consort_split::KFold::new(3).split(&data.row_info(), Seed::new(0))?.folds;
/// let (store, members) = (Memory::default(), [NamedLearner::new("tree", DecisionTree::default())]);
/// CrossFit::new(Samples::all(&data), &folds, Seed::new(0)).store(Some(&store)).run(&members)?;
/// let own = OwnRows::default().look("tree", &data, &folds, &store, &RootMeanSquaredError, Seed::new(0))?;
/// assert!(own.score.is_some_and(|score| score < 1.0)); // An unpruned tree knows its rows by heart.
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnRows {
    /// How many folds are looked at, the first ones.
    pub folds: usize,
    /// How many rows of each, drawn at random where it has more.
    pub rows: usize,
}

/// What the models of a member tell of how they learnt.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OwnLook {
    /// The mean over the folds of the score on training rows; `None` where a fit is not kept, or a score has no value.
    pub score: Option<f64>,
    /// How the loss of the first fold's model went, where it remembers.
    pub histories: Vec<LossHistory>,
}

impl Default for OwnRows {
    fn default() -> Self {
        Self { folds: 2, rows: 2_000 }
    }
}

impl OwnRows {
    /// Looks at the models of a member of the first layer, whose features are those of the data set.
    ///
    /// # Errors
    /// If a fit is damaged, a model cannot predict, or the metric does not suit the task.
    pub fn look(
        &self,
        member: &str,
        data: &Dataset,
        folds: &[Fold],
        store: &dyn Store,
        metric: &dyn Metric,
        seed: Seed,
    ) -> Result<OwnLook> {
        let target = data.target_for("the score on own rows")?;
        let mut look = OwnLook::default();
        let (mut sum, mut count) = (0.0, 0.0);
        for fold in folds.iter().take(self.folds) {
            let part = Part::Fold { repeat: fold.repeat, fold: fold.fold };
            let Some(fit) = store.load(&FitKey { layer: 0, member: member.into(), part })? else { return Ok(look) };
            if look.histories.is_empty() {
                look.histories = fit.model.histories();
            }
            let weight = |row: u32| data.weights().map_or(1.0, |weights| weights[row as usize]);
            let mut rows: Vec<u32> = fold.train.iter().copied().filter(|&row| weight(row) > 0.0).collect();
            if rows.len() > self.rows {
                seed.child("own rows").nth("fold", u64::from(fold.fold)).stream().shuffle(&mut rows);
                rows.truncate(self.rows);
                rows.sort_unstable();
            }
            let predicted = fit.model.predict(&Samples::rows(data, &rows)?)?;
            let (target, weights) = (target.take(&rows), rows.iter().map(|&row| weight(row)).collect::<Vec<f64>>());
            let estimates = Estimates::matrix(&predicted, target.outputs().gives());
            let Some(score) = metric.score(&estimates, &Truth::weighted(&target, &weights)?)?.value() else {
                return Ok(look);
            };
            sum += score;
            count += 1.0;
        }
        look.score = (count > 0.0).then(|| sum / count);
        Ok(look)
    }
}
