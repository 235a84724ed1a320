//! What is written reads back as it was.

use consort_core::{Classes, Gives, Ids, Matrix, Outputs};
use consort_data::files::{Cells, Fused, ReadOptions, Source, Style, read_columns, write_fused, write_table};
use proptest::prelude::*;

use crate::{ids, read};

/// Texts of every kind: quotes, commas, breaks, blanks, other scripts, what looks like a number.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,6}",
        "\\PC{1,8}",
        Just("007".to_string()),
        Just("99999999999999999999".to_string()),
        Just("a,b \"c\"".to_string()),
        Just("two\r\nlines".to_string()),
        Just("NA".to_string()),
    ]
}

fn distinct(size: impl Into<proptest::collection::SizeRange>) -> impl Strategy<Value = Vec<String>> {
    proptest::collection::btree_set(text(), size).prop_map(|set| set.into_iter().collect::<Vec<_>>()).prop_shuffle()
}

/// Names of columns lose the blanks around them, so names with such do not come back.
fn trimmed(names: &[String]) -> bool {
    let mut seen = std::collections::HashSet::new();
    names.iter().all(|name| name.trim() == name && !name.starts_with('\u{feff}') && seen.insert(name))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_table_of_odd_names_and_cells(
        names in distinct(3),
        rows in proptest::collection::vec((proptest::option::of(text()), any::<f64>(), any::<i64>()), 1..20),
        ending in prop_oneof![Just("csv"), Just("csv.gz"), Just("parquet")],
    ) {
        prop_assume!(trimmed(&names));
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(format!("t.{ending}"));
        let texts: Vec<Option<String>> = rows.iter().map(|row| row.0.clone()).collect();
        let numbers: Vec<f64> = rows.iter().map(|row| row.1).collect();
        let whole: Vec<i64> = rows.iter().map(|row| row.2).collect();
        let columns = [
            (&names[0], Cells::Text(texts.clone())),
            (&names[1], Cells::Double(numbers.clone())),
            (&names[2], Cells::Whole(whole.clone())),
        ];
        write_table(&path, &columns).unwrap();
        let back = read_columns(&Source::stem(&path), None).unwrap();
        prop_assert_eq!(back.iter().map(|column| column.name()).collect::<Vec<_>>(), names.iter().collect::<Vec<_>>());
        prop_assert_eq!(back[0].texts().map(|t| t.map(String::from)).collect::<Vec<_>>(), texts);
        for (a, b) in back[1].numbers().unwrap().iter().zip(&numbers) {
            prop_assert!(a == b || (a.is_nan() && b.is_nan()), "{} {}", a, b);
        }
        prop_assert_eq!(back[2].texts().map(|t| t.unwrap().parse::<i64>().unwrap()).collect::<Vec<_>>(), whole);
    }

    #[test]
    fn a_fused_prediction(
        row_ids in distinct(1..12),
        class_names in distinct(2..5),
        seed in any::<u32>(),
        ending in prop_oneof![Just("csv"), Just("parquet")],
    ) {
        prop_assume!(trimmed(&class_names));
        let classes = Classes::from_labels(class_names).unwrap();
        let (rows, width) = (row_ids.len(), classes.len());
        let mut values = Vec::new();
        for i in 0..rows {
            let raw: Vec<f32> = (0..width).map(|k| 1.0 + ((seed as usize + i * 31 + k * 17) % 97) as f32).collect();
            let sum: f32 = raw.iter().sum();
            values.extend(raw.iter().map(|x| x / sum));
        }
        let values = Matrix::new(rows, width, values).unwrap();
        let ids_of_rows = Ids::from_texts(&row_ids);
        let order: Vec<u32> = (0..rows as u32).rev().collect();
        let outputs = Outputs::Classes(classes);
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(format!("fused.{ending}"));
        let fused = Fused { ids: &ids_of_rows, order: &order, outputs: &outputs, values: &values, gives: Gives::Probabilities, style: Style::Classes, id: "id", beside: &[] };
        write_fused(&path, &fused).unwrap();
        let back = read(&[Source::stem(&path)], None, &ReadOptions::default());
        prop_assert_eq!(ids(&back), order.iter().map(|&i| row_ids[i as usize].clone()).collect::<Vec<_>>());
        prop_assert_eq!(back.predictions.outputs(), &outputs);
        for (j, &i) in back.order.iter().zip(&order) {
            prop_assert_eq!(&back.predictions.member(0)[*j as usize * width..][..width], values.row(i as usize));
        }
    }
}

#[test]
fn parquet_ids_of_any_type_keep_their_digits() {
    use polars::prelude::*;
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, id: Column| {
        let path = dir.path().join(name);
        let p: Column = Series::new("p".into(), [0.25f32, 0.5]).into();
        let mut frame = DataFrame::new(2, vec![id, p]).unwrap();
        ParquetWriter::new(std::fs::File::create(&path).unwrap()).finish(&mut frame).unwrap();
        Source::stem(path)
    };
    let large: Column = Series::new("id".into(), [u64::MAX, 9007199254740993]).into();
    let loaded = read(&[write("u64.parquet", large)], None, &ReadOptions::default());
    assert_eq!(ids(&loaded), ["18446744073709551615", "9007199254740993"]);
    let signed: Column = Series::new("id".into(), [-3i32, 4]).into();
    assert_eq!(ids(&read(&[write("i32.parquet", signed)], None, &ReadOptions::default())), ["-3", "4"]);
    let texts: Column = Series::new("id".into(), ["007", "ü"]).into();
    assert_eq!(ids(&read(&[write("text.parquet", texts)], None, &ReadOptions::default())), ["007", "ü"]);
    let floats: Column = Series::new("id".into(), [1.0f64, 2.0]).into();
    let error = crate::refused(&[write("float.parquet", floats)], None, &ReadOptions::default());
    assert!(error.contains("float.parquet") && error.contains("floats lose digits"), "{error}");
}

#[test]
fn votes_without_a_decision_are_written_empty_and_numbers_as_short_as_they_go() {
    let dir = tempfile::tempdir().unwrap();
    let (ids, outputs) = (Ids::from_texts(["1", "2"]), Outputs::Classes(Classes::new(["a", "b"]).unwrap()));
    let values = Matrix::new(2, 2, vec![f32::NAN, f32::NAN, 0.1, 0.9]).unwrap();
    let path = dir.path().join("out.csv");
    let mut fused = Fused {
        ids: &ids,
        order: &[0, 1],
        outputs: &outputs,
        values: &values,
        gives: Gives::Probabilities,
        style: Style::Labels,
        id: "row",
        beside: &[],
    };
    write_fused(&path, &fused).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "row,label\n1,\n2,b\n");
    fused.style = Style::Classes;
    write_fused(&path, &fused).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "row,p_a,p_b,label\n1,,,\n2,0.1,0.9,b\n");
    let target = Outputs::target("y");
    let numbers = Matrix::new(2, 1, vec![1e-30, 250000.5]).unwrap();
    let fused = Fused { outputs: &target, values: &numbers, style: Style::Values, ids: &Ids::positions(2), ..fused };
    write_fused(&path, &fused).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "pred\n1e-30\n250000.5\n");
    assert!(write_fused(&dir.path().join("out.npy"), &fused).unwrap_err().to_string().contains(".npy"));
}

#[test]
fn the_label_is_the_class_that_accuracy_goes_by() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("out.csv");
    let (ids, values) = (Ids::from_texts(["1", "2"]), Matrix::new(2, 2, vec![0.5, 0.5, 0.75, 0.25]).unwrap());
    for (positive, tie) in [("no", "no"), ("yes", "yes")] {
        let classes = Classes::new(["no", "yes"]).unwrap().with_positive(positive).unwrap();
        let fused = Fused {
            ids: &ids,
            order: &[0, 1],
            outputs: &Outputs::Classes(classes),
            values: &values,
            gives: Gives::Probabilities,
            style: Style::Labels,
            id: "id",
            beside: &[],
        };
        write_fused(&path, &fused).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("id,label\n1,{tie}\n2,no\n"));
    }
}

#[test]
fn a_fused_file_with_two_columns_of_one_name_is_refused_before_it_is_written() {
    use consort_core::{Classes, Gives, Ids, Matrix, Outputs};
    use consort_data::files::{Fused, Style, write_fused};
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fused.csv");
    let (ids, values) = (Ids::from_texts(["r1"]), Matrix::new(1, 2, vec![0.25, 0.75]).unwrap());
    let outputs = Outputs::Classes(Classes::new(["a", "b"]).unwrap());
    let fused = Fused {
        ids: &ids,
        order: &[0],
        outputs: &outputs,
        values: &values,
        gives: Gives::Probabilities,
        style: Style::Classes,
        id: "label",
        beside: &[],
    };
    let error = write_fused(&path, &fused).unwrap_err().to_string();
    assert!(error.contains("fused.csv: duplicate column `label` (columns 1 and 4"), "{error}");
    assert!(!path.exists());
}

#[test]
fn scores_are_written_so_that_they_are_read_as_scores() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ranks.csv");
    let (ids, outputs) = (Ids::from_texts(["1", "2"]), Outputs::Classes(Classes::new(["no", "yes"]).unwrap()));
    let values = Matrix::new(2, 2, vec![0.75, 0.25, 0.5, 0.5]).unwrap();
    for style in [Style::Positive, Style::Classes] {
        let fused = Fused {
            ids: &ids,
            order: &[0, 1],
            outputs: &outputs,
            values: &values,
            gives: Gives::Scores,
            style,
            id: "id",
            beside: &[],
        };
        write_fused(&path, &fused).unwrap();
        let written = std::fs::read_to_string(&path).unwrap();
        assert_eq!(written, "id,score_no,score_yes,label\n1,0.75,0.25,no\n2,0.5,0.5,yes\n");
        let back = read(&[Source::stem(&path)], None, &ReadOptions::default());
        assert_eq!(back.predictions.members()[0].gives, Gives::Scores);
        assert_eq!(back.predictions.member(0), values.values());
    }
}
