use consort_core::Result;
use serde::{Deserialize, Serialize};

use super::{Case, Competence, Judge, Training, case::weight_of, competence::keep_above};

/// DES-P: asks the members that are better near the row than a guess, whose accuracy is 1 / K for K classes.
///
/// Source: Woloszynski, Kurzynski, Podsiadlo and Stachowiak 2012.
///
/// ```
/// use consort_fusion::dynamic::{Competence, DesPerformance};
/// assert_eq!(DesPerformance.name(), "des-p");
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DesPerformance;

#[typetag::serde(name = "des_performance")]
impl Competence for DesPerformance {
    fn name(&self) -> String {
        "des-p".into()
    }

    fn fit(&self, training: &Training<'_>) -> Result<Box<dyn Judge>> {
        training.expect_classes()?;
        Ok(Box::new(*self))
    }
}

#[typetag::serde(name = "des_performance")]
impl Judge for DesPerformance {
    fn competence(&self, case: &Case<'_>, competences: &mut [f64]) {
        let total = weight_of(case.region());
        competences.iter_mut().enumerate().for_each(|(m, x)| *x = case.right(case.region(), m) / total);
    }

    fn select(&self, case: &Case<'_>, competences: &mut [f64]) {
        keep_above(1.0 / case.known().columns() as f64, competences);
    }
}
