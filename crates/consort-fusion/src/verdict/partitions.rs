use std::sync::Arc;

use consort_core::{Error, Predictions, Result, Seed, Target, Truth};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// How rows are split for an honest score: K folds, perhaps several times.
///
/// Folds are drawn by the ids of the rows, so the order of the rows changes nothing; rows without ids go by position.
/// Where rows have classes, each class is spread evenly; where the truth has groups ([`Truth::grouped`]), a group stays
/// whole and the folds are of nearly equal size. Rows of weight 0 are in no fold.
///
/// ```
/// use consort_fusion::verdict::NestedSplit;
/// assert!(NestedSplit::default().folds(10).repeats(3).check().is_ok());
/// assert!(NestedSplit::default().folds(1).check().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NestedSplit {
    /// How many folds a repeat has.
    pub folds: usize,
    /// How many times all rows are split.
    pub repeats: usize,
}

impl Default for NestedSplit {
    /// Five folds, once.
    fn default() -> Self {
        Self { folds: 5, repeats: 1 }
    }
}

impl NestedSplit {
    /// With so many folds.
    pub fn folds(mut self, folds: usize) -> Self {
        self.folds = folds;
        self
    }

    /// With so many repeats.
    pub fn repeats(mut self, repeats: usize) -> Self {
        self.repeats = repeats;
        self
    }

    /// With no more folds than there are rows, or groups, to put into them; `None` for fewer than 2 of these.
    pub(crate) fn at_most(self, truth: &Truth<'_>) -> Option<Self> {
        let present = (0..truth.rows()).filter(|&i| truth.weight(i) > 0.0);
        let units = match truth.groups() {
            None => present.take(self.folds).count(),
            Some(groups) => present.map(|i| groups[i]).collect::<std::collections::HashSet<u32>>().len(),
        };
        (units >= 2).then(|| Self { folds: self.folds.min(units), ..self })
    }

    /// # Errors
    /// [`Error::Parameter`] for fewer than 2 folds or no repeat.
    pub fn check(&self) -> Result<()> {
        if !(2..Partitions::ABSENT as usize).contains(&self.folds) {
            return Err(Error::parameter("folds", self.folds, "at least 2"));
        }
        if self.repeats == 0 {
            return Err(Error::parameter("repeats", self.repeats, "at least 1"));
        }
        Ok(())
    }

    /// Draws the folds.
    ///
    /// # Errors
    /// [`Error::Length`] unless the truth is parallel to the predictions, [`Error::Parameter`] for more folds than
    /// there are rows, or groups, to put into them.
    pub fn draw(&self, predictions: &Predictions, truth: &Truth<'_>, seed: Seed) -> Result<Partitions> {
        self.check()?;
        truth.check_rows(predictions.rows())?;
        let repeats: Result<Vec<Arc<Vec<u32>>>> = (0..self.repeats)
            .map(|repeat| {
                let seed = seed.nth("repeat", repeat as u64);
                let keys: Vec<u64> = (0..predictions.rows())
                    .into_par_iter()
                    .map(|i| if truth.weight(i) > 0.0 { seed.child(&predictions.id(i)).stream().next_u64() } else { 0 })
                    .collect();
                let folds = match truth.groups() {
                    None => self.by_rows(truth, &keys),
                    Some(groups) => self.by_groups(truth, groups, &keys),
                };
                folds.map(Arc::new)
            })
            .collect();
        Ok(Partitions { repeats: repeats?, folds: self.folds })
    }

    /// Deals the rows of each class, in the order of their keys, to the folds in turn.
    fn by_rows(&self, truth: &Truth<'_>, keys: &[u64]) -> Result<Vec<u32>> {
        let class = |i: usize| match truth.target() {
            Target::Classes { codes, .. } => codes[i],
            _ => 0,
        };
        let mut order: Vec<u32> = (0..truth.rows() as u32).filter(|&i| truth.weight(i as usize) > 0.0).collect();
        self.enough(order.len(), "rows")?;
        order.sort_unstable_by_key(|&i| (class(i as usize), keys[i as usize], i));
        let mut folds = vec![Partitions::ABSENT; truth.rows()];
        // The next class goes on where the last one stopped, so that the folds are of one size.
        order.iter().enumerate().for_each(|(place, &i)| folds[i as usize] = (place % self.folds) as u32);
        Ok(folds)
    }

    /// Puts whole groups, the largest first, into the fold that has the fewest rows.
    fn by_groups(&self, truth: &Truth<'_>, groups: &[u32], keys: &[u64]) -> Result<Vec<u32>> {
        // Rows and least key of each group: neither depends on the order of rows.
        let mut found = std::collections::BTreeMap::<u32, (usize, u64)>::new();
        for i in (0..groups.len()).filter(|&i| truth.weight(i) > 0.0) {
            let (rows, key) = found.entry(groups[i]).or_insert((0, u64::MAX));
            (*rows, *key) = (*rows + 1, (*key).min(keys[i]));
        }
        self.enough(found.len(), "groups")?;
        let mut order: Vec<(u32, usize, u64)> =
            found.into_iter().map(|(group, (rows, key))| (group, rows, key)).collect();
        order.sort_by(|a, b| b.1.cmp(&a.1).then(a.2.cmp(&b.2)).then(a.0.cmp(&b.0)));
        let mut sizes = vec![0; self.folds];
        let mut fold_of = std::collections::BTreeMap::new();
        for (group, rows, _) in order {
            let least = (1..self.folds).fold(0, |least, fold| if sizes[fold] < sizes[least] { fold } else { least });
            sizes[least] += rows;
            fold_of.insert(group, least as u32);
        }
        let fold = |i: usize| if truth.weight(i) > 0.0 { fold_of.get(&groups[i]).copied() } else { None };
        Ok((0..groups.len()).map(|i| fold(i).unwrap_or(Partitions::ABSENT)).collect())
    }

    fn enough(&self, got: usize, what: &str) -> Result<()> {
        if got < self.folds {
            return Err(Error::parameter("folds", self.folds, format!("at most the number of {what}, which is {got}")));
        }
        Ok(())
    }
}

/// Which fold each row is in, for each repeat.
///
/// ```
/// use consort_fusion::verdict::Partitions;
/// let partitions = Partitions::given(&[0, 1, 2, 0])?;
/// assert_eq!(partitions.folds(), 3);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partitions {
    /// Shared with those that keep the folds beside what they found in them.
    repeats: Vec<Arc<Vec<u32>>>,
    folds: usize,
}

impl Partitions {
    /// The fold of a row that is in none, since it has weight 0.
    pub const ABSENT: u32 = u32::MAX;

    /// One repeat of folds that are known, such as those of the out-of-fold predictions: one number a row, from 0.
    ///
    /// # Errors
    /// [`Error::Parameter`] if fewer than two folds occur.
    pub fn given(folds: &[u32]) -> Result<Self> {
        let mut distinct: Vec<u32> = folds.iter().copied().filter(|&fold| fold != Self::ABSENT).collect();
        distinct.sort_unstable();
        distinct.dedup();
        if distinct.len() < 2 {
            return Err(Error::parameter("folds", distinct.len(), "at least 2 that have rows"));
        }
        let place = |fold: &u32| distinct.binary_search(fold).map_or(Self::ABSENT, |place| place as u32);
        Ok(Self { repeats: vec![Arc::new(folds.iter().map(place).collect())], folds: distinct.len() })
    }

    /// How many folds a repeat has.
    pub fn folds(&self) -> usize {
        self.folds
    }

    /// How many repeats there are.
    pub fn repeats(&self) -> usize {
        self.repeats.len()
    }

    /// The fold of each row in a repeat.
    pub fn repeat(&self, repeat: usize) -> &[u32] {
        &self.repeats[repeat]
    }

    /// The same, to be kept.
    pub(super) fn shared(&self, repeat: usize) -> Arc<Vec<u32>> {
        Arc::clone(&self.repeats[repeat])
    }

    /// How many groups of the truth have rows in more than one fold of a repeat. Folds that were drawn tear none; of those
    /// that were given, each means that rows are judged by a fit that knew their group.
    ///
    /// ```
    /// use consort_core::{Target, Truth};
    /// use consort_fusion::verdict::Partitions;
    /// let target = Target::from_values(vec![0.0; 4], "y")?;
    /// let truth = Truth::new(&target).grouped(&[7, 7, 3, 3])?;
    /// assert_eq!(Partitions::given(&[0, 1, 1, 1])?.torn_groups(&truth), 1);
    /// # Ok::<(), consort_core::Error>(())
    /// ```
    pub fn torn_groups(&self, truth: &Truth<'_>) -> usize {
        let Some(groups) = truth.groups() else { return 0 };
        let mut torn = std::collections::BTreeSet::new();
        for folds in &self.repeats {
            let mut fold_of = std::collections::BTreeMap::new();
            for (i, &fold) in folds.iter().enumerate().filter(|&(i, _)| truth.weight(i) > 0.0) {
                if *fold_of.entry(groups[i]).or_insert(fold) != fold {
                    torn.insert(groups[i]);
                }
            }
        }
        torn.len()
    }

    /// Refuses partitions of other rows.
    pub(super) fn check(&self, rows: usize) -> Result<()> {
        match self.repeats.iter().find(|folds| folds.len() != rows) {
            None => Ok(()),
            Some(folds) => Err(Error::Length {
                what: "the folds".into(),
                got: folds.len(),
                expected: rows,
                unit: "rows",
                hint: "folds and predictions must be of the same rows".into(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use consort_core::{Classes, Gives, Ids, Outputs};

    fn rows(ids: impl IntoIterator<Item = String>) -> Predictions {
        let ids = Ids::from_texts(ids);
        let values = vec![0.5; ids.len() * 2];
        Predictions::builder(Outputs::Classes(Classes::new(["a", "b"]).unwrap()), ids)
            .member("m", Gives::Probabilities, &values)
            .unwrap()
            .build()
            .unwrap()
    }

    fn target(codes: Vec<u32>) -> Target {
        Target::Classes { codes, classes: Classes::new(["a", "b"]).unwrap() }
    }

    #[test]
    fn each_class_is_spread_evenly_and_rows_without_weight_are_in_no_fold() {
        let predictions = rows((0..103).map(|i| format!("r{i}")));
        let target = target((0..103).map(|i| u32::from(i % 4 == 0)).collect());
        let weights: Vec<f64> = (0..103).map(|i| if i == 7 { 0.0 } else { 1.0 }).collect();
        let truth = Truth::weighted(&target, &weights).unwrap();
        let drawn = NestedSplit::default().draw(&predictions, &truth, Seed::new(1)).unwrap();
        assert_eq!(drawn.repeat(0)[7], Partitions::ABSENT);
        for fold in 0..5 {
            let of =
                |class: usize| (0..103).filter(|&i| drawn.repeat(0)[i] == fold && (i % 4 == 0) == (class == 1)).count();
            assert!((15..=16).contains(&of(0)) && (5..=6).contains(&of(1)), "{} {}", of(0), of(1));
        }
    }

    #[test]
    fn the_order_of_rows_changes_no_fold() {
        let ids: Vec<String> = (0..50).map(|i| format!("r{i}")).collect();
        let codes: Vec<u32> = (0..50).map(|i| u32::from(i % 3 == 0)).collect();
        let groups: Vec<u32> = (0..50).map(|i| i / 4).collect();
        let order: Vec<usize> = (0..50).map(|i| (i * 7 + 3) % 50).collect();
        let (a, b) = (rows(ids.clone()), rows(order.iter().map(|&i| ids[i].clone())));
        let (ta, tb) = (target(codes.clone()), target(order.iter().map(|&i| codes[i]).collect()));
        let moved: Vec<u32> = order.iter().map(|&i| groups[i]).collect();
        let split = NestedSplit::default().repeats(2);
        let (alone, other) = (Truth::new(&ta), Truth::new(&tb));
        let grouped = (alone.grouped(&groups).unwrap(), other.grouped(&moved).unwrap());
        for (truth_a, truth_b) in [(alone, other), grouped] {
            let da = split.draw(&a, &truth_a, Seed::new(5)).unwrap();
            let db = split.draw(&b, &truth_b, Seed::new(5)).unwrap();
            for repeat in 0..2 {
                let expected: Vec<u32> = order.iter().map(|&i| da.repeat(repeat)[i]).collect();
                assert_eq!(expected, db.repeat(repeat));
            }
            assert_ne!(da.repeat(0), da.repeat(1));
        }
    }

    #[test]
    fn a_group_stays_whole_and_folds_are_of_nearly_one_size() {
        let predictions = rows((0..60).map(|i| format!("r{i}")));
        let groups: Vec<u32> = (0..60).map(|i| (i * i / 60) as u32).collect();
        let target = target(vec![0; 60]);
        let truth = Truth::new(&target).grouped(&groups).unwrap();
        let drawn = NestedSplit::default().draw(&predictions, &truth, Seed::new(2)).unwrap();
        for i in 0..60 {
            for j in 0..i {
                assert!(groups[i] != groups[j] || drawn.repeat(0)[i] == drawn.repeat(0)[j]);
            }
        }
        let sizes: Vec<usize> = (0..5).map(|fold| drawn.repeat(0).iter().filter(|&&f| f == fold).count()).collect();
        assert!(sizes.iter().all(|s| (11..=13).contains(s)), "{sizes:?}");
    }

    #[test]
    fn too_many_folds_are_refused_with_the_number_of_rows() {
        let predictions = rows((0..3).map(|i| format!("r{i}")));
        let target = target(vec![0, 1, 0]);
        let error = NestedSplit::default().draw(&predictions, &Truth::new(&target), Seed::new(1)).unwrap_err();
        assert!(error.to_string().contains("at most the number of rows, which is 3"), "{error}");
    }
}
