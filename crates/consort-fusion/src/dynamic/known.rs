use consort_core::{Error, Predictions, Result, Truth};
use serde::{Deserialize, Serialize};

use crate::rule::{Chooser, Panel};

/// The rows whose truth is known, as the members see them.
///
/// Rows of weight 0 and rows that a member lacks are not among them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    members: usize,
    columns: usize,
    /// Which row of the predictions each one was, in ascending order.
    origins: Vec<u32>,
    /// One a row, unless all are 1.
    weights: Option<Vec<f64>>,
    answers: Answers,
    /// `[row][member × output]`, of two classes the first alone; empty when nobody needs it.
    profiles: Vec<f32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Answers {
    Classes {
        /// The class of each row.
        truth: Vec<u32>,
        /// `[row][member]`
        chosen: Vec<u32>,
        /// What each member gave to the class of the row, `[row][member]`.
        supports: Vec<f32>,
    },
    /// The mean squared error over the targets, `[row][member]`.
    Values { errors: Vec<f64> },
}

/// How many numbers of a member are in a profile: of two classes one says all.
pub(super) fn profile_width(columns: usize, is_classification: bool) -> usize {
    if is_classification && columns == 2 { 1 } else { columns }
}

impl Known {
    pub(super) fn new(by: &str, predictions: &Predictions, panel: &Panel<'_>, truth: &Truth<'_>) -> Result<Self> {
        let (members, columns) = (predictions.members().len(), predictions.columns());
        let is_whole = |&i: &usize| truth.weight(i) > 0.0 && (0..members).all(|m| !predictions.is_missing(m, i));
        let rows: Vec<usize> = (0..predictions.rows()).filter(is_whole).collect();
        if rows.is_empty() {
            let hint = "give a row of positive weight that every member predicts".into();
            return Err(Error::Empty { what: format!("the list of rows to fit `{by}` on"), hint });
        }
        let is_classification = predictions.outputs().task().is_classification();
        let width = profile_width(columns, is_classification);
        let mut profiles = vec![0.0; rows.len() * members * width];
        let answers = if is_classification {
            let (codes, _) = truth.classes(by)?;
            let chooser = Chooser::new(predictions.outputs());
            let (mut chosen, mut supports) = (vec![0; rows.len() * members], vec![0.0; rows.len() * members]);
            for m in 0..members {
                let values = panel.probabilities(m);
                for (n, &i) in rows.iter().enumerate() {
                    let (row, at) = (&values[i * columns..(i + 1) * columns], n * members + m);
                    chosen[at] = chooser.choose(row) as u32;
                    supports[at] = row[codes[i] as usize];
                    profiles[at * width..(at + 1) * width].copy_from_slice(&row[..width]);
                }
            }
            Answers::Classes { truth: rows.iter().map(|&i| codes[i]).collect(), chosen, supports }
        } else {
            let (values, targets) = truth.values(by)?;
            let mut errors = vec![0.0; rows.len() * members];
            for m in 0..members {
                for (n, &i) in rows.iter().enumerate() {
                    let (row, at) = (predictions.member_rows(m, i..i + 1), n * members + m);
                    let pairs = row.iter().zip(&values[i * targets..(i + 1) * targets]);
                    errors[at] = pairs.map(|(&x, y)| (f64::from(x) - y).powi(2)).sum::<f64>() / targets as f64;
                    profiles[at * width..(at + 1) * width].copy_from_slice(row);
                }
            }
            Answers::Values { errors }
        };
        let weights: Vec<f64> = rows.iter().map(|&i| truth.weight(i)).collect();
        let weights = weights.iter().any(|&weight| weight != 1.0).then_some(weights);
        let origins = rows.iter().map(|&i| i as u32).collect();
        Ok(Self { members, columns, origins, weights, answers, profiles })
    }

    /// Refuses a loaded table whose parts do not fit together.
    pub(super) fn check(&self, by: &str, members: usize, columns: usize) -> Result<()> {
        let (rows, cells) = (self.rows(), self.rows() * self.members);
        let width = self.profile_width() * self.members;
        let fits = match &self.answers {
            Answers::Classes { truth, chosen, supports } => {
                let is_class = |&k: &u32| (k as usize) < columns;
                truth.len() == rows
                    && chosen.len() == cells
                    && supports.len() == cells
                    && truth.iter().chain(chosen).all(is_class)
            }
            Answers::Values { errors } => errors.len() == cells,
        };
        let fits = fits
            && (self.members, self.columns) == (members, columns)
            && self.weights.as_ref().is_none_or(|weights| weights.len() == rows)
            && self.origins.is_sorted()
            && (self.profiles.is_empty() || self.profiles.len() == rows * width);
        if fits && rows > 0 {
            return Ok(());
        }
        let problem = "the known rows do not fit the members and outputs: fit again".into();
        Err(Error::Damaged { place: format!("`{by}`"), problem })
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.origins.len()
    }

    /// How many rows there are, each as often as its weight says, rounded up.
    pub(super) fn copies(&self) -> usize {
        self.weights.as_ref().map_or(self.rows(), |weights| weights.iter().sum::<f64>().ceil() as usize)
    }

    /// How many members there are; their order is that of their names.
    pub fn members(&self) -> usize {
        self.members
    }

    /// How many classes or targets there are.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Whether classes are predicted, not values.
    pub fn is_classification(&self) -> bool {
        matches!(self.answers, Answers::Classes { .. })
    }

    /// The weight of each row, unless all are 1.
    pub fn weights(&self) -> Option<&[f64]> {
        self.weights.as_deref()
    }

    /// The class of a row; 0 where values are predicted.
    pub fn class_of(&self, row: usize) -> u32 {
        match &self.answers {
            Answers::Classes { truth, .. } => truth[row],
            Answers::Values { .. } => 0,
        }
    }

    /// The class that a member chose in a row; 0 where values are predicted.
    pub fn choice(&self, row: usize, member: usize) -> u32 {
        match &self.answers {
            Answers::Classes { chosen, .. } => chosen[row * self.members + member],
            Answers::Values { .. } => 0,
        }
    }

    /// Whether a member chose the class of a row.
    pub fn is_right(&self, row: usize, member: usize) -> bool {
        self.choice(row, member) == self.class_of(row)
    }

    /// What a member gave to the class of a row, a probability; 0 where values are predicted.
    pub fn support(&self, row: usize, member: usize) -> f64 {
        match &self.answers {
            Answers::Classes { supports, .. } => f64::from(supports[row * self.members + member]),
            Answers::Values { .. } => 0.0,
        }
    }

    /// The squared error of a member in a row, the mean over the targets; of classes 1 where it is wrong.
    pub fn squared_error(&self, row: usize, member: usize) -> f64 {
        match &self.answers {
            Answers::Classes { .. } => f64::from(u8::from(!self.is_right(row, member))),
            Answers::Values { errors } => errors[row * self.members + member],
        }
    }

    /// All that the members gave, `[row][member × output]`, of two classes the first alone; empty when it was let go.
    pub fn profiles(&self) -> &[f32] {
        &self.profiles
    }

    /// How many numbers of each member are in a profile.
    pub(super) fn profile_width(&self) -> usize {
        profile_width(self.columns, self.is_classification())
    }

    pub(super) fn let_profiles_go(&mut self) {
        self.profiles = Vec::new();
    }

    /// The row that was row `origin` of the predictions.
    pub(super) fn find(&self, origin: u32) -> Option<usize> {
        self.origins.binary_search(&origin).ok()
    }

    /// Which rows of the predictions they were.
    pub(super) fn origins(&self) -> &[u32] {
        &self.origins
    }
}
