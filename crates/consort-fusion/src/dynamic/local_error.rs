use consort_core::Result;
use serde::{Deserialize, Serialize};

use super::{
    Case, Competence, Judge, Training,
    competence::{keep_greatest, nearness},
};

/// What is made of the local errors of members.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Integration {
    /// The member of the least error is asked.
    Select,
    /// Each member counts by 1 / error.
    #[default]
    Weigh,
    /// Those whose error is at most halfway from the least to the greatest count by 1 / error.
    WeighTheBetter,
}

/// Dynamic integration by the local error: the mean squared error of a member near the row, each neighbour by 1 / distance.
///
/// It is for values, and takes classes too, whose error is 1 where the member is wrong.
///
/// Source: Rooney, Patterson, Anand and Tsymbal 2004.
///
/// ```
/// use consort_core::{Gives, Ids, Outputs, Predictions, Target, Truth, Matrix};
/// use consort_fusion::dynamic::{DynamicSelection, LocalError, Region};
/// let predictions = Predictions::builder(Outputs::target("y"), Ids::positions(2))
///     .member("m1", Gives::Values, &[1.0, 5.0])?
///     .member("m2", Gives::Values, &[3.0, 8.0])?
///     .build()?;
/// let truth = Target::from_values(vec![1.0, 8.0], "y")?;
/// let places = Matrix::new(2, 1, vec![0.0, 1.0])?;
/// let fitted = DynamicSelection::new(LocalError::default()).neighbours(1)
///     .fit_near(&predictions, &Truth::new(&truth), &places)?;
/// // m1 was right on the first row, m2 on the second.
/// assert_eq!(fitted.fuse_in(&predictions, Region::Near(&places))?.values(), [1.0, 8.0]);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalError {
    /// What is made of the errors.
    #[serde(default)]
    pub integration: Integration,
}

#[typetag::serde(name = "local_error")]
impl Competence for LocalError {
    fn name(&self) -> String {
        match self.integration {
            Integration::Select => "local-error:select".into(),
            Integration::Weigh => "local-error".into(),
            Integration::WeighTheBetter => "local-error:better".into(),
        }
    }

    fn fit(&self, _training: &Training<'_>) -> Result<Box<dyn Judge>> {
        Ok(Box::new(*self))
    }
}

#[typetag::serde(name = "local_error")]
impl Judge for LocalError {
    fn competence(&self, case: &Case<'_>, competences: &mut [f64]) {
        for (m, competence) in competences.iter_mut().enumerate() {
            let (mut sum, mut total) = (0.0, 0.0);
            for n in case.region() {
                let weight = n.weight * nearness(n.distance);
                sum += weight * case.known().squared_error(n.row, m);
                total += weight;
            }
            *competence = -sum / total;
        }
    }

    fn select(&self, _case: &Case<'_>, competences: &mut [f64]) {
        let greatest = competences.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if self.integration == Integration::Select || greatest == 0.0 {
            // A member without error outweighs all that have one.
            return keep_greatest(competences);
        }
        let least = competences.iter().copied().filter(|x| x.is_finite()).fold(f64::INFINITY, f64::min);
        let bar = match self.integration {
            Integration::WeighTheBetter => (greatest + least) / 2.0,
            _ => f64::NEG_INFINITY,
        };
        // Shares of the best one's weight: no error is so small that its inverse overflows.
        competences.iter_mut().for_each(|x| *x = if *x >= bar { greatest / *x } else { 0.0 });
    }
}
