use std::borrow::Cow;

use consort_core::{Error, Fusion, Gives, Matrix, Missing, Predictions, Result, blocks};
use consort_neighbours::{Distance, Neighbour, QUERIES, Search};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Case, Judge, Known, Neighbours, Voting, known::profile_width};
use crate::rule::{Chooser, Panel, Roster};

/// What members may give to be chosen from.
pub(super) const ACCEPTS: [Gives; 4] = [Gives::Probabilities, Gives::Logits, Gives::Labels, Gives::Values];

/// A fitted [`DynamicSelection`](super::DynamicSelection): the known rows and the judge of members.
///
/// ```
/// # use consort_core::{Classes, Gives, Ids, Matrix, Outputs, Predictions, Target, Truth};
/// # use consort_fusion::dynamic::{DynamicSelection, Region};
/// # let classes = Classes::new(["a", "b"])?;
/// # let predictions = Predictions::builder(Outputs::Classes(classes.clone()), Ids::positions(2))
/// #     .member("m1", Gives::Probabilities, &[0.9, 0.1, 0.8, 0.2])?
/// #     .member("m2", Gives::Probabilities, &[0.4, 0.6, 0.3, 0.7])?
/// #     .build()?;
/// # let truth = Target::from_labels(["a", "b"], &classes, "the truth")?;
/// let places = Matrix::new(2, 1, vec![0.0, 1.0])?;
/// let fitted = DynamicSelection::default().neighbours(1).fit_near(&predictions, &Truth::new(&truth), &places)?;
/// // Whom it asks: m1 for the first row, m2 for the second.
/// assert_eq!(fitted.shares_in(&predictions, Region::Near(&places))?.values(), [1.0, 0.0, 0.0, 1.0]);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FittedDynamic {
    pub(super) name: String,
    pub(super) judge: Box<dyn Judge>,
    pub(super) known: Known,
    pub(super) roster: Roster,
    pub(super) neighbours: Option<usize>,
    pub(super) voting: Voting,
    pub(super) prunes_by_frienemies: bool,
    pub(super) space: Space,
}

/// Where the known rows are.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Space {
    /// Where their outputs are.
    Profiles,
    /// `[row][feature]`
    Features { width: usize, rows: Vec<f32> },
}

/// Where the rows to be fused are.
#[derive(Debug, Clone, Copy)]
pub enum Region<'a> {
    /// Where their outputs are.
    Outputs,
    /// Where their features are, `[row][feature]`, scaled as those of the fit.
    Near(&'a Matrix),
    /// Among these rows of the fit.
    Among(&'a Neighbours),
}

/// Refuses features that are not one finite row a row.
pub(super) fn check_features(by: &str, features: &Matrix, rows: usize, width: Option<usize>) -> Result<()> {
    let expect = |got: usize, expected: usize, unit: &'static str, hint: &str| match got == expected {
        true => Ok(()),
        false => {
            Err(Error::Length { what: format!("the features for `{by}`"), got, expected, unit, hint: hint.into() })
        }
    };
    expect(features.rows(), rows, "rows", "give a row of features for each row of the predictions")?;
    expect(features.columns(), width.unwrap_or(features.columns().max(1)), "columns", "give the features of the fit")?;
    let Some(bad) = features.values().iter().position(|x| !x.is_finite()) else { return Ok(()) };
    Err(Error::NotFinite {
        place: format!("the features for `{by}`"),
        row: bad / features.columns() + 1,
        id: String::new(),
        what: format!("feature {}", bad % features.columns() + 1),
        value: f64::from(features.values()[bad]),
    })
}

/// What is searched for each row, made ready once.
struct Searches<'a> {
    region: Option<Search<'a>>,
    profiles: Option<Search<'a>>,
}

impl FittedDynamic {
    /// What is known of the members.
    pub fn known(&self) -> &Known {
        &self.known
    }

    /// Lets the outputs of the known rows go if nobody will ask for them.
    pub(super) fn let_go(&mut self) {
        if self.judge.alike() == 0 && !matches!(self.space, Space::Profiles) {
            self.known.let_profiles_go();
        }
    }

    /// The fused prediction, `[row][column]`, of rows that are there.
    ///
    /// # Errors
    /// As [`Fusion::fuse`]; [`Error::Unsupported`] if the fit was in another space, [`Error::Length`] and [`Error::NotFinite`] for features
    /// or neighbours that are not one finite row a row.
    pub fn fuse_in(&self, predictions: &Predictions, region: Region<'_>) -> Result<Matrix> {
        let ordered = self.roster.call(&self.name, predictions)?;
        let values = self.values(&ordered)?;
        let shares = self.weigh(&ordered, &values, region)?;
        let (columns, chooser) = (ordered.columns(), Chooser::new(ordered.outputs()));
        let mut fused = Matrix::zeros(ordered.rows(), columns);
        blocks::fill(fused.values_mut(), columns, |rows, out| -> Result<()> {
            let mut sums = vec![0.0; columns];
            for (i, out) in rows.zip(out.chunks_exact_mut(columns)) {
                let shares = shares.row(i);
                if shares.iter().any(|share| share.is_nan()) {
                    out.fill(f32::NAN);
                    continue;
                }
                sums.fill(0.0);
                for (values, &share) in values.iter().zip(shares).filter(|&(_, &share)| share > 0.0) {
                    let (row, share) = (&values[i * columns..(i + 1) * columns], f64::from(share));
                    match self.voting {
                        Voting::Soft => sums.iter_mut().zip(row).for_each(|(sum, &x)| *sum += share * f64::from(x)),
                        Voting::Hard => sums[chooser.choose(row)] += share,
                    }
                }
                let total: f64 = shares.iter().map(|&share| f64::from(share)).sum();
                out.iter_mut().zip(&sums).for_each(|(out, sum)| *out = (sum / total) as f32);
            }
            Ok(())
        })?;
        Ok(fused)
    }

    /// Whom it asks: the share of each member in the answer, `[row][member]` in the order of these predictions; each row sums to
    /// 1. A row that no member has is NaN.
    ///
    /// # Errors
    /// As [`FittedDynamic::fuse_in`].
    pub fn shares_in(&self, predictions: &Predictions, region: Region<'_>) -> Result<Matrix> {
        let ordered = self.roster.call(&self.name, predictions)?;
        let shares = self.weigh(&ordered, &self.values(&ordered)?, region)?;
        let places: Vec<usize> = predictions.names().filter_map(|name| ordered.find(name)).collect();
        let mut asked = Matrix::zeros(shares.rows(), shares.columns());
        for i in 0..shares.rows() {
            let row = shares.row(i);
            asked.row_mut(i).iter_mut().zip(&places).for_each(|(to, &m)| *to = row[m]);
        }
        Ok(asked)
    }

    /// All that each member gives, logits as probabilities.
    fn values<'p>(&self, predictions: &'p Predictions) -> Result<Vec<Cow<'p, [f32]>>> {
        let panel = Panel::new(&self.name, predictions, None, &ACCEPTS)?;
        Ok((0..predictions.members().len()).map(|m| panel.probabilities(m)).collect())
    }

    /// The searches that this region asks for.
    fn searches(&self, rows: usize, region: Region<'_>) -> Result<Searches<'_>> {
        let unlike = |what: &str, hint: &str| Error::Unsupported {
            by: format!("dynamic selection `{}`", self.name),
            what: what.into(),
            hint: hint.into(),
        };
        let profiles = || {
            let width = self.known.profile_width() * self.known.members();
            Search::new(Distance::Euclidean, width, self.known.profiles(), self.known.weights())
        };
        let region = match (region, &self.space) {
            (Region::Outputs, Space::Profiles) => Some(profiles()?),
            (Region::Near(features), Space::Features { width, rows: known }) => {
                check_features(&self.name, features, rows, Some(*width))?;
                Some(Search::new(Distance::Euclidean, *width, known, self.known.weights())?)
            }
            (Region::Among(neighbours), _) => {
                if neighbours.rows() != rows {
                    return Err(Error::Length {
                        what: format!("the neighbours for `{}`", self.name),
                        got: neighbours.rows(),
                        expected: rows,
                        unit: "rows",
                        hint: "give neighbours for each row of the predictions".into(),
                    });
                }
                None
            }
            (Region::Outputs, Space::Features { .. }) => {
                return Err(unlike(
                    "rows without features",
                    "it was fitted with features: use `fuse_in` with those of the rows",
                ));
            }
            (Region::Near(_), Space::Profiles) => {
                return Err(unlike("features", "it was fitted without: use `fuse`, or fit with `fit_near`"));
            }
        };
        let profiles = if self.judge.alike() > 0 { Some(profiles()?) } else { None };
        Ok(Searches { region, profiles })
    }

    /// The share of each member, `[row][member]`.
    fn weigh(&self, predictions: &Predictions, values: &[Cow<'_, [f32]>], region: Region<'_>) -> Result<Matrix> {
        let (rows, members, columns) = (predictions.rows(), values.len(), predictions.columns());
        self.known.check(&self.name, self.roster.members(), columns)?;
        let searches = self.searches(rows, region)?;
        let classification = predictions.outputs().task().is_classification();
        let (chooser, width) = (Chooser::new(predictions.outputs()), profile_width(columns, classification));
        let need = self.neighbours.map_or(f64::INFINITY, |count| count as f64);
        let mut shares = Matrix::zeros(rows, members);
        shares.values_mut().par_chunks_mut(QUERIES * members).enumerate().for_each(|(part, out)| {
            let first = part * QUERIES;
            // The rows in dispute, and what their members choose and how surely.
            let (mut open, mut chosen, mut sure) = (Vec::new(), Vec::new(), Vec::new());
            for (q, out) in out.chunks_exact_mut(members).enumerate() {
                let i = first + q;
                let is_present = |m: usize| !predictions.is_missing(m, i);
                let present = (0..members).filter(|&m| is_present(m)).count();
                if present == 0 || (present < members && predictions.missing() == Missing::Propagate) {
                    out.fill(f32::NAN);
                    continue;
                }
                let share = 1.0 / present as f32;
                out.iter_mut().enumerate().for_each(|(m, out)| *out = if is_present(m) { share } else { 0.0 });
                let (start, mut first_choice, mut is_disputed) = (chosen.len(), None, !classification);
                for (m, values) in values.iter().enumerate() {
                    let row = &values[i * columns..(i + 1) * columns];
                    let choice = if is_present(m) && classification { chooser.choose(row) } else { 0 };
                    if is_present(m) && classification {
                        is_disputed |= *first_choice.get_or_insert(choice) != choice;
                    }
                    chosen.push(choice as u32);
                    sure.push(if is_present(m) { row[choice] } else { 0.0 });
                }
                if is_disputed {
                    open.push(q);
                } else {
                    chosen.truncate(start);
                    sure.truncate(start);
                }
            }
            if open.is_empty() {
                return;
            }
            let profiles = match (&searches.profiles, region) {
                (None, Region::Near(_) | Region::Among(_)) => Vec::new(),
                _ => profiles(predictions, values, columns, width, open.iter().map(|q| first + q)),
            };
            let regions = match (region, &searches.region) {
                (Region::Among(neighbours), _) => {
                    open.iter().map(|q| self.among(neighbours, first + q, need)).collect()
                }
                (Region::Near(features), Some(search)) => {
                    let queries: Vec<f32> = open.iter().flat_map(|q| features.row(first + q)).copied().collect();
                    search.nearest(&queries, need)
                }
                (_, Some(search)) => search.nearest(&profiles, need),
                (_, None) => vec![Vec::new(); open.len()],
            };
            let alike = match &searches.profiles {
                Some(search) => search.nearest(&profiles, self.judge.alike() as f64),
                None => vec![Vec::new(); open.len()],
            };
            let (mut weights, mut present) = (vec![0.0; members], vec![true; members]);
            let each = open.iter().zip(&regions).zip(&alike).zip(chosen.chunks(members).zip(sure.chunks(members)));
            for (((&q, region), alike), (chosen, confidences)) in each {
                let out = &mut out[q * members..(q + 1) * members];
                present.iter_mut().zip(&*out).for_each(|(present, &share)| *present = share > 0.0);
                let case = Case { known: &self.known, region, alike, chosen, confidences, present: &present };
                self.ask(&case, &mut weights, out);
            }
        });
        Ok(shares)
    }

    /// The shares of the members in a disputed row; `out` has those of the members that are there, all alike. One that is
    /// not there takes no part: if it was the most competent, the next is asked.
    fn ask(&self, case: &Case<'_>, weights: &mut [f64], out: &mut [f32]) {
        if case.region.is_empty() && case.alike.is_empty() {
            return;
        }
        self.judge.competence(case, weights);
        if self.prunes_by_frienemies && self.known.is_classification() {
            prune(case, weights);
        }
        let give_absent = |weights: &mut [f64], to: f64| {
            weights.iter_mut().zip(case.present).filter(|(_, present)| !**present).for_each(|(weight, _)| *weight = to);
        };
        give_absent(weights, f64::NEG_INFINITY);
        self.judge.select(case, weights);
        give_absent(weights, 0.0);
        let total: f64 = weights.iter().sum();
        if total > 0.0 {
            out.iter_mut().zip(&*weights).for_each(|(out, weight)| *out = (weight / total) as f32);
        }
    }

    /// The neighbours that were found elsewhere, those that are known.
    fn among(&self, neighbours: &Neighbours, i: usize, need: f64) -> Vec<Neighbour> {
        let (places, distances) = neighbours.of(i);
        let mut left = need;
        let mut region = Vec::new();
        for (&place, &distance) in places.iter().zip(distances) {
            let Some(row) = self.known.find(place) else { continue };
            let weight = self.known.weights().map_or(1.0, |weights| weights[row]).min(left);
            if weight > 0.0 {
                region.push(Neighbour { row, distance, weight });
                left -= weight;
            }
        }
        region
    }
}

/// All that the members give for some rows, `[row][member × output]`; what a member lacks is the mean of the others'.
fn profiles(
    predictions: &Predictions,
    values: &[Cow<'_, [f32]>],
    columns: usize,
    width: usize,
    rows: impl Iterator<Item = usize>,
) -> Vec<f32> {
    let mut profiles = Vec::new();
    for i in rows {
        let start = profiles.len();
        values.iter().for_each(|values| profiles.extend_from_slice(&values[i * columns..i * columns + width]));
        if !predictions.has_missing() {
            continue;
        }
        let profile: &mut [f32] = &mut profiles[start..];
        for k in 0..width {
            let column = || profile.iter().skip(k).step_by(width).filter(|x| !x.is_nan());
            let mean = column().map(|&x| f64::from(x)).sum::<f64>() / column().count().max(1) as f64;
            profile.iter_mut().skip(k).step_by(width).filter(|x| x.is_nan()).for_each(|x| *x = mean as f32);
        }
    }
    profiles
}

/// Makes the competence of members 0 that are not right on two neighbours of different class, unless that is all who are
/// there.
fn prune(case: &Case<'_>, competences: &mut [f64]) {
    let known = case.known();
    let several = |rows: &mut dyn Iterator<Item = &Neighbour>| {
        let mut classes = rows.map(|n| known.class_of(n.row));
        classes.next().is_some_and(|first| classes.any(|class| class != first))
    };
    if !several(&mut case.region().iter()) {
        return;
    }
    let knows: Vec<bool> = (0..competences.len())
        .map(|m| case.is_present(m) && several(&mut case.region().iter().filter(|n| known.is_right(n.row, m))))
        .collect();
    if knows.iter().any(|&knows| knows) {
        competences.iter_mut().zip(knows).filter(|&(_, knows)| !knows).for_each(|(x, _)| *x = 0.0);
    }
}

#[typetag::serde(name = "dynamic_selection")]
impl Fusion for FittedDynamic {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn fuse(&self, predictions: &Predictions) -> Result<Matrix> {
        self.fuse_in(predictions, Region::Outputs)
    }

    fn row_by_row(&self) -> bool {
        true
    }
}
