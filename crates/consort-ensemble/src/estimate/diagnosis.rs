use consort_core::{Dataset, Fold, Result, RowInfo};
use consort_fusion::diagnosis::{Diagnosis, Finding, Severity};
use consort_split::{Leak, Leaked, leaks, shared};

use super::{
    telling::telling,
    twins::{ALONE, Twins, pairs_by_chance},
};

/// What folds give away, as a diagnosis: rows, ids or groups on both sides of a fold, and models that learn from rows which
/// are not before those that they are tested on (where rows have times). The checks are `rows-twice`, `ids-apart`,
/// `groups-apart` and `future-known`; groups and times must be given to be looked at.
///
/// # Errors
/// If a fold names a row that is not there.
///
/// ```
/// use consort_core::{Fold, RowInfo};
/// use consort_ensemble::estimate::diagnose_folds;
/// let patients = [0, 1, 0, 1];
/// let rows = RowInfo { rows: 4, groups: Some(&patients), ..RowInfo::default() };
/// let fold = Fold { train: vec![0, 1], test: vec![2, 3], ..Fold::default() };
/// let found = diagnose_folds(&[fold], &rows)?;
/// assert_eq!(found.findings[0].check, "groups-apart");
/// # Ok::<(), consort_core::Error>(())
/// ```
pub fn diagnose_folds(folds: &[Fold], rows: &RowInfo<'_>) -> Result<Diagnosis> {
    diagnose_folds_told(folds, rows, &Leak::to_string)
}

/// As [`diagnose_folds`], with an example of each finding in the words of `tell`: for folds that have names.
///
/// ```
/// use consort_core::{Fold, RowInfo};
/// use consort_ensemble::estimate::diagnose_folds_told;
/// let rows = RowInfo { rows: 2, groups: Some(&[0, 0]), ..RowInfo::default() };
/// let fold = Fold { train: vec![0], test: vec![1], ..Fold::default() };
/// let found = diagnose_folds_told(&[fold], &rows, &|_| "fold thu".into())?;
/// assert_eq!(found.findings[0].what, "Groups are on both sides of a fold, such as in fold thu.");
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// As [`diagnose_folds`].
pub fn diagnose_folds_told(folds: &[Fold], rows: &RowInfo<'_>, tell: &dyn Fn(&Leak) -> String) -> Result<Diagnosis> {
    let leaks = leaks(folds, &RowInfo { target: None, ..*rows })?;
    let mut diagnosis = Diagnosis::default();
    for look in LOOKS {
        let mut these = leaks.iter().filter(|leak| (look.is)(&leak.what));
        if let Some(first) = these.next() {
            let what = format!("{}, such as in {}.", look.what, tell(first));
            let finding = Finding::new(look.severity, what, look.advice)
                .number("parts of folds concerned", 1.0 + these.count() as f64);
            diagnosis.findings.push(Finding { check: look.check.into(), ..finding });
        } else if let Some(lacks) = (look.lacks)(rows) {
            diagnosis.skipped.push((look.check.into(), lacks.into()));
        } else {
            diagnosis.passed.push(look.check.into());
        }
    }
    Ok(diagnosis)
}

/// What about the data and the folds makes an estimate too good, as a diagnosis: what [`diagnose_folds`] finds, copies of
/// rows on both sides of a fold (`copies-apart`), and features that tell the target almost by themselves
/// (`telling-feature`).
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
/// use consort_ensemble::estimate::diagnose_data;
/// use consort_split::KFold;
/// // Every row is there twice.
/// let x = Column::Numeric { name: "x".into(), values: (0..100).map(|i| (i / 2 * 37 % 50) as f32).collect() };
/// let y = Target::from_values((0..100).map(|i| f64::from(i / 2 * 11 % 50)).collect(), "y")?;
/// let data = Dataset::new(Features::Columns(vec![x]))?.with_target(y)?;
/// let folds = KFold::new(5).split(&data.row_info(), Seed::new(0))?.folds;
/// let found = diagnose_data(&data, &folds)?;
/// assert_eq!(found.findings[0].check, "copies-apart");
/// # Ok::<(), consort_core::Error>(())
/// ```
pub fn diagnose_data(data: &Dataset, folds: &[Fold]) -> Result<Diagnosis> {
    let mut diagnosis = diagnose_folds(folds, &data.row_info())?;
    let mut add = |check: &str, found: Vec<Finding>| {
        if found.is_empty() {
            diagnosis.passed.push(check.into());
        }
        diagnosis.findings.extend(found.into_iter().map(|finding| Finding { check: check.into(), ..finding }));
    };
    add("copies-apart", copies(data, folds).into_iter().collect());
    let tells = telling(data, TELLING).into_iter().map(|telling| {
        Finding::new(
            Severity::Warning,
            format!("`{}` tells the target almost by itself.", telling.feature),
            "Leave it out if it is not known at the time of prediction, or is made from the target.",
        )
        .of(telling.feature)
        .number("share of the target's variance that it explains", telling.share)
    });
    add("telling-feature", tells.collect());
    Ok(diagnosis.worst_first())
}

/// One thing that folds may give away.
struct Look {
    check: &'static str,
    severity: Severity,
    is: fn(&Leaked) -> bool,
    /// What is needed to look, where it is not there.
    lacks: fn(&RowInfo<'_>) -> Option<&'static str>,
    what: &'static str,
    advice: &'static str,
}

const LOOKS: [Look; 4] = [
    Look {
        check: "rows-twice",
        severity: Severity::Fault,
        is: |what| matches!(what, Leaked::Rows { .. }),
        lacks: |_| None,
        what: "Rows are learnt from and tested in the same fold",
        advice: "Give each row one part in a fold.",
    },
    Look {
        check: "ids-apart",
        severity: Severity::Fault,
        is: |what| matches!(what, Leaked::Ids { .. }),
        lacks: |rows| rows.ids.is_none().then_some("the id of each row"),
        what: "Rows of one id are on both sides of a fold",
        advice: "Split by groups, with the id as the group.",
    },
    Look {
        check: "groups-apart",
        severity: Severity::Fault,
        is: |what| matches!(what, Leaked::Groups { .. }),
        lacks: |rows| rows.groups.is_none().then_some("the group of each row"),
        what: "Groups are on both sides of a fold",
        advice: "Split by groups, or give folds that keep each group whole.",
    },
    Look {
        check: "future-known",
        severity: Severity::Warning,
        is: |what| matches!(what, Leaked::Future { .. }),
        lacks: |rows| rows.time.is_none().then_some("the time of each row"),
        what: "Models learn from rows that are not before those that they are tested on",
        advice: "Split in time order, with an expanding or a sliding window, if the model will be asked about the future.",
    },
];

/// From which share of the target's variance on a feature tells too much.
const TELLING: f64 = 0.995;
/// From which share of the tested rows on copies make scores that cannot be believed.
const MANY: f64 = 0.02;

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
    let share = tested as f64 / folds.iter().map(|fold| fold.test.len()).sum::<usize>().max(1) as f64;
    let ids = data.ids();
    Some(
        Finding::new(
            if share > MANY { Severity::Fault } else { Severity::Warning },
            format!(
                "Copies of rows are on both sides of a fold, such as those of row {} (id `{}`).",
                row + 1,
                ids.text(row)
            ),
            "Keep one of each with a weight, or give copies a group of their own and split by groups.",
        )
        .number("tested rows with a copy among those learnt from", tested as f64)
        .number("their share of the tested rows", share)
        .number("pairs of copies", twins.pairs)
        .number("pairs that chance would make", by_chance),
    )
}
