use consort_core::{Seed, Truth};
use serde::{Deserialize, Serialize};

/// What a bootstrap drew, and how many of them there were.
///
/// ```
/// use consort_metrics::significance::Drawn;
/// assert_eq!(Drawn::Groups(41).to_string(), "41 groups of rows");
/// assert_eq!(serde_json::to_string(&Drawn::Rows(600)).unwrap(), r#"{"rows":600}"#);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Drawn {
    /// Rows, one by one.
    Rows(usize),
    /// Groups of rows that belong together.
    Groups(usize),
    /// Sets to which very many rows, or groups, were dealt at random.
    Sets(usize),
}

impl std::fmt::Display for Drawn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Drawn::Rows(count) => write!(f, "{count} rows"),
            Drawn::Groups(count) => write!(f, "{count} groups of rows"),
            Drawn::Sets(count) => write!(f, "{count} random sets of rows"),
        }
    }
}

/// What a bootstrap draws, whole or not at all: the rows of weight; or their groups, where rows belong together; or, of
/// very many rows or groups, sets that those were dealt to at random.
#[derive(Debug)]
pub(super) struct Units {
    /// The rows that have weight, ascending; `None` where all `count` have.
    rows: Option<Vec<u32>>,
    count: usize,
    /// The group of each of these rows, without gaps; `None` where each stands alone.
    groups: Option<Vec<u32>>,
    /// The set of each group (or row); `None` where each is drawn by itself.
    sets: Option<Vec<u16>>,
    drawn: Drawn,
}

impl Units {
    /// Up to so many rows, or groups, are drawn one by one.
    pub(super) const MOST: usize = 100_000;
    /// More are dealt to so many sets. The standard error over n sets that were dealt at random is itself off by a share
    /// of 1/√(2n): 0.7 % here, less than what 2,000 replicates are off by (1.6 %).
    pub(super) const SETS: usize = 10_000;

    /// The units of rows, or of groups where the truth has them.
    pub(super) fn of(truth: &Truth<'_>, seed: Seed) -> Self {
        let is_there = |i: usize| truth.weight(i) > 0.0;
        let count = (0..truth.rows()).filter(|&i| is_there(i)).count();
        let rows: Option<Vec<u32>> = (count < truth.rows()).then(|| {
            let mut rows = Vec::with_capacity(count);
            rows.extend((0..truth.rows()).filter(|&i| is_there(i)).map(|i| i as u32));
            rows
        });
        let (groups, drawn) = match truth.groups() {
            None => (None, Drawn::Rows(count)),
            Some(groups) => {
                let row = |place: usize| rows.as_ref().map_or(place, |rows| rows[place] as usize);
                let (groups, count) = numbered((0..count).map(|place| groups[row(place)]));
                (Some(groups), Drawn::Groups(count))
            }
        };
        let (Drawn::Rows(alone) | Drawn::Groups(alone) | Drawn::Sets(alone)) = drawn;
        if alone <= Self::MOST {
            return Self { rows, count, groups, sets: None, drawn };
        }
        // Each goes where its own draw says. To deal them like cards, one to each set in turn, would spread neighbours,
        // and the sets of sorted rows would be more alike than chance makes them.
        let mut stream = seed.child("sets").stream();
        let sets = (0..alone).map(|_| stream.below(Self::SETS as u64) as u16).collect();
        Self { rows, count, groups, sets: Some(sets), drawn: Drawn::Sets(Self::SETS) }
    }

    /// What they are.
    pub(super) fn drawn(&self) -> Drawn {
        self.drawn
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        let (Drawn::Rows(count) | Drawn::Groups(count) | Drawn::Sets(count)) = self.drawn;
        count
    }

    /// How many rows have weight.
    pub(super) fn rows(&self) -> usize {
        self.count
    }

    /// The row at `place` of those that have weight.
    pub(super) fn row(&self, place: usize) -> usize {
        self.rows.as_ref().map_or(place, |rows| rows[place] as usize)
    }

    /// The unit of the row at `place`.
    pub(super) fn at(&self, place: usize) -> usize {
        let group = self.groups.as_ref().map_or(place, |groups| groups[place] as usize);
        self.sets.as_ref().map_or(group, |sets| usize::from(sets[group]))
    }

    /// The rows unit by unit, ascending within each: those of unit u at `starts[u]..starts[u + 1]`.
    pub(super) fn by_unit(&self) -> (Vec<u32>, Vec<u32>) {
        let places = 0..self.count;
        let mut starts = vec![0u32; self.len() + 1];
        places.clone().for_each(|place| starts[self.at(place) + 1] += 1);
        (0..self.len()).for_each(|unit| starts[unit + 1] += starts[unit]);
        let mut next = starts.clone();
        let mut rows = vec![0; self.count];
        for place in places {
            let next = &mut next[self.at(place)];
            rows[*next as usize] = self.row(place) as u32;
            *next += 1;
        }
        (rows, starts)
    }
}

/// The same groups by numbers from 0 without gaps, in the order of their old numbers; and how many there are.
fn numbered(groups: impl Iterator<Item = u32> + Clone) -> (Vec<u32>, usize) {
    let mut distinct: Vec<u32> = groups.clone().collect();
    distinct.sort_unstable();
    distinct.dedup();
    let place = |group: u32| distinct.partition_point(|&other| other < group) as u32;
    (groups.map(place).collect(), distinct.len())
}

#[cfg(test)]
mod tests {
    use consort_core::Target;

    use super::*;

    #[test]
    fn rows_without_weight_are_in_no_unit_and_a_group_is_one() {
        let target = Target::from_values(vec![0.0; 6], "y").unwrap();
        let weights = [1.0, 0.0, 2.0, 1.0, 1.0, 0.0];
        let truth = Truth::weighted(&target, &weights).unwrap();
        let alone = Units::of(&truth, Seed::new(0));
        assert_eq!((alone.len(), alone.by_unit()), (4, (vec![0, 2, 3, 4], vec![0, 1, 2, 3, 4])));
        let truth = truth.grouped(&[70, 5, 9, 70, 9, 5]).unwrap();
        let groups = Units::of(&truth, Seed::new(0));
        assert_eq!((groups.len(), groups.by_unit()), (2, (vec![2, 4, 0, 3], vec![0, 2, 4])));
        assert_eq!((0..4).map(|place| groups.at(place)).collect::<Vec<_>>(), [1, 0, 1, 0]);
    }

    #[test]
    fn many_groups_are_dealt_to_sets_whole() {
        let rows = 2 * (Units::MOST + 1);
        let target = Target::from_values(vec![0.0; rows], "y").unwrap();
        let groups: Vec<u32> = (0..rows as u32).map(|i| i / 2).collect();
        let units = Units::of(&Truth::new(&target).grouped(&groups).unwrap(), Seed::new(1));
        assert_eq!(units.len(), Units::SETS);
        assert!((0..rows).step_by(2).all(|i| units.at(i) == units.at(i + 1)));
        let (by_unit, starts) = units.by_unit();
        let mut all = by_unit.clone();
        all.sort_unstable();
        assert!(all.iter().enumerate().all(|(i, &row)| i == row as usize) && all.len() == rows);
        // Chance makes them about as large as each other: 20 rows, give or take √(2 · 20).
        let sizes: Vec<f64> = starts.windows(2).map(|pair| f64::from(pair[1] - pair[0])).collect();
        let spread = sizes.iter().map(|size| (size - 20.0).powi(2)).sum::<f64>() / sizes.len() as f64;
        assert!((spread - 40.0).abs() < 3.0, "{spread}");
    }
}
