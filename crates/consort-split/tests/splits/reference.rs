//! Without shuffle the folds are those of scikit-learn 1.9.1, to the row.

use consort_core::{RowInfo, Seed, Splitter};
use consort_split::{ExpandingWindow, GroupKFold, KFold, LeaveOneGroupOut, StratifiedGroupKFold, StratifiedKFold};
use serde_json::Value;

use super::{column, data, numbers, plain, target, tested};

fn folds_json() -> Value {
    serde_json::from_slice(&std::fs::read(data("folds.json")).unwrap()).unwrap()
}

fn expected(file: &str, name: &str) -> Vec<Option<u32>> {
    column(file, name).iter().map(|fold| Some(fold.parse().unwrap())).collect()
}

/// The numbers in `n=30,n_splits=4,gap=2`, by name.
fn settings(text: &str) -> Vec<(&str, u32)> {
    text.split(',')
        .map(|part| part.split_once('=').unwrap())
        .map(|(name, value)| (name, value.parse().unwrap()))
        .collect()
}

fn ranges<const N: usize>(value: &Value) -> Vec<[usize; N]> {
    serde_json::from_value::<Vec<Vec<usize>>>(value.clone())
        .unwrap()
        .into_iter()
        .map(|r| r.try_into().unwrap())
        .collect()
}

#[test]
fn k_fold_without_shuffle_is_scikit_learns() {
    let json = folds_json();
    let cases = json["kfold_test_ranges[start,end)"].as_object().unwrap();
    assert_eq!(cases.len(), 9);
    for (name, expected) in cases {
        let settings = settings(name);
        let split =
            KFold::new(settings[1].1).shuffle(false).split(&plain(settings[0].1 as usize), Seed::new(0)).unwrap();
        for (fold, [start, end]) in split.folds.iter().zip(ranges(expected)) {
            assert_eq!(fold.test, (start as u32..end as u32).collect::<Vec<_>>(), "{name}");
        }
    }
    for set in ["iris", "wine", "breast_cancer", "digits"] {
        let file = format!("folds_{set}.csv");
        for folds in [5, 10] {
            let expected = expected(&file, &format!("kfold_{folds}"));
            let split = KFold::new(folds).shuffle(false).split(&plain(expected.len()), Seed::new(0)).unwrap();
            assert_eq!(tested(&split, expected.len()), expected, "{set} {folds}");
        }
    }
}

#[test]
fn stratified_k_fold_without_shuffle_is_scikit_learns_and_its_counts_hold_when_shuffled() {
    let json = folds_json();
    for set in ["iris", "wine", "breast_cancer", "digits"] {
        let labels = column(&format!("target_{set}.csv"), "y");
        let target = target(&labels);
        let rows = RowInfo { target: Some(&target), ..plain(labels.len()) };
        for folds in [3, 5, 10] {
            let split = StratifiedKFold::new(folds).shuffle(false).split(&rows, Seed::new(0)).unwrap();
            let expected = expected(&format!("folds_{set}.csv"), &format!("stratified_kfold_{folds}"));
            assert_eq!(tested(&split, labels.len()), expected, "{set} {folds}");

            let counts = &json["stratified_counts"][format!("{set},k={folds}")]["per_fold_class_counts"];
            let mut counts: Vec<Vec<usize>> = serde_json::from_value(counts.clone()).unwrap();
            let shuffled = StratifiedKFold::new(folds).split(&rows, Seed::new(0)).unwrap();
            let consort_core::Target::Classes { codes, classes } = &target else { unreachable!() };
            let mut found: Vec<Vec<usize>> = shuffled
                .folds
                .iter()
                .map(|fold| {
                    let mut counts = vec![0; classes.len()];
                    fold.test.iter().for_each(|&row| counts[codes[row as usize] as usize] += 1);
                    counts
                })
                .collect();
            // Which fold gets which counts depends on the order of the classes, which first sight decides there.
            let sorted = |counts: &mut Vec<Vec<usize>>| -> Vec<Vec<usize>> {
                (0..classes.len())
                    .map(|class| {
                        let mut column: Vec<usize> = counts.iter().map(|fold| fold[class]).collect();
                        column.sort();
                        column
                    })
                    .collect()
            };
            assert_eq!(sorted(&mut found), sorted(&mut counts), "{set} {folds}");
        }
    }
}

#[test]
fn group_splits_without_shuffle_are_scikit_learns() {
    let labels = column("folds_groups.csv", "group");
    let groups = numbers(&labels);
    let rows = RowInfo { groups: Some(&groups), ..plain(labels.len()) };
    for folds in [3, 5] {
        let split = GroupKFold::new(folds).shuffle(false).split(&rows, Seed::new(0)).unwrap();
        let expected = expected("folds_groups.csv", &format!("group_kfold_{folds}"));
        assert_eq!(tested(&split, labels.len()), expected, "{folds}");
        let sizes: Vec<usize> = split.folds.iter().map(|fold| fold.test.len()).collect();
        let json = folds_json();
        assert_eq!(serde_json::json!(sizes), json["group_kfold"]["fold_sizes"][folds.to_string()]);
    }
    let split = LeaveOneGroupOut::new().split(&rows, Seed::new(0)).unwrap();
    assert_eq!(tested(&split, labels.len()), expected("folds_groups.csv", "leave_one_group_out"));

    let equal: Vec<u32> = (0..24).map(|row| row / 4).collect();
    let rows = RowInfo { groups: Some(&equal), ..plain(24) };
    let split = GroupKFold::new(3).shuffle(false).split(&rows, Seed::new(0)).unwrap();
    let fold_of_group: Vec<_> = tested(&split, 24).into_iter().step_by(4).map(Option::unwrap).collect();
    assert_eq!(fold_of_group, [2, 1, 0, 2, 1, 0]);
}

#[test]
fn stratified_grouped_folds_are_as_even_as_scikit_learns_answer() {
    let (labels, classes) = (column("folds_groups.csv", "group"), column("folds_groups.csv", "y"));
    let (groups, target) = (numbers(&labels), target(&classes));
    let rows = RowInfo { groups: Some(&groups), target: Some(&target), ..plain(labels.len()) };
    let consort_core::Target::Classes { codes, .. } = &target else { unreachable!() };
    // The sum over folds and classes of the squared shares, times the folds: 3 where all are even.
    let unevenness = |tested: &[Option<u32>], folds: u32| {
        let mut counts = vec![[0.0f64; 3]; folds as usize];
        let mut totals = [0.0f64; 3];
        for (fold, &code) in tested.iter().zip(codes) {
            counts[fold.unwrap() as usize][code as usize] += 1.0;
            totals[code as usize] += 1.0;
        }
        let shares = counts.iter().flat_map(|fold| fold.iter().zip(&totals).map(|(n, total)| (n / total).powi(2)));
        shares.sum::<f64>() * f64::from(folds)
    };
    for folds in [3, 5] {
        let theirs = expected("folds_groups.csv", &format!("stratified_group_kfold_{folds}(one valid answer)"));
        let limit = unevenness(&theirs, folds);
        for splitter in [StratifiedGroupKFold::new(folds).shuffle(false), StratifiedGroupKFold::new(folds)] {
            let split = splitter.split(&rows, Seed::new(0)).unwrap();
            let ours = unevenness(&tested(&split, labels.len()), folds);
            assert!((3.0..=limit * 1.02).contains(&ours), "{folds} folds: {ours} against {limit}");
        }
    }
}

#[test]
fn expanding_windows_are_scikit_learns_in_any_order_of_the_rows() {
    let json = folds_json();
    let cases = json["time_series[train_start,train_end,test_start,test_end) "].as_object().unwrap();
    assert_eq!(cases.len(), 6);
    for (name, expected) in cases {
        let mut window = ExpandingWindow::default();
        let mut rows = 0;
        for (option, value) in settings(name) {
            match option {
                "n" => rows = value,
                "n_splits" => window = ExpandingWindow::new(value),
                "gap" => window = window.gap(value),
                "test_size" => window = window.test_size(value),
                "max_train_size" => window = window.max_train_size(value),
                other => panic!("{other}"),
            }
        }
        // The last row comes first: the time decides, not the place.
        let time: Vec<f64> = (0..rows).map(|row| f64::from(rows - 1 - row)).collect();
        let split = window.split(&RowInfo { time: Some(&time), ..plain(rows as usize) }, Seed::new(0)).unwrap();
        let expected = ranges::<4>(expected);
        assert_eq!(split.folds.len(), expected.len());
        let reversed = |start: usize, end: usize| (rows - end as u32..rows - start as u32).collect::<Vec<_>>();
        for (fold, [a, b, c, d]) in split.folds.iter().zip(expected) {
            assert_eq!(fold.train, reversed(a, b), "{name}");
            assert_eq!(fold.test, reversed(c, d), "{name}");
        }
    }
}
