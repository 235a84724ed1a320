use consort_core::{Error, Ids, Matrix, Missing, Predictions, Result, Samples};
use consort_split::Drawer;
use consort_trees::forest::OutOfBag;
use rayon::prelude::*;

use super::{BaggedModel, bagged_model::ROWS, bagging::member_seed};

impl BaggedModel {
    /// What the members say of the rows of the fit that they did not see (Breiman 1996): an estimate of the bag's error that
    /// costs no further fit. A row's estimate is that of a bag of about a third of the members (for a bootstrap).
    ///
    /// `train` are the samples of the fit. What each member saw is drawn again from its seed, so a saved bag needs no memory
    /// for it.
    ///
    /// # Errors
    /// If every member saw all rows, or the samples are not those of the fit as far as their number tells.
    pub fn out_of_bag(&self, train: &Samples<'_>) -> Result<OutOfBag> {
        let (drawer, seen) = self.seen(train)?;
        let rows = drawer.all_rows();
        let counts: Vec<u32> =
            (0..rows.len()).map(|i| seen.iter().filter(|seen| !seen.has(i)).count() as u32).collect();
        let columns = self.outputs.len();
        let mut values = Vec::with_capacity(rows.len() * columns);
        for start in (0..rows.len()).step_by(ROWS) {
            let part = &rows[start..(start + ROWS).min(rows.len())];
            let said = self.unseen(train, part, start, &seen)?;
            values.extend(self.recipe.rule.fuse(&said)?.into_values());
        }
        let predictions = Matrix::new(rows.len(), columns, values)?;
        Ok(OutOfBag { rows: rows.to_vec(), counts, predictions, gives: self.recipe.rule.gives(&self.outputs) })
    }

    /// Each member's predictions of the rows of the fit that it did not see, missing for those that it saw: what the
    /// jackknife+ after bootstrap (Kim, Xu and Barber 2020), a selection of members, or a rule of one's own reads. The
    /// rows are those of [`out_of_bag`](Self::out_of_bag).
    ///
    /// # Errors
    /// As there.
    pub fn out_of_bag_members(&self, train: &Samples<'_>) -> Result<Predictions> {
        let (drawer, seen) = self.seen(train)?;
        self.unseen(train, drawer.all_rows(), 0, &seen)
    }

    /// What each member saw, by place among the rows of the fit.
    fn seen(&self, train: &Samples<'_>) -> Result<(Drawer, Vec<Places>)> {
        if !self.recipe.draw.leaves_rows_out() {
            return Err(Error::Unsupported {
                by: "a bag".into(),
                what: "out-of-bag estimates where each member sees all rows".into(),
                hint: "fit with `draw` set to `bootstrap`, `subsample` or `balanced`".into(),
            });
        }
        let drawer = self.recipe.drawer(train)?;
        let rows = drawer.all_rows();
        if rows.len() != self.rows {
            return Err(Error::Length {
                what: "the samples".into(),
                got: rows.len(),
                expected: self.rows,
                unit: "rows with weight",
                hint: "give the samples that the bag was fitted on".into(),
            });
        }
        let of = |number: usize| {
            let (drawn, _) = drawer.draw(member_seed(self.seed, number).child("rows"));
            Places::of(rows, &drawn)
        };
        let seen = (0..self.members.len()).into_par_iter().map(of).collect();
        Ok((drawer, seen))
    }

    /// The members' predictions of some rows of the fit, from place `start` on.
    fn unseen(&self, train: &Samples<'_>, rows: &[u32], start: usize, seen: &[Places]) -> Result<Predictions> {
        let data = train.dataset();
        let columns = self.outputs.len();
        let ids = if data.ids().are_positions() { Ids::positions(rows.len()) } else { data.ids().take(rows) };
        let builder = Predictions::builder(self.outputs.clone(), ids).missing(Missing::Available);
        self.asked(builder, |member, slot| {
            slot.fill(f32::NAN);
            let places: Vec<usize> = (0..rows.len()).filter(|i| !seen[member].has(start + i)).collect();
            let own: Vec<u32> = places.iter().map(|&i| rows[i]).collect();
            if own.is_empty() {
                return Ok(());
            }
            let predicted = self.members[member].predict(&Samples::rows(data, &own)?)?;
            self.expect(member, &predicted, own.len())?;
            for (&place, values) in places.iter().zip(predicted.values().chunks_exact(columns)) {
                slot[place * columns..(place + 1) * columns].copy_from_slice(values);
            }
            Ok(())
        })
    }
}

/// A set of places, one bit each.
struct Places(Vec<u64>);

impl Places {
    /// The places in `all` of the rows `some`; both ascend.
    fn of(all: &[u32], some: &[u32]) -> Self {
        let mut bits = vec![0u64; all.len().div_ceil(64)];
        let mut next = some.iter().peekable();
        for (place, row) in all.iter().enumerate() {
            if next.next_if_eq(&row).is_some() {
                bits[place / 64] |= 1 << (place % 64);
            }
        }
        Self(bits)
    }

    fn has(&self, place: usize) -> bool {
        self.0[place / 64] >> (place % 64) & 1 == 1
    }
}
