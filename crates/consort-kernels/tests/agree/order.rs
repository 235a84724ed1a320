use consort_core::{Fusion, Matrix, Missing};
use consort_fusion::rule::{self, Trim};
use consort_kernels::{Holes, OrderStatistic};

use crate::cases::*;

#[test]
fn order_statistics_agree() {
    // Members around powers of two, at the end of the registers, and beyond.
    let all = [
        [1, 7, 3],
        [2, 103, 10],
        [3, 511, 2],
        [4, 5, 100],
        [5, 61, 17],
        [8, 33, 3],
        [31, 40, 3],
        [63, 21, 2],
        [64, 20, 2],
        [65, 205, 2],
        [96, 40, 3],
        [97, 40, 3],
        [128, 11, 3],
        [129, 300, 2],
        [257, 13, 3],
        [300, 7, 3],
        [512, 3, 2],
        [513, 3, 2],
        [3, 2, 1000],
    ];
    let telling =
        [[1, 7, 3], [2, 103, 10], [8, 33, 3], [64, 20, 2], [65, 205, 2], [129, 300, 2], [300, 7, 3], [513, 3, 2]];
    for shape in shapes(&all, &telling) {
        for kind in KINDS {
            let numbers = probabilities(shape, kind);
            let (cube, host) = (cube(shape, &numbers), predictions(shape, &numbers, Missing::Error));
            let count = (shape[0] - 1) / 3;
            let pairs: [(OrderStatistic, Matrix, &str); 5] = [
                (OrderStatistic::median(), rule::Median::new().fuse(&host).unwrap(), "median"),
                (
                    OrderStatistic::trimmed(count),
                    rule::Trimmed::new(Trim::Count(count)).fuse(&host).unwrap(),
                    "trimmed",
                ),
                (
                    OrderStatistic::winsorised(count),
                    rule::Winsorised::new(Trim::Count(count)).fuse(&host).unwrap(),
                    "winsorised",
                ),
                (OrderStatistic::minimum(), rule::Minimum::new().fuse(&host).unwrap(), "minimum"),
                (OrderStatistic::maximum(), rule::Maximum::new().fuse(&host).unwrap(), "maximum"),
            ];
            for (kernel, expected, name) in pairs {
                let what = format!("{name}, {shape:?}, {kind:?}");
                let fused = kernel.fuse(&cube).unwrap();
                same(&fused, &expected, 2e-6, &what);
                surety_of_its_numbers(&fused, &what);
            }
        }
    }
}

#[test]
fn values_of_both_signs_keep_their_order() {
    for shape in [[9, 130, 1], [64, 130, 1], [70, 130, 1], [160, 130, 1], [301, 5, 1]] {
        let mut stream = stream(shape, Kind::Spread, "values");
        let numbers: Vec<f32> = (0..shape[0] * shape[1]).map(|_| stream.normal() as f32).collect();
        let (cube, host) = (cube(shape, &numbers), values(shape, &numbers));
        let fused = OrderStatistic::median().raw().fuse(&cube).unwrap();
        same(&fused, &rule::Median::new().fuse(&host).unwrap(), 1e-6, &format!("median, {shape:?}"));
        let fused = OrderStatistic::winsorised(2).raw().fuse(&cube).unwrap();
        let expected = rule::Winsorised::new(Trim::Count(2)).fuse(&host).unwrap();
        same(&fused, &expected, 1e-6, &format!("winsorised, {shape:?}"));
        let fused = OrderStatistic::minimum().raw().numbers_only().fuse(&cube).unwrap();
        same(&fused, &rule::Minimum::new().fuse(&host).unwrap(), 0.0, &format!("minimum, {shape:?}"));
    }
}

#[test]
fn members_in_order_or_all_alike_are_cut_where_they_should_be() {
    // Runs that follow each other, backwards and forwards; one number for all; few numbers; the greatest of all among them.
    type Of = fn(usize, usize) -> f32;
    let kinds: [(&str, Of); 5] = [
        ("upwards", |m, _| m as f32),
        ("downwards", |m, _| -(m as f32)),
        ("alike", |_, i| i as f32),
        ("few", |m, i| ((m * 7 + i) % 3) as f32),
        ("great", |m, i| if (m + i) % 50 == 0 { f32::MAX } else { (m % 11) as f32 }),
    ];
    for members in [65, 100, 128, 200, 301, 512] {
        for (kind, of) in kinds {
            let rows = 45;
            let numbers: Vec<f32> = (0..members * rows).map(|at| of(at / rows, at % rows)).collect();
            let cube = cube([members, rows, 1], &numbers);
            let fused = OrderStatistic::median().raw().numbers_only().fuse(&cube).unwrap().matrix().unwrap();
            let count = members / 5;
            let trimmed = OrderStatistic::trimmed(count).raw().numbers_only().fuse(&cube).unwrap().matrix().unwrap();
            for i in 0..rows {
                let mut row: Vec<f64> = (0..members).map(|m| f64::from(numbers[m * rows + i])).collect();
                row.sort_unstable_by(f64::total_cmp);
                let median = (row[(members - 1) / 2] + row[members / 2]) / 2.0;
                assert_eq!(f64::from(fused.at(i, 0)), median, "{members} {kind}, row {i}");
                let kept = &row[count..members - count];
                let mean = kept.iter().sum::<f64>() / kept.len() as f64;
                let off = (f64::from(trimmed.at(i, 0)) - mean).abs();
                assert!(off <= 1e-6 * mean.abs(), "{members} {kind}, row {i}: {} {mean}", trimmed.at(i, 0));
            }
        }
    }
}

#[test]
fn a_missing_row_spreads_or_is_refused() {
    for shape in [[5, 101, 10], [70, 33, 2]] {
        let mut numbers = probabilities(shape, Kind::Spread);
        holes(shape, &mut numbers);
        let host = predictions(shape, &numbers, Missing::Propagate);
        let spread = cube(shape, &numbers).with_holes(Holes::Spread);
        let fused = OrderStatistic::median().fuse(&spread).unwrap();
        same(&fused, &rule::Median::new().fuse(&host).unwrap(), 2e-6, "median of rows that members lack");
        let left_out = cube(shape, &numbers).with_holes(Holes::LeaveOut);
        let refused = OrderStatistic::median().fuse(&left_out).unwrap_err().to_string();
        assert!(refused.contains("rows that some members lack"), "{refused}");
        let host = predictions(shape, &numbers, Missing::Available);
        let fused = OrderStatistic::maximum().fuse(&left_out).unwrap();
        same(&fused, &rule::Maximum::new().fuse(&host).unwrap(), 2e-6, "maximum of rows that members lack");
    }
}
