use crate::Task;

/// What a learner is for, and which contracts apply to it beyond those that apply to all.
///
/// ```
/// use consort_core::{Task, check::LearnerCase};
/// let forest = LearnerCase { copies: false, row_order: false, seeded: true, ..LearnerCase::new(Task::Binary) };
/// assert!(forest.rows > 4096);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LearnerCase {
    /// The kind of problem it is tried on: binary, multiclass (four classes) or regression.
    pub task: Task,
    /// How many rows it learns from: more than [`blocks::ROWS`](crate::blocks::ROWS), so that threads have something
    /// to share. A slow learner may ask for fewer.
    pub rows: usize,
    /// A weight of 2 is the row twice, and a row of weight 0 is as one that is not there. Not so for a learner that
    /// draws rows, since it draws others; even that one must not read rows of weight 0.
    pub copies: bool,
    /// The order of the rows does not matter. Not so for a learner that draws rows or goes through them in turn.
    pub row_order: bool,
    /// Another seed gives another model. If not, the seed must change nothing.
    pub seeded: bool,
    /// It reads the features. Not so for one that predicts a constant: it need not beat that, nor know features by name.
    pub learns: bool,
    /// Features are at least 0, and values to predict above 0, with a logarithm that depends on the features: for learners of
    /// counts and amounts.
    pub amounts: bool,
    /// How far two predictions that must agree may be apart, relative to numbers above 1, where exact bits are not
    /// asked for.
    pub tolerance: f32,
}

impl LearnerCase {
    /// A learner that draws nothing at random, of which every contract holds.
    pub fn new(task: Task) -> Self {
        let (copies, row_order, learns) = (true, true, true);
        Self { task, rows: 5000, copies, row_order, seeded: false, learns, amounts: false, tolerance: 1e-4 }
    }
}
