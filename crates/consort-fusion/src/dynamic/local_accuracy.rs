use consort_core::Result;
use serde::{Deserialize, Serialize};

use super::{
    Case, Competence, Judge, Training,
    competence::{keep_greatest, nearness},
};

/// Asks the members that are most accurate near the row; those that share the first place, all of them.
///
/// The competence of a member is a weighted mean over the neighbours. The five methods differ in three ways: whether only neighbours of
/// the class that the member now chooses count, whether the nearer count more (1 / distance), and whether a neighbour
/// counts as right or wrong or by the probability that the member gave to its class.
///
/// | | same class | by distance | by support |
/// |---|---|---|---|
/// | [`overall`](Self::overall), OLA | | | |
/// | [`of_class`](Self::of_class), LCA | × | | |
/// | [`modified`](Self::modified), MLA | × | × | |
/// | [`a_priori`](Self::a_priori) | | × | × |
/// | [`a_posteriori`](Self::a_posteriori) | × | × | × |
///
/// Where no neighbour counts, a member's competence is 0.
///
/// The class of a neighbour is its true one, as in DESlib; Woods and others take the neighbours that the member assigns to the
/// class instead.
///
/// Sources: Woods, Kegelmeyer and Bowyer 1997 (OLA, LCA); Smits 2002 (MLA); Giacinto and Roli 1999 (a priori, a posteriori).
///
/// ```
/// use consort_core::{Classes, Gives, Ids, Outputs, Predictions, Seed, Target, Truth};
/// use consort_core::{Fuser, Matrix};
/// use consort_fusion::dynamic::{DynamicSelection, LocalAccuracy, Region};
/// let classes = Classes::new(["a", "b"])?;
/// // m1 is right on the left, m2 on the right.
/// let predictions = Predictions::builder(Outputs::Classes(classes.clone()), Ids::positions(4))
///     .member("m1", Gives::Probabilities, &[0.9, 0.1, 0.2, 0.8, 0.9, 0.1, 0.2, 0.8])?
///     .member("m2", Gives::Probabilities, &[0.1, 0.9, 0.8, 0.2, 0.1, 0.9, 0.8, 0.2])?
///     .build()?;
/// let truth = Target::from_labels(["a", "b", "b", "a"], &classes, "the truth")?;
/// let places = Matrix::new(4, 1, vec![0.0, 0.1, 1.0, 1.1])?;
/// let ola = DynamicSelection::new(LocalAccuracy::overall()).neighbours(2);
/// let fitted = ola.fit_near(&predictions, &Truth::new(&truth), &places)?;
/// let fused = fitted.fuse_in(&predictions, Region::Near(&places))?;
/// assert_eq!((fused.row(0), fused.row(2)), (&[0.9, 0.1][..], &[0.1, 0.9][..]));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LocalAccuracy {
    /// Whether only neighbours of the class that the member chooses count.
    pub same_class: bool,
    /// Whether a neighbour counts by 1 / distance.
    pub by_distance: bool,
    /// Whether a neighbour counts by the probability given to its class.
    pub by_support: bool,
}

impl LocalAccuracy {
    /// Overall local accuracy.
    pub fn overall() -> Self {
        Self { same_class: false, by_distance: false, by_support: false }
    }

    /// Local class accuracy.
    pub fn of_class() -> Self {
        Self { same_class: true, ..Self::overall() }
    }

    /// Modified local accuracy.
    pub fn modified() -> Self {
        Self { by_distance: true, ..Self::of_class() }
    }

    /// A priori selection.
    pub fn a_priori() -> Self {
        Self { by_distance: true, by_support: true, ..Self::overall() }
    }

    /// A posteriori selection.
    pub fn a_posteriori() -> Self {
        Self { same_class: true, ..Self::a_priori() }
    }
}

#[typetag::serde(name = "local_accuracy")]
impl Competence for LocalAccuracy {
    fn name(&self) -> String {
        match (self.same_class, self.by_distance, self.by_support) {
            (false, false, false) => "ola".into(),
            (true, false, false) => "lca".into(),
            (true, true, false) => "mla".into(),
            (false, true, true) => "a-priori".into(),
            (true, true, true) => "a-posteriori".into(),
            (class, distance, support) => format!("local-accuracy:{class}:{distance}:{support}"),
        }
    }

    fn fit(&self, training: &Training<'_>) -> Result<Box<dyn Judge>> {
        training.expect_classes()?;
        Ok(Box::new(*self))
    }
}

#[typetag::serde(name = "local_accuracy")]
impl Judge for LocalAccuracy {
    fn competence(&self, case: &Case<'_>, competences: &mut [f64]) {
        let known = case.known();
        for (m, competence) in competences.iter_mut().enumerate() {
            let (mut sum, mut total) = (0.0, 0.0);
            for n in case.region().iter().filter(|n| !self.same_class || known.class_of(n.row) == case.choice(m)) {
                let weight = n.weight * if self.by_distance { nearness(n.distance) } else { 1.0 };
                let right = f64::from(u8::from(known.is_right(n.row, m)));
                sum += weight * if self.by_support { known.support(n.row, m) } else { right };
                total += weight;
            }
            *competence = if total > 0.0 { sum / total } else { 0.0 };
        }
    }

    fn select(&self, _case: &Case<'_>, competences: &mut [f64]) {
        keep_greatest(competences);
    }
}
