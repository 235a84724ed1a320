use consort_core::{Error, Metric, Result, Samples, Seed};

use super::Forest;
use crate::model::Moved;

/// What the out-of-bag score loses when the values of a feature are shuffled among the rows (Breiman 2001).
#[derive(Debug, Clone, PartialEq)]
pub struct PermutationImportance {
    /// The mean loss of each feature over the repeats; about 0 for a feature that tells nothing.
    pub means: Vec<f64>,
    /// The standard deviation over the repeats; 0 for one.
    pub deviations: Vec<f64>,
}

impl Forest {
    /// The permutation importance of each feature of the forest, in their order there, on out-of-bag rows, by any metric, in
    /// the direction of worse. Columns are found by name, as when rows are predicted.
    /// O(features × repeats) out-of-bag predictions.
    ///
    /// ```
    /// use consort_core::{Column, Dataset, Features, FitContext, Samples, Seed, Target};
    /// use consort_trees::forest::RandomForest;
    /// let column = |name: &str, of: fn(i32) -> f32| Column::Numeric { name: name.into(), values: (0..300).map(of).collect() };
    /// let columns = vec![column("signal", |i| i as f32), column("noise", |i| (i * 7919 % 300) as f32)];
    /// let target = Target::from_values((0..300).map(f64::from).collect(), "y")?;
    /// let data = Dataset::new(Features::Columns(columns))?.with_target(target)?;
    /// let all = Samples::all(&data);
    /// let forest = RandomForest::default().trees(30).fit_forest(&all, &FitContext::new(Seed::new(1)))?;
    /// let rmse = consort_metrics::registry::by_name("rmse")?;
    /// let importance = forest.permutation_importance(&all, &*rmse, 2, Seed::new(2))?;
    /// assert!(importance.means[0] > 50.0 && importance.means[1].abs() < 1.0);
    /// # Ok::<(), consort_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`out_of_bag`](Self::out_of_bag); if there is no repeat, or the score has no value on these rows.
    pub fn permutation_importance(
        &self,
        train: &Samples<'_>,
        metric: &dyn Metric,
        repeats: usize,
        seed: Seed,
    ) -> Result<PermutationImportance> {
        if repeats == 0 {
            return Err(Error::parameter("repeats", 0, "at least 1"));
        }
        let drawer = self.out_of_bag_drawer(train)?;
        let data = train.dataset();
        let cost = |moved: Option<Moved<'_>>| {
            let score = self.out_of_bag_on(data, &drawer, moved)?.score(train, metric)?;
            score.value().map(|score| metric.direction().cost(score)).ok_or_else(|| Error::Unsupported {
                by: metric.name(),
                what: "these rows".into(),
                hint: format!("it is undefined: {}", score.reason().unwrap_or_default()),
            })
        };
        let whole = cost(None)?;
        let mut from: Vec<u32> = (0..data.rows() as u32).collect();
        let features = self.trees().features().len();
        let (mut means, mut deviations) = (Vec::with_capacity(features), Vec::with_capacity(features));
        for feature in 0..features {
            // By name, so that the place of a column does not matter.
            let name = self.trees().features()[feature].name();
            let mut losses = Vec::with_capacity(repeats);
            for repeat in 0..repeats {
                let mut drawn = drawer.all_rows().to_vec();
                seed.child(name).nth("repeat", repeat as u64).stream().shuffle(&mut drawn);
                drawer.all_rows().iter().zip(drawn).for_each(|(&to, row)| from[to as usize] = row);
                losses.push(cost(Some(Moved { feature, from: &from }))? - whole);
            }
            let mean = losses.iter().sum::<f64>() / repeats as f64;
            let squares: f64 = losses.iter().map(|loss| (loss - mean).powi(2)).sum();
            means.push(mean);
            deviations.push(if repeats > 1 { (squares / (repeats - 1) as f64).sqrt() } else { 0.0 });
        }
        Ok(PermutationImportance { means, deviations })
    }
}
