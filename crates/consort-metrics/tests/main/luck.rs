//! Tests of significance against scipy 1.17.1 and scikit-learn 1.9.1. The numbers were made by the calls named.

use consort_core::{Classes, Direction, Estimates, Gives, Ids, Outputs, Predictions, Seed, Target, Truth};
use consort_metrics::diversity::Correctness;
use consort_metrics::regression::MeanAbsoluteError;
use consort_metrics::significance::{
    Bootstrap, Drawn, IntervalKind, Resampling, bootstrap, cochran_q, corrected_resampled_t, delong, five_by_two_f,
    five_by_two_t, friedman, mcnemar, paired_bootstrap, studentized_range_quantile, wilcoxon_signed_rank,
    wilson_interval,
};
use consort_metrics::{Accuracy, LogLoss, RocAuc, registry};

use crate::field_cases::Table;

fn near(got: f64, expected: f64, tolerance: f64) {
    assert!((got - expected).abs() <= tolerance * expected.abs(), "{got} instead of {expected}");
}

fn binary() -> (Predictions, Target) {
    let classes = Classes::new(["0", "1"]).unwrap();
    let table = Table::read("binary");
    let target = Target::from_labels(table.texts("y"), &classes, "y").unwrap();
    let mut builder = Predictions::builder(Outputs::Classes(classes), Ids::positions(target.rows()));
    for m in 1..=5 {
        let p = table.numbers(&format!("m{m}"));
        let values: Vec<f32> = p.iter().flat_map(|&p| [1.0 - p as f32, p as f32]).collect();
        builder = builder.member(format!("m{m}"), Gives::Probabilities, &values).unwrap();
    }
    (builder.build().unwrap(), target)
}

/// `scipy.stats.binomtest(14, 42).pvalue` and `chi2.sf`; Cochran's Q by its formula and `chi2.sf`.
#[test]
fn tests_of_correctness_agree() {
    let (predictions, target) = binary();
    let right = Correctness::new(&predictions, &Truth::new(&target)).unwrap();
    let pair = right.pair(0, 1);
    let found = mcnemar(pair.only_first, pair.only_second).unwrap();
    near(found.exact.p_value.value().unwrap(), 0.04355852192384191, 1e-10);
    near(found.chi_square.statistic.value().unwrap(), 4.023809523809524, 1e-12);
    near(found.chi_square.p_value.value().unwrap(), 0.04486227115291488, 1e-9);
    let cochran = cochran_q(&right).unwrap();
    near(cochran.statistic.value().unwrap(), 77.15589353612167, 1e-12);
    near(cochran.p_value.value().unwrap(), 6.9704987799576425e-16, 1e-6);
    assert_eq!(mcnemar(0.0, 0.0).unwrap().exact.p_value.value(), Some(1.0));
    assert!(mcnemar(0.5, 1.0).is_err());
}

/// The accuracy of m1 to m5 of `binary.csv` on each 20 rows.
const ACCURACIES: [[f64; 5]; 10] = [
    [0.85, 0.65, 0.5, 0.85, 0.9],
    [0.95, 0.75, 0.65, 1.0, 0.75],
    [0.8, 0.75, 0.75, 0.9, 0.8],
    [0.9, 0.8, 0.75, 0.85, 0.8],
    [0.95, 1.0, 0.7, 0.95, 0.9],
    [0.9, 0.85, 0.5, 1.0, 0.95],
    [0.95, 0.9, 0.8, 0.95, 0.8],
    [0.9, 0.85, 0.55, 0.95, 0.85],
    [0.95, 0.85, 0.55, 0.95, 0.85],
    [0.75, 0.8, 0.6, 0.85, 0.85],
];

/// `friedmanchisquare`, `rankdata`, `f.sf`, `studentized_range.ppf` and `.sf`; `wilcoxon(correction=False,
/// method="approx")` and `method="exact"`.
#[test]
fn tests_of_ranks_agree() {
    let found = friedman(["m1", "m2", "m3", "m4", "m5"], ACCURACIES.as_flattened(), Direction::Higher, 0.05).unwrap();
    near(found.chi_square.statistic.value().unwrap(), 27.234042553191486, 1e-12);
    near(found.chi_square.p_value.value().unwrap(), 1.7826319198285156e-05, 1e-9);
    near(found.iman_davenport.statistic.value().unwrap(), 19.199999999999992, 1e-10);
    near(found.iman_davenport.p_value.value().unwrap(), 1.5641248246387743e-08, 1e-8);
    assert_eq!(found.ranks, [2.25, 3.35, 4.9, 1.55, 2.95]);
    near(found.critical_difference, 1.9288277551893116, 1e-6);
    near(found.nemenyi.at(0, 2).unwrap(), 0.0016732358029760697, 1e-5);
    // Table 5 of Demšar (2006) gives 1.960, 2.343, 2.728, 3.164.
    for (methods, q) in [(2, 1.9599639845), (3, 2.3437005864), (5, 2.7277743709), (10, 3.1636835771)] {
        near(studentized_range_quantile(0.05, methods).unwrap() / 2f64.sqrt(), q, 1e-7);
    }
    let column = |m: usize| ACCURACIES.iter().map(|row| row[m]).collect::<Vec<f64>>();
    // In twentieths, since differences of decimal fractions are ties only where they are rounded.
    let rounded = |v: Vec<f64>| v.into_iter().map(|x| (x * 20.0).round()).collect::<Vec<f64>>();
    let tied = wilcoxon_signed_rank(&rounded(column(0)), &rounded(column(2))).unwrap();
    near(tied.p_value.value().unwrap(), 0.004892240901835026, 1e-8);
    let x = [
        0.12573, -0.132105, 0.640423, 0.1049, -0.535669, 0.361595, 1.304, 0.947081, -0.703735, -1.265421, -0.623274,
        0.041326,
    ];
    let z = [
        -1.825031, 0.281208, -0.745911, -0.232267, -0.044259, 0.1837, 0.911631, 1.542513, 0.371465, 1.866463,
        -0.165195, 0.85151,
    ];
    let exact = wilcoxon_signed_rank(&x, &z).unwrap();
    assert_eq!(exact.statistic.value(), Some(27.0));
    near(exact.p_value.value().unwrap(), 0.38037109375, 1e-12);
}

/// By their formulas with `scipy.stats.t.sf` and `f.sf`; `binomtest(8, 10).proportion_ci(0.95, "wilson")`.
#[test]
fn tests_of_folds_and_shares_agree() {
    let differences = [0.02, 0.01, 0.03, -0.01, 0.02, 0.015, 0.005, 0.01, 0.02, 0.0];
    let found = corrected_resampled_t(&differences, 1.0, 9.0).unwrap();
    near(found.statistic.value().unwrap(), 2.2524453870927883, 1e-10);
    near(found.p_value.value().unwrap(), 0.050799885103032585, 1e-9);
    let d = [[0.02, 0.01], [0.03, 0.01], [0.02, 0.02], [0.01, 0.03], [0.02, -0.01]];
    let t = five_by_two_t(&d).unwrap();
    near(t.statistic.value().unwrap(), 1.4907119849998598, 1e-10);
    near(t.p_value.value().unwrap(), 0.19623009359750354, 1e-9);
    let f = five_by_two_f(&d).unwrap();
    near(f.statistic.value().unwrap(), 2.111111111111111, 1e-10);
    near(f.p_value.value().unwrap(), 0.21189054502957858, 1e-9);
    let (low, high) = wilson_interval(8.0, 10.0, 0.95).unwrap();
    near(low, 0.4901624715366418, 1e-9);
    near(high, 0.9433178485456248, 1e-9);
}

/// By the definition with numpy: means of the comparison of all pairs, `numpy.cov` of its rows and columns.
#[test]
fn delong_agrees_with_the_definition() {
    let table = Table::read("binary");
    let y: Vec<bool> = table.numbers("y").iter().map(|&y| y == 1.0).collect();
    let (a, b) = (table.numbers("m1"), table.numbers("m3"));
    let found = delong(&[&a, &b], &y).unwrap();
    near(found.auc(0).value().unwrap(), 0.9393663326247595, 1e-12);
    near(found.auc(1).value().unwrap(), 0.6878226541147889, 1e-12);
    near(found.variance(0).unwrap(), 0.0002843847002549322, 1e-10);
    near(found.variance(1).unwrap(), 0.0013783981629035995, 1e-10);
    near(found.interval(1, 0.95).unwrap().low, 0.6150554926934815, 1e-9);
    let difference = found.difference(0, 1, 0.95).unwrap();
    near(difference.z.value().unwrap(), 6.515555643364723, 1e-10);
    near(difference.p_value.value().unwrap(), 7.242107015313935e-11, 1e-6);
    assert!(found.difference(0, 0, 0.95).unwrap().z.value().is_none());
}

/// `scipy.stats.bootstrap((|m1 - y| - |m2 - y|,), numpy.mean, n_resamples=200000)`, percentile and BCa.
#[test]
fn bootstrap_intervals_agree() {
    let table = Table::read("regression");
    let target = Target::from_values(table.numbers("y"), "y").unwrap();
    let (m1, m2) = (table.numbers("m1"), table.numbers("m2"));
    let a = Estimates::f64(&m1, 1, Gives::Values).unwrap();
    let b = Estimates::f64(&m2, 1, Gives::Values).unwrap();
    for (kind, low, high) in [
        (IntervalKind::Percentile, -1.9601804999999999, -0.8815990000000001),
        (IntervalKind::Bca, -2.0020318504820342, -0.9137544066946619),
    ] {
        for resampling in [Resampling::Multinomial, Resampling::Poisson] {
            let params = Bootstrap::default().replicates(20_000).interval(kind).resampling(resampling);
            let found =
                paired_bootstrap(&MeanAbsoluteError, &a, &b, &Truth::new(&target), &params, Seed::new(5)).unwrap();
            near(found.difference.value().unwrap(), -1.4023066666666666, 1e-12);
            let interval = found.interval.unwrap();
            assert!((interval.low - low).abs() < 0.03 && (interval.high - high).abs() < 0.03, "{kind:?} {interval:?}");
            assert!(found.gain().unwrap() > 0.0 && found.better.unwrap() > 0.99);
        }
    }
}

#[test]
fn a_bootstrap_gives_the_same_bits_at_any_number_of_threads_and_of_estimates() {
    let (predictions, target) = binary();
    let estimates: Vec<_> = (0..5).map(|m| predictions.estimates(m)).collect();
    let params = Bootstrap::default().replicates(60);
    for name in ["log_loss", "accuracy", "roc_auc", "ece", "f1", "mcc", "top_label_mce"] {
        let metric = registry::by_name(name).unwrap();
        let run = |threads: usize, estimates: &[Estimates<'_>]| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| bootstrap(&*metric, estimates, &Truth::new(&target), &params, Seed::new(9)).unwrap())
        };
        let (one, three) = (run(1, &estimates), run(3, &estimates));
        assert_eq!(one, three, "{name}");
        let alone = run(2, &estimates[1..2]);
        assert_eq!(alone.scores(0).collect::<Vec<_>>(), one.scores(1).collect::<Vec<_>>(), "{name}");
        assert_eq!(alone.interval(0), one.interval(1), "{name}");
    }
}

#[test]
fn rows_of_weight_0_are_never_drawn_nor_read() {
    let (predictions, target) = binary();
    let kept: Vec<u32> = (0..200).filter(|i| i % 3 != 0).collect();
    let weights: Vec<f64> = (0..200).map(|i| if i % 3 == 0 { 0.0 } else { 1.0 }).collect();
    let (fewer, few) = (predictions.take(&kept), target.take(&kept));
    let params = Bootstrap::default().replicates(50);
    for name in ["log_loss", "roc_auc", "ece"] {
        let metric = registry::by_name(name).unwrap();
        let with = |p: &Predictions, truth: &Truth<'_>| {
            paired_bootstrap(&*metric, &p.estimates(0), &p.estimates(1), truth, &params, Seed::new(1)).unwrap()
        };
        let a = with(&predictions, &Truth::weighted(&target, &weights).unwrap());
        let b = with(&fewer, &Truth::new(&few));
        let (a, b) = (a.interval.unwrap(), b.interval.unwrap());
        assert!((a.low - b.low).abs() < 1e-12 && (a.high - b.high).abs() < 1e-12, "{name}: {a:?} {b:?}");
    }
}

#[test]
fn the_bootstrap_of_an_area_agrees_with_delong() {
    let (predictions, target) = binary();
    let (a, b) = (predictions.estimates(0), predictions.estimates(2));
    let truth = Truth::new(&target);
    let params = Bootstrap::default().replicates(4000).interval(IntervalKind::Percentile);
    let found = paired_bootstrap(&RocAuc::default(), &a, &b, &truth, &params, Seed::new(2)).unwrap();
    let y: Vec<bool> = truth.classes("test").unwrap().0.iter().map(|&code| code == 1).collect();
    let (m1, m3) = (a.column(1), b.column(1));
    let exact = delong(&[&m1, &m3], &y).unwrap().difference(0, 1, 0.95).unwrap();
    let interval = found.interval.unwrap();
    near(found.difference.value().unwrap(), exact.difference, 1e-12);
    assert!((interval.low - exact.interval.low).abs() < 0.02 && (interval.high - exact.interval.high).abs() < 0.02);
    for metric in [&Accuracy as &dyn consort_core::Metric, &LogLoss::default()] {
        assert!(
            paired_bootstrap(metric, &a, &b, &truth, &params, Seed::new(2)).unwrap().gain_interval().unwrap().low > 0.0
        );
    }
}

/// Rows that are copies of each other say no more than one of them, if the bootstrap draws them together.
#[test]
fn copies_in_a_group_leave_the_interval_as_it_was() {
    let (predictions, target) = binary();
    let rows: Vec<u32> = (0..200).flat_map(|i| [i; 4]).collect();
    let (copies, copied) = (predictions.take(&rows), target.take(&rows));
    let params = Bootstrap::default().replicates(300);
    for name in ["log_loss", "accuracy", "roc_auc", "ece", "mcc"] {
        let metric = registry::by_name(name).unwrap();
        let of = |p: &Predictions, truth: &Truth<'_>| {
            paired_bootstrap(&*metric, &p.estimates(0), &p.estimates(1), truth, &params, Seed::new(1)).unwrap()
        };
        let alone = of(&predictions, &Truth::new(&target));
        let grouped = of(&copies, &Truth::new(&copied).grouped(&rows).unwrap());
        let apart = of(&copies, &Truth::new(&copied));
        assert_eq!((alone.drawn, grouped.drawn), (Drawn::Rows(200), Drawn::Groups(200)));
        let (a, g, s) = (alone.interval.unwrap(), grouped.interval.unwrap(), apart.interval.unwrap());
        near(g.low, a.low, 1e-9);
        near(g.high, a.high, 1e-9);
        // As if they were independent, they would make it half as wide.
        let share = (s.high - s.low) / (a.high - a.low);
        assert!((0.4..0.62).contains(&share), "{name}: {share}");
    }
}

/// 101,000 rows: the interval of a mean against its closed form, ±1.96·σ/√n, and that of an area against DeLong's.
#[test]
fn sets_of_very_many_rows_give_the_intervals_of_the_rows() {
    let rows = 101_000;
    let mut stream = Seed::new(11).stream();
    // Sorted by class, so that neighbours are alike.
    let codes: Vec<u32> = (0..rows as u32).map(|i| u32::from(i >= 75_000)).collect();
    let mut member = |skill: f64| -> Vec<f64> {
        codes
            .iter()
            .map(|&code| 1.0 / (1.0 + (-(skill * (2.0 * f64::from(code) - 1.0) + 4.0 * (stream.unit() - 0.5))).exp()))
            .collect()
    };
    let (p, q) = (member(1.0), member(0.8));
    let both = |p: &[f64]| p.iter().flat_map(|&p| [1.0 - p, p]).collect::<Vec<f64>>();
    let (a, b) = (both(&p), both(&q));
    let (a, b) =
        (Estimates::f64(&a, 2, Gives::Probabilities).unwrap(), Estimates::f64(&b, 2, Gives::Probabilities).unwrap());
    let target = Target::Classes { codes: codes.clone(), classes: Classes::new(["0", "1"]).unwrap() };
    let truth = Truth::new(&target);
    let params = Bootstrap::default().interval(IntervalKind::Percentile);
    let agree = |found: &consort_metrics::significance::Difference, low: f64, high: f64, slack: f64| {
        let interval = found.interval.unwrap();
        let slack = slack * (high - low);
        assert!(
            (interval.low - low).abs() < slack && (interval.high - high).abs() < slack,
            "{interval:?} {low} {high}"
        );
    };

    let found = paired_bootstrap(&LogLoss::default(), &a, &b, &truth, &params, Seed::new(5)).unwrap();
    assert_eq!(found.drawn, Drawn::Sets(10_000));
    let loss = |p: &[f64], i: usize| -(if codes[i] == 1 { p[i] } else { 1.0 - p[i] }).ln();
    let differences: Vec<f64> = (0..rows).map(|i| loss(&p, i) - loss(&q, i)).collect();
    let mean = differences.iter().sum::<f64>() / rows as f64;
    let variance = differences.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / rows as f64;
    let half = 1.959964 * (variance / rows as f64).sqrt();
    // A quantile of 2,000 replicates is off by some 2 % of the interval.
    agree(&found, mean - half, mean + half, 0.06);

    let params = params.replicates(150);
    let found = paired_bootstrap(&RocAuc::default(), &a, &b, &truth, &params, Seed::new(5)).unwrap();
    let y: Vec<bool> = codes.iter().map(|&code| code == 1).collect();
    let exact = delong(&[&p, &q], &y).unwrap().difference(0, 1, 0.95).unwrap();
    agree(&found, exact.interval.low, exact.interval.high, 0.2);
}

#[test]
fn one_group_has_no_interval() {
    let (predictions, target) = binary();
    let truth = Truth::new(&target).grouped(&[7; 200]).unwrap();
    let (a, b) = (predictions.estimates(0), predictions.estimates(1));
    let found = paired_bootstrap(&Accuracy, &a, &b, &truth, &Bootstrap::default(), Seed::new(1)).unwrap();
    assert!(found.gain().is_some() && found.interval.is_none() && found.p_value.is_none());
}
