use consort_core::{Error, Result};
use consort_neighbours::{Distance, Neighbour, QUERIES, Search};
use rayon::prelude::*;

use super::Known;

/// What a competence is fitted on: the known rows, and which of them are near each other.
#[derive(Debug)]
pub struct Training<'a> {
    pub(super) by: &'a str,
    pub(super) known: &'a Known,
    /// Where regions are, `[row][feature]`.
    pub(super) space: &'a [f32],
    /// How many neighbours a region has.
    pub(super) neighbours: usize,
}

impl<'a> Training<'a> {
    /// The known rows.
    pub fn known(&self) -> &'a Known {
        self.known
    }

    /// How many neighbours a region will have at most.
    pub fn neighbours(&self) -> usize {
        self.neighbours
    }

    /// The region of each known row, without the row itself. Each call searches anew.
    ///
    /// # Errors
    /// None that a fit can meet: the known rows are whole.
    pub fn regions(&self) -> Result<Vec<Vec<Neighbour>>> {
        self.others(self.space, self.neighbours)
    }

    /// The known rows whose outputs are most like those of each, without the row itself. Each call searches anew.
    ///
    /// # Errors
    /// As [`Training::regions`].
    pub fn alike(&self, count: usize) -> Result<Vec<Vec<Neighbour>>> {
        self.others(self.known.profiles(), count)
    }

    /// What a member gave in a known row, a number a class or target.
    pub fn outputs(&self, row: usize, member: usize) -> Vec<f32> {
        let width = self.known.profile_width();
        let at = (row * self.known.members() + member) * width;
        match self.known.profiles()[at..at + width] {
            [p] if self.known.columns() == 2 => vec![p, 1.0 - p],
            ref all => all.to_vec(),
        }
    }

    /// Refuses members that predict values.
    ///
    /// # Errors
    /// [`Error::Unsupported`].
    pub fn expect_classes(&self) -> Result<()> {
        match self.known.is_classification() {
            true => Ok(()),
            false => Err(Error::Unsupported {
                by: format!("dynamic selection `{}`", self.by),
                what: "members that predict values".into(),
                hint: "use `local-error`".into(),
            }),
        }
    }

    /// The nearest of each row but itself; of a row of weight 2 its copy is a neighbour.
    fn others(&self, rows: &[f32], count: usize) -> Result<Vec<Vec<Neighbour>>> {
        let width = rows.len() / self.known.rows();
        let search = Search::new(Distance::Euclidean, width, rows, self.known.weights())?;
        let parts: Vec<Vec<Vec<Neighbour>>> = rows
            .par_chunks(QUERIES * width)
            .enumerate()
            .map(|(part, queries)| {
                let mut found = search.nearest(queries, count as f64 + 1.0);
                for (q, found) in found.iter_mut().enumerate() {
                    // Of many equal rows, itself may not be among the first; then the last one is too many.
                    let own = found.iter().position(|n| n.row == part * QUERIES + q).unwrap_or(found.len() - 1);
                    found[own].weight -= 1.0;
                    found.retain(|n| n.weight > 0.0);
                }
                found
            })
            .collect();
        Ok(parts.into_iter().flatten().collect())
    }
}
