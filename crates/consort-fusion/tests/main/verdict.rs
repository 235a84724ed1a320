//! Honest scores and the verdict.

use consort_core::{Classes, Fuser, Fusion, Gives, Ids, Missing, Outputs, Predictions, Result, Seed, Target, Truth};
use consort_fusion::{
    rule::{Fixed, Mean},
    stack::{LinearStack, LogisticStack},
    verdict::{BestMember, Conclusion, HonestScore, NestedSplit, Partitions, Verdict, judge, out_of_fold},
    weights::SimplexWeights,
};
use consort_metrics::{Accuracy, LogLoss, regression::RootMeanSquaredError, significance::Bootstrap};

use crate::reference::{Case, binary, multi, regression};

/// Members that each see the truth through noise of their own.
fn noisy(rows: usize, noise: &[f64]) -> Case {
    noisy_by(9, rows, noise)
}

fn noisy_by(seed: u64, rows: usize, noise: &[f64]) -> Case {
    let mut stream = Seed::new(seed).stream();
    let codes: Vec<u32> = (0..rows).map(|_| stream.below(2) as u32).collect();
    let classes = Classes::new(["no", "yes"]).unwrap();
    let mut builder =
        Predictions::builder(Outputs::Classes(classes.clone()), Ids::from_texts((0..rows).map(|i| format!("row {i}"))));
    for (m, noise) in noise.iter().enumerate() {
        let values: Vec<f32> = codes
            .iter()
            .flat_map(|&y| {
                let z = (2.0 * f64::from(y) - 1.0 + noise * stream.normal()) / noise.max(0.7);
                let p = 1.0 / (1.0 + (-z).exp());
                [(1.0 - p) as f32, p as f32]
            })
            .collect();
        builder = builder.member(format!("m{m}"), Gives::Probabilities, &values).unwrap();
    }
    let target = Target::Classes { codes, classes };
    Case { predictions: builder.build().unwrap(), target, weights: vec![1.0; rows] }
}

fn verdict_on(fuser: &dyn Fuser, case: &Case) -> Verdict {
    let truth = Truth::new(&case.target);
    let folds = NestedSplit::default().draw(&case.predictions, &truth, Seed::new(1)).unwrap();
    let bootstrap = Bootstrap::default().replicates(400);
    let judged =
        judge(fuser, &case.predictions, &truth, &LogLoss::default(), &folds, &bootstrap, Seed::new(1)).unwrap();
    let text = serde_json::to_string(&judged).unwrap_or_default();
    assert!(text.contains("\"conclusion\""));
    judged.verdict
}

#[test]
fn independent_members_are_better_together_and_the_text_says_so() {
    let verdict = verdict_on(&SimplexWeights::default(), &noisy(600, &[1.5, 1.5, 1.5, 1.5]));
    assert_eq!(verdict.conclusion, Conclusion::Better, "{}", verdict.text());
    let text = verdict.text();
    // Equal members take turns at being the best, and the text names them.
    assert!(text.starts_with("The ensemble is better than whichever member was best"), "{text}");
    assert!(verdict.chosen.iter().all(|(name, _)| text.contains(&format!("`{name}`"))), "{text}");
    assert!(text.contains("log loss (95 % interval 0.") && text.contains("It needs all 4 members."), "{text}");
    assert_eq!(verdict.gains.len(), 2);
    assert_eq!(verdict.chosen.iter().map(|(_, count)| count).sum::<usize>(), 5);
    assert!(verdict.oracle.unwrap() > 0.9);
}

#[test]
fn a_member_as_good_as_another_is_seldom_said_to_be_better_than_the_best() {
    // Two equal members, of which the second is the ensemble. Whoever is better on the other folds is often the worse on the
    // one left out, so that the choices alone make both look good: 7 % of such draws were said to be better.
    let draws = 150;
    let (mut better, mut worse, mut split) = (0, 0, 0);
    for seed in 0..draws {
        let case = noisy_by(seed, 200, &[1.5, 1.5]);
        let truth = Truth::new(&case.target);
        let folds = NestedSplit::default().draw(&case.predictions, &truth, Seed::new(seed)).unwrap();
        let second = Fixed::new(Box::new(Mean::new().with_weights(vec![0.0, 1.0])));
        let bootstrap = Bootstrap::default().replicates(300);
        let judged =
            judge(&second, &case.predictions, &truth, &LogLoss::default(), &folds, &bootstrap, Seed::new(seed))
                .unwrap();
        let verdict = judged.verdict;
        better += u32::from(verdict.conclusion == Conclusion::Better);
        worse += u32::from(verdict.conclusion == Conclusion::Worse);
        split += u32::from(verdict.over_best.is_some());
        assert_eq!(verdict.over_best.is_some(), verdict.chosen.len() > 1);
        if let (Some(over), true) = (&verdict.over_best, verdict.best_member == "m1") {
            assert_eq!(over.gain(), Some(0.0));
            assert_ne!(verdict.conclusion, Conclusion::Better, "{}", verdict.text());
        }
    }
    assert!(split > 30 && better <= 4 && worse <= 12, "{split} split, {better} better, {worse} worse of {draws}");
}

#[test]
fn one_member_gains_nothing_over_itself() {
    let verdict = verdict_on(&SimplexWeights::default(), &noisy(200, &[1.5]));
    assert_eq!(verdict.gains[0].gain(), Some(0.0));
    assert_ne!(verdict.conclusion, Conclusion::Better);
    assert_ne!(verdict.conclusion, Conclusion::Worse);
}

#[test]
fn the_gain_of_one_member_is_said_to_come_from_how_its_numbers_are_mapped() {
    // Three times as sure as it should be: a stack learns to trust it less.
    let case = noisy(600, &[1.5]);
    let sure = |p: f32| {
        let odds = (p / (1.0 - p)).powi(3);
        odds / (1.0 + odds)
    };
    let values: Vec<f32> =
        case.predictions.member(0).chunks(2).flat_map(|row| [1.0 - sure(row[1]), sure(row[1])]).collect();
    let predictions = Predictions::builder(case.predictions.outputs().clone(), Ids::positions(600))
        .member("m0", Gives::Probabilities, &values)
        .unwrap()
        .build()
        .unwrap();
    let verdict = verdict_on(&LogisticStack::default(), &Case { predictions, ..case });
    let text = verdict.text();
    assert_eq!((verdict.conclusion, verdict.used), (Conclusion::Better, 1), "{text}");
    assert!(text.starts_with("The ensemble of one member is better than its best member, `m0`"), "{text}");
    assert!(text.contains("It has one member.") && text.contains("how its numbers are mapped"), "{text}");
    assert!(!text.contains("all 1"), "{text}");
}

#[test]
fn the_plain_mean_of_a_good_member_and_noise_is_worse() {
    let verdict = verdict_on(&Fixed::new(Box::new(Mean::new())), &noisy(600, &[0.3, 90.0, 90.0, 90.0]));
    assert_eq!(verdict.conclusion, Conclusion::Worse, "{}", verdict.text());
    assert!(
        verdict.text().starts_with("The ensemble is worse than its best member, `m0`, by 0."),
        "{}",
        verdict.text()
    );
    assert_eq!(verdict.best_member, "m0");
}

#[test]
fn each_row_is_fused_by_a_fit_that_did_not_see_it() {
    let case = regression();
    let truth = Truth::weighted(&case.target, &case.weights).unwrap();
    let folds = NestedSplit::default().draw(&case.predictions, &truth, Seed::new(3)).unwrap();
    let fuser = LinearStack::default();
    let honest =
        HonestScore::of(&fuser, &case.predictions, &truth, &RootMeanSquaredError, &folds, Seed::new(3)).unwrap();
    for fold in 0..5 {
        let rows = |inside: bool| -> Vec<u32> {
            (0..150)
                .filter(|&i| case.weights[i as usize] > 0.0 && (folds.repeat(0)[i as usize] == fold) == inside)
                .collect()
        };
        let (train, test) = (rows(false), rows(true));
        let weights: Vec<f64> = train.iter().map(|&i| case.weights[i as usize]).collect();
        let target = case.target.take(&train);
        let seen = Truth::weighted(&target, &weights).unwrap();
        let fitted = fuser.fit(&case.predictions.take(&train), &seen, Seed::new(0)).unwrap();
        let expected = fitted.fuse(&case.predictions.take(&test)).unwrap();
        for (n, &i) in test.iter().enumerate() {
            let got = honest.fused.at(i as usize, 0);
            assert!((got - expected.at(n, 0)).abs() < 1e-5, "row {i}: {got} {}", expected.at(n, 0));
        }
    }
    for i in (0..150).filter(|&i| case.weights[i] == 0.0) {
        assert!(honest.fused.at(i, 0).is_nan());
    }
    assert!(honest.optimism().unwrap() > 0.0 && honest.unanswered == 0);
}

#[test]
fn repeats_and_given_folds_work_and_bad_ones_are_refused() {
    let case = multi();
    let truth = Truth::new(&case.target);
    let split = NestedSplit::default().folds(4).repeats(2);
    let folds = split.draw(&case.predictions, &truth, Seed::new(1)).unwrap();
    let fuser = SimplexWeights::default();
    let honest = HonestScore::of(&fuser, &case.predictions, &truth, &Accuracy, &folds, Seed::new(1)).unwrap();
    assert_eq!(honest.folds.len(), 8);
    assert!(honest.folds.iter().all(|fold| fold.weights.is_some() && fold.score.value().is_some()));
    let codes: Vec<u32> = (0..240).map(|i| 10 * (i % 3)).collect();
    let given = Partitions::given(&codes).unwrap();
    assert_eq!((given.folds(), given.repeat(0)[1]), (3, 1));
    let by_codes = out_of_fold(&fuser, &case.predictions, &truth, &codes, Seed::new(1)).unwrap();
    let honest = HonestScore::of(&fuser, &case.predictions, &truth, &Accuracy, &given, Seed::new(1)).unwrap();
    assert_eq!(honest.fused, by_codes);
    assert!(Partitions::given(&[4, 4]).is_err());
    let short = Partitions::given(&[0, 1]).unwrap();
    assert!(HonestScore::of(&fuser, &case.predictions, &truth, &Accuracy, &short, Seed::new(1)).is_err());
}

#[test]
fn the_order_of_rows_changes_neither_folds_nor_scores() {
    let case = noisy(300, &[1.0, 1.5, 2.0]);
    let mut order: Vec<u32> = (0..300).collect();
    Seed::new(5).stream().shuffle(&mut order);
    let moved =
        Case { predictions: case.predictions.take(&order), target: case.target.take(&order), weights: vec![1.0; 300] };
    let score = |case: &Case| {
        let truth = Truth::new(&case.target);
        let folds = NestedSplit::default().draw(&case.predictions, &truth, Seed::new(1)).unwrap();
        let fuser = SimplexWeights::default();
        let honest =
            HonestScore::of(&fuser, &case.predictions, &truth, &LogLoss::default(), &folds, Seed::new(1)).unwrap();
        let best = BestMember::of(&case.predictions, &truth, &LogLoss::default(), &folds).unwrap();
        (honest.nested.value().unwrap(), best.nested.value().unwrap(), best.chosen)
    };
    let (a, b) = (score(&case), score(&moved));
    assert!((a.0 - b.0).abs() < 1e-9 && (a.1 - b.1).abs() < 1e-9 && a.2 == b.2, "{a:?} {b:?}");
}

#[test]
fn rows_without_an_answer_are_counted_and_not_judged() {
    let case = binary();
    let mut builder =
        Predictions::builder(case.predictions.outputs().clone(), Ids::positions(200)).missing(Missing::Propagate);
    for m in 0..3 {
        let mut values = case.predictions.member(m).to_vec();
        values[..20].fill(f32::NAN);
        builder = builder.member(format!("m{m}"), Gives::Probabilities, &values).unwrap();
    }
    let holes = Case { predictions: builder.build().unwrap(), target: case.target, weights: case.weights };
    let verdict = verdict_on(&SimplexWeights::default(), &holes);
    assert_eq!((verdict.unanswered, verdict.rows), (10, 190));
    assert!(verdict.text().contains("10 rows without an answer"), "{}", verdict.text());
    let headline = verdict.text().split_once(". ").unwrap().0.to_owned();
    assert!(headline.ends_with("without 5.0 % of the rows, which have no answer"), "{headline}");
}

#[test]
fn groups_stay_whole_and_the_text_says_what_the_intervals_draw() {
    let case = noisy(600, &[1.0, 1.5, 2.0]);
    // 600 rows that are 60 rows ten times: as independent rows they would seem to say ten times as much.
    let rows: Vec<u32> = (0..600).map(|i| i % 60).collect();
    let copies = Case { predictions: case.predictions.take(&rows), target: case.target.take(&rows), weights: vec![] };
    let judged = |truth: &Truth<'_>| {
        let folds = NestedSplit::default().draw(&copies.predictions, truth, Seed::new(1)).unwrap();
        let (fuser, bootstrap) = (Fixed::new(Box::new(Mean::new())), Bootstrap::default().replicates(400));
        let judged =
            judge(&fuser, &copies.predictions, truth, &LogLoss::default(), &folds, &bootstrap, Seed::new(1)).unwrap();
        (judged.verdict, folds.torn_groups(&Truth::new(&copies.target).grouped(&rows).unwrap()))
    };
    let alone = Truth::new(&copies.target);
    let (apart, torn) = judged(&alone);
    assert!(torn > 50, "{torn}");
    let (whole, torn) = judged(&alone.grouped(&rows).unwrap());
    assert_eq!(torn, 0);
    let width = |verdict: &Verdict| {
        let interval = verdict.gains[0].interval.unwrap();
        interval.high - interval.low
    };
    assert!(width(&whole) > 2.0 * width(&apart), "{} {}", width(&whole), width(&apart));
    assert!(whole.text().contains("draw whole groups of rows, of which there are 60"), "{}", whole.text());
    assert!(!apart.text().contains("groups"), "{}", apart.text());
}

#[test]
fn a_member_of_easy_rows_is_not_the_best_for_that() {
    // The third member is the second where that is right, and says nothing elsewhere.
    let case = noisy(400, &[1.5, 2.0]);
    let Target::Classes { codes, .. } = &case.target else { panic!() };
    let mut builder =
        Predictions::builder(case.predictions.outputs().clone(), Ids::positions(400)).missing(Missing::Available);
    let mut easy = case.predictions.member(1).to_vec();
    for (row, &code) in easy.chunks_exact_mut(2).zip(codes) {
        if row[code as usize] < 0.5 {
            row.fill(f32::NAN);
        }
    }
    for (name, values) in [("a", case.predictions.member(0)), ("b", case.predictions.member(1)), ("easy", &easy[..])] {
        builder = builder.member(name, Gives::Probabilities, values).unwrap();
    }
    let predictions = builder.build().unwrap();
    let truth = Truth::new(&case.target);
    let folds = NestedSplit::default().draw(&predictions, &truth, Seed::new(1)).unwrap();
    let best = BestMember::of(&predictions, &truth, &LogLoss::default(), &folds).unwrap();
    assert_eq!(best.name, "a");
    assert!(best.chosen.iter().all(|name| name != "easy"), "{:?}", best.chosen);
}

#[test]
fn an_ensemble_that_is_its_best_member_is_not_said_to_be_worse_than_it() {
    // The fit on all rows leaves the best member, while those of folds take another: the search is what costs.
    #[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
    struct Fickle;
    #[typetag::serde]
    impl Fuser for Fickle {
        fn name(&self) -> String {
            "fickle".into()
        }
        fn fit(&self, predictions: &Predictions, truth: &Truth<'_>, seed: Seed) -> Result<Box<dyn Fusion>> {
            let is_whole = (0..truth.rows()).all(|i| truth.weight(i) > 0.0);
            let weights = if is_whole { vec![1.0, 0.0] } else { vec![0.0, 1.0] };
            Fixed::new(Box::new(Mean::new().with_weights(weights))).fit(predictions, truth, seed)
        }
    }
    let verdict = verdict_on(&Fickle, &noisy(600, &[0.5, 3.0]));
    let text = verdict.text();
    assert!(verdict.is_best_member, "{text}");
    assert_eq!(verdict.conclusion, Conclusion::NoClearGain, "{text}");
    assert!(text.starts_with("The ensemble is its best member, `m0`. The search for it costs something"), "{text}");
    assert!(text.contains("It needs one of the 2 members."), "{text}");
}

#[test]
fn choices_and_gains_are_of_the_same_repeat() {
    let case = noisy(200, &[1.5, 1.5]);
    let truth = Truth::new(&case.target);
    let fuser = SimplexWeights::default();
    let judged = |repeats: usize| {
        let split = NestedSplit::default().repeats(repeats);
        let folds = split.draw(&case.predictions, &truth, Seed::new(3)).unwrap();
        let bootstrap = Bootstrap::default().replicates(100);
        judge(&fuser, &case.predictions, &truth, &LogLoss::default(), &folds, &bootstrap, Seed::new(3)).unwrap()
    };
    let (one, many) = (judged(1), judged(6));
    assert_eq!(many.best_member.chosen.len(), 30);
    assert_eq!(many.verdict.chosen, one.verdict.chosen);
    assert_eq!(many.verdict.over_best.is_some(), many.verdict.chosen.len() > 1);
    assert!(many.verdict.text().contains("averaged over 6 repeats"), "{}", many.verdict.text());
    assert!(!one.verdict.text().contains("repeats"), "{}", one.verdict.text());
}
