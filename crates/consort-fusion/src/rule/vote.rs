use consort_core::{Fusion, Gives, Matrix, Outputs, Predictions, Result};
use serde::{Deserialize, Serialize};

use super::{
    first_greatest::each_first_greatest,
    label::{Chooser, yes_from},
    mean::weighted_sum,
    panel::{Panel, Rows},
};

/// How much of all weight a class needs.
///
/// ```
/// use consort_fusion::rule::{Quorum, Vote};
/// assert_eq!(Vote::new().with_quorum(Quorum::Majority).quorum, Quorum::Majority);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Quorum {
    /// More than any other class.
    #[default]
    Plurality,
    /// More than half of all weight; else there is no decision and the row is NaN.
    Majority,
}

/// What a vote gives.
///
/// ```
/// use consort_core::Fusion;
/// use consort_fusion::rule::{Ballot, Vote};
/// assert_eq!(Vote::new().with_ballot(Ballot::Share).name(), "vote:share");
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ballot {
    /// 1 for the class that won and 0 for the others.
    #[default]
    Winner,
    /// Each class's share of the votes.
    Share,
}

/// Who wins when votes are even.
///
/// ```
/// use consort_core::Fusion;
/// use consort_fusion::rule::{TieBreak, Vote};
/// assert_eq!(Vote::new().with_tie_break(TieBreak::Mean).name(), "vote:mean");
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TieBreak {
    /// The first of them in class order.
    #[default]
    First,
    /// The one with the greatest mean probability; if even that is even, the first.
    Mean,
}

/// Hard vote: each member has one vote, for the class to which it gives most.
///
/// The share of class k is Σₘ wₘ·[member m chooses k] / Σₘ wₘ. A member's choice is the first of its greatest
/// numbers; of two classes the positive one from probability 0.5 on. Shares that differ by less than 1e-9 are
/// even, so that 0.1 + 0.2 and 0.3 are.
///
/// With yes-or-no labels each is voted on by itself; an even vote is a no.
///
/// One pass over the cube, O(members × rows × columns).
///
/// Source: Lam and Suen 1997; Kuncheva 2014, section 4.2.
///
/// ```
/// use consort_core::{Classes, Fusion, Gives, Ids, Outputs, Predictions};
/// use consort_fusion::rule::{Ballot, Vote};
/// let predictions = Predictions::builder(Outputs::Classes(Classes::new(["a", "b"])?), Ids::positions(1))
///     .member("m1", Gives::Probabilities, &[0.9, 0.1])?
///     .member("m2", Gives::Probabilities, &[0.4, 0.6])?
///     .member("m3", Gives::Probabilities, &[0.4, 0.6])?
///     .build()?;
/// assert_eq!(Vote::new().fuse(&predictions)?.row(0), [0.0, 1.0]);
/// let shares = Vote::new().with_weights(vec![2.0, 1.0, 1.0]).with_ballot(Ballot::Share).fuse(&predictions)?;
/// assert_eq!(shares.row(0), [0.5, 0.5]);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vote {
    /// One weight a member, at least 0; a member of weight 0 is not read. `None`: all count the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights: Option<Vec<f64>>,
    /// How much a class needs.
    #[serde(default)]
    pub quorum: Quorum,
    /// What comes out.
    #[serde(default)]
    pub ballot: Ballot,
    /// Who wins when votes are even.
    #[serde(default)]
    pub tie_break: TieBreak,
}

impl Vote {
    /// Plurality, one member one vote, the winner comes out, ties go to the first class.
    pub fn new() -> Self {
        Self::default()
    }

    with_weights!();

    /// With another need of votes.
    pub fn with_quorum(mut self, quorum: Quorum) -> Self {
        self.quorum = quorum;
        self
    }

    /// With another result.
    pub fn with_ballot(mut self, ballot: Ballot) -> Self {
        self.ballot = ballot;
        self
    }

    /// With another way to break ties.
    pub fn with_tie_break(mut self, tie_break: TieBreak) -> Self {
        self.tie_break = tie_break;
        self
    }

    /// Turns the shares of one row into the result.
    fn decide(&self, shares: &[f64], means: Option<&[f64]>, out: &mut [f32]) {
        let top = shares.iter().fold(0.0, |top, &share| if share > top { share } else { top });
        if self.quorum == Quorum::Majority && top <= 0.5 + EVEN {
            return out.fill(f32::NAN);
        }
        let even = |k: usize| shares[k] >= top - EVEN;
        match self.ballot {
            // Shares that are even come out equal to the bit.
            Ballot::Share => {
                for (k, out) in out.iter_mut().enumerate() {
                    *out = if even(k) { top } else { shares[k] } as f32;
                }
            }
            Ballot::Winner => {
                let first = (0..shares.len()).find(|&k| even(k)).unwrap_or(0);
                let mut winner = first;
                for k in first + 1..means.map_or(0, <[f64]>::len) {
                    if even(k) && means.is_some_and(|means| means[k] > means[winner]) {
                        winner = k;
                    }
                }
                out.fill(0.0);
                out[winner] = 1.0;
            }
        }
    }

    /// Whether numbers of votes are all that matters, which are found faster than shares.
    fn only_counts(&self, rows: &Rows<'_>) -> bool {
        self.ballot == Ballot::Winner
            && self.tie_break == TieBreak::First
            && rows.weights.windows(2).all(|pair| pair[0] == pair[1])
    }

    /// The winners where all members count the same. Counts are exact in single precision up to 2²⁴ members.
    fn count(&self, chooser: Chooser, rows: &Rows<'_>, count: &mut Count, out: &mut [f32]) {
        let half = 0.5 * rows.members() as f32;
        let refused = |votes: f32| self.quorum == Quorum::Majority && votes <= half;
        if rows.columns == 2 {
            let out = out.as_chunks_mut::<2>().0;
            return chooser.count_pairs(rows.values, &mut count.votes, |i, first, second| {
                out[i] = if first >= second { [1.0, 0.0] } else { [0.0, 1.0] };
                if refused(first.max(second)) {
                    out[i] = [f32::NAN; 2];
                }
            });
        }
        let (votes, columns) = (&mut count.votes, rows.columns);
        votes.clear();
        votes.resize(out.len(), 0.0);
        for values in rows.values {
            each_first_greatest(values, columns, votes, |votes, k| votes[k] += 1.0);
        }
        out.fill(0.0);
        each_first_greatest(votes, columns, out, |out, k| out[k] = 1.0);
        if self.quorum == Quorum::Majority {
            for (out, votes) in out.chunks_exact_mut(columns).zip(votes.chunks_exact(columns)) {
                if votes.iter().all(|&votes| refused(votes)) {
                    out.fill(f32::NAN);
                }
            }
        }
    }

    /// Each label is voted on by itself.
    fn fuse_labels(&self, panel: &Panel<'_>, predictions: &Predictions) -> Result<Matrix> {
        panel.fuse(|rows: &Rows<'_>, shares: &mut Vec<f64>, out: &mut [f32]| {
            shares.clear();
            shares.resize(out.len(), 0.0);
            for (m, values) in rows.values.iter().enumerate() {
                let from = yes_from(predictions.members()[rows.places[m]].gives);
                for (share, &x) in shares.iter_mut().zip(values.iter()) {
                    *share += if x >= from { rows.shares[m] } else { 0.0 };
                }
            }
            for (out, &share) in out.iter_mut().zip(shares.iter()) {
                let yes = share > 0.5 + EVEN;
                let tie = (share - 0.5).abs() <= EVEN;
                *out = match (self.ballot, self.quorum) {
                    (_, Quorum::Majority) if tie => f32::NAN,
                    (Ballot::Share, _) => share.min(1.0) as f32,
                    (Ballot::Winner, _) => f32::from(yes),
                };
            }
            // A row is missing as a whole.
            for row in out.chunks_exact_mut(rows.columns) {
                if row.iter().any(|x| x.is_nan()) {
                    row.fill(f32::NAN);
                }
            }
        })
    }
}

/// Shares that differ by less are even: far above the rounding of a sum of shares, far below one vote.
const EVEN: f64 = 1e-9;

#[derive(Default)]
struct Count {
    /// Votes where only they count.
    votes: Vec<f32>,
    shares: Vec<f64>,
    means: Vec<f64>,
}

#[typetag::serde]
impl Fusion for Vote {
    fn name(&self) -> String {
        let mut options = Vec::new();
        if self.quorum == Quorum::Majority {
            options.push("majority");
        }
        if self.ballot == Ballot::Share {
            options.push("share");
        }
        if self.tie_break == TieBreak::Mean {
            options.push("mean");
        }
        if options.is_empty() { "vote".into() } else { format!("vote:{}", options.join(",")) }
    }

    fn fuse(&self, predictions: &Predictions) -> Result<Matrix> {
        let accepts: &[Gives] = match self.tie_break {
            TieBreak::First => &[Gives::Probabilities, Gives::Logits, Gives::Labels, Gives::Scores],
            TieBreak::Mean => &[Gives::Probabilities, Gives::Logits, Gives::Labels],
        };
        let panel = Panel::new("vote", predictions, self.weights.as_deref(), accepts)?;
        if let Outputs::Labels(_) = predictions.outputs() {
            // A score has no number from which on it means yes.
            let accepts = [Gives::Probabilities, Gives::Logits, Gives::Labels];
            let panel = Panel::new("vote", predictions, self.weights.as_deref(), &accepts)?;
            return self.fuse_labels(&panel.keep_logits(), predictions);
        }
        // The greatest logit is the greatest probability, so only the means need probabilities.
        let panel = if self.tie_break == TieBreak::Mean { panel } else { panel.keep_logits() };
        let chooser = Chooser::new(predictions.outputs());
        panel.fuse(|rows: &Rows<'_>, count: &mut Count, out: &mut [f32]| {
            let columns = rows.columns;
            if self.only_counts(rows) {
                return self.count(chooser, rows, count, out);
            }
            count.shares.clear();
            count.shares.resize(out.len(), 0.0);
            for (values, &share) in rows.values.iter().zip(rows.shares) {
                chooser.add_votes(values, columns, share, &mut count.shares);
            }
            if self.tie_break == TieBreak::Mean {
                count.means.resize(out.len(), 0.0);
                weighted_sum(rows.values, rows.shares, &mut count.means);
            }
            for (i, (out, shares)) in out.chunks_exact_mut(columns).zip(count.shares.chunks_exact(columns)).enumerate()
            {
                let means = count.means.get(i * columns..(i + 1) * columns);
                self.decide(shares, means, out);
            }
        })
    }

    fn row_by_row(&self) -> bool {
        true
    }

    fn gives(&self, outputs: &Outputs) -> Gives {
        match (outputs, self.ballot) {
            (Outputs::Targets(_) | Outputs::Quantiles(_), _) => Gives::Values,
            (_, Ballot::Winner) => Gives::Labels,
            (_, Ballot::Share) => Gives::Probabilities,
        }
    }

    fn weights(&self) -> Option<Vec<f64>> {
        shares!(self)
    }
}
