//! What weights of rows mean.

use super::{
    super::Broken,
    contracts::School,
    trial::{Trial, context, difference},
};
use crate::{Dataset, Matrix, Samples};

impl Trial<'_> {
    /// The contracts of a learner that takes weights.
    pub(super) fn weights(&self, school: &School<'_>, predicted: &Matrix) -> Result<(), Broken> {
        if !self.learner.takes().weights {
            return Ok(());
        }
        let School { lesson, train, test } = school;
        let ones = vec![1.0; lesson.rows()];
        let even = self.run(&self.weigh(*train, &ones)?, test)?;
        self.same("weights of 1 change nothing", predicted, &even, self.case.tolerance)?;

        // Weight 0 for every seventh row, 2 for every fifth other.
        let weight = |i: usize| {
            if i.is_multiple_of(7) {
                0.0
            } else if i.is_multiple_of(5) {
                2.0
            } else {
                1.0
            }
        };
        let weights: Vec<f64> = (0..lesson.rows()).map(weight).collect();
        let own: Vec<u32> = train.row_numbers().unwrap_or(&[]).to_vec();
        let weighted = self.run(&self.weigh(*train, &weights)?, test)?;
        if self.case.copies {
            let copies: Vec<u32> =
                own.iter().flat_map(|&i| std::iter::repeat_n(i, weights[i as usize] as usize)).collect();
            let copies = self.run(&self.rows(train.dataset(), &copies)?, test)?;
            let contract = "weight 2 is the row twice and weight 0 is no row";
            self.same(contract, &copies, &weighted, self.case.tolerance)?;
        }
        // Those that count are the ones where the target is great, or of the last classes; and some within each class, since
        // a learner may make classes weigh the same.
        let lean =
            |i: usize| if self.is_high(school, i) { 3.0 } else { 1.0 } * if i.is_multiple_of(2) { 2.0 } else { 1.0 };
        let leaning: Vec<f64> = (0..lesson.rows()).map(lean).collect();
        let leaning = self.run(&self.weigh(*train, &leaning)?, test)?;
        let changed = difference(predicted, &leaning, self.case.tolerance).is_some();
        self.ensure(changed, "weights have a say", "the weights of some rows are six times those of others")?;

        // The weights are the data set's own, so that nothing that is kept with it is made of rows of weight 0.
        let with = |data: Dataset| data.with_weights(weights.clone()).map_err(|e| self.broken("weights are legal", e));
        let good = with(lesson.dataset())?;
        let spoilt = with(lesson.with_spoilt_rows(|i| weights[i] == 0.0, true).dataset())?;
        let good = self.run(&self.rows(&good, &own)?, test)?;
        let blind = self.run(&self.rows(&spoilt, &own)?, test)?;
        self.same("rows of weight 0 are not read", &good, &blind, 0.0)?;

        let none = vec![0.0; lesson.rows()];
        let result = self.try_fit(&self.weigh(*train, &none)?, &context())?;
        self.ensure(result.is_err(), "weights of 0 for all rows are refused", "it was fitted")
    }

    fn weigh<'a>(&self, samples: Samples<'a>, weights: &'a [f64]) -> Result<Samples<'a>, Broken> {
        samples.with_weights(weights).map_err(|error| self.broken("weights are legal", error))
    }

    fn is_high(&self, school: &School<'_>, row: usize) -> bool {
        match &school.lesson.target {
            crate::Target::Classes { codes, classes } => codes[row] as usize >= classes.len() / 2,
            crate::Target::Values { values, .. } => values[row] > 10.0,
            crate::Target::Labels { values, .. } => values[row],
        }
    }
}
