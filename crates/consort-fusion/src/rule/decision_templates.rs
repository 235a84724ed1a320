use consort_core::{Fuser, Fusion, Gives, Matrix, Outputs, Predictions, Result, Seed, Truth, blocks};
use serde::{Deserialize, Serialize};

use super::{
    fixed::same_rows,
    normalise::normalise,
    panel::{Panel, Rows},
    roster::Roster,
};

/// How alike a decision profile and a template are, as a number from 0 to 1.
///
/// Below, a is the profile and b the template, over all n·K numbers.
///
/// ```
/// use consort_fusion::rule::{DecisionTemplates, Similarity};
/// assert_eq!(DecisionTemplates::new(Similarity::Manhattan).similarity, Similarity::Manhattan);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Similarity {
    /// 1 − mean (a − b)².
    #[default]
    Euclidean,
    /// 1 − mean |a − b|.
    Manhattan,
    /// Σ min(a, b) / Σ max(a, b).
    Jaccard,
    /// 1 − mean max(min(a, 1 − b), min(1 − a, b)), the symmetric difference of fuzzy sets.
    Difference,
}

impl Similarity {
    pub(super) fn name(self) -> &'static str {
        match self {
            Similarity::Euclidean => "euclidean",
            Similarity::Manhattan => "manhattan",
            Similarity::Jaccard => "jaccard",
            Similarity::Difference => "difference",
        }
    }

    /// What one number adds, above and below the line of the quotient.
    fn terms(self, a: f64, b: f64) -> (f64, f64) {
        match self {
            Similarity::Euclidean => (1.0 - (a - b) * (a - b), 1.0),
            Similarity::Manhattan => (1.0 - (a - b).abs(), 1.0),
            Similarity::Jaccard => (a.min(b), a.max(b)),
            Similarity::Difference => (1.0 - a.min(1.0 - b).max((1.0 - a).min(b)), 1.0),
        }
    }
}

/// Decision templates: the class whose typical decision profile is most like that of the row.
///
/// A row's decision profile is all that all members say of it, n members × K classes. The template of a class is the mean
/// profile of its rows. What comes out is the [`Similarity`] to each template, scaled to a sum of 1: scores, not
/// probabilities. It learns what members confuse, with n·K² numbers and no search.
///
/// Fit and fusion are one pass over the cube each; fusion is O(members × rows × K²). A class without a row gets 0. A member
/// that lacks all rows of a class has no part in its template: what the others say decides how alike a row is.
///
/// Source: Kuncheva, Bezdek and Duin 2001.
///
/// ```
/// use consort_core::{Classes, Fuser, Gives, Ids, Outputs, Predictions, Seed, Target, Truth};
/// use consort_fusion::rule::DecisionTemplates;
/// let classes = Classes::new(["a", "b"])?;
/// // Both members are wrong about `b` in the same way: that is a pattern.
/// let predictions = Predictions::builder(Outputs::Classes(classes.clone()), Ids::positions(4))
///     .member("m1", Gives::Probabilities, &[0.9, 0.1, 0.9, 0.1, 0.6, 0.4, 0.6, 0.4])?
///     .build()?;
/// let truth = Target::from_labels(["a", "a", "b", "b"], &classes, "the truth")?;
/// let fitted = DecisionTemplates::default().fit(&predictions, &Truth::new(&truth), Seed::new(0))?;
/// let fused = fitted.fuse(&predictions)?;
/// assert_eq!((fused.argmax(0), fused.argmax(3)), (Some(0), Some(1)));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionTemplates {
    /// How profiles are compared.
    #[serde(default)]
    pub similarity: Similarity,
}

impl DecisionTemplates {
    /// With this comparison of profiles.
    pub fn new(similarity: Similarity) -> Self {
        Self { similarity }
    }
}

/// The templates of the classes, fitted.
///
/// ```
/// use consort_fusion::rule::{FittedTemplates, Similarity};
/// let saved = r#"{"similarity": "jaccard", "roster": {"members": ["m"], "outputs": {"labels": []}}, "templates": []}"#;
/// assert_eq!(serde_json::from_str::<FittedTemplates>(saved)?.similarity(), Similarity::Jaccard);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FittedTemplates {
    similarity: Similarity,
    roster: Roster,
    /// `[class][member × column]`; empty for a class that had no row.
    templates: Vec<Vec<f64>>,
    /// `[class]`: the members that lacked all rows of the class, whose part of its template says nothing. Empty where there
    /// are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    silent: Vec<Vec<usize>>,
}

impl FittedTemplates {
    /// How profiles are compared.
    pub fn similarity(&self) -> Similarity {
        self.similarity
    }

    /// Whether this member has a part in the template of this class.
    fn speaks(&self, class: usize, member: usize) -> bool {
        self.silent.get(class).is_none_or(|silent| !silent.contains(&member))
    }
}

const NAME: &str = "decision-templates";
const ACCEPTS: [Gives; 3] = [Gives::Probabilities, Gives::Logits, Gives::Labels];

#[typetag::serde]
impl Fuser for DecisionTemplates {
    fn name(&self) -> String {
        format!("{NAME}:{}", self.similarity.name())
    }

    fn fit(&self, predictions: &Predictions, truth: &Truth<'_>, _seed: Seed) -> Result<Box<dyn Fusion>> {
        same_rows(NAME, predictions, truth)?;
        let (roster, predictions) = Roster::take(NAME, predictions)?;
        let (codes, classes) = truth.classes(NAME)?;
        let panel = Panel::new(NAME, &predictions, None, &ACCEPTS)?;
        let (k, columns) = (classes.len(), predictions.columns());
        let mut templates = vec![Vec::with_capacity(roster.members() * columns); k];
        let mut silent = vec![Vec::new(); k];
        for m in 0..roster.members() {
            let values = panel.probabilities(m);
            let parts = blocks::map(predictions.rows(), |rows| {
                let (mut sums, mut weights) = (vec![0.0; k * columns], vec![0.0; k]);
                for i in rows {
                    let (row, weight, class) =
                        (&values[i * columns..(i + 1) * columns], truth.weight(i), codes[i] as usize);
                    if weight > 0.0 && !row[0].is_nan() {
                        weights[class] += weight;
                        let sums = &mut sums[class * columns..(class + 1) * columns];
                        sums.iter_mut().zip(row).for_each(|(sum, &x)| *sum += weight * f64::from(x));
                    }
                }
                (sums, weights)
            });
            let (mut sums, mut weights) = (vec![0.0; k * columns], vec![0.0; k]);
            for (part, part_weights) in parts {
                sums.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
                weights.iter_mut().zip(part_weights).for_each(|(sum, part)| *sum += part);
            }
            for (class, template) in templates.iter_mut().enumerate() {
                let weight = weights[class];
                if weight == 0.0 {
                    silent[class].push(m);
                }
                let mean = |sum: &f64| if weight > 0.0 { sum / weight } else { 0.0 };
                template.extend(sums[class * columns..(class + 1) * columns].iter().map(mean));
            }
        }
        // A class of which no member has a row has no template.
        for (template, silent) in templates.iter_mut().zip(&mut silent) {
            if silent.len() == roster.members() {
                template.clear();
                silent.clear();
            }
        }
        if silent.iter().all(Vec::is_empty) {
            silent.clear();
        }
        Ok(Box::new(FittedTemplates { similarity: self.similarity, roster, templates, silent }))
    }
}

#[typetag::serde]
impl Fusion for FittedTemplates {
    fn name(&self) -> String {
        format!("{NAME}:{}", self.similarity.name())
    }

    fn fuse(&self, predictions: &Predictions) -> Result<Matrix> {
        let predictions = self.roster.call(NAME, predictions)?;
        check_shape(&self.templates, self.roster.classes(), self.roster.members() * predictions.columns())?;
        let panel = Panel::new(NAME, &predictions, None, &ACCEPTS)?;
        panel.fuse(|rows: &Rows<'_>, _: &mut (), out: &mut [f32]| {
            let columns = rows.columns;
            for (i, out) in out.chunks_exact_mut(columns).enumerate() {
                for (class, (out, template)) in out.iter_mut().zip(&self.templates).enumerate() {
                    let (mut above, mut below) = (0.0, 0.0);
                    if !template.is_empty() {
                        for (m, &place) in
                            rows.places.iter().enumerate().filter(|(_, place)| self.speaks(class, **place))
                        {
                            let template = &template[place * columns..(place + 1) * columns];
                            for (&a, &b) in rows.row(m, i).iter().zip(template) {
                                let (up, down) = self.similarity.terms(f64::from(a), b);
                                above += up;
                                below += down;
                            }
                        }
                    }
                    *out = if below > 0.0 { (above / below).max(0.0) as f32 } else { 0.0 };
                }
            }
            normalise(out, columns);
        })
    }

    fn row_by_row(&self) -> bool {
        true
    }

    fn gives(&self, _outputs: &Outputs) -> Gives {
        Gives::Scores
    }
}

/// Refuses a table from a damaged file: one row a class, each of the given length or empty.
fn check_shape(table: &[Vec<f64>], classes: usize, length: usize) -> Result<()> {
    let whole = table.len() == classes && table.iter().all(|row| row.is_empty() || row.len() == length);
    if whole {
        return Ok(());
    }
    Err(consort_core::Error::Damaged {
        place: format!("rule `{NAME}`"),
        problem: format!("the templates are not {classes} lists of {length} numbers: fit again"),
    })
}
