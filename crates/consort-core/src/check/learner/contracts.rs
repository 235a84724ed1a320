use super::{
    super::Broken,
    case::LearnerCase,
    lesson::{COLOUR, Lesson, SIZE, colours},
    trial::{Trial, context, up_to},
};
use crate::{Learner, Matrix, Samples, Seed, Takes};

/// Rows that nobody learns from.
const TESTED: usize = 700;

/// Runs every contract of [`Learner`] and of the [`Model`](crate::Model)s that it fits, on made-up rows of one task.
///
/// The rows have numbers, and categories and missing values as far as the learner [takes](Learner::takes) them. It must
///
/// - predict finite numbers of the right shape, probabilities that sum to 1, and beat the best constant prediction on
///   rows that it has not seen;
/// - refuse what it does not take, naming it;
/// - give the same bits for the same seed, with 1 and 2 threads, and after the recipe or the model was saved;
/// - read no row out of the training part and none of weight 0, and keep to what [`LearnerCase`] says of weights, the
///   order of rows, and seeds;
/// - give a class that no training row has a probability near 0;
/// - say how far it is, never going back, up to the end, and stop with [`Error::Cancelled`](crate::Error::Cancelled);
/// - know features by name, and levels of categories by name, when it predicts;
/// - give an error or a sound answer, and never panic, for no rows, one row, one class, constant features, no weight,
///   no target, another kind of target, infinite numbers, and features other than those that it was fitted on.
///
/// ```
/// use consort_core::{FitContext, Learner, Matrix, Model, Result, Samples, Takes, Target, Task, check};
/// use serde::{Deserialize, Serialize};
///
/// /// Predicts the mean, whatever the features say.
/// #[derive(Debug, Serialize, Deserialize)]
/// struct Mean;
///
/// #[derive(Debug, Serialize, Deserialize)]
/// struct Constant(f64);
///
/// #[typetag::serde]
/// impl Learner for Mean {
///     fn name(&self) -> String { "mean".into() }
///     fn takes(&self) -> Takes { Takes { categories: true, missing: true, weights: false } }
///     fn fit(&self, train: &Samples<'_>, _: &FitContext<'_>) -> Result<Box<dyn Model>> {
///         match &*train.target("mean")? {
///             Target::Values { values, .. } => Ok(Box::new(Constant(values.iter().sum::<f64>() / values.len() as f64))),
///             _ => Err(consort_core::Error::custom("the mean is for numbers")),
///         }
///     }
/// }
///
/// #[typetag::serde]
/// impl Model for Constant {
///     fn predict(&self, rows: &Samples<'_>) -> Result<Matrix> {
///         Matrix::new(rows.len(), 1, vec![self.0 as f32; rows.len()])
///     }
/// }
///
/// let broken = check::learner(&Mean, &check::LearnerCase::new(Task::Regression)).unwrap_err();
/// assert_eq!(broken.contract, "it beats the best constant prediction");
/// ```
///
/// # Errors
/// The first contract that is broken.
pub fn learner(learner: &dyn Learner, case: &LearnerCase) -> Result<(), Broken> {
    let trial = Trial { learner, case, subject: format!("{} ({})", learner.name(), case.task) };
    let takes = learner.takes();
    let lesson = Lesson::new(case, takes, case.rows + TESTED, Seed::new(2026));
    let data = lesson.dataset();
    let (train, test) = (up_to(case.rows), (case.rows as u32..(case.rows + TESTED) as u32).collect::<Vec<_>>());
    let rows = |rows| Samples::rows(&data, rows).map_err(|error| trial.broken("the rows are there", error));
    let school = School { lesson: &lesson, train: rows(&train)?, test: rows(&test)? };

    let model = trial.fit(&school.train, &context())?;
    let predicted = trial.predict(&*model, &school.test)?;
    trial.sound("predictions are sound", &predicted, TESTED, &lesson.target)?;
    let error = Lesson::error(&school.test, |i, k| f64::from(predicted.at(i, k)));
    let constant = Lesson::constant(&school.test);
    let of_constant = Lesson::error(&school.test, |_, k| constant[k]);
    let detail = format!("its squared error is {error:.4}, that of the constant {of_constant:.4}");
    // Amounts say less to those who read them as counts.
    let share = if case.amounts { 0.99 } else { 0.9 };
    let beats = !case.learns || error < share * of_constant;
    trial.ensure(beats, "it beats the best constant prediction", detail)?;

    trial.kinds(takes)?;
    trial.repeats(&school, &predicted)?;
    trial.saving(&school, &*model, &predicted)?;
    trial.weights(&school, &predicted)?;
    trial.conduct(&school, &predicted)?;
    trial.absent_class(&school)?;
    if case.learns {
        trial.other_features(&school, &*model, &predicted)?;
    }
    trial.odd_samples(&school)
}

/// What is learnt from, and what is asked afterwards: rows of one data set.
pub(super) struct School<'a> {
    pub(super) lesson: &'a Lesson,
    pub(super) train: Samples<'a>,
    pub(super) test: Samples<'a>,
}

impl Trial<'_> {
    /// What the learner does not take is refused.
    fn kinds(&self, takes: Takes) -> Result<(), Broken> {
        let seed = Seed::new(7);
        let plain = Lesson::new(self.case, Takes { categories: false, missing: false, weights: false }, 200, seed);
        let plain_data = plain.dataset();
        let all = Samples::all(&plain_data);
        let model = self.fit(&all, &context())?;
        if !takes.categories {
            let contract = "categories that it does not take are refused by name";
            let with = plain.with_column(colours((0..200).map(|i| i % 4).collect()));
            self.refused(contract, self.try_fit(&Samples::all(&with.dataset()), &context())?, COLOUR)?;
        }
        if !takes.missing {
            let contract = "missing values that it does not take are refused by name";
            let with = plain.with_number(SIZE, 40, f32::NAN);
            self.refused(contract, self.try_fit(&Samples::all(&with.dataset()), &context())?, SIZE)?;
            self.refused(contract, self.try_predict(&*model, &Samples::all(&with.dataset()))?, SIZE)?;
        }
        if !takes.weights {
            let weights: Vec<f64> = (0..200).map(|i| f64::from(1 + i % 2)).collect();
            let weighted = all.with_weights(&weights).map_err(|error| self.broken("weights are legal", error))?;
            let result = self.try_fit(&weighted, &context())?;
            self.refused("weights that it does not take are refused by name", result, "weight")?;
        }
        Ok(())
    }

    /// A class that is declared and that no training row has.
    fn absent_class(&self, school: &School<'_>) -> Result<(), Broken> {
        let crate::Target::Classes { codes, classes } = &school.lesson.target else { return Ok(()) };
        if classes.len() < 3 {
            return Ok(());
        }
        let data = school.lesson.dataset();
        let others: Vec<u32> = (0..self.case.rows as u32).filter(|&i| codes[i as usize] != 1).collect();
        let train = Samples::rows(&data, &others).map_err(|error| self.broken("the rows are there", error))?;
        let predicted: Matrix = self.run(&train, &school.test)?;
        let contract = "a class that no training row has is predicted with a probability near 0";
        self.sound(contract, &predicted, school.test.len(), &school.lesson.target)?;
        match (0..predicted.rows()).find(|&i| predicted.at(i, 1) > 0.02) {
            None => Ok(()),
            Some(i) => Err(self.broken(contract, format!("row {} is {:?}", i + 1, predicted.row(i)))),
        }
    }
}
