use std::{fmt, time::Duration};

use consort_core::{Dataset, Fold, Ids, Model, Outputs, Predictions, Result};

use super::Fit;

/// Members, each fitted on every fold.
#[derive(Debug)]
pub struct CrossFitted {
    folds: Vec<Fold>,
    outputs: Outputs,
    ids: Ids,
    members: Vec<CrossFittedMember>,
    skipped: Vec<Skipped>,
}

/// A member and its fits, one a fold, in the order of the folds.
#[derive(Debug)]
pub struct CrossFittedMember {
    /// The name.
    pub name: String,
    /// Its fits.
    pub fits: Vec<Fit>,
}

impl CrossFittedMember {
    /// How long its fits took in sum.
    pub fn fit_time(&self) -> Duration {
        self.fits.iter().map(|fit| fit.fit_time).sum()
    }

    /// How long its predictions took in sum.
    pub fn predict_time(&self) -> Duration {
        self.fits.iter().map(|fit| fit.predict_time).sum()
    }
}

/// A member that was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The name.
    pub name: String,
    /// The layer that it is missing on, from 0; it may well be on another.
    pub layer: u32,
    /// Why it was left out.
    pub why: Why,
}

/// Why a member was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// The time was over.
    Time,
    /// A fit failed with this message.
    Failed(String),
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.name)?;
        if self.layer > 0 {
            write!(f, " of layer {}", self.layer + 1)?;
        }
        match &self.why {
            Why::Time => write!(f, ": the time was over"),
            Why::Failed(message) => write!(f, ": {message}"),
        }
    }
}

/// Predictions of rows by members that did not see them.
#[derive(Debug, Clone)]
pub struct OutOfFold {
    /// The predictions, one block a member; where a row was tested in several repeats, their mean.
    pub predictions: Predictions,
    /// The row of the data set that each row of the predictions is.
    pub rows: Vec<u32>,
    /// For each of these rows, the fold of the first repeat that tested it.
    pub folds: Vec<u32>,
}

impl CrossFitted {
    pub(super) fn new(
        data: &Dataset,
        folds: Vec<Fold>,
        outputs: Outputs,
        members: Vec<CrossFittedMember>,
        skipped: Vec<Skipped>,
    ) -> Self {
        Self { folds, outputs, ids: data.ids().clone(), members, skipped }
    }

    /// The members, in the order given.
    pub fn members(&self) -> &[CrossFittedMember] {
        &self.members
    }

    /// The members that were left out, and why.
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// The folds, in the order of each member's fits.
    pub fn folds(&self) -> &[Fold] {
        &self.folds
    }

    /// The fitted models: for each member, one a fold.
    pub fn into_models(self) -> Vec<(String, Vec<Box<dyn Model>>)> {
        let models = |fits: Vec<Fit>| fits.into_iter().map(|fit| fit.model).collect();
        self.members.into_iter().map(|member| (member.name, models(member.fits))).collect()
    }

    /// The members' predictions of all rows that some fold tests, in the order of the data set. Rows that no fold tests
    /// (the first ones of a split in time) are not among them.
    ///
    /// # Errors
    /// If a member gives what is not finite, or no probabilities where the target is a class; it is named with the row.
    pub fn predictions(&self) -> Result<OutOfFold> {
        const NOWHERE: u32 = u32::MAX;
        let (rows, columns) = (self.ids.len(), self.outputs.len());
        let mut tested = vec![0u32; rows];
        let mut first_fold = vec![NOWHERE; rows];
        for (number, fold) in self.folds.iter().enumerate() {
            for &row in &fold.test {
                tested[row as usize] += 1;
                let first = &mut first_fold[row as usize];
                *first = (*first).min(number as u32);
            }
        }
        let covered: Vec<u32> = (0..rows as u32).filter(|&row| tested[row as usize] > 0).collect();
        let mut place = vec![NOWHERE; rows];
        covered.iter().enumerate().for_each(|(i, &row)| place[row as usize] = i as u32);
        let ids = if covered.len() == rows {
            self.ids.clone()
        } else if self.ids.are_positions() {
            Ids::from_texts(covered.iter().map(u32::to_string))
        } else {
            self.ids.take(&covered)
        };
        let gives = self.outputs.gives();
        let once = tested.iter().all(|&times| times <= 1);
        let mut builder = Predictions::builder(self.outputs.clone(), ids).reserve(self.members.len());
        for member in &self.members {
            builder.add(member.name.clone(), gives, |slot| {
                let mut sums = if once { Vec::new() } else { vec![0.0f64; slot.len()] };
                for (fit, fold) in member.fits.iter().zip(&self.folds) {
                    let values = fit.predictions.as_ref().map_or(&[][..], |predictions| predictions.values());
                    for (values, &row) in values.chunks_exact(columns).zip(&fold.test) {
                        let at = place[row as usize] as usize * columns;
                        if once {
                            slot[at..at + columns].copy_from_slice(values);
                        } else {
                            let share = 1.0 / f64::from(tested[row as usize]);
                            let sums = &mut sums[at..at + columns];
                            sums.iter_mut().zip(values).for_each(|(sum, &x)| *sum += share * f64::from(x));
                        }
                    }
                }
                if !once {
                    slot.iter_mut().zip(sums).for_each(|(to, sum)| *to = sum as f32);
                }
                Ok(())
            })?;
        }
        let folds = covered.iter().map(|&row| first_fold[row as usize]).collect();
        Ok(OutOfFold { predictions: builder.build()?, rows: covered, folds })
    }
}
