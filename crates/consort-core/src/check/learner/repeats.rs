//! The same samples, come to in other ways.

use super::{
    super::Broken,
    contracts::School,
    trial::{Trial, context, difference},
};
use crate::{FitContext, Matrix, Samples, Seed};

impl Trial<'_> {
    /// Seeds, threads, and orders.
    pub(super) fn repeats(&self, school: &School<'_>, predicted: &Matrix) -> Result<(), Broken> {
        let School { lesson, train, test } = school;
        self.same("the same seed gives the same bits", predicted, &self.run(train, test)?, 0.0)?;
        let other = self.fit(train, &FitContext { seed: Seed::new(2), ..context() })?;
        let other = difference(predicted, &self.predict(&*other, test)?, 0.0);
        match (self.case.seeded, other) {
            (true, None) => return Err(self.broken("another seed gives another model", "the bits are the same")),
            (false, Some(detail)) => return Err(self.broken("the seed changes nothing", detail)),
            _ => {}
        }
        for threads in [1, 2] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            let pool = pool.map_err(|error| self.broken("a pool of threads can be made", error))?;
            let again = pool.install(|| {
                let model = self.fit(train, &FitContext { threads, ..context() })?;
                self.predict(&*model, test)
            })?;
            self.same("1 and 2 threads give the same bits", predicted, &again, 0.0)?;
            // Without a pool of the caller, and on a data set that nothing was kept with.
            let fresh = lesson.dataset();
            let rows = |samples: &Samples<'_>| samples.row_numbers().unwrap_or(&[]).to_vec();
            let (own, asked) = (rows(train), rows(test));
            let again = self.fit(&self.rows(&fresh, &own)?, &FitContext { threads, ..context() })?;
            let again = self.predict(&*again, &self.rows(&fresh, &asked)?)?;
            self.same("1 and 2 threads give the same bits", predicted, &again, 0.0)?;
        }

        let mine: Vec<u32> = train.row_numbers().unwrap_or(&[]).to_vec();
        let alone = lesson.take(&mine).dataset();
        let (whole, listed) = (Samples::all(&alone), self.rows(&alone, &mine)?);
        let whole = self.run(&whole, test)?;
        self.same("all rows by their numbers are all rows", &whole, &self.run(&listed, test)?, 0.0)?;
        if self.case.row_order {
            let mut order = mine.clone();
            Seed::new(3).stream().shuffle(&mut order);
            let moved = lesson.take(&order).dataset();
            let moved = self.run(&Samples::all(&moved), test)?;
            self.same("the order of rows does not matter to the fit", &whole, &moved, self.case.tolerance)?;
        }
        let hidden = lesson.with_spoilt_rows(|i| i >= mine.len(), false).dataset();
        let blind = self.run(&self.rows(&hidden, &mine)?, test)?;
        self.same("targets out of the training part are not read", predicted, &blind, 0.0)
    }

    pub(super) fn rows<'a>(&self, data: &'a crate::Dataset, rows: &'a [u32]) -> Result<Samples<'a>, Broken> {
        Samples::rows(data, rows).map_err(|error| self.broken("the rows are there", error))
    }
}
