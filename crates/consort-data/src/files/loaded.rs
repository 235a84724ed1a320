use consort_core::{Predictions, Target, Warning};

/// The style of the columns of a prediction file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Style {
    /// One column `p_CLASS` a class.
    #[default]
    Classes,
    /// One column `p`: the positive class of two.
    Positive,
    /// One column `pred`: a predicted number.
    Values,
    /// One column `label`: the class chosen.
    Labels,
}

/// The folds in which the rows were predicted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folds {
    /// The number of each row's fold: a place in `names`.
    pub codes: Vec<u32>,
    /// The folds as they are written in the file, in class order (numeric if all are numbers).
    pub names: Vec<String>,
}

/// What was read: predictions, truth, weights and folds, aligned by id and class.
///
/// Members stand in the byte order of their names and rows in the byte order of their ids, so that no number
/// depends on the order of files, rows or columns; [`order`](Self::order) gives the rows back as they came.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The members' predictions.
    pub predictions: Predictions,
    /// The truth, where a file has it.
    pub target: Option<Target>,
    /// A weight for each row, where a column was named.
    pub weights: Option<Vec<f64>>,
    /// The folds, where a file has them.
    pub folds: Option<Folds>,
    /// The number of each row's group, in the byte order of their texts, where a column was named.
    pub groups: Option<Vec<u32>>,
    /// Which member has a column for which class: `[member][column]`, all true but for absent classes.
    pub known: Vec<Vec<bool>>,
    /// The rows in the order of the first file: `order[j]` is the row of `predictions` that was the first file's `j`th.
    pub order: Vec<u32>,
    /// The names of the members in the order of the files (or columns of a wide file).
    pub given: Vec<String>,
    /// The style of the first member's columns, for the output to be like the input.
    pub style: Style,
    /// The columns of each member file, as they were read.
    pub columns: Vec<Vec<String>>,
    /// What was judged from the columns, one sentence each, to be said aloud.
    pub judged: Vec<String>,
    /// What a person should know.
    pub warnings: Vec<Warning>,
}
