//! Scores of many classes or labels as many yes-or-no questions.

use consort_core::{Error, Estimates, Reads, Real, Result, Score, Target, Truth, Values};
use rayon::prelude::*;

use crate::classification::Average;
use crate::ranking::RankedScores;
use crate::ranking::roc_auc::ONE_KIND;
use crate::rows::{ClassRows, LabelRows, weight};

/// A question for each class or label: does the row belong to it?
#[derive(Debug)]
pub(crate) struct Columns<'a> {
    estimates: Estimates<'a>,
    rows: Rows<'a>,
}

#[derive(Debug)]
enum Rows<'a> {
    Classes(ClassRows<'a>),
    Labels(LabelRows<'a>),
}

impl<'a> Columns<'a> {
    pub(crate) fn of(estimates: &Estimates<'a>, truth: &Truth<'a>, by: &str) -> Result<Self> {
        let rows = match truth.target() {
            Target::Labels { .. } => Rows::Labels(LabelRows::of(estimates, truth, Reads::Score, by)?),
            _ => Rows::Classes(ClassRows::of(estimates, truth, Reads::Score, by)?),
        };
        Ok(Self { estimates: *estimates, rows })
    }

    /// The positive class of a problem of two classes.
    pub(crate) fn positive(&self) -> Option<usize> {
        match &self.rows {
            Rows::Classes(rows) => rows.positive(),
            Rows::Labels(_) => None,
        }
    }

    pub(crate) fn weights(&self) -> Option<&'a [f64]> {
        match &self.rows {
            Rows::Classes(rows) => rows.weights,
            Rows::Labels(rows) => rows.weights,
        }
    }

    fn is(&self, i: usize, k: usize) -> bool {
        match &self.rows {
            Rows::Classes(rows) => rows.codes[i] as usize == k,
            Rows::Labels(rows) => rows.truth[i * rows.labels + k],
        }
    }

    /// The ranked scores of question `k`.
    pub(crate) fn ranked(&self, k: usize) -> Result<RankedScores<'a>> {
        self.ranked_for(k, false)
    }

    /// The ranked scores of question `k`, `lean` if nobody will ask which row is which.
    fn ranked_for(&self, k: usize, lean: bool) -> Result<RankedScores<'a>> {
        // The kinds of numbers and rows are told apart here, so that the loop over rows need not.
        match (self.estimates.values(), &self.rows) {
            (Values::F32(values), Rows::Classes(rows)) => {
                self.ranked_by(values, k, |i| rows.codes[i] as usize == k, lean)
            }
            (Values::F64(values), Rows::Classes(rows)) => {
                self.ranked_by(values, k, |i| rows.codes[i] as usize == k, lean)
            }
            (Values::F32(values), Rows::Labels(_)) => self.ranked_by(values, k, |i| self.is(i, k), lean),
            (Values::F64(values), Rows::Labels(_)) => self.ranked_by(values, k, |i| self.is(i, k), lean),
        }
    }

    fn ranked_by<T: Real>(
        &self,
        values: &[T],
        k: usize,
        is: impl Fn(usize) -> bool,
        lean: bool,
    ) -> Result<RankedScores<'a>> {
        let (rows, columns, weights) = (self.estimates.rows(), self.estimates.columns(), self.weights());
        let score = |i: usize| values[i * columns + k].f64();
        if lean {
            RankedScores::groups_of(rows, 1, score, is, weights)
        } else {
            RankedScores::of(rows, 1, score, is, weights)
        }
    }

    /// The ranked scores of the positive class.
    pub(crate) fn positive_ranked(&self, by: &str) -> Result<RankedScores<'a>> {
        match self.positive() {
            Some(positive) => self.ranked(positive),
            None => Err(Error::Unsupported {
                by: by.into(),
                what: "more than two classes".into(),
                hint: "it needs one positive class".into(),
            }),
        }
    }

    /// The ranked scores of all questions put together.
    pub(crate) fn pooled(&self) -> Result<RankedScores<'a>> {
        let columns = self.estimates.columns();
        RankedScores::groups_of(
            self.estimates.rows() * columns,
            columns,
            |entry| self.estimates.at(entry / columns, entry % columns),
            |entry| self.is(entry / columns, entry % columns),
            self.weights(),
        )
    }

    /// Hand and Till's pairwise AUC. One sort a class gives all pairs of that class.
    pub(crate) fn one_vs_one(&self, average: Average) -> Result<Score> {
        let Rows::Classes(rows) = &self.rows else {
            return Err(Error::Unsupported {
                by: "roc_auc_ovo".into(),
                what: "several labels a row".into(),
                hint: "use roc_auc_ovr_macro".into(),
            });
        };
        let classes = rows.classes.len();
        let mut totals = vec![0.0; classes];
        for (i, &code) in rows.codes.iter().enumerate() {
            totals[code as usize] += weight(rows.weights, i);
        }
        // above[a][b]: the weight of pairs in which a row of class a scores above one of class b in column a.
        let above: Result<Vec<Vec<f64>>> = (0..classes)
            .into_par_iter()
            .map(|a| {
                let mut pairs = vec![0.0; classes];
                let mut before = 0.0;
                let mut group: Vec<(u32, f64)> = Vec::new();
                self.ranked(a)?.fold_groups(
                    |members: &mut Vec<(u32, f64)>, entry, w, _| members.push((rows.codes[entry as usize], w)),
                    |_| Vec::new(),
                    &mut |members: Vec<(u32, f64)>| {
                        group = members;
                        let own: f64 = group.iter().filter(|(code, _)| *code as usize == a).map(|(_, w)| w).sum();
                        for &(code, w) in &group {
                            pairs[code as usize] += w * (before + 0.5 * own);
                        }
                        before += own;
                    },
                );
                Ok(pairs)
            })
            .collect();
        let above = above?;
        let (mut sum, mut weights) = (0.0, 0.0);
        for a in 0..classes {
            for b in a + 1..classes {
                let pairs = totals[a] * totals[b];
                if pairs > 0.0 {
                    let share = if average == Average::Weighted { totals[a] + totals[b] } else { 1.0 };
                    sum += share * 0.5 * (above[a][b] + above[b][a]) / pairs;
                    weights += share;
                }
            }
        }
        Ok(Score::ratio(sum, weights, ONE_KIND))
    }
}

/// A score of yes-or-no questions, made of groups of equal scores, averaged over classes or labels; questions for which it
/// is undefined are left out.
pub(crate) fn average(
    columns: &Columns<'_>,
    average: Average,
    by: &str,
    of: impl Fn(&RankedScores<'_>) -> Score + Sync,
) -> Result<Score> {
    match (average, columns.positive()) {
        (Average::Auto, Some(positive)) => return Ok(of(&columns.ranked_for(positive, true)?)),
        (Average::Micro, _) => return Ok(of(&columns.pooled()?)),
        (Average::Samples, _) => {
            return Err(Error::Unsupported {
                by: by.into(),
                what: "the average over samples".into(),
                hint: "use macro, micro or weighted".into(),
            });
        }
        _ => {}
    }
    let scores: Result<Vec<(Score, f64)>> = (0..columns.estimates.columns())
        .into_par_iter()
        .map(|k| columns.ranked_for(k, true).map(|ranked| (of(&ranked), ranked.positives())))
        .collect();
    let mut reason = "there is no class".to_owned();
    let (mut sum, mut total) = (0.0, 0.0);
    for (score, positives) in scores? {
        match score {
            Score::Value(value) => {
                let share = if average == Average::Weighted { positives } else { 1.0 };
                sum += share * value;
                total += share;
            }
            Score::Undefined(why) => reason = why,
        }
    }
    Ok(Score::ratio(sum, total, &reason))
}
