use consort_core::{Error, Predictions, Result, Score, Truth};

use super::{CorrectCounts, Decisions, PairTable, SymmetricMatrix, bit_rows::BitRows, symmetric::upper};

/// Who is right where: one bit a member and row, 64 rows a word.
///
/// The measures of diversity are functions of what can be counted from it. Pairs are population counts: 200 members
/// on 100,000 rows are 20,000 pairs of 12.5 KB each.
///
/// ```
/// use consort_metrics::diversity::Correctness;
/// let right = Correctness::from_bits(
///     ["a", "b"],
///     &[vec![true, true, false, true], vec![true, false, false, true]],
/// )?;
/// assert_eq!(right.accuracy(1), 0.5);
/// assert_eq!(right.pair(0, 1).only_first, 1.0);
/// assert_eq!(right.counts().oracle_accuracy(), 0.75);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Correctness {
    names: Vec<String>,
    rows: BitRows,
    bits: Vec<Vec<u64>>,
}

impl Correctness {
    /// Who is right where, of members' predictions. See [`Decisions`] for how a member decides.
    ///
    /// # Errors
    /// As [`Decisions::new`].
    pub fn new(predictions: &Predictions, truth: &Truth<'_>) -> Result<Self> {
        Ok(Decisions::new(predictions, truth)?.correctness())
    }

    /// Who is right where, told member by member.
    ///
    /// # Errors
    /// [`Error::Empty`] without a member or a row, [`Error::Length`] unless all members have the same rows and a name.
    pub fn from_bits<S: Into<String>>(names: impl IntoIterator<Item = S>, right: &[Vec<bool>]) -> Result<Self> {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        let rows = right.first().map_or(0, Vec::len);
        if rows == 0 {
            return Err(Error::Empty { what: "the list of rows".into(), hint: "give members with rows".into() });
        }
        if names.len() != right.len() {
            return Err(Error::Length {
                what: "the list of names".into(),
                got: names.len(),
                expected: right.len(),
                unit: "members",
                hint: "give one name for each member".into(),
            });
        }
        if let Some(m) = right.iter().position(|member| member.len() != rows) {
            return Err(Error::Length {
                what: format!("member `{}`", names[m]),
                got: right[m].len(),
                expected: rows,
                unit: "rows",
                hint: "all members must have the same rows".into(),
            });
        }
        let all = BitRows::plain(rows);
        let bits: Result<Vec<_>> = right.iter().map(|member| all.pack(|i| Ok(member[i]))).collect();
        Ok(Self { names, rows: all, bits: bits? })
    }

    pub(super) fn of(names: Vec<String>, rows: BitRows, bits: Vec<Vec<u64>>) -> Self {
        Self { names, rows, bits }
    }

    /// The members' names.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How many rows count (of yes-or-no labels: rows × labels).
    pub fn rows(&self) -> usize {
        self.rows.rows()
    }

    /// How many rows were left out because some member lacks them.
    pub fn left_out(&self) -> usize {
        self.rows.left_out()
    }

    /// Whether member `m` is right in the `i`-th row that counts.
    pub fn is_right(&self, m: usize, i: usize) -> bool {
        self.bits[m][i / 64] >> (i % 64) & 1 == 1
    }

    /// Whether rows weigh differently.
    pub fn is_weighted(&self) -> bool {
        self.rows.is_weighted()
    }

    /// The row of the predictions that the `i`-th row that counts is.
    pub fn source(&self, i: usize) -> usize {
        self.rows.source(i)
    }

    /// The weight of the `i`-th row that counts.
    pub fn weight(&self, i: usize) -> f64 {
        self.rows.weight(i)
    }

    /// The share of rows in which member `m` is right.
    pub fn accuracy(&self, m: usize) -> f64 {
        self.rows.weigh(&self.bits[m]) / self.rows.total()
    }

    /// How often two members are right and wrong together.
    pub fn pair(&self, a: usize, b: usize) -> PairTable {
        let both: Vec<u64> = self.bits[a].iter().zip(&self.bits[b]).map(|(a, b)| a & b).collect();
        let (n11, n1, n2) = (self.rows.weigh(&both), self.rows.weigh(&self.bits[a]), self.rows.weigh(&self.bits[b]));
        PairTable::of(n11, n1, n2, self.rows.total())
    }

    /// The tables of all pairs `i ≤ j`, for several measures at the price of one.
    pub fn pairs(&self) -> PairTables<'_> {
        let members = self.bits.len();
        let both = self.rows.weigh_pairs(members, |i, j, w| self.bits[i][w] & self.bits[j][w]);
        PairTables { correctness: self, both, total: self.rows.total() }
    }

    /// In how many rows how many members are right.
    pub fn counts(&self) -> CorrectCounts {
        CorrectCounts::of(self.rows.weigh_counts(&self.bits))
    }
}

/// The [`PairTable`] of every pair of members.
///
/// ```
/// use consort_metrics::diversity::{Correctness, PairTable};
/// let right = Correctness::from_bits(["a", "b"], &[vec![true, false], vec![true, true]])?;
/// let matrix = right.pairs().matrix(|pair| pair.disagreement())?;
/// assert_eq!(matrix.at(0, 1), Some(0.5));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug)]
pub struct PairTables<'a> {
    correctness: &'a Correctness,
    both: Vec<f64>,
    total: f64,
}

impl PairTables<'_> {
    /// The table of members `i ≤ j`.
    pub fn at(&self, i: usize, j: usize) -> PairTable {
        let members = self.correctness.names.len();
        let both = |i, j| self.both[upper(members, i, j)];
        PairTable::of(both(i.min(j), i.max(j)), both(i, i), both(j, j), self.total)
    }

    /// One measure of all pairs.
    ///
    /// # Errors
    /// None for a correctness that could be made.
    pub fn matrix(&self, measure: impl Fn(PairTable) -> Score) -> Result<SymmetricMatrix> {
        SymmetricMatrix::from_fn(self.correctness.names.clone(), |i, j| measure(self.at(i, j)).value())
    }
}
