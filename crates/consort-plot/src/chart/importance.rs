use consort_core::Direction;
use consort_metrics::significance::mean_interval;
use serde::{Deserialize, Serialize};

use super::intervals::{self, Measured};
use crate::{Figure, Svg, Table, draw::number::number};

/// What each feature is worth: by how much the score drops when its values are shuffled among the rows (Breiman 2001;
/// Fisher and others 2019).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Importance {
    /// The name of the metric.
    pub metric: String,
    /// Which way it gets better.
    pub direction: Direction,
    /// Whose features they are, such as `the ensemble`.
    pub of: String,
    /// The features, the most important first.
    pub features: Vec<FeatureImportance>,
    /// How many times each was shuffled.
    pub repeats: usize,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// What one feature is worth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeatureImportance {
    /// The feature.
    pub name: String,
    /// The mean drop of the score, above 0 where the feature is of use.
    pub drop: Option<f64>,
    /// The 95 % interval of the mean over the shuffles (Student's t).
    pub interval: Option<(f64, f64)>,
}

impl Importance {
    /// The most features that are drawn.
    const DRAWN: usize = 30;

    /// From the score of the rows as they are, `base`, and for each feature the scores of its shuffles.
    ///
    /// The interval says how well the mean over shuffles is known, not what other rows would give.
    ///
    /// ```
    /// use consort_core::Direction;
    /// use consort_plot::chart::Importance;
    /// let shuffled = [("age", vec![0.7, 0.8]), ("id", vec![0.9, 0.9])];
    /// let chart = Importance::of_scores("accuracy", Direction::Higher, "the ensemble", 0.9, shuffled);
    /// assert_eq!((chart.features[0].name.as_str(), chart.features[1].drop), ("age", Some(0.0)));
    /// ```
    pub fn of_scores<S: Into<String>>(
        metric: impl Into<String>,
        direction: Direction,
        of: impl Into<String>,
        base: f64,
        shuffled: impl IntoIterator<Item = (S, Vec<f64>)>,
    ) -> Self {
        let mut repeats = 0;
        let mut features: Vec<FeatureImportance> = shuffled
            .into_iter()
            .map(|(name, scores)| {
                repeats = repeats.max(scores.len());
                let drops: Vec<f64> =
                    scores.iter().map(|&score| direction.cost(score) - direction.cost(base)).collect();
                let (drop, interval) =
                    mean_interval(&drops, 0.95).map_or((None, None), |(drop, ends)| (Some(drop), ends));
                FeatureImportance { name: name.into(), drop, interval }
            })
            .collect();
        let drop = |feature: &FeatureImportance| feature.drop.unwrap_or(f64::NEG_INFINITY);
        features.sort_by(|a, b| drop(b).total_cmp(&drop(a)));
        Self { metric: metric.into(), direction, of: of.into(), features, repeats, notes: Vec::new() }
    }
}

impl Figure for Importance {
    fn slug(&self) -> &'static str {
        "importance"
    }

    fn title(&self) -> String {
        format!("Which features matter to {}", self.of)
    }

    fn reading(&self) -> String {
        "How much worse the score gets when the values of one feature are shuffled among the rows. Features that say \
         the same share their importance: each looks small, for the other stands in. Near 0: it could be left out."
            .into()
    }

    fn description(&self) -> String {
        match self.features.first() {
            Some(first) => format!(
                "{} features. Shuffling {} costs most: {} in {}.",
                self.features.len(),
                first.name,
                first.drop.map_or("undefined".into(), number),
                self.metric
            ),
            None => "There is no feature.".into(),
        }
    }

    fn notes(&self) -> Vec<String> {
        let mut said = self.notes.clone();
        if self.repeats > 0 {
            said.push(format!(
                "Each feature was shuffled {} times; bars are 95 % intervals of the mean.",
                self.repeats
            ));
        }
        if self.features.len() > Self::DRAWN {
            said.push(format!("The {} greatest of {}; the table has more.", Self::DRAWN, self.features.len()));
        }
        said
    }

    fn draw(&self) -> Svg {
        let shown: Vec<Measured<'_>> = self
            .features
            .iter()
            .take(Self::DRAWN)
            .map(|one| Measured { name: &one.name, value: one.drop, interval: one.interval })
            .collect();
        intervals::draw(self, &shown, &format!("loss when shuffled, in {}", self.metric.replace('_', " ")))
    }

    fn table(&self) -> Table {
        let head = ["feature".into(), format!("loss, in {}", self.metric), "95 % from".into(), "95 % to".into()];
        let mut table = Table::new(self.title(), head);
        for one in &self.features {
            let end = |pick: fn((f64, f64)) -> f64| one.interval.map_or("—".into(), |i| number(pick(i)));
            table.push([one.name.clone(), one.drop.map_or("undefined".into(), number), end(|i| i.0), end(|i| i.1)]);
        }
        table
    }
}
