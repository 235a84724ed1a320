//! The contracts of splitters.

use std::collections::BTreeMap;

use super::Broken;
use crate::{Classes, Fold, Ids, Result, RowInfo, Seed, Split, Splitter, Target};

/// What a splitter promises beyond what every splitter does. The default promises nothing.
///
/// ```
/// use consort_core::check::Promises;
/// assert!(Promises::shuffled_folds().covers && !Promises::default().covers);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Promises {
    /// Within each repeat, every row is tested exactly once.
    pub covers: bool,
    /// Different seeds give different folds.
    pub shuffles: bool,
    /// Permuting the rows, with their ids, moves no id to another part. True of anything that shuffles.
    pub by_id: bool,
    /// Rows of one group stay in one part.
    pub whole_groups: bool,
    /// What is learned from came before what is tested.
    pub in_time: bool,
    /// `train` may name a row more than once.
    pub replaces: bool,
    /// A single row cannot be split.
    pub refuses_one_row: bool,
}

impl Promises {
    /// A K-fold that shuffles.
    pub fn shuffled_folds() -> Self {
        Self { covers: true, shuffles: true, by_id: true, refuses_one_row: true, ..Self::default() }
    }
}

/// The rows of one trial: each has an id, a class, a group and a time.
struct Table {
    ids: Ids,
    target: Target,
    groups: Vec<u32>,
    time: Vec<f64>,
}

impl Table {
    /// Rows with three classes in unequal shares, groups of unequal size, and times in no order, two of them equal.
    fn new(rows: usize, seed: Seed) -> Result<Self> {
        let mut stream = seed.child("table").stream();
        let classes = Classes::new(["a", "b", "c"])?;
        let codes = (0..rows).map(|_| [0, 0, 0, 1, 1, 2][stream.below(6) as usize]).collect();
        let groups = (0..rows).map(|_| (stream.below(12) * (stream.below(12) + 1) / 12) as u32).collect();
        let mut time: Vec<f64> = (0..rows).map(|row| row as f64 * 0.5).collect();
        stream.shuffle(&mut time);
        if rows > 1 {
            time[1] = time[0];
        }
        let mut names: Vec<String> = (0..rows).map(|row| format!("id{row}")).collect();
        stream.shuffle(&mut names);
        Ok(Self { ids: Ids::from_texts(names), target: Target::Classes { codes, classes }, groups, time })
    }

    fn rows(&self) -> usize {
        self.ids.len()
    }

    fn info(&self) -> RowInfo<'_> {
        RowInfo {
            rows: self.rows(),
            target: Some(&self.target),
            groups: Some(&self.groups),
            time: Some(&self.time),
            ids: Some(&self.ids),
        }
    }

    fn take(&self, order: &[u32]) -> Self {
        Self {
            ids: self.ids.take(order),
            target: self.target.take(order),
            groups: order.iter().map(|&row| self.groups[row as usize]).collect(),
            time: order.iter().map(|&row| self.time[row as usize]).collect(),
        }
    }
}

/// Runs every contract of [`Splitter`] over one splitter, on tables of several sizes with targets, groups, times and
/// ids, and on tables of one row and none.
///
/// Every splitter must give folds by repeat and number, rows that are there and ascend, parts that share no row,
/// something to learn from and to test, no row tested twice within a repeat; the same folds for the same seed, with one
/// thread and with two, and after a serde round trip; and an error, not a panic, for no rows. `promises` adds what this
/// splitter says of itself. The splitter must be able to split some of the tables, which have up to 240 rows.
///
/// # Errors
/// The first contract broken, with the case.
pub fn splitter(splitter: &dyn Splitter, promises: Promises) -> Result<(), Broken> {
    let saved = serde_json::to_value(splitter).map_err(|error| Broken {
        subject: format!("{splitter:?}"),
        contract: "serde round-trips it",
        detail: error.to_string(),
    })?;
    let subject = saved.get("splitter").and_then(|name| name.as_str()).unwrap_or("a splitter").to_owned();
    let trial = Trial { splitter, promises, subject };
    let read: Box<dyn Splitter> = serde_json::from_value(saved.clone())
        .map_err(|error| trial.broken("serde round-trips it", format!("{error} in {saved}")))?;
    if serde_json::to_value(&read).ok() != Some(saved.clone()) {
        return Err(trial.broken("serde round-trips it", format!("{saved} changed")));
    }
    let mut done = 0;
    for rows in [0, 1, 2, 3, 7, 24, 61, 240] {
        let seed = Seed::new(rows as u64);
        let table = Table::new(rows, seed).map_err(|error| trial.broken("the table can be made", error.to_string()))?;
        match splitter.split(&table.info(), seed) {
            Err(error) => {
                if error.to_string().is_empty() {
                    return Err(trial.broken("an error says what is wrong", format!("{rows} rows: it says nothing")));
                }
                if read.split(&table.info(), seed).is_ok() {
                    return Err(trial.broken("serde round-trips it", format!("{rows} rows: the copy gives folds")));
                }
            }
            Ok(split) => {
                done += 1;
                trial.one(&table, &split, seed, read.as_ref())?;
            }
        }
    }
    if done == 0 {
        return Err(trial.broken("it can split a table", "every table of 1 to 240 rows was refused".into()));
    }
    Ok(())
}

struct Trial<'a> {
    splitter: &'a dyn Splitter,
    promises: Promises,
    subject: String,
}

impl Trial<'_> {
    fn broken(&self, contract: &'static str, detail: String) -> Broken {
        Broken { subject: self.subject.clone(), contract, detail }
    }

    fn one(&self, table: &Table, split: &Split, seed: Seed, read: &dyn Splitter) -> Result<(), Broken> {
        let rows = table.rows();
        if rows == 0 || (rows == 1 && self.promises.refuses_one_row) {
            return Err(self.broken("too few rows are an error", format!("{rows} rows: it gave folds")));
        }
        self.shape(table, split)?;
        let again = |splitter: &dyn Splitter, threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
            pool.map_err(crate::Error::custom)?.install(|| splitter.split(&table.info(), seed))
        };
        for (contract, splitter, threads) in [
            ("the same seed gives the same folds with 1 thread", self.splitter, 1),
            ("the same seed gives the same folds with 2 threads", self.splitter, 2),
            ("serde round-trips it", read, 2),
        ] {
            match again(splitter, threads) {
                Ok(other) if other.folds == split.folds && other.warnings == split.warnings => {}
                Ok(_) => return Err(self.broken(contract, format!("{rows} rows: the folds differ"))),
                Err(error) => return Err(self.broken(contract, format!("{rows} rows: {error}"))),
            }
        }
        if self.promises.shuffles && rows >= 24 {
            let differs = (1..=8).any(|number| {
                let other = self.splitter.split(&table.info(), seed.nth("other", number));
                other.is_ok_and(|other| other.folds != split.folds)
            });
            if !differs {
                return Err(self.broken("different seeds give different folds", format!("{rows} rows: 8 seeds agree")));
            }
        }
        if self.promises.by_id {
            self.permuted(table, split, seed)?;
        }
        Ok(())
    }

    fn shape(&self, table: &Table, split: &Split) -> Result<(), Broken> {
        let rows = table.rows();
        if split.folds.is_empty() {
            return Err(self.broken("there is a fold", format!("{rows} rows: none")));
        }
        if !split.folds.is_sorted_by(|a, b| (a.repeat, a.fold) < (b.repeat, b.fold)) {
            return Err(self.broken("folds go by repeat and number", format!("{rows} rows")));
        }
        let mut tested: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        for fold in &split.folds {
            self.fold(table, fold)?;
            let tested = tested.entry(fold.repeat).or_insert_with(|| vec![0; rows]);
            for &row in &fold.test {
                tested[row as usize] += 1;
            }
        }
        for (repeat, tested) in tested {
            if let Some(row) = tested.iter().position(|&times| times > 1) {
                let detail = format!("{rows} rows, repeat {repeat}: row {row}");
                return Err(self.broken("no row is tested twice within a repeat", detail));
            }
            if self.promises.covers
                && let Some(row) = tested.iter().position(|&times| times == 0)
            {
                let detail = format!("{rows} rows, repeat {repeat}: row {row} is never tested");
                return Err(self.broken("every row is tested once in each repeat", detail));
            }
        }
        Ok(())
    }

    fn fold(&self, table: &Table, fold: &Fold) -> Result<(), Broken> {
        let rows = table.rows();
        let at = format!("{rows} rows, repeat {}, fold {}", fold.repeat, fold.fold);
        let mut part = vec![0u8; rows];
        for (number, list) in [(1, &fold.train), (2, &fold.valid), (3, &fold.test)] {
            for &row in list {
                match part.get_mut(row as usize) {
                    None => return Err(self.broken("rows are those of the table", format!("{at}: row {row}"))),
                    Some(part) if *part == 0 || *part == number => *part = number,
                    Some(_) => return Err(self.broken("the parts share no row", format!("{at}: row {row}"))),
                }
            }
            let twice = self.promises.replaces && number == 1;
            if !list.is_sorted_by(|a, b| a < b || (twice && a == b)) {
                return Err(self.broken("rows ascend", format!("{at}: part {number}")));
            }
        }
        if fold.train.is_empty() || fold.test.is_empty() {
            return Err(self.broken("there is something to learn from and to test", at));
        }
        if self.promises.whole_groups {
            let mut part_of: BTreeMap<u32, u8> = BTreeMap::new();
            for (row, &part) in part.iter().enumerate().filter(|(_, part)| **part > 0) {
                if *part_of.entry(table.groups[row]).or_insert(part) != part {
                    let detail = format!("{at}: group {}", table.groups[row]);
                    return Err(self.broken("groups are never parted", detail));
                }
            }
        }
        if self.promises.in_time {
            let time = |list: &[u32]| -> Vec<f64> { list.iter().map(|&row| table.time[row as usize]).collect() };
            let latest = |list: &[u32]| time(list).into_iter().fold(f64::NEG_INFINITY, f64::max);
            let earliest = |list: &[u32]| time(list).into_iter().fold(f64::INFINITY, f64::min);
            let (train, valid, test) = (&fold.train, &fold.valid, &fold.test);
            if latest(train) >= earliest(test) || latest(valid) >= earliest(test) || latest(train) >= earliest(valid) {
                return Err(self.broken("training comes before the test", at));
            }
        }
        Ok(())
    }

    /// Splits the rows in another order and looks whether each id is where it was.
    fn permuted(&self, table: &Table, split: &Split, seed: Seed) -> Result<(), Broken> {
        let contract = "permuting the rows moves no id to another part";
        let mut order: Vec<u32> = (0..table.rows() as u32).collect();
        seed.child("permutation").stream().shuffle(&mut order);
        let other = self.splitter.split(&table.take(&order).info(), seed);
        let other = other.map_err(|error| self.broken(contract, format!("{} rows: {error}", table.rows())))?;
        let back = |list: &[u32]| {
            let mut list: Vec<u32> = list.iter().map(|&row| order[row as usize]).collect();
            list.sort_unstable();
            list
        };
        let mapped: Vec<Fold> = (other.folds.iter())
            .map(|fold| Fold {
                train: back(&fold.train),
                valid: back(&fold.valid),
                test: back(&fold.test),
                ..fold.clone()
            })
            .collect();
        match mapped.iter().zip(&split.folds).find(|(a, b)| a != b) {
            None if mapped.len() == split.folds.len() => Ok(()),
            Some((_, fold)) => {
                let detail = format!("{} rows, repeat {}, fold {}", table.rows(), fold.repeat, fold.fold);
                Err(self.broken(contract, detail))
            }
            None => Err(self.broken(contract, format!("{} rows: another number of folds", table.rows()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::Error;

    /// Tests the rows of even number on those of odd number, with one of several faults.
    #[derive(Debug, Serialize, Deserialize)]
    struct Faulty {
        fault: u8,
    }

    #[typetag::serde]
    impl Splitter for Faulty {
        fn split(&self, rows: &RowInfo<'_>, _: Seed) -> Result<Split> {
            if rows.rows < 2 && self.fault != 1 {
                return Err(Error::parameter("rows", rows.rows, "at least 2"));
            }
            let (mut test, mut train): (Vec<u32>, Vec<u32>) = (0..rows.rows as u32).partition(|row| row % 2 == 0);
            match self.fault {
                2 => train.insert(0, 0),
                3 => train.push(rows.rows as u32),
                4 => test.reverse(),
                _ => {}
            }
            Ok(Split { folds: vec![Fold { train, test, ..Fold::default() }], warnings: Vec::new() })
        }
    }

    #[test]
    fn a_faulty_splitter_is_told_which_contract_it_breaks() {
        splitter(&Faulty { fault: 0 }, Promises::default()).unwrap();
        let contract = |fault, promises| splitter(&Faulty { fault }, promises).unwrap_err().contract;
        assert_eq!(contract(1, Promises::default()), "too few rows are an error");
        assert_eq!(contract(2, Promises::default()), "the parts share no row");
        assert_eq!(contract(3, Promises::default()), "rows are those of the table");
        assert_eq!(contract(4, Promises::default()), "rows ascend");
        let promises = Promises::default();
        assert_eq!(contract(0, Promises { covers: true, ..promises }), "every row is tested once in each repeat");
        assert_eq!(contract(0, Promises { shuffles: true, ..promises }), "different seeds give different folds");
        let moved = "permuting the rows moves no id to another part";
        assert_eq!(contract(0, Promises { by_id: true, ..promises }), moved);
        assert_eq!(contract(0, Promises { whole_groups: true, ..promises }), "groups are never parted");
        assert_eq!(contract(0, Promises { in_time: true, ..promises }), "training comes before the test");
    }
}
