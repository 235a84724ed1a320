use consort_core::{Error, Result};
use serde::{Deserialize, Serialize};

use super::{Case, Competence, Judge, Training};

/// DES-KNN: of the members most accurate near the row, asks those that differ most from the rest.
///
/// Difference is the double fault: the share of the neighbours that two members both get wrong, summed over the other
/// members; the less, the more a member differs. Of members that are equally accurate or different, the first by name is taken.
///
/// Source: Santana, Soares, Canuto and de Souto 2006.
///
/// ```
/// use consort_fusion::dynamic::DesKnn;
/// let DesKnn { accurate, diverse } = DesKnn::default();
/// assert_eq!((accurate, diverse), (0.5, 0.3));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DesKnn {
    /// The share of the members that are looked at, rounded down; above 0 and at most 1.
    pub accurate: f64,
    /// The share of the members that are asked, rounded up; above 0 and at most `accurate`.
    pub diverse: f64,
}

impl Default for DesKnn {
    fn default() -> Self {
        Self { accurate: 0.5, diverse: 0.3 }
    }
}

impl DesKnn {
    /// How many of so many members are looked at, and how many are asked.
    fn counts(&self, members: usize) -> (usize, usize) {
        let looked_at = ((members as f64 * self.accurate) as usize).clamp(1, members);
        let asked = ((members as f64 * self.diverse).ceil() as usize).clamp(1, looked_at);
        (looked_at, asked)
    }
}

#[typetag::serde(name = "des_knn")]
impl Competence for DesKnn {
    fn name(&self) -> String {
        "des-knn".into()
    }

    fn fit(&self, training: &Training<'_>) -> Result<Box<dyn Judge>> {
        training.expect_classes()?;
        if !(self.accurate > 0.0 && self.accurate <= 1.0) {
            return Err(Error::parameter("accurate", self.accurate, "above 0 and at most 1"));
        }
        if !(self.diverse > 0.0 && self.diverse <= self.accurate) {
            return Err(Error::parameter("diverse", self.diverse, "above 0 and at most `accurate`"));
        }
        Ok(Box::new(*self))
    }
}

#[typetag::serde(name = "des_knn")]
impl Judge for DesKnn {
    fn competence(&self, case: &Case<'_>, competences: &mut [f64]) {
        competences.iter_mut().enumerate().for_each(|(m, x)| *x = case.right(case.region(), m));
    }

    fn select(&self, case: &Case<'_>, competences: &mut [f64]) {
        let (looked_at, asked) = self.counts(competences.len());
        let known = case.known();
        // Σ over the others of the double fault, which is what a member's wrong rows have of other members' faults.
        let mut faults = vec![0.0; competences.len()];
        for n in case.region() {
            let wrong = |m: usize| case.is_present(m) && !known.is_right(n.row, m);
            let others = (0..faults.len()).filter(|&m| wrong(m)).count().saturating_sub(1) as f64;
            faults.iter_mut().enumerate().for_each(|(m, sum)| *sum += if wrong(m) { n.weight * others } else { 0.0 });
        }
        let mut order: Vec<usize> = (0..competences.len()).collect();
        order.sort_by(|&a, &b| competences[b].total_cmp(&competences[a]));
        order.truncate(looked_at);
        order.sort_by(|&a, &b| faults[a].total_cmp(&faults[b]).then(a.cmp(&b)));
        competences.fill(0.0);
        order[..asked].iter().for_each(|&m| competences[m] = 1.0);
    }
}
