//! Cases from the field: votes over words, class ids with gaps, a member that never saw a class, even votes.

use consort_core::{Classes, Fuser, Fusion, Gives, Ids, Matrix, Missing, Outputs, Predictions, Seed, Target, Truth};
use consort_fusion::rule::{
    Ballot, DecisionTemplates, KnownOnly, Mean, Options, Power, Quorum, Similarity, Vote, by_name,
};

/// Members that give one label a row.
fn labels(classes: &Classes, members: &[&[&str]]) -> Predictions {
    let mut builder = Predictions::builder(Outputs::Classes(classes.clone()), Ids::positions(members[0].len()));
    for (m, labels) in members.iter().enumerate() {
        let mut values = vec![0.0; labels.len() * classes.len()];
        for (row, label) in values.chunks_exact_mut(classes.len()).zip(labels.iter()) {
            row[classes.index(label).unwrap()] = 1.0;
        }
        builder = builder.member(format!("m{m}"), Gives::Labels, &values).unwrap();
    }
    builder.build().unwrap()
}

/// Members that give probabilities, in class order.
fn probabilities(classes: &Classes, members: &[&[f32]]) -> Predictions {
    let rows = members[0].len() / classes.len();
    let mut builder = Predictions::builder(Outputs::Classes(classes.clone()), Ids::positions(rows));
    for (m, values) in members.iter().enumerate() {
        builder = builder.member(format!("m{m}"), Gives::Probabilities, values).unwrap();
    }
    builder.build().unwrap()
}

fn winners(fused: &Matrix, classes: &Classes) -> Vec<Option<String>> {
    (0..fused.rows()).map(|i| fused.argmax(i).map(|k| classes.names()[k].clone())).collect()
}

fn some(labels: &[&str]) -> Vec<Option<String>> {
    labels.iter().map(|label| Some(label.to_string()).filter(|label| !label.is_empty())).collect()
}

fn assert_near(fused: &Matrix, expected: &[f64]) {
    assert_eq!(fused.values().len(), expected.len());
    for (got, expected) in fused.values().iter().zip(expected) {
        assert!((f64::from(*got) - expected).abs() < 1e-6, "{got}, not {expected}");
    }
}

#[test]
fn words_are_voted_on_as_they_are_spelled() {
    let m1 = ["ham", "spam", "phishing, urgent", "naïve", "01", "spam"];
    let m2 = ["spam", "spam", "naïve", "naïve", "ham", "01"];
    let m3 = ["ham", "ham", "phishing, urgent", "naïve", "01", "01"];
    let classes = Classes::from_labels(m1.into_iter().chain(m2).chain(m3)).unwrap();
    assert_eq!(classes.names(), ["01", "ham", "naïve", "phishing, urgent", "spam"]);
    let fused = Vote::new().fuse(&labels(&classes, &[&m1, &m2, &m3])).unwrap();
    assert_eq!(winners(&fused, &classes), some(&["ham", "spam", "phishing, urgent", "naïve", "01", "01"]));
}

#[test]
fn class_ids_with_gaps_keep_their_columns() {
    let classes = Classes::from_labels(["10", "3", "-1"]).unwrap();
    let m1 = [0.7, 0.2, 0.1, 0.1, 0.3, 0.6, 0.2, 0.5, 0.3, 0.3, 0.3, 0.4, 0.05, 0.15, 0.8];
    let m2 = [0.5, 0.4, 0.1, 0.2, 0.5, 0.3, 0.3, 0.4, 0.3, 0.6, 0.1, 0.3, 0.25, 0.35, 0.4];
    let members = probabilities(&classes, &[&m1, &m2]);
    let soft = Mean::new().fuse(&members).unwrap();
    assert_eq!(winners(&soft, &classes), some(&["-1", "10", "3", "-1", "10"]));
    assert_near(&soft, &[0.6, 0.3, 0.1, 0.15, 0.4, 0.45, 0.25, 0.45, 0.3, 0.45, 0.2, 0.35, 0.15, 0.25, 0.6]);
    let hard = Vote::new().fuse(&members).unwrap();
    assert_eq!(winners(&hard, &classes), some(&["-1", "3", "3", "-1", "10"]));
}

#[test]
fn a_class_that_a_member_never_saw_counts_as_zero_or_not_at_all() {
    let classes = Classes::new(["a", "b", "c"]).unwrap();
    let m1 = [0.2, 0.3, 0.5, 0.6, 0.3, 0.1, 0.1, 0.1, 0.8];
    let m2 = [0.4, 0.6, 0.0, 0.9, 0.1, 0.0, 0.5, 0.5, 0.0];
    let m3 = [0.1, 0.2, 0.7, 0.15, 0.8, 0.05, 0.3, 0.1, 0.6];
    let members = probabilities(&classes, &[&m1, &m2, &m3]);
    let zero = Mean::new().fuse(&members).unwrap();
    assert_near(&zero, &[0.7 / 3.0, 1.1 / 3.0, 0.4, 0.55, 0.4, 0.05, 0.3, 0.7 / 3.0, 1.4 / 3.0]);
    assert_eq!(winners(&zero, &classes), some(&["c", "a", "c"]));
    let known = KnownOnly::new(vec![vec![true; 3], vec![true, true, false], vec![true; 3]]).fuse(&members).unwrap();
    assert_near(
        &known,
        &[
            0.19444444444444448,
            0.3055555555555555,
            0.5,
            0.5365853658536586,
            0.3902439024390245,
            0.0731707317073171,
            0.24324324324324323,
            0.18918918918918917,
            0.5675675675675675,
        ],
    );
    assert_eq!(winners(&known, &classes), some(&["c", "a", "c"]));
    assert!(KnownOnly::new(vec![vec![true; 3]; 2]).fuse(&members).is_err());
}

#[test]
fn plurality_majority_weights_and_ties() {
    let classes = Classes::new(["a", "b", "c"]).unwrap();
    let members = labels(
        &classes,
        &[
            &["a", "b", "c", "c"],
            &["a", "a", "b", "b"],
            &["b", "c", "c", "a"],
            &["b", "a", "c", "b"],
            &["c", "b", "b", "a"],
        ],
    );
    let weights = vec![1.0, 1.0, 1.0, 1.0, 2.5];
    let vote = |rule: Vote| winners(&rule.fuse(&members).unwrap(), &classes);
    assert_eq!(vote(Vote::new()), some(&["a", "a", "c", "a"]));
    assert_eq!(vote(Vote::new().with_quorum(Quorum::Majority)), some(&["", "", "c", ""]));
    assert_eq!(vote(Vote::new().with_weights(weights.clone())), some(&["c", "b", "b", "a"]));
    let majority = Vote::new().with_quorum(Quorum::Majority).with_weights(weights);
    assert_eq!(vote(majority), some(&["", "b", "b", "a"]));
    let shares = Vote::new().with_ballot(Ballot::Share).fuse(&members).unwrap();
    assert_near(&shares, &[0.4, 0.4, 0.2, 0.4, 0.4, 0.2, 0.0, 0.4, 0.6, 0.4, 0.4, 0.2]);
}

#[test]
fn a_tenth_and_two_tenths_are_even_with_three_tenths() {
    let classes = Classes::new(["a", "b"]).unwrap();
    let members = labels(&classes, &[&["b"], &["b"], &["a"]]);
    let vote = Vote::new().with_weights(vec![0.1, 0.2, 0.3]);
    assert_eq!(winners(&vote.fuse(&members).unwrap(), &classes), some(&["a"]));
    let shares = vote.with_ballot(Ballot::Share).fuse(&members).unwrap();
    assert_eq!(shares.at(0, 0), shares.at(0, 1));
}

#[test]
fn a_row_that_a_member_lacks_is_fused_by_the_others_with_their_weights() {
    let build = |missing| {
        Predictions::builder(Outputs::target("y"), Ids::positions(3))
            .missing(missing)
            .member("a", Gives::Values, &[1.0, f32::NAN, f32::NAN])
            .unwrap()
            .member("b", Gives::Values, &[4.0, 5.0, f32::NAN])
            .unwrap()
            .member("c", Gives::Values, &[7.0, 9.0, f32::NAN])
            .unwrap()
            .build()
            .unwrap()
    };
    let rule = |rule: &str| by_name(rule, &Options { weights: Some(vec![1.0, 3.0, 1.0]) }).unwrap();
    let mean = rule("mean").fuse(&build(Missing::Available)).unwrap();
    assert_eq!(mean.values()[..2], [4.0, 6.0]);
    assert!(mean.at(2, 0).is_nan());
    let median = rule("median").fuse(&build(Missing::Available)).unwrap();
    assert_eq!(median.values()[..2], [4.0, 5.0]);
    let none = rule("mean").fuse(&build(Missing::Propagate)).unwrap();
    assert!(none.at(0, 0) == 4.0 && none.at(1, 0).is_nan() && none.at(2, 0).is_nan());
    // Nobody asks a member of weight 0.
    let without = by_name("mean", &Options { weights: Some(vec![0.0, 1.0, 1.0]) }).unwrap();
    assert_eq!(without.fuse(&build(Missing::Propagate)).unwrap().values()[..2], [5.5, 7.0]);
}

#[test]
fn large_exponents_of_a_power_mean_neither_overflow_nor_vanish() {
    let build = |a: f32, b: f32| {
        Predictions::builder(Outputs::target("y"), Ids::positions(1))
            .member("a", Gives::Values, &[a])
            .unwrap()
            .member("b", Gives::Values, &[b])
            .unwrap()
            .build()
            .unwrap()
    };
    let fuse = |p: f64, a: f32, b: f32| Power::new(p).fuse(&build(a, b)).unwrap().at(0, 0);
    for p in [7.0, 100.0, 1e4, -7.0, -100.0, -1e4] {
        for unit in [1e-30f32, 1e-4, 1.0, 1e5, 1e30] {
            // The mean of a number with its double: of the double 2·(½ + ½·2^−p)^(1/p), of the half the same turned round.
            let expected = if p > 0.0 {
                2.0 * (0.5 + 0.5 * 0.5f64.powf(p)).powf(1.0 / p)
            } else {
                (0.5 + 0.5 * 2f64.powf(p)).powf(1.0 / p)
            };
            let found = f64::from(fuse(p, unit, 2.0 * unit)) / f64::from(unit);
            assert!((found / expected - 1.0).abs() < 1e-6, "{p} {unit}: {found} {expected}");
        }
    }
    assert_eq!((fuse(50.0, 0.0, 0.0), fuse(-50.0, 0.0, 3.0)), (0.0, 0.0));
    // On both sides of where the way of reckoning changes.
    assert!((fuse(6.0, 1.0, 3.0) - fuse(6.0 + 1e-9, 1.0, 3.0)).abs() < 1e-6);
}

#[test]
fn a_member_that_lacks_all_rows_of_a_class_leaves_its_template_to_the_others() {
    let classes = Classes::new(["a", "b"]).unwrap();
    // `late` has no row of class b.
    let lacks = f32::NAN;
    let predictions = Predictions::builder(Outputs::Classes(classes.clone()), Ids::positions(4))
        .missing(Missing::Available)
        .member("early", Gives::Probabilities, &[0.9, 0.1, 0.8, 0.2, 0.3, 0.7, 0.2, 0.8])
        .unwrap()
        .member("late", Gives::Probabilities, &[0.9, 0.1, 0.7, 0.3, lacks, lacks, lacks, lacks])
        .unwrap()
        .build()
        .unwrap();
    let target = Target::Classes { codes: vec![0, 0, 1, 1], classes };
    for similarity in [Similarity::Euclidean, Similarity::Manhattan, Similarity::Jaccard, Similarity::Difference] {
        let fitted = DecisionTemplates::new(similarity).fit(&predictions, &Truth::new(&target), Seed::new(0)).unwrap();
        let fused = fitted.fuse(&predictions).unwrap();
        let chosen: Vec<Option<usize>> = (0..4).map(|i| fused.argmax(i)).collect();
        assert_eq!(chosen, [Some(0), Some(0), Some(1), Some(1)], "{similarity:?} {fused:?}");
        let saved = serde_json::to_value(&*fitted).unwrap();
        let back: Box<dyn Fusion> = serde_json::from_value(saved).unwrap();
        assert_eq!(back.fuse(&predictions).unwrap().values(), fused.values());
    }
}
