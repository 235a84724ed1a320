use consort_core::{Error, Gives, Ids, Matrix, Model, Outputs, Predictions, Result, Samples, Warning};
use serde::{Deserialize, Serialize};

use super::{Ending, r2, samme};

/// The members that adaptive boosting fitted, and their weights.
///
/// Of classes, each member votes for its label, and a probability is the share of the members' weight that votes for
/// the class; of numbers, the prediction is the weighted median of the members'. Shares of votes choose well among
/// classes but are no calibrated probabilities: calibrate them where that counts.
#[derive(Debug, Serialize, Deserialize)]
#[serde(try_from = "Parts")]
pub struct Adaptive {
    outputs: Outputs,
    /// The classes that some row had; none for numbers.
    seen: Vec<u32>,
    members: Vec<Box<dyn Model>>,
    weights: Vec<f64>,
    errors: Vec<f64>,
    ending: Ending,
    /// Whether members saw draws of rows instead of their weights.
    #[serde(default)]
    resampled: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    outputs: Outputs,
    seen: Vec<u32>,
    members: Vec<Box<dyn Model>>,
    weights: Vec<f64>,
    errors: Vec<f64>,
    ending: Ending,
    #[serde(default)]
    resampled: bool,
}

impl TryFrom<Parts> for Adaptive {
    type Error = Error;

    fn try_from(Parts { outputs, seen, members, weights, errors, ending, resampled }: Parts) -> Result<Self> {
        let finite = weights.iter().chain(&errors).all(|x| x.is_finite());
        let positive = weights.iter().sum::<f64>() > 0.0;
        if members.is_empty() || weights.len() != members.len() || errors.len() != members.len() || !finite || !positive
        {
            let problem = format!("it has {} members and {} weights", members.len(), weights.len());
            return Err(Error::Damaged { place: "boosted members".into(), problem });
        }
        let known = match &outputs {
            Outputs::Classes(classes) => 1..=classes.len(),
            _ => 0..=0,
        };
        let in_order = seen.windows(2).all(|pair| pair[0] < pair[1]);
        if !known.contains(&seen.len()) || !in_order || seen.last().is_some_and(|&last| last as usize >= *known.end()) {
            let problem = format!("it saw the classes of numbers {seen:?}, and has {} outputs", outputs.len());
            return Err(Error::Damaged { place: "boosted members".into(), problem });
        }
        Ok(Self { outputs, seen, members, weights, errors, ending, resampled })
    }
}

impl Adaptive {
    pub(super) fn empty(outputs: Outputs, seen: Vec<u32>, resampled: bool) -> Self {
        let (members, weights, errors) = (Vec::new(), Vec::new(), Vec::new());
        Self { outputs, seen, members, weights, errors, ending: Ending::Rounds, resampled }
    }

    pub(super) fn push(&mut self, member: Box<dyn Model>, weight: f64, error: f64) {
        self.members.push(member);
        self.weights.push(weight);
        self.errors.push(error);
    }

    pub(super) fn end(&mut self, ending: Ending) {
        self.ending = ending;
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Always false: there is at least one member.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The weight of each member.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// The error of each member on the rows as they were weighted for it.
    pub fn errors(&self) -> &[f64] {
        &self.errors
    }

    /// Why boosting ended.
    pub fn ending(&self) -> Ending {
        self.ending
    }

    /// Whether members saw draws of rows instead of their weights.
    pub fn is_resampled(&self) -> bool {
        self.resampled
    }

    /// What a person should know of how members were fitted and boosting ended.
    pub fn warnings(&self) -> Vec<Warning> {
        let drawn = "members were fitted on rows drawn in proportion to their weights, not with weights";
        let resampled = self.resampled.then(|| Warning::Note { text: drawn.into() });
        resampled.into_iter().chain(self.ending.warning(self.members.len())).collect()
    }

    /// What each member predicts, as members named `member 1`, `member 2`, …
    ///
    /// # Errors
    /// If a member cannot predict these samples.
    pub fn members(&self, rows: &Samples<'_>) -> Result<Predictions> {
        let ids = match rows.row_numbers() {
            None => rows.dataset().ids().clone(),
            // A row may be named twice, and then ids would not be unique.
            Some(_) => Ids::positions(rows.len()),
        };
        let gives = if matches!(self.outputs, Outputs::Classes(_)) { Gives::Probabilities } else { Gives::Values };
        let mut builder = Predictions::builder(self.outputs.clone(), ids).reserve(self.members.len());
        for (m, member) in self.members.iter().enumerate() {
            builder = builder.member(format!("member {}", m + 1), gives, member.predict(rows)?.values())?;
        }
        builder.build()
    }

    /// The predictions of the first member, the first two, and so on.
    ///
    /// # Errors
    /// If a member cannot predict these samples.
    pub fn staged(&self, rows: &Samples<'_>) -> Result<Vec<Matrix>> {
        let mut stages = Vec::with_capacity(self.members.len());
        self.stages(rows, |stage| stages.push(stage.clone()), 0)?;
        Ok(stages)
    }

    /// The predictions of a member; a file may hold one that is not for these outputs.
    fn said(&self, member: &dyn Model, rows: &Samples<'_>) -> Result<Matrix> {
        let said = member.predict(rows)?;
        if said.columns() == self.outputs.len() {
            return Ok(said);
        }
        let problem = format!("a member gives {} numbers a row, not {}", said.columns(), self.outputs.len());
        Err(Error::Damaged { place: "boosted members".into(), problem })
    }

    /// Calls `each` with the predictions after every member from `first` on.
    fn stages(&self, rows: &Samples<'_>, mut each: impl FnMut(&Matrix), first: usize) -> Result<()> {
        let columns = self.outputs.len();
        let mut out = Matrix::zeros(rows.len(), columns);
        if matches!(self.outputs, Outputs::Classes(_)) {
            let known = self.seen.len();
            let mut votes = vec![0.0; rows.len() * known];
            let mut total = 0.0;
            for (m, (member, &weight)) in self.members.iter().zip(&self.weights).enumerate() {
                let labels = samme::labels(&self.said(&**member, rows)?, &self.seen);
                samme::vote(&labels, weight, known, &mut votes);
                total += weight;
                if m >= first {
                    for (out, votes) in out.values_mut().chunks_exact_mut(columns).zip(votes.chunks_exact(known)) {
                        samme::probabilities(votes, total, &self.seen, out);
                    }
                    each(&out);
                }
            }
            return Ok(());
        }
        let mut said = vec![Vec::with_capacity(self.members.len()); rows.len()];
        for (m, (member, &weight)) in self.members.iter().zip(&self.weights).enumerate() {
            for (said, &value) in said.iter_mut().zip(self.said(&**member, rows)?.values()) {
                said.push((value, weight));
            }
            if m >= first {
                for (out, said) in out.values_mut().iter_mut().zip(&mut said) {
                    *out = r2::weighted_median(said);
                }
                each(&out);
            }
        }
        Ok(())
    }
}

#[typetag::serde(name = "adaboost")]
impl Model for Adaptive {
    fn predict(&self, rows: &Samples<'_>) -> Result<Matrix> {
        let mut last = None;
        self.stages(rows, |stage| last = Some(stage.clone()), self.members.len() - 1)?;
        last.ok_or_else(|| Error::Damaged { place: "boosted members".into(), problem: "there is none".into() })
    }
}
