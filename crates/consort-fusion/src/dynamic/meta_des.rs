use consort_core::{Error, Result};
use consort_neighbours::Neighbour;
use serde::{Deserialize, Serialize};

use super::{Case, Competence, Judge, Known, Training, competence::keep_above};

/// META-DES: a classifier of members learns when a member is right, and asks those that it thinks are right now.
///
/// Of a member and a row it sees five things: which of the near rows the member got right, the probability that it gave to their classes, its
/// accuracy there, which of the rows with like outputs it got right, and how sure it is of the row. Each number is cut
/// into steps of 0.1, and a multinomial naive Bayes (with one count added) tells right from wrong. It is fitted on the known rows,
/// each with the rows near it.
///
/// Weights must be whole numbers: a neighbour of weight 2 has two places in the pattern.
///
/// Source: Cruz, Sabourin, Cavalcanti and Ren 2015.
///
/// ```
/// use consort_fusion::dynamic::{Competence, MetaDes};
/// assert_eq!((MetaDes::default().name(), MetaDes::default().alike), ("meta-des".into(), 5));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MetaDes {
    /// How many rows of like outputs are looked at.
    pub alike: usize,
    /// From which probability on a member is asked, from 0.5 to below 1.
    pub threshold: f64,
}

impl Default for MetaDes {
    fn default() -> Self {
        Self { alike: 5, threshold: 0.5 }
    }
}

/// The fitted classifier of members.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MetaDesJudge {
    alike: usize,
    threshold: f64,
    /// How much likelier a member is right than wrong to begin with: the log of the odds.
    prior: f64,
    /// What each step of each feature adds to it.
    slopes: Vec<f64>,
}

/// The features of a member at a row.
struct Pattern<'a> {
    known: &'a Known,
    region: &'a [Neighbour],
    alike: &'a [Neighbour],
    confidence: f64,
}

impl Pattern<'_> {
    /// Their steps, one after the other, for regions of `near` and `alike` rows.
    fn steps(&self, m: usize, near: usize, alike: usize, out: &mut Vec<f64>) {
        out.clear();
        let right = |n: &Neighbour| f64::from(u8::from(self.known.is_right(n.row, m)));
        push_each(self.region, right, near, out);
        let accuracy = out.iter().sum::<f64>() / near.max(1) as f64;
        push_each(self.region, |n| self.known.support(n.row, m), near, out);
        out.push(accuracy);
        push_each(self.alike, right, alike, out);
        out.push(self.confidence);
        out.iter_mut().for_each(|x| *x = step(*x));
    }
}

/// Adds a number for each of `count` neighbours; a set of fewer rows is filled up with 0, as if it were got wrong.
fn push_each(rows: &[Neighbour], number: impl Fn(&Neighbour) -> f64, count: usize, out: &mut Vec<f64>) {
    let end = out.len() + count;
    rows.iter().for_each(|n| out.extend(std::iter::repeat_n(number(n), n.weight.round() as usize)));
    out.resize(end, 0.0);
}

/// How many of the bars 0.1, 0.2, … 1 a number reaches.
fn step(x: f64) -> f64 {
    (1..=10).filter(|&bar| x as f32 >= bar as f32 / 10.0).count() as f64
}

#[typetag::serde(name = "meta_des")]
impl Competence for MetaDes {
    fn name(&self) -> String {
        "meta-des".into()
    }

    fn fit(&self, training: &Training<'_>) -> Result<Box<dyn Judge>> {
        training.expect_classes()?;
        if self.alike == 0 {
            return Err(Error::parameter("alike", self.alike, "at least 1"));
        }
        if !(0.5..1.0).contains(&self.threshold) {
            return Err(Error::parameter("threshold", self.threshold, "from 0.5 to below 1"));
        }
        let known = training.known();
        let weight = |row: usize| known.weights().map_or(1.0, |weights| weights[row]);
        if (0..known.rows()).any(|row| weight(row).fract() != 0.0) {
            return Err(Error::Unsupported {
                by: "dynamic selection `meta-des`".into(),
                what: "weights that are not whole numbers".into(),
                hint: "leave the weights out, or use `knora-u`".into(),
            });
        }
        let near = training.neighbours();
        let (regions, alikes) = (training.regions()?, training.alike(self.alike)?);
        let width = 2 * near + self.alike + 2;
        let mut sums = [vec![0.0; width], vec![0.0; width]];
        let (mut counts, mut steps) = ([0.0f64; 2], Vec::new());
        for (i, (region, alike)) in regions.iter().zip(&alikes).enumerate() {
            for m in 0..known.members() {
                let confidence = f64::from(training.outputs(i, m).into_iter().fold(0.0, f32::max));
                Pattern { known, region, alike, confidence }.steps(m, near, self.alike, &mut steps);
                let right = usize::from(known.is_right(i, m));
                counts[right] += weight(i);
                sums[right].iter_mut().zip(&steps).for_each(|(sum, x)| *sum += weight(i) * x);
            }
        }
        let logs = sums.map(|sums| {
            let total: f64 = sums.iter().sum();
            sums.iter().map(|x| ((x + 1.0) / (total + width as f64)).ln()).collect::<Vec<f64>>()
        });
        // Members that are never wrong, or never right: then nothing but that speaks.
        let prior = match counts {
            [0.0, _] => f64::INFINITY,
            [_, 0.0] => f64::NEG_INFINITY,
            [wrong, right] => (right / wrong).ln(),
        };
        let prior = prior.clamp(-1e300, 1e300);
        let slopes = logs[1].iter().zip(&logs[0]).map(|(right, wrong)| right - wrong).collect();
        Ok(Box::new(MetaDesJudge { alike: self.alike, threshold: self.threshold, prior, slopes }))
    }
}

#[typetag::serde(name = "meta_des")]
impl Judge for MetaDesJudge {
    fn alike(&self) -> usize {
        self.alike
    }

    fn competence(&self, case: &Case<'_>, competences: &mut [f64]) {
        let near = (self.slopes.len().saturating_sub(self.alike + 2)) / 2;
        let mut steps = Vec::new();
        for (m, competence) in competences.iter_mut().enumerate() {
            let (region, alike) = (case.region(), case.alike());
            let pattern = Pattern { known: case.known(), region, alike, confidence: case.confidence(m) };
            pattern.steps(m, near, self.alike, &mut steps);
            let odds = self.prior + self.slopes.iter().zip(&steps).map(|(slope, x)| slope * x).sum::<f64>();
            *competence = 1.0 / (1.0 + (-odds).exp());
        }
    }

    fn select(&self, _case: &Case<'_>, competences: &mut [f64]) {
        keep_above(self.threshold, competences);
    }
}
