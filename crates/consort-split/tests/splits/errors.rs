//! What cannot be split is an error that says what is needed.

use consort_core::{Classes, Ids, RowInfo, Seed, Splitter, Target, Warning};
use consort_split::{
    Bootstrap, By, CombinatorialPurged, ExpandingWindow, GroupKFold, KFold, LeaveOneGroupOut, LeaveOneOut,
    LeavePGroupsOut, Predefined, PurgedKFold, Repeated, ShuffleSplit, SlidingWindow, StratifiedGroupKFold,
    StratifiedKFold, TrainValidTest, WithValid,
};

use super::plain;

fn error(splitter: impl Splitter, rows: &RowInfo<'_>) -> String {
    splitter.split(rows, Seed::new(0)).unwrap_err().to_string()
}

#[test]
fn more_folds_than_there_is_to_deal_out_says_how_many_are_needed() {
    let needs = "parameter `folds` is 5, but must be at most 3, the number of rows: 5 folds need at least 5 rows";
    assert_eq!(error(KFold::new(5), &plain(3)), needs);
    let groups = [4, 4, 9, 9, 9, 4];
    let rows = RowInfo { groups: Some(&groups), ..plain(6) };
    let needs = "parameter `folds` is 3, but must be at most 2, the number of groups: 3 folds need at least 3 groups";
    assert_eq!(error(GroupKFold::new(3), &rows), needs);
    assert_eq!(error(StratifiedGroupKFold::new(3), &rows), needs);
    assert!(error(LeavePGroupsOut::new(2), &rows).contains("below 2, the number of groups"));
    let time = [0.0, 0.0, 1.0, 1.0, 2.0, 2.0];
    let rows = RowInfo { time: Some(&time), ..plain(6) };
    assert!(error(PurgedKFold::new(4), &rows).contains("4 folds need at least 4 distinct times"));
    assert!(error(ExpandingWindow::new(3), &rows).contains("need 4 distinct times"));
    assert!(error(SlidingWindow::new(2, 2), &rows).contains("needs 4 distinct times"));
}

#[test]
fn one_row_and_no_row_are_errors_everywhere() {
    let target = Target::Classes { codes: vec![0], classes: Classes::new(["a"]).unwrap() };
    let one = RowInfo { target: Some(&target), groups: Some(&[0]), time: Some(&[0.0]), ..plain(1) };
    let empty = Target::Classes { codes: vec![], classes: Classes::new(["a"]).unwrap() };
    let none = RowInfo { target: Some(&empty), groups: Some(&[]), time: Some(&[]), ..plain(0) };
    let all: Vec<Box<dyn Splitter>> = vec![
        Box::new(KFold::default()),
        Box::new(StratifiedKFold::default()),
        Box::new(GroupKFold::default()),
        Box::new(StratifiedGroupKFold::default()),
        Box::new(LeaveOneOut::new()),
        Box::new(LeaveOneGroupOut::new()),
        Box::new(LeavePGroupsOut::default()),
        Box::new(TrainValidTest::default()),
        Box::new(TrainValidTest::default().by(By::Classes)),
        Box::new(TrainValidTest::default().by(By::Groups)),
        Box::new(TrainValidTest::default().by(By::Time)),
        Box::new(ShuffleSplit::default()),
        Box::new(Bootstrap::default()),
        Box::new(Bootstrap::default().by(By::Groups)),
        Box::new(Bootstrap::default().by(By::Classes)),
        Box::new(ExpandingWindow::default()),
        Box::new(SlidingWindow::default()),
        Box::new(PurgedKFold::default()),
        Box::new(CombinatorialPurged::default()),
        Box::new(Predefined::from_labels(["a"]).unwrap()),
        Box::new(Repeated::new(KFold::default(), 2)),
        Box::new(WithValid::new(KFold::default(), 0.5)),
    ];
    for splitter in all {
        assert!(splitter.split(&one, Seed::new(0)).is_err(), "{splitter:?}");
        assert!(splitter.split(&none, Seed::new(0)).is_err(), "{splitter:?}");
    }
}

#[test]
fn what_a_splitter_needs_and_does_not_get_is_named() {
    assert!(error(StratifiedKFold::new(2), &plain(4)).contains("rows without a target"));
    assert!(error(GroupKFold::new(2), &plain(4)).contains("rows without groups"));
    assert!(error(ExpandingWindow::new(2), &plain(4)).contains("rows without a time"));
    let ids = Ids::from_texts(["a", "b"]);
    assert!(error(KFold::new(2), &RowInfo { ids: Some(&ids), ..plain(3) }).contains("the ids has 2 rows"));
    let time = [0.0, f64::NAN, 2.0, 3.0];
    assert!(error(ExpandingWindow::new(2), &RowInfo { time: Some(&time), ..plain(4) }).contains("row 2"));
    let labels = Target::Labels { values: vec![true; 8], names: vec!["a".into(), "b".into()] };
    assert!(error(StratifiedKFold::new(2), &RowInfo { target: Some(&labels), ..plain(4) }).contains("multilabel"));
    let bad = Target::Classes { codes: vec![0, 7, 0, 0], classes: Classes::new(["a"]).unwrap() };
    assert!(error(StratifiedKFold::new(2), &RowInfo { target: Some(&bad), ..plain(4) }).contains("row 2"));
}

#[test]
fn parameters_out_of_range_are_named_with_their_value() {
    assert!(error(KFold::new(1), &plain(9)).contains("`folds` is 1"));
    assert!(error(StratifiedKFold::new(2).bins(0), &plain(9)).contains("`bins` is 0"));
    assert!(error(TrainValidTest::new(1.5), &plain(9)).contains("`test` is 1.5"));
    assert!(error(TrainValidTest::new(0.6).valid(0.5), &plain(9)).contains("`valid` is 0.5"));
    assert!(error(TrainValidTest::new(9), &plain(9)).contains("10 rows are needed, there are 9"));
    assert!(error(ShuffleSplit::new(0, 0.1), &plain(9)).contains("`splits` is 0"));
    assert!(error(ShuffleSplit::new(2, 0.5).train(6), &plain(9)).contains("at most the 4 of 9"));
    assert!(error(ShuffleSplit::new(2, 0.5).by(By::Time), &plain(9)).contains("order of time"));
    assert!(error(Bootstrap::new(2).fraction(1.1), &plain(9)).contains("`fraction` is 1.1"));
    assert!(error(Repeated::new(KFold::new(2), 0), &plain(9)).contains("`repeats` is 0"));
    let time: Vec<f64> = (0..9).map(f64::from).collect();
    let rows = RowInfo { time: Some(&time), ..plain(9) };
    assert!(error(PurgedKFold::new(3).horizon(-1.0), &rows).contains("`horizon` is -1"));
    assert!(error(PurgedKFold::new(3).horizon(9.0), &rows).contains("shorter horizon"));
    assert!(error(SlidingWindow::new(2, 2).stride(1), &rows).contains("`stride` is 1"));
    assert!(error(ExpandingWindow::new(2).test_size(0), &rows).contains("`test_size` is 0"));
    assert!(error(CombinatorialPurged::new(4, 4), &rows).contains("`tests` is 4"));
}

#[test]
fn folds_that_would_not_fit_in_memory_are_refused_before_they_are_made() {
    assert!(error(LeaveOneOut::new(), &plain(1_000_000)).contains("would not fit in memory"));
    assert!(error(ShuffleSplit::new(u32::MAX, 0.1), &plain(1000)).contains("would not fit in memory"));
    let groups: Vec<u32> = (0..60).collect();
    let rows = RowInfo { groups: Some(&groups), ..plain(60) };
    assert!(error(LeavePGroupsOut::new(30), &rows).contains("would not fit in memory"));
}

#[test]
fn a_repeat_without_shuffle_is_warned_of() {
    let split = Repeated::new(KFold::new(2).shuffle(false), 3).split(&plain(6), Seed::new(0)).unwrap();
    assert!(matches!(&split.warnings[..], [Warning::Note { text }] if text.contains("3 repeats are alike")));
}
