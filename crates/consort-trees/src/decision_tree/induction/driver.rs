use consort_core::{Dataset, Error, Result, Target};

use super::{
    absolute::MedianRows,
    class_counts::{ClassCounts, Entropy, Gini},
    columns::{BinnedColumns, Columns},
    grower::{Grow, Grower},
    objective::Objective,
    poisson::PoissonSum,
    target_sums::{TargetSum, TargetSums},
};
use crate::{
    decision_tree::{Criterion, Ranks, Resolution, Shape, SplitFeatures},
    model::Feature,
};

/// Where a feature is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Split {
    /// Where it is best.
    Best,
    /// At random.
    Random,
}

/// All that decides how trees are grown, whatever rows they see.
#[derive(Debug, Clone)]
pub(crate) struct Induction<'a> {
    pub(crate) by: &'static str,
    pub(crate) criterion: Option<Criterion>,
    pub(crate) shape: &'a Shape,
    pub(crate) split_features: SplitFeatures,
    pub(crate) split: Split,
    pub(crate) resolution: &'a Resolution,
    /// How many features a tree sees.
    pub(crate) features: Option<usize>,
}

impl Induction<'_> {
    /// The grower of these trees on some rows, and the features of the data set.
    ///
    /// # Errors
    /// If the criterion does not suit the target.
    pub(crate) fn grower<'d>(
        &self,
        data: &'d Dataset,
        target: &'d Target,
        rows: &[u32],
    ) -> Result<(Box<dyn Grow + 'd>, Vec<Feature>)> {
        match self.resolution {
            Resolution::Binned(params) => self.on(BinnedColumns::new(data, params)?, target, rows),
            Resolution::Exact => self.on(Ranks::shared(data)?, target, rows),
        }
    }

    fn on<'d, C: Columns + 'd>(
        &self,
        columns: C,
        target: &'d Target,
        rows: &[u32],
    ) -> Result<(Box<dyn Grow + 'd>, Vec<Feature>)> {
        let criterion = self.criterion.unwrap_or_else(|| Criterion::of(target));
        let features = columns.features();
        let refuse = |hint: &str| {
            Err(Error::Unsupported {
                by: self.by.into(),
                what: format!("the criterion {} for {}", criterion.name(), target.outputs().task()),
                hint: hint.into(),
            })
        };
        let grower = match (target, criterion) {
            (Target::Classes { codes, classes }, Criterion::Gini) if classes.len() == 2 => {
                self.boxed(ClassCounts::<Gini, 2>::new(codes, 2), columns, target)
            }
            (Target::Classes { codes, classes }, Criterion::Gini) => {
                self.boxed(ClassCounts::<Gini, 0>::new(codes, classes.len()), columns, target)
            }
            (Target::Classes { codes, classes }, Criterion::Entropy) if classes.len() == 2 => {
                self.boxed(ClassCounts::<Entropy, 2>::new(codes, 2), columns, target)
            }
            (Target::Classes { codes, classes }, Criterion::Entropy) => {
                self.boxed(ClassCounts::<Entropy, 0>::new(codes, classes.len()), columns, target)
            }
            (Target::Labels { values, names }, Criterion::Gini) => {
                self.boxed(TargetSums::of_labels(values, names.len()), columns, target)
            }
            (Target::Values { values, names }, Criterion::SquaredError) if names.len() == 1 => {
                self.boxed(TargetSum::new(values), columns, target)
            }
            (Target::Values { values, names }, Criterion::SquaredError) => {
                self.boxed(TargetSums::new(values.clone(), rows, names.len()), columns, target)
            }
            (Target::Values { values, names }, Criterion::AbsoluteError) if names.len() == 1 => {
                if self.split == Split::Random {
                    return refuse("cuts at random are judged by sums, and medians have none: choose squared_error");
                }
                self.boxed(MedianRows::new(values), columns, target)
            }
            (Target::Values { values, names }, Criterion::Poisson) if names.len() == 1 => {
                if let Some(row) = rows.iter().find(|&&row| values[row as usize] < 0.0) {
                    let value = format!("{} in row {}", values[*row as usize], row + 1);
                    return Err(Error::parameter("target", value, "at least 0 for the criterion poisson"));
                }
                self.boxed(PoissonSum::new(values), columns, target)
            }
            (Target::Values { .. }, Criterion::AbsoluteError | Criterion::Poisson) => {
                return refuse("it takes one target; choose squared_error for several");
            }
            (Target::Classes { .. }, _) => return refuse("choose gini or entropy"),
            (Target::Labels { .. }, _) => return refuse("choose gini"),
            _ => return refuse("choose squared_error, absolute_error or poisson"),
        };
        Ok((grower, features))
    }

    fn boxed<'d, O: Objective + 'd, C: Columns + 'd>(
        &self,
        objective: O,
        columns: C,
        target: &Target,
    ) -> Box<dyn Grow + 'd> {
        let features = self.features.unwrap_or_else(|| columns.features().len());
        let drawn = self.split_features.count(features, target);
        Box::new(Grower::new(objective, columns, self.shape.clone(), drawn, self.split == Split::Random))
    }
}
