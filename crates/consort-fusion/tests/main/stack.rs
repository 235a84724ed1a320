//! Stacking: scikit-learn's and NumPy's coefficients, closed forms, and the common suite.

use std::sync::Arc;

use consort_core::{
    Classes, Fuser, Fusion, Gives, Ids, Metric, Outputs, Predictions, Result, Seed, Target, Task, Truth,
    check::{self, FusionCase},
};
use consort_fusion::{
    rule::{Fixed, Mean, RankAverage},
    select::GreedySelection,
    stack::{LinearStack, LogisticStack, MetaInputs, SuperLearner},
    weights::SimplexWeights,
};
use consort_metrics::{LogLoss, ranking::RocAuc, regression::RootMeanSquaredError};

use crate::reference::{assert_near, binary_of, columns, json, multi, numbers, regression};

#[test]
fn linear_stacking_equals_numpy() {
    let reference = json("fusion.json");
    let case = regression();
    let truth = Truth::new(&case.target);
    let fitted = LinearStack::default().penalty(0.0).regress(&case.predictions, &truth).unwrap();
    let of = |fitted: &consort_fusion::stack::LinearMetaModel| -> Vec<f64> {
        fitted.members().iter().map(|name| fitted.coefficients(name).unwrap()[0]).collect()
    };
    // The members are in single precision, so 1e-6 and not 1e-8.
    assert_near(&of(&fitted), &numbers(&reference["ols_stack_regression"]["w"]), 1e-6);
    assert_near(fitted.intercept(), &[reference["ols_stack_regression"]["intercept"].as_f64().unwrap()], 1e-6);
    let ridge = LinearStack::default().intercept(false).regress(&case.predictions, &truth).unwrap();
    assert_near(&of(&ridge), &numbers(&reference["ridge1_no_intercept_regression"]["w"]), 1e-6);
    let non_negative =
        LinearStack::default().intercept(false).penalty(0.0).non_negative(true).regress(&case.predictions, &truth);
    assert_near(&of(&non_negative.unwrap()), &numbers(&reference["nnls_regression"]["w"]), 1e-6);
}

#[test]
fn logistic_stacking_equals_scikit_learn() {
    let reference = json("stacking.json");
    let table = columns("stacking_oof_breast_cancer.csv");
    for fold in ["kfold5", "strat5"] {
        let names = ["lr", "gnb", "knn5"].map(|name| format!("{fold}_{name}"));
        let (predictions, target) = binary_of(&table, &names.each_ref().map(String::as_str));
        let fitted = LogisticStack::default().regress(&predictions, &Truth::new(&target)).unwrap();
        let expected = &reference[fold]["meta_lr_on_P(y=1) (order lr,gnb,knn5)"];
        let coefficients: Vec<f64> = names.iter().map(|name| fitted.coefficients(name).unwrap()[0]).collect();
        assert_near(&coefficients, &numbers(&expected["coef"]), 1e-5);
        assert_near(fitted.intercept(), &[expected["intercept"].as_f64().unwrap()], 1e-5);
        assert!(fitted.steps() < 30, "{} steps", fitted.steps());
        let fused = fitted.fuse(&predictions).unwrap();
        let (codes, _) = Truth::new(&target).classes("test").unwrap();
        let loss: f64 = codes.iter().enumerate().map(|(i, &y)| -f64::from(fused.at(i, y as usize)).ln()).sum::<f64>()
            / codes.len() as f64;
        assert_near(&[loss], &[expected["in_sample_log_loss"].as_f64().unwrap()], 1e-6);
    }
}

/// The gradient of the penalised loss by its definition must vanish at the fitted softmax.
#[test]
fn the_gradient_vanishes_at_a_fitted_softmax() {
    let case = multi();
    let truth = Truth::weighted(&case.target, &case.weights).unwrap();
    let (codes, _) = truth.classes("test").unwrap();
    for inputs in [MetaInputs::Probabilities, MetaInputs::LogOdds] {
        let fitted = LogisticStack::default().c(0.7).inputs(inputs).regress(&case.predictions, &truth).unwrap();
        let fused = fitted.fuse(&case.predictions).unwrap();
        let residual = |i: usize, k: usize| {
            truth.weight(i) * (f64::from(fused.at(i, k)) - f64::from(u8::from(codes[i] as usize == k)))
        };
        let feature = |m: usize, i: usize, k: usize| {
            let p = f64::from(case.predictions.at(m, i, k));
            if inputs == MetaInputs::LogOdds { p.max(f64::from(f32::EPSILON)).ln() } else { p }
        };
        for k in 0..4 {
            let slope: f64 = (0..codes.len()).map(|i| residual(i, k)).sum();
            // The fused numbers are in single precision: some 1e-8 a row.
            assert!(slope.abs() < 1e-4, "{slope}");
            for (m, name) in fitted.members().iter().enumerate() {
                for class in 0..4 {
                    let slope: f64 = (0..codes.len()).map(|i| residual(i, k) * feature(m, i, class)).sum();
                    let coefficient = fitted.coefficients(name).unwrap()[class * 4 + k];
                    assert!((coefficient + 0.7 * slope).abs() < 1e-3, "{coefficient} {slope}");
                }
            }
        }
        assert!(fitted.steps() < 80, "{} steps", fitted.steps());
    }
}

#[test]
fn dependent_members_get_the_coefficients_of_least_norm() {
    let predictions = Predictions::builder(Outputs::target("y"), Ids::positions(4))
        .member("a", Gives::Values, &[0.0, 1.0, 2.0, 4.0])
        .unwrap()
        .member("b", Gives::Values, &[0.0, 1.0, 2.0, 4.0])
        .unwrap()
        .build()
        .unwrap();
    let target = Target::from_values(vec![1.0, 3.0, 5.0, 9.0], "y").unwrap();
    let fitted = LinearStack::default().penalty(0.0).regress(&predictions, &Truth::new(&target)).unwrap();
    assert_near(&[fitted.coefficients("a").unwrap()[0], fitted.coefficients("b").unwrap()[0]], &[1.0, 1.0], 1e-12);
    assert_near(fitted.intercept(), &[1.0], 1e-12);
}

#[test]
fn meta_learners_keep_the_contracts_of_fusers() {
    let probabilities = [Task::Binary, Task::Multiclass, Task::Multilabel].map(|task| (task, Gives::Probabilities));
    for (task, gives) in probabilities.into_iter().chain([(Task::Binary, Gives::Logits)]) {
        let case = FusionCase { missing: false, tolerance: 1e-5, ..FusionCase::new(task, gives) };
        let fusers: [&dyn Fuser; 3] = [
            &LinearStack::default(),
            &LinearStack::default().penalty(0.0).non_negative(true),
            &LogisticStack::default(),
        ];
        for fuser in fusers {
            check::fuser(fuser, &case).unwrap();
        }
    }
    let case = FusionCase { missing: false, tolerance: 1e-5, ..FusionCase::new(Task::Binary, Gives::Logits) };
    check::fuser(&LogisticStack::default().inputs(MetaInputs::LogOdds), &case).unwrap();
    let case = FusionCase { missing: false, tolerance: 1e-5, ..FusionCase::new(Task::Regression, Gives::Values) };
    check::fuser(&LinearStack::default(), &case).unwrap();
    check::fuser(&LinearStack::default().intercept(false).non_negative(true), &case).unwrap();
}

#[test]
fn the_super_learner_takes_another_fuser_only_where_it_is_clearly_better() {
    let metric: Arc<dyn Metric> = Arc::new(LogLoss::default());
    let (greedy, stack): (Arc<dyn Fuser>, Arc<dyn Fuser>) =
        (Arc::new(GreedySelection::default()), Arc::new(LogisticStack::default()));
    let either = SuperLearner::discrete(vec![greedy.clone(), stack.clone()], metric.clone());
    let classes = Classes::new(["a", "b"]).unwrap();
    let rows = 4000;
    let mut stream = Seed::new(3).stream();
    let said: Vec<f64> = (0..rows).map(|_| 0.02 + 0.96 * stream.unit()).collect();
    let cube: Vec<f32> = said.iter().flat_map(|&p| [(1.0 - p) as f32, p as f32]).collect();
    let predictions = Predictions::builder(Outputs::Classes(classes.clone()), Ids::positions(rows))
        .member("m", Gives::Probabilities, &cube)
        .unwrap()
        .build()
        .unwrap();
    // The truth follows what the member says, or the contrary of it.
    let mut target = |turned: bool| Target::Classes {
        codes: said.iter().map(|&p| u32::from((stream.unit() < p) != turned)).collect(),
        classes: classes.clone(),
    };
    let (honest, turned) = (target(false), target(true));
    let name = |fuser: &SuperLearner, target: &Target| {
        fuser.fit(&predictions, &Truth::new(target), Seed::new(0)).unwrap().name()
    };
    assert_eq!(name(&either, &honest), greedy.name());
    assert_eq!(name(&either, &turned), stack.name());
    // Few rows drawn from many tell the same; none is drawn by its place.
    let few = SuperLearner { most_rows: 300, ..either.clone() };
    assert_eq!((name(&few, &honest), name(&few, &turned)), (greedy.name(), stack.name()));
    // The winner is fitted on all rows: to the bit what it is by itself.
    let all = stack.fit(&predictions, &Truth::new(&turned), Seed::new(0)).unwrap();
    let few = few.fit(&predictions, &Truth::new(&turned), Seed::new(0)).unwrap();
    assert_eq!(all.fuse(&predictions).unwrap().values(), few.fuse(&predictions).unwrap().values());
    // In doubt the first, whichever it is; and rows without weight tell nothing.
    let twins = SuperLearner::discrete(vec![stack.clone(), stack.clone(), greedy], metric.clone());
    assert_eq!(name(&twins, &turned), stack.name());
    let alone: Vec<f64> = (0..rows).map(|i| f64::from(u8::from(i == 0))).collect();
    let one = Truth::weighted(&turned, &alone).unwrap();
    assert_eq!(either.fit(&predictions, &one, Seed::new(0)).unwrap().name(), "greedy");
    let none = SuperLearner::discrete(Vec::new(), metric);
    assert!(none.fit(&predictions, &one, Seed::new(0)).unwrap_err().to_string().contains("at least one"));
    let back: SuperLearner = serde_json::from_value(serde_json::to_value(&either).unwrap()).unwrap();
    assert_eq!(name(&back, &turned), stack.name());
}

#[test]
fn the_super_learner_mixes_fusers_of_which_each_knows_what_the_other_does_not() {
    // A fuser may only see the member it is of, so that the best is a mean of the two.
    #[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
    struct Only(String);
    #[typetag::serde]
    impl Fuser for Only {
        fn name(&self) -> String {
            "only".into()
        }
        fn fit(&self, predictions: &Predictions, _: &Truth<'_>, _: Seed) -> Result<Box<dyn Fusion>> {
            let weights = predictions.names().map(|name| f64::from(u8::from(name == self.0))).collect();
            Ok(Box::new(Mean::new().with_weights(weights)))
        }
    }
    let rows = 3000;
    let mut stream = Seed::new(5).stream();
    let truth: Vec<f64> = (0..rows).map(|_| 10.0 * stream.unit()).collect();
    let mut off = |width: f64| truth.iter().map(|y| (y + width * (stream.unit() - 0.5)) as f32).collect::<Vec<f32>>();
    let predictions = Predictions::builder(Outputs::target("y"), Ids::positions(rows))
        .member("a", Gives::Values, &off(2.0))
        .and_then(|builder| builder.member("b", Gives::Values, &off(3.0)))
        .and_then(|builder| builder.build())
        .unwrap();
    let target = Target::from_values(truth, "y").unwrap();
    let truth = Truth::new(&target);
    let only = |name: &str| Arc::new(Only(name.into())) as Arc<dyn Fuser>;
    let learner = SuperLearner::new(vec![only("a"), only("b")], Arc::new(RootMeanSquaredError));
    let fitted = learner.fit(&predictions, &truth, Seed::new(0)).unwrap();
    assert_eq!(
        (learner.name().as_str(), fitted.name().as_str()),
        ("simplex_weights(only, only)", "simplex_weights(mean, mean)")
    );
    // The weights are those that simplex weights of the two members are: in inverse proportion to the variances, 9 to 4.
    let direct = SimplexWeights::default().fit(&predictions, &truth, Seed::new(0)).unwrap();
    let weights = fitted.weights().unwrap();
    assert!((weights[0] - 9.0 / 13.0).abs() < 0.03, "{weights:?}");
    assert!(weights.iter().zip(direct.weights().unwrap()).all(|(a, b)| (a - b).abs() < 1e-9), "{weights:?}");
    let (fused, by_members) = (fitted.fuse(&predictions).unwrap(), direct.fuse(&predictions).unwrap());
    assert!(fused.values().iter().zip(by_members.values()).all(|(a, b)| (a - b).abs() < 1e-5));
    // One of them alone where the other brings nothing: no mixture is made of one.
    let idle = SuperLearner::new(vec![only("b"), only("a"), only("b")], Arc::new(RootMeanSquaredError));
    let weights = idle.fit(&predictions, &truth, Seed::new(0)).unwrap().weights().unwrap();
    assert!((weights[0] - 9.0 / 13.0).abs() < 0.03, "{weights:?}");
    let same = SuperLearner::new(vec![only("b"), only("b")], Arc::new(RootMeanSquaredError));
    assert_eq!(same.fit(&predictions, &truth, Seed::new(0)).unwrap().name(), "mean");
    // What is written is what is read, and a part of the rows is fused as all are.
    let back: Box<dyn Fusion> = serde_json::from_value(serde_json::to_value(&*fitted).unwrap()).unwrap();
    assert_eq!(back.fuse(&predictions).unwrap().values(), fused.values());
    assert_eq!(fitted.fuse(&predictions.slice(100..200)).unwrap().values(), &fused.values()[100..200]);
    // Few of many rows give much the same, drawn by their ids.
    let few = SuperLearner { most_rows: 1000, ..learner };
    let weights = few.fit(&predictions, &truth, Seed::new(0)).unwrap().weights().unwrap();
    assert!((weights[0] - 9.0 / 13.0).abs() < 0.06, "{weights:?}");
}

#[test]
fn the_super_learner_does_not_take_ranks_for_probabilities() {
    // What the member says is far too modest, so that its ranks, read as probabilities, would cost less.
    let classes = Classes::new(["a", "b"]).unwrap();
    let rows = 4000;
    let mut stream = Seed::new(3).stream();
    let true_p: Vec<f64> = (0..rows).map(|_| stream.unit()).collect();
    let cube: Vec<f32> = true_p.iter().map(|p| 0.45 + 0.1 * p).flat_map(|p| [(1.0 - p) as f32, p as f32]).collect();
    let predictions = Predictions::builder(Outputs::Classes(classes.clone()), Ids::positions(rows))
        .member("m", Gives::Probabilities, &cube)
        .unwrap()
        .build()
        .unwrap();
    let codes = true_p.iter().map(|&p| u32::from(stream.unit() < p)).collect();
    let target = Target::Classes { codes, classes };
    let truth = Truth::new(&target);
    let mean = || Arc::new(Fixed::new(Box::new(Mean::new()))) as Arc<dyn Fuser>;
    let ranks = || Arc::new(Fixed::new(Box::new(RankAverage::new()))) as Arc<dyn Fuser>;
    let log_loss: Arc<dyn Metric> = Arc::new(LogLoss::default());
    for learner in [
        SuperLearner::discrete(vec![mean(), ranks()], log_loss.clone()),
        SuperLearner::new(vec![mean(), ranks()], log_loss.clone()),
    ] {
        let fitted = learner.fit(&predictions, &truth, Seed::new(0)).unwrap();
        assert_eq!((fitted.name().as_str(), fitted.gives(predictions.outputs())), ("mean", Gives::Probabilities));
    }
    let first = SuperLearner::discrete(vec![ranks(), mean()], log_loss);
    assert!(first.fit(&predictions, &truth, Seed::new(0)).is_err(), "the first must have a score");
    // A metric of order takes ranks, and the mixture is of the others.
    let by_order = SuperLearner::new(vec![ranks(), mean(), mean()], Arc::new(RocAuc::default()));
    assert_eq!(by_order.fit(&predictions, &truth, Seed::new(0)).unwrap().name(), "rank");
}

#[test]
fn what_meta_learners_cannot_do_is_refused() {
    let case = regression();
    let error = LogisticStack::default().fit(&case.predictions, &Truth::new(&case.target), Seed::new(0)).unwrap_err();
    assert!(error.to_string().contains("use linear stacking"), "{error}");
    assert!(LinearStack::default().penalty(-1.0).check().is_err());
    assert!(LogisticStack::default().c(f64::NAN).check().is_err());
    let case = multi();
    let error = LogisticStack::default().steps(1).regress(&case.predictions, &Truth::new(&case.target)).unwrap_err();
    assert!(error.to_string().contains("did not converge: after 1 steps"), "{error}");
}
