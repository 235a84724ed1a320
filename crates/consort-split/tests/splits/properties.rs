//! Properties over random tables.

use consort_core::{Classes, Ids, RowInfo, Seed, Splitter, Target};
use consort_split::{
    Bootstrap, By, ExpandingWindow, GroupKFold, KFold, Leaked, PurgedKFold, Repeated, SlidingWindow,
    StratifiedGroupKFold, StratifiedKFold, TrainValidTest, leaks,
};
use proptest::prelude::*;

use super::{plain, tested};

fn spread(counts: &[usize]) -> usize {
    counts.iter().max().unwrap() - counts.iter().min().unwrap()
}

/// Class codes of 2 to 300 rows, in 1 to 5 classes.
fn codes() -> impl Strategy<Value = Vec<u32>> {
    (1u32..6).prop_flat_map(|classes| prop::collection::vec(0..classes, 2..300))
}

fn classes(codes: Vec<u32>) -> Target {
    Target::Classes { codes, classes: Classes::new(["a", "b", "c", "d", "e"]).unwrap() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn folds_differ_by_one_row_at_most(rows in 2usize..400, folds in 2u32..20, shuffle: bool, seed: u64) {
        prop_assume!(folds as usize <= rows);
        let split = KFold::new(folds).shuffle(shuffle).split(&plain(rows), Seed::new(seed)).unwrap();
        let sizes: Vec<usize> = split.folds.iter().map(|fold| fold.test.len()).collect();
        prop_assert_eq!(sizes.iter().sum::<usize>(), rows);
        prop_assert!(spread(&sizes) <= 1);
    }

    #[test]
    fn strata_differ_by_one_row_at_most_between_folds_and_so_do_the_folds(
        codes in codes(), folds in 2u32..12, shuffle: bool, seed: u64,
    ) {
        let largest = (0..5).map(|class| codes.iter().filter(|&&code| code == class).count()).max().unwrap();
        prop_assume!(folds as usize <= largest);
        let rows = codes.len();
        let target = classes(codes.clone());
        let info = RowInfo { target: Some(&target), ..plain(rows) };
        let split = StratifiedKFold::new(folds).shuffle(shuffle).split(&info, Seed::new(seed)).unwrap();
        for class in 0..6 {
            let counts: Vec<usize> = split.folds.iter().map(|fold| {
                fold.test.iter().filter(|&&row| class == 5 || codes[row as usize] == class).count()
            }).collect();
            prop_assert!(spread(&counts) <= 1, "class {class}: {counts:?}");
        }
        prop_assert!(tested(&split, rows).iter().all(Option::is_some));
    }

    #[test]
    fn bins_of_a_continuous_target_are_even_over_the_folds(
        values in prop::collection::vec(-1e3f64..1e3, 20..300), folds in 2u32..6, bins in 1u32..20, seed: u64,
    ) {
        let rows = values.len();
        let target = Target::from_values(values.clone(), "y").unwrap();
        let info = RowInfo { target: Some(&target), ..plain(rows) };
        let split = StratifiedKFold::new(folds).bins(bins).split(&info, Seed::new(seed)).unwrap();
        let sizes: Vec<usize> = split.folds.iter().map(|fold| fold.test.len()).collect();
        prop_assert!(spread(&sizes) <= 1);
        // Of the rows below any value each fold has its share: whole bins to within one each, and part of one bin.
        let bins = (bins as usize).min(rows / folds as usize).max(1);
        let mut sorted = values.clone();
        sorted.sort_by(f64::total_cmp);
        let below: Vec<usize> = split.folds.iter().map(|fold| {
            fold.test.iter().filter(|&&row| values[row as usize] < sorted[rows / 2]).count()
        }).collect();
        prop_assert!(spread(&below) <= 1 + rows.div_ceil(bins).div_ceil(folds as usize), "{below:?}");
    }

    #[test]
    fn groups_stay_whole_and_the_folds_differ_by_the_largest_group_at_most(
        groups in prop::collection::vec(0u32..25, 8..300), folds in 2u32..8, shuffle: bool, seed: u64,
    ) {
        let mut distinct = groups.clone();
        distinct.sort();
        distinct.dedup();
        prop_assume!(folds as usize <= distinct.len());
        let largest = distinct.iter().map(|g| groups.iter().filter(|&x| x == g).count()).max().unwrap();
        let info = RowInfo { groups: Some(&groups), ..plain(groups.len()) };
        let split = GroupKFold::new(folds).shuffle(shuffle).split(&info, Seed::new(seed)).unwrap();
        let sizes: Vec<usize> = split.folds.iter().map(|fold| fold.test.len()).collect();
        prop_assert!(spread(&sizes) <= largest, "{sizes:?}");
        prop_assert!(leaks(&split.folds, &info).unwrap().is_empty());
    }

    #[test]
    fn stratified_groups_stay_whole_and_every_row_is_tested(
        codes in codes(), folds in 2u32..8, shuffle: bool, seed: u64,
    ) {
        let rows = codes.len();
        let groups: Vec<u32> = (0..rows as u32).map(|row| row * row % 17).collect();
        let target = classes(codes);
        let info = RowInfo { target: Some(&target), groups: Some(&groups), ..plain(rows) };
        if let Ok(split) = StratifiedGroupKFold::new(folds).shuffle(shuffle).split(&info, Seed::new(seed)) {
            prop_assert!(leaks(&split.folds, &info).unwrap().is_empty());
            prop_assert!(tested(&split, rows).iter().all(Option::is_some));
            prop_assert!(split.folds.iter().all(|fold| !fold.test.is_empty()));
        }
    }

    #[test]
    fn a_cut_by_classes_gives_each_class_its_share(codes in codes(), share in 0.05f64..0.9, seed: u64) {
        let rows = codes.len();
        let target = classes(codes.clone());
        let info = RowInfo { target: Some(&target), ..plain(rows) };
        if let Ok(split) = TrainValidTest::new(share).by(By::Classes).split(&info, Seed::new(seed)) {
            let fold = &split.folds[0];
            let part = fold.test.len() as f64 / rows as f64;
            for class in 0..5 {
                let all = codes.iter().filter(|&&code| code == class).count() as f64;
                let tested = fold.test.iter().filter(|&&row| codes[row as usize] == class).count() as f64;
                prop_assert!((tested - all * part).abs() < 1.0, "class {class}: {tested} of {all} for {part}");
            }
        }
    }

    #[test]
    fn windows_never_look_ahead_and_never_part_equal_times(
        steps in prop::collection::vec(0u8..30, 6..120), splits in 1u32..5, gap in 0u32..3,
    ) {
        let time: Vec<f64> = steps.iter().map(|&step| f64::from(step)).collect();
        let info = RowInfo { time: Some(&time), groups: None, ..plain(time.len()) };
        let groups: Vec<u32> = steps.iter().map(|&step| u32::from(step)).collect();
        let whole = RowInfo { groups: Some(&groups), ..info };
        let expanding = ExpandingWindow::new(splits).gap(gap).split(&info, Seed::new(0));
        let sliding = SlidingWindow::new(3, 2).gap(gap).split(&info, Seed::new(0));
        for split in expanding.into_iter().chain(sliding) {
            prop_assert!(leaks(&split.folds, &whole).unwrap().is_empty());
        }
    }

    #[test]
    fn purged_rows_are_exactly_those_whose_labels_overlap_or_that_are_under_embargo(
        steps in prop::collection::vec(0u8..40, 10..100), folds in 2u32..6, horizon in 0u8..4, embargo in 0u8..4,
    ) {
        let time: Vec<f64> = steps.iter().map(|&step| f64::from(step)).collect();
        let (horizon, embargo) = (f64::from(horizon), f64::from(embargo));
        let info = RowInfo { time: Some(&time), ..plain(time.len()) };
        let splitter = PurgedKFold::new(folds).horizon(horizon).embargo(embargo);
        if let Ok(split) = splitter.split(&info, Seed::new(0)) {
            for fold in &split.folds {
                let at = |row: u32| time[row as usize];
                let first = fold.test.iter().map(|&row| at(row)).fold(f64::INFINITY, f64::min);
                let last = fold.test.iter().map(|&row| at(row)).fold(f64::NEG_INFINITY, f64::max);
                let expected: Vec<u32> = (0..time.len() as u32)
                    .filter(|&row| at(row) + horizon < first || at(row) > last + horizon + embargo)
                    .collect();
                prop_assert_eq!(&fold.train, &expected);
            }
        }
    }

    #[test]
    fn a_doubled_id_on_both_sides_is_found(rows in 6usize..80, seed: u64) {
        // Each id twice: shuffled folds part some of them, and the count is right.
        let ids = Ids::from_texts((0..rows).map(|row| (row / 2).to_string()));
        let info = RowInfo { ids: Some(&ids), ..plain(rows) };
        let split = KFold::new(2).split(&info, Seed::new(seed)).unwrap();
        let tested = tested(&split, rows);
        let parted = (0..rows / 2).filter(|pair| tested[2 * pair] != tested[2 * pair + 1]).count();
        let found = leaks(&split.folds, &info).unwrap();
        prop_assert_eq!(found.len(), if parted > 0 { 2 } else { 0 });
        for leak in found {
            let right = matches!(&leak.what, Leaked::Ids { count, .. } if *count == parted);
            prop_assert!(right, "{leak}");
        }
    }
}

#[test]
fn a_bootstrap_leaves_out_e_to_the_minus_one_of_the_rows() {
    let split = Bootstrap::new(20).split(&plain(2000), Seed::new(5)).unwrap();
    let left_out: f64 = split.folds.iter().map(|fold| fold.test.len() as f64).sum::<f64>() / (20.0 * 2000.0);
    // The standard error of one draw is about 0.0068, of twenty 0.0015.
    assert!((left_out - (-1.0f64).exp()).abs() < 0.006, "{left_out}");
}

#[test]
fn every_row_is_as_likely_to_be_tested_as_any_other() {
    let target = classes((0..10).map(|row| u32::from(row < 3)).collect());
    let info = RowInfo { target: Some(&target), ..plain(10) };
    for by in [By::Rows, By::Classes] {
        let mut counts = [0.0f64; 10];
        for seed in 0..5000 {
            let split = TrainValidTest::new(4).by(by).split(&info, Seed::new(seed)).unwrap();
            split.folds[0].test.iter().for_each(|&row| counts[row as usize] += 1.0);
        }
        // Each count is about normal with mean 2000 and standard deviation 35.
        assert!(counts.iter().all(|count| (count - 2000.0).abs() < 160.0), "{by:?}: {counts:?}");
    }
}

#[test]
fn more_repeats_leave_the_earlier_ones_as_they_were() {
    let few = Repeated::new(KFold::new(3), 2).split(&plain(30), Seed::new(1)).unwrap();
    let many = Repeated::new(KFold::new(3), 4).split(&plain(30), Seed::new(1)).unwrap();
    assert_eq!(few.folds, many.folds[..6]);
    assert_ne!(many.folds[0].test, many.folds[3].test);
}
