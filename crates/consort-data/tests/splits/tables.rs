//! Splits from columns of data frames, and plans by name.

use consort_core::{Classes, Ids, RowInfo, Seed, Splitter, Target};
use consort_data::split::{
    Bootstrap, KFold, Plan, Repeated, RowColumns, ShuffleSplit, Size, StratifiedKFold, TrainValidTest, from_table,
    to_table,
};
use polars::prelude::df;
use proptest::prelude::*;

use super::{plain, tested};

#[test]
fn columns_become_classes_groups_and_times() {
    let table = df!(
        "id" => ["007", "7", "x"],
        "y" => ["10", "9", "10"],
        "price" => [1.5, 2.0, 3.0],
        "site" => [30i64, 4, 30],
        "day" => ["2024-02-29", "2024-03-01", "1970-01-01"],
        "n" => [5i32, 3, 4],
    )
    .unwrap();
    let columns =
        RowColumns::new(&table).id("id").unwrap().stratify("y").unwrap().group("site").unwrap().time("day").unwrap();
    let rows = columns.row_info();
    let consort_core::Target::Classes { codes, classes } = rows.target.unwrap() else { panic!() };
    assert_eq!((codes.as_slice(), classes.names()), (&[1, 0, 1][..], &["9".to_owned(), "10".to_owned()][..]));
    assert_eq!(rows.groups.unwrap(), [1, 0, 1]);
    assert_eq!(rows.time.unwrap(), [19782.0, 19783.0, 0.0]);
    assert_eq!(rows.ids.unwrap(), &Ids::from_texts(["007", "7", "x"]));
    let columns = RowColumns::new(&table).stratify("price").unwrap().time("n").unwrap();
    assert!(matches!(columns.row_info().target.unwrap(), consort_core::Target::Values { .. }));
    assert_eq!(columns.row_info().time.unwrap(), [5.0, 3.0, 4.0]);
}

#[test]
fn whole_numbers_are_classes_where_they_are_few_and_a_quantity_to_be_binned_where_they_are_many() {
    let table = df!(
        "income" => (0..200i64).map(|i| 1000 + 37 * i).collect::<Vec<_>>(),
        "grade" => (0..200i64).map(|i| i % 5).collect::<Vec<_>>(),
        "texts" => (0..200i64).map(|i| (i * i).to_string()).collect::<Vec<_>>(),
    )
    .unwrap();
    let is_classes = |name: &str| {
        let columns = RowColumns::new(&table).stratify(name).unwrap();
        matches!(columns.row_info().target.unwrap(), Target::Classes { .. })
    };
    assert_eq!([is_classes("income"), is_classes("grade"), is_classes("texts")], [false, true, false]);
}

#[test]
fn a_bad_column_is_named_with_its_row() {
    let table = df!(
        "id" => ["a", "b", "a"],
        "hole" => [Some("x"), None, Some("y")],
        "day" => ["2024-02-29", "2024", "2024-02-30"],
        "n" => ["1", "inf", "2"],
    )
    .unwrap();
    let columns = RowColumns::new(&table);
    let error = |read: consort_core::Result<RowColumns<'_>>| read.unwrap_err().to_string();
    assert!(error(columns.clone().id("id")).contains("duplicate id `a` (rows 1 and 3"));
    assert!(error(columns.clone().group("hole")).contains("row 2 of column `hole`"));
    assert!(error(columns.clone().time("day")).contains("column `day`, row 2: `2024` is not a date"));
    assert!(error(columns.clone().time("n")).contains("column `n`, row 2: `inf` is not a finite number"));
    assert!(error(columns.stratify("y")).contains("there are `id`, `hole`, `day`, `n`"));
}

#[test]
fn a_table_made_by_hand_may_label_folds_with_any_text() {
    let ids = Ids::from_texts(["a", "b", "c", "d"]);
    let table = df!("fold" => ["late", "early", "", "early"], "id" => ["d", "c", "b", "a"]).unwrap();
    let split = from_table(&table, &ids).unwrap();
    assert_eq!(tested(&split, 4), [Some(0), None, Some(0), Some(1)]);
    assert_eq!(split.folds[1].train, [0, 1, 2]);
    let table = df!("part" => ["train", "test", "valid", "train"]).unwrap();
    let split = from_table(&table, &Ids::positions(4)).unwrap();
    assert_eq!(split.folds[0].train, [0, 3]);
    assert_eq!((split.folds[0].valid.as_slice(), split.folds[0].test.as_slice()), (&[2][..], &[1][..]));
    let table = df!("fold" => [-1i64, 1, 0, 1]).unwrap();
    assert_eq!(tested(&from_table(&table, &ids).unwrap(), 4), [None, Some(1), Some(0), Some(1)]);
}

#[test]
fn a_table_that_does_not_fit_the_rows_is_an_error_that_names_the_id() {
    let ids = Ids::from_texts(["a", "b", "c"]);
    let error = |table| from_table(&table, &ids).unwrap_err().to_string();
    assert!(error(df!("id" => ["a", "b", "z"], "fold" => [0, 1, 0]).unwrap()).contains("unknown id `z`"));
    assert!(error(df!("id" => ["a", "b"], "fold" => [0, 1]).unwrap()).contains("missing id `c`"));
    assert!(error(df!("id" => ["a", "b", "a", "c"], "fold" => [0, 1, 0, 1]).unwrap()).contains("duplicate id `a`"));
    assert!(error(df!("id" => ["a", "b", "c"]).unwrap()).contains("unknown column `fold`"));
    let twice = df!("id" => ["a", "b", "a"], "part" => ["train", "test", "test"]).unwrap();
    assert!(error(twice).contains("1 rows are in two parts"));
    let odd = df!("id" => ["a", "b"], "part" => ["train", "exam"]).unwrap();
    assert!(error(odd).contains("unknown part `exam`"));
}

#[test]
fn a_k_fold_is_saved_in_a_line_a_row_and_other_splits_with_their_parts() {
    let ids = Ids::positions(6);
    let plan = |plan: Plan| plan.splitter().unwrap().split(&plain(6), Seed::new(0)).unwrap();
    let table = to_table(&plan(Plan { folds: Some(3), repeats: Some(2), ..Plan::default() }), &ids).unwrap();
    assert_eq!(table.shape(), (12, 3));
    let cut = Plan { test_size: Some(Size::from(2)), valid: Some(Size::from(1)), ..Plan::default() };
    let table = to_table(&plan(cut), &ids).unwrap();
    assert_eq!(table.shape(), (6, 4));
}

#[test]
fn the_columns_given_choose_the_splitter() {
    let name = |plan: Plan| {
        let splitter = plan.splitter().unwrap();
        serde_json::to_value(&splitter).unwrap()["splitter"].as_str().unwrap().to_owned()
    };
    let plan = Plan { folds: Some(5), ..Plan::default() };
    assert_eq!(name(Plan::default()), "k_fold");
    assert_eq!(name(Plan { stratify: true, ..plan.clone() }), "stratified_k_fold");
    assert_eq!(name(Plan { group: true, ..plan.clone() }), "group_k_fold");
    assert_eq!(name(Plan { stratify: true, group: true, ..plan.clone() }), "stratified_group_k_fold");
    assert_eq!(name(Plan { time: true, test_size: Some(Size::from(3)), ..plan.clone() }), "expanding_window");
    assert_eq!(name(Plan { repeats: Some(3), ..plan.clone() }), "repeated");
    assert_eq!(name(Plan { valid: Some(Size::from(0.1)), ..plan }), "with_valid");
    assert_eq!(name(Plan { test_size: Some(Size::from(0.2)), stratify: true, ..Plan::default() }), "train_valid_test");
    let draws = Plan { test_size: Some(Size::from(0.2)), repeats: Some(4), ..Plan::default() };
    assert_eq!(name(draws.clone()), "shuffle_split");
    assert_eq!(draws.splitter().unwrap().split(&plain(10), Seed::new(0)).unwrap().folds.len(), 4);
}

#[test]
fn every_method_is_made_by_its_name_and_refuses_what_it_has_no_use_for() {
    for (method, _) in Plan::METHODS {
        let needs = |word: &str| method.contains(word);
        let plan = Plan {
            method: Some(method.into()),
            stratify: needs("stratified"),
            group: needs("group"),
            time: ["expanding", "sliding", "purged", "combinatorial_purged"].contains(&method),
            train_size: (method == "sliding").then_some(Size::from(4)),
            ..Plan::default()
        };
        plan.splitter().unwrap_or_else(|error| panic!("{method}: {error}"));
        let odd = if method.contains("purged") { "gap" } else { "horizon" };
        let plan = match odd {
            "gap" => Plan { gap: Some(1), ..plan },
            _ => Plan { horizon: Some(1.0), ..plan },
        };
        let error = plan.splitter().unwrap_err().to_string();
        assert!(error.contains(&format!("the option `{odd}`")), "{method}: {error}");
    }
    let error = |plan: Plan| plan.splitter().unwrap_err().to_string();
    assert!(error(Plan { method: Some("best".into()), ..Plan::default() }).contains("`stratified_group`"));
    assert!(error(Plan { time: true, group: true, ..Plan::default() }).contains("the option `group`"));
    assert!(error(Plan { method: Some("group".into()), ..Plan::default() }).contains("without a column for `group`"));
    assert!(error(Plan { time: true, test_size: Some(Size::from(0.5)), ..Plan::default() }).contains("whole number"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_split_is_read_back_from_its_table_in_any_order_of_the_lines(rows in 4usize..60, kind in 0usize..6, seed: u64) {
        let codes = (0..rows as u32).map(|row| row % 2).collect();
        let target = Target::Classes { codes, classes: Classes::new(["a", "b"]).unwrap() };
        let ids = Ids::from_texts((0..rows).map(|row| format!("r{}", row * 7919 % 1009)));
        let info = RowInfo { target: Some(&target), ids: Some(&ids), ..plain(rows) };
        let splitter: Box<dyn Splitter> = match kind {
            0 => Box::new(KFold::new(3)),
            1 => Box::new(Repeated::new(StratifiedKFold::new(2), 3)),
            2 => Box::new(TrainValidTest::new(0.2).valid(0.3)),
            3 => Box::new(ShuffleSplit::new(3, 0.25)),
            4 => Box::new(Bootstrap::new(4)),
            _ => Box::new(KFold::new(2).shuffle(false)),
        };
        let split = splitter.split(&info, Seed::new(seed)).unwrap();
        let table = to_table(&split, &ids).unwrap();
        prop_assert_eq!(from_table(&table, &ids).unwrap().folds, split.folds.clone());
        prop_assert_eq!(from_table(&table.reverse(), &ids).unwrap().folds, split.folds.clone());
        let positions = Ids::positions(rows);
        let table = to_table(&split, &positions).unwrap();
        prop_assert_eq!(from_table(&table.reverse(), &positions).unwrap().folds, split.folds);
    }
}
