use std::fmt;

use consort_core::{Dataset, Fold, Result, RowInfo, Warning};
use consort_split::{Leak, Leaked, leaks, shared};
use serde::{Deserialize, Serialize};

use super::{
    telling::telling,
    twins::{ALONE, Twins, pairs_by_chance},
};

/// The kind of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// A row is learnt from and tested in the same fold.
    Rows,
    /// An id has rows on both sides of a fold.
    Ids,
    /// A group has rows on both sides of a fold.
    Groups,
    /// Something is learnt from rows that are not before those tested.
    Time,
    /// Copies of a row are on both sides of a fold.
    Twins,
    /// A feature tells the target almost by itself.
    Telling,
}

/// Something about the data or the folds that makes an estimate too good.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Its kind.
    pub kind: Kind,
    /// What was found.
    pub what: String,
    /// How much of it, and the first of it.
    pub evidence: String,
    /// What to do.
    pub remedy: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.what, self.evidence, self.remedy)
    }
}

impl From<Finding> for Warning {
    fn from(finding: Finding) -> Self {
        Warning::Note { text: finding.to_string() }
    }
}

/// What about the data and the folds makes an estimate too good: rows, ids, groups or copies of a row on both sides of a
/// fold, training rows that are not before the test (where rows have times), and features that tell the target almost by
/// themselves.
///
/// Copies are rows that agree in all features and the target. They are no finding where as many would agree by chance,
/// since features are few or coarse. The folds are of rows of the data set.
///
/// Cost: a sort of the rows, and of each feature for up to 20,000 rows.
///
/// # Errors
/// If a fold names a row that is not there.
///
/// ```
/// use consort_core::{Column, Dataset, Features, Seed, Splitter, Target};
/// use consort_ensemble::estimate::{Kind, findings};
/// use consort_split::KFold;
/// // Every row is there twice.
/// let x = Column::Numeric { name: "x".into(), values: (0..100).map(|i| (i / 2 * 37 % 50) as f32).collect() };
/// let y = Target::from_values((0..100).map(|i| f64::from(i / 2 * 11 % 50)).collect(), "y")?;
/// let data = Dataset::new(Features::Columns(vec![x]))?.with_target(y)?;
/// let folds = KFold::new(5).split(&data.row_info(), Seed::new(0))?.folds;
/// let found = findings(&data, &folds)?;
/// assert_eq!(found[0].kind, Kind::Twins);
/// # Ok::<(), consort_core::Error>(())
/// ```
pub fn findings(data: &Dataset, folds: &[Fold]) -> Result<Vec<Finding>> {
    let leaks = leaks(folds, &RowInfo { target: None, ..data.row_info() })?;
    let of = |is: fn(&Leaked) -> bool| leaks.iter().filter(|leak| is(&leak.what)).collect::<Vec<_>>();
    let mut found = Vec::new();
    let mut add = |kind, leaks: Vec<&Leak>, what: &str, remedy: &str| {
        if let Some(first) = leaks.first() {
            let more = if leaks.len() > 1 { format!(" (and {} more like it)", leaks.len() - 1) } else { String::new() };
            let evidence = format!("{first}{more}");
            found.push(Finding { kind, what: what.into(), evidence, remedy: remedy.into() });
        }
    };
    add(
        Kind::Rows,
        of(|what| matches!(what, Leaked::Rows { .. })),
        "rows are learnt from and tested in the same fold",
        "give each row one part in a fold",
    );
    add(
        Kind::Ids,
        of(|what| matches!(what, Leaked::Ids { .. })),
        "rows of one id are on both sides of a fold",
        "split by groups, with the id as the group",
    );
    add(
        Kind::Groups,
        of(|what| matches!(what, Leaked::Groups { .. })),
        "groups are on both sides of a fold",
        "split by groups, or give folds that keep each group whole",
    );
    add(
        Kind::Time,
        of(|what| matches!(what, Leaked::Future { .. })),
        "models learn from rows that are not before those that they are tested on",
        "split in time order, with an expanding or a sliding window, if the model will be asked about the future",
    );
    found.extend(copies(data, folds));
    for telling in telling(data, TELLING) {
        found.push(Finding {
            kind: Kind::Telling,
            what: format!("`{}` tells the target almost by itself", telling.feature),
            evidence: format!("it explains {:.2} % of its variance", 100.0 * telling.share),
            remedy: "leave it out if it is not known at the time of prediction, or is made from the target".into(),
        });
    }
    Ok(found)
}

/// From which share of the target's variance on a feature tells too much.
const TELLING: f64 = 0.995;

/// Copies of rows on both sides of a fold, if they are more than chance would make.
fn copies(data: &Dataset, folds: &[Fold]) -> Option<Finding> {
    let twins = Twins::of(data);
    if twins.first.is_empty() {
        return None;
    }
    let by_chance = pairs_by_chance(data);
    if twins.pairs <= 5.0 * by_chance {
        return None;
    }
    let of_row = |row: u32| Some(twins.set[row as usize]).filter(|set| *set != ALONE);
    let (mut tested, mut first): (usize, Option<u32>) = (0, None);
    for fold in folds {
        // A row in both parts is a finding of its own.
        if let Some((_, set)) = shared(&fold.train, &fold.test, twins.first.len(), of_row) {
            let mut learnt = vec![false; twins.first.len()];
            fold.train.iter().filter_map(|&row| of_row(row)).for_each(|set| learnt[set as usize] = true);
            tested += fold.test.iter().filter(|&&row| of_row(row).is_some_and(|set| learnt[set as usize])).count();
            first = Some(first.map_or(set, |first| first.min(set)));
        }
    }
    let row = twins.first[first? as usize] as usize;
    let ids = data.ids();
    Some(Finding {
        kind: Kind::Twins,
        what: "copies of rows are on both sides of a fold".into(),
        evidence: format!(
            "{tested} tested rows have a copy among those learnt from, such as row {} (id `{}`); chance would make about {by_chance:.1} pairs, there are {}",
            row + 1,
            ids.text(row),
            twins.pairs
        ),
        remedy: "keep one of each with a weight, or give copies a group of their own and split by groups".into(),
    })
}
