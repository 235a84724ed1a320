//! No number depends on the order of files, rows or columns.

use consort_data::files::{Join, ReadOptions, Source};
use proptest::prelude::*;

use crate::{csv, ids, read};

fn member(name: &str, rows: &[(u32, f64)], swapped: bool) -> Source {
    let mut text = String::from(if swapped { "p_b,id,p_a\n" } else { "id,p_a,p_b\n" });
    for (id, p) in rows {
        let (a, b) = (p, 1.0 - p);
        text += &if swapped { format!("{b},r{id},{a}\n") } else { format!("r{id},{a},{b}\n") };
    }
    csv(name, &text)
}

type Rows = Vec<(u32, f64)>;

/// The same rows in two orders.
fn shuffled() -> impl Strategy<Value = (Rows, Rows)> {
    proptest::collection::btree_map(0u32..1000, 0.0..1.0f64, 1..40)
        .prop_map(|rows| rows.into_iter().collect::<Vec<_>>())
        .prop_flat_map(|rows| (Just(rows.clone()).prop_shuffle(), Just(rows).prop_shuffle()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn permuted_files_rows_and_columns_give_the_same_bits((one, two) in shuffled()) {
        let straight = read(&[member("m", &one, false), member("n", &two, false)], None, &ReadOptions::default());
        let turned = read(&[member("n", &one, true), member("m", &two, true)], None, &ReadOptions::default());
        prop_assert_eq!(straight.predictions.ids(), turned.predictions.ids());
        for m in 0..2 {
            prop_assert_eq!(straight.predictions.member(m), turned.predictions.member(m));
        }
        prop_assert_eq!(ids(&straight), one.iter().map(|(id, _)| format!("r{id}")).collect::<Vec<_>>());
        prop_assert_eq!(turned.given, ["n", "m"]);
    }

    #[test]
    fn an_inner_join_keeps_what_both_have((one, two) in shuffled(), drop in 0usize..20) {
        let two: Vec<_> = two.into_iter().skip(drop).collect();
        prop_assume!(!two.is_empty());
        let options = ReadOptions { join: Join::Inner, ..ReadOptions::default() };
        let loaded = read(&[member("m", &one, false), member("n", &two, false)], None, &options);
        let kept: Vec<String> =
            one.iter().filter(|row| two.contains(row)).map(|(id, _)| format!("r{id}")).collect();
        prop_assert_eq!(ids(&loaded), kept);
        prop_assert_eq!(loaded.warnings.len(), usize::from(one.len() > two.len()));
    }
}
