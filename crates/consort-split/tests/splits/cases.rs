//! Field cases: things that went wrong in other systems.

use consort_core::{RowInfo, Seed, Splitter, Warning};
use consort_split::{ExpandingWindow, Predefined, StratifiedKFold};

use super::{column, plain, target, tested};

#[test]
fn d13_stratified_folds_are_balanced_by_class_and_by_size() {
    let labels = column("d13_y.csv", "y");
    let target = target(&labels);
    let rows = RowInfo { target: Some(&target), ..plain(labels.len()) };
    assert_eq!(labels.len(), 47);
    for shuffle in [false, true] {
        let split = StratifiedKFold::new(7).shuffle(shuffle).split(&rows, Seed::new(3)).unwrap();
        let mut sizes: Vec<usize> = split.folds.iter().map(|fold| fold.test.len()).collect();
        sizes.sort();
        assert_eq!(sizes, [6, 6, 7, 7, 7, 7, 7]);
        let mut names = labels.clone();
        names.sort();
        names.dedup();
        for class in names {
            let count = |rows: &[u32]| rows.iter().filter(|&&row| labels[row as usize] == class).count();
            let counts: Vec<usize> = split.folds.iter().map(|fold| count(&fold.test)).collect();
            assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1, "{class}: {counts:?}");
            let few = counts.iter().sum::<usize>() < 7;
            let warned = split.warnings.iter().any(
                |warning| matches!(warning, Warning::SmallClass { class: c, rows, folds: 7 } if *c == class && *rows == counts.iter().sum::<usize>()),
            );
            assert_eq!(warned, few, "{class}: {:?}", split.warnings);
        }
    }
    let split = StratifiedKFold::new(7).shuffle(false).split(&rows, Seed::new(0)).unwrap();
    let expected: [&[u32]; 7] = [
        &[0, 1, 2, 3, 4, 5, 6],
        &[7, 8, 9, 10, 12, 13, 26],
        &[11, 14, 15, 17, 19, 21, 30],
        &[16, 18, 20, 22, 24, 27, 31],
        &[23, 25, 28, 29, 32, 34, 36],
        &[33, 35, 37, 39, 40, 43],
        &[38, 41, 42, 44, 45, 46],
    ];
    for (fold, expected) in split.folds.iter().zip(expected) {
        assert_eq!(fold.test, expected);
    }
}

#[test]
fn d13_more_folds_than_the_largest_class_is_an_error_that_says_both() {
    let labels = column("d13_tiny.csv", "y");
    let target = target(&labels);
    let rows = RowInfo { target: Some(&target), ..plain(labels.len()) };
    let error = StratifiedKFold::new(3).split(&rows, Seed::new(0)).unwrap_err().to_string();
    assert_eq!(
        error,
        "parameter `folds` is 3, but must be at most 2, the rows of the largest class: 3 folds need a class of at least 3 rows"
    );
    let split = StratifiedKFold::new(2).shuffle(false).split(&rows, Seed::new(0)).unwrap();
    assert_eq!((split.folds[0].test.as_slice(), split.folds[1].test.as_slice()), (&[0, 2, 4][..], &[1, 3, 5][..]));
}

#[test]
fn d14_time_windows_are_exact_and_impossible_ones_say_what_they_need() {
    let time: Vec<f64> = (0..23).map(f64::from).collect();
    let rows = RowInfo { time: Some(&time), ..plain(23) };
    let cases: [(ExpandingWindow, &[[u32; 4]]); 3] = [
        (ExpandingWindow::new(5), &[[0, 7, 8, 10], [0, 10, 11, 13], [0, 13, 14, 16], [0, 16, 17, 19], [0, 19, 20, 22]]),
        (ExpandingWindow::new(3).test_size(4).gap(2), &[[0, 8, 11, 14], [0, 12, 15, 18], [0, 16, 19, 22]]),
        (
            ExpandingWindow::new(4).max_train_size(6),
            &[[1, 6, 7, 10], [5, 10, 11, 14], [9, 14, 15, 18], [13, 18, 19, 22]],
        ),
    ];
    for (window, expected) in cases {
        let split = window.split(&rows, Seed::new(0)).unwrap();
        assert_eq!(split.folds.len(), expected.len());
        for (fold, &[a, b, c, d]) in split.folds.iter().zip(expected) {
            assert_eq!(fold.train, (a..=b).collect::<Vec<_>>(), "{window:?}");
            assert_eq!(fold.test, (c..=d).collect::<Vec<_>>(), "{window:?}");
        }
    }
    for (window, needed) in
        [(ExpandingWindow::new(5).test_size(5), "26"), (ExpandingWindow::new(4).test_size(5).gap(3), "24")]
    {
        let error = window.split(&rows, Seed::new(0)).unwrap_err().to_string();
        assert!(error.contains(&format!("need {needed} rows")) && error.contains("23 rows"), "{error}");
    }
}

#[test]
fn d16_out_of_fold_predictions_come_in_the_order_of_the_data_for_any_fold_labels() {
    let number = |name: &str| -> Vec<f64> { column("d16.csv", name).iter().map(|x| x.parse().unwrap()).collect() };
    let (x1, x2, y) = (number("x1"), number("x2"), number("y"));
    let predefined = Predefined::from_labels(column("d16.csv", "fold")).unwrap();
    assert_eq!(predefined.names(), ["a", "m", "z"]);
    let split = predefined.split(&plain(y.len()), Seed::new(0)).unwrap();
    let (mut near, mut prior) = (vec![f64::NAN; y.len()], vec![f64::NAN; y.len()]);
    for fold in &split.folds {
        for &row in &fold.test {
            let at = |i: u32| (x1[i as usize] - x1[row as usize]).hypot(x2[i as usize] - x2[row as usize]);
            let mut by_distance = fold.train.clone();
            by_distance.sort_by(|&a, &b| at(a).total_cmp(&at(b)));
            near[row as usize] = by_distance[..3].iter().map(|&i| y[i as usize]).sum::<f64>() / 3.0;
            prior[row as usize] = fold.train.iter().map(|&i| y[i as usize]).sum::<f64>() / fold.train.len() as f64;
        }
    }
    let third = 1.0 / 3.0;
    let expected = [2., 1., 2., 0., 0., 2., 1., 3., 3., 1., 2., 1., 2., 3., 0.].map(|thirds| thirds * third);
    let expected_prior = [0.6, 0.6, 0.4, 0.4, 0.6, 0.4, 0.6, 0.6, 0.6, 0.6, 0.6, 0.4, 0.4, 0.6, 0.6];
    for row in 0..y.len() {
        assert!((near[row] - expected[row]).abs() < 1e-6, "row {row}: {}", near[row]);
        assert!((prior[row] - expected_prior[row]).abs() < 1e-6, "row {row}: {}", prior[row]);
    }
    assert!(tested(&split, y.len()).iter().all(Option::is_some));
}
