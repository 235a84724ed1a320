use consort_core::{
    Error, Ids, Matrix, Member, Model, Outputs, Predictions, PredictionsBuilder, Result, Samples, Seed,
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Bagging, subspace::Subspace};

/// The members of a bag, and the rule that fuses them.
#[derive(Debug, Serialize, Deserialize)]
#[serde(try_from = "Parts")]
pub struct BaggedModel {
    pub(super) recipe: Bagging,
    pub(super) seed: Seed,
    /// How many rows the members could see.
    pub(super) rows: usize,
    pub(super) outputs: Outputs,
    pub(super) members: Vec<BaggedMember>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    recipe: Bagging,
    seed: Seed,
    rows: usize,
    outputs: Outputs,
    members: Vec<BaggedMember>,
}

impl TryFrom<Parts> for BaggedModel {
    type Error = Error;

    fn try_from(Parts { recipe, seed, rows, outputs, members }: Parts) -> Result<Self> {
        BaggedModel::new(recipe, seed, rows, outputs, members)
    }
}

/// A member and the features that it sees.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BaggedMember {
    pub(super) model: Box<dyn Model>,
    pub(super) subspace: Subspace,
}

impl BaggedMember {
    pub(super) fn predict(&self, rows: &Samples<'_>) -> Result<Matrix> {
        match self.subspace.of(rows)? {
            None => self.model.predict(rows),
            Some(own) => self.model.predict(&Samples::all(&own)),
        }
    }
}

/// How many rows are predicted at a time: a bound on the memory for all members' predictions.
pub(super) const ROWS: usize = 1 << 16;

impl BaggedModel {
    pub(super) fn new(
        recipe: Bagging,
        seed: Seed,
        rows: usize,
        outputs: Outputs,
        members: Vec<BaggedMember>,
    ) -> Result<Self> {
        if members.is_empty() || outputs.is_empty() {
            let problem = "it has no member or no output".into();
            return Err(Error::Damaged { place: "a bag".into(), problem });
        }
        Ok(Self { recipe, seed, rows, outputs, members })
    }

    /// How it was fitted.
    pub fn recipe(&self) -> &Bagging {
        &self.recipe
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Always false: there is at least one member.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// What each member predicts, as members named `member 1`, `member 2`, …: what a rule, a selection, a chart or a
    /// report reads.
    ///
    /// # Errors
    /// If a member cannot predict these samples, or there is none.
    pub fn member_predictions(&self, rows: &Samples<'_>) -> Result<Predictions> {
        let ids = match rows.row_numbers() {
            None => rows.dataset().ids().clone(),
            // A row may be named twice, and then ids would not be unique.
            Some(_) => Ids::positions(rows.len()),
        };
        self.asked(Predictions::builder(self.outputs.clone(), ids), |member, slot| {
            let predicted = self.members[member].predict(rows)?;
            self.expect(member, &predicted, rows.len())?;
            slot.copy_from_slice(predicted.values());
            Ok(())
        })
    }

    /// The predictions that `ask` writes for each member, side by side.
    pub(super) fn asked(
        &self,
        mut builder: PredictionsBuilder,
        ask: impl Fn(usize, &mut [f32]) -> Result<()> + Sync,
    ) -> Result<Predictions> {
        let gives = self.outputs.gives();
        let names = (1..=self.members.len()).map(|number| Member { name: format!("member {number}"), gives }).collect();
        builder.add_together(names, |slots| {
            let size = slots.len() / self.members.len();
            if size == 0 {
                return Ok(());
            }
            // All are asked before the first error in order is given, so that threads do not choose which.
            let asked: Vec<Result<()>> =
                slots.par_chunks_mut(size).enumerate().map(|(member, slot)| ask(member, slot)).collect();
            asked.into_iter().collect()
        })?;
        builder.build()
    }

    /// Refuses predictions of another shape than the target's.
    pub(super) fn expect(&self, member: usize, predicted: &Matrix, rows: usize) -> Result<()> {
        if predicted.columns() == self.outputs.len() && predicted.rows() == rows {
            return Ok(());
        }
        Err(Error::Length {
            what: format!("the prediction of member {}", member + 1),
            got: predicted.values().len(),
            expected: rows * self.outputs.len(),
            unit: "numbers",
            hint: format!("{rows} rows of {} columns", self.outputs.len()),
        })
    }
}

#[typetag::serde(name = "bagged_model")]
impl Model for BaggedModel {
    fn predict(&self, rows: &Samples<'_>) -> Result<Matrix> {
        let columns = self.outputs.len();
        if rows.is_empty() {
            return Ok(Matrix::zeros(0, columns));
        }
        if rows.len() <= ROWS {
            return self.recipe.rule.fuse(&self.member_predictions(rows)?);
        }
        let numbers: Vec<u32> = (0..rows.len()).map(|i| rows.row(i) as u32).collect();
        let mut values = Vec::with_capacity(rows.len() * columns);
        for part in numbers.chunks(ROWS) {
            let part = self.member_predictions(&Samples::rows(rows.dataset(), part)?)?;
            values.extend(self.recipe.rule.fuse(&part)?.into_values());
        }
        Matrix::new(rows.len(), columns, values)
    }
}
