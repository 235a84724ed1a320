use std::fmt::Debug;

use consort_core::Result;

use super::{Case, Training};

/// How well members know the neighbourhood of a row: a recipe. Serde round-trips it.
#[typetag::serde(tag = "competence")]
pub trait Competence: Debug + Send + Sync {
    /// Its name in tables and on the command line, such as `knora-e`.
    fn name(&self) -> String;

    /// How many neighbours it asks for where nobody says; `None` for all rows. By default 7.
    fn neighbours(&self) -> Option<usize> {
        Some(7)
    }

    /// What it needs to know of the rows whose truth is known.
    ///
    /// # Errors
    /// If a parameter is out of range, or it is not for what the members predict.
    fn fit(&self, training: &Training<'_>) -> Result<Box<dyn Judge>>;
}

/// A fitted [`Competence`]. Serde round-trips it.
#[typetag::serde(tag = "judge")]
pub trait Judge: Debug + Send + Sync {
    /// How many rows of like outputs it wants to see besides the neighbours; by default none.
    fn alike(&self) -> usize {
        0
    }

    /// The competence of each member at a row: the greater, the better.
    fn competence(&self, case: &Case<'_>, competences: &mut [f64]);

    /// Makes weights of competences, each at least 0; a member of weight 0 is not asked, and if all are 0, all are asked alike.
    /// By default the competences are the weights. A member that is not there has −∞, and no weight whatever is made of it.
    fn select(&self, case: &Case<'_>, competences: &mut [f64]) {
        let _ = (case, competences);
    }
}

/// Asks those of the greatest competence, all alike.
pub(super) fn keep_greatest(competences: &mut [f64]) {
    let greatest = competences.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    competences.iter_mut().for_each(|x| *x = f64::from(u8::from(*x == greatest)));
}

/// Asks those above a bar, all alike.
pub(super) fn keep_above(bar: f64, competences: &mut [f64]) {
    competences.iter_mut().for_each(|x| *x = f64::from(u8::from(*x > bar)));
}

/// What a neighbour at this distance counts where the nearer counts more; of distance 0, as at 1e-10.
pub(super) fn nearness(distance: f64) -> f64 {
    1.0 / if distance == 0.0 { 1e-10 } else { distance }
}
