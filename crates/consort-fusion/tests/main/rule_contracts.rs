//! The common suite, over every rule.

use consort_core::{Gives, Missing, Predictions, Task, check, check::FusionCase};
use consort_fusion::rule::{self, Options, by_name, fuser_by_name};

use crate::reference;

/// Rules and what holds of them beyond the contracts of all: weights may be halved, one member stays as it is.
const RULES: [(&str, bool, bool); 22] = [
    ("mean", true, true),
    ("vote", true, false),
    ("vote:share", true, false),
    ("vote:majority", true, false),
    ("vote:mean", true, false),
    ("geometric", true, true),
    ("geometric:raw", true, true),
    ("logit-mean", true, true),
    ("harmonic", true, true),
    ("power:2", true, true),
    ("power:-1.5", true, true),
    ("median", true, true),
    ("weighted-median", true, true),
    ("trimmed:0.3", false, true),
    ("trimmed:0.3,raw", false, true),
    ("winsorised:0.3", false, true),
    ("minimum", true, true),
    ("maximum", true, true),
    ("product", true, true),
    ("rank", true, false),
    ("borda", true, false),
    ("dempster-shafer", false, false),
];

fn run(rule: &str, case: &FusionCase) {
    let make = |weights| match by_name(rule, &Options { weights }) {
        Ok(rule) => rule,
        // The suite asks for weights that must be refused, here or at the fusion.
        Err(error) => Box::new(Refusing(error.to_string())),
    };
    check::fusion(&make, case).unwrap_or_else(|broken| panic!("{broken}"));
}

#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Refusing(String);

#[typetag::serde]
impl consort_core::Fusion for Refusing {
    fn name(&self) -> String {
        "refusing".into()
    }

    fn fuse(&self, _: &Predictions) -> consort_core::Result<consort_core::Matrix> {
        Err(consort_core::Error::custom(self.0.clone()))
    }
}

fn each(task: Task, gives: Gives, only: impl Fn(&str) -> bool) {
    for (rule, halves, identity) in RULES.into_iter().filter(|(rule, ..)| only(rule)) {
        let identity = identity && gives != Gives::Logits;
        let row_wise = !rule.starts_with("rank");
        run(rule, &FusionCase { halves, identity, row_wise, ..FusionCase::new(task, gives) });
    }
}

fn is(rule: &str, names: &[&str]) -> bool {
    names.contains(&rule.split(':').next().unwrap())
}

#[test]
fn every_rule_keeps_the_contracts_on_probabilities_of_four_classes() {
    each(Task::Multiclass, Gives::Probabilities, |_| true);
}

#[test]
fn every_rule_keeps_the_contracts_on_two_classes() {
    each(Task::Binary, Gives::Probabilities, |_| true);
}

#[test]
fn every_rule_but_raw_ones_keeps_the_contracts_on_logits() {
    each(Task::Multiclass, Gives::Logits, |_| true);
}

#[test]
fn rules_for_labels_and_scores_keep_the_contracts_on_them() {
    each(Task::Multiclass, Gives::Labels, |rule| is(rule, &["mean", "vote"]) && rule != "mean");
    each(Task::Multiclass, Gives::Scores, |rule| is(rule, &["vote", "rank", "borda"]) && rule != "vote:mean");
}

#[test]
fn rules_keep_the_contracts_on_yes_or_no_labels() {
    each(Task::Multilabel, Gives::Probabilities, |rule| !is(rule, &["borda", "dempster-shafer"]));
    each(Task::Multilabel, Gives::Logits, |rule| is(rule, &["mean", "vote", "geometric", "logit-mean", "product"]));
}

#[test]
fn rules_keep_the_contracts_on_values_and_quantiles() {
    let no = ["vote", "logit-mean", "product", "rank", "borda", "dempster-shafer"];
    each(Task::Regression, Gives::Values, |rule| !is(rule, &no));
    each(Task::Quantile, Gives::Values, |rule| is(rule, &["mean", "median", "trimmed", "minimum"]));
}

#[test]
fn every_fitted_rule_keeps_the_contracts() {
    let rules = [
        "decision-templates",
        "decision-templates:manhattan",
        "decision-templates:jaccard",
        "decision-templates:difference",
        "bks",
        "bks:mean",
        "bks:prior",
        "bks:reject",
        "naive-bayes",
        "median",
    ];
    for rule in rules {
        let fuser = fuser_by_name(rule, &Options::default()).unwrap();
        for task in [Task::Binary, Task::Multiclass] {
            // A row without a whole pattern is rejected as any other that is unknown.
            let missing = rule != "bks:reject";
            let case = FusionCase { missing, ..FusionCase::new(task, Gives::Probabilities) };
            check::fuser(&*fuser, &case).unwrap_or_else(|broken| panic!("{broken}"));
        }
    }
    for (rule, gives) in [("naive-bayes", Gives::Scores), ("bks", Gives::Labels), ("decision-templates", Gives::Logits)]
    {
        let fuser = fuser_by_name(rule, &Options::default()).unwrap();
        check::fuser(&*fuser, &FusionCase::new(Task::Multiclass, gives)).unwrap_or_else(|broken| panic!("{broken}"));
    }
}

#[test]
fn a_fitted_rule_refuses_other_members_and_finds_its_own_in_any_order() {
    let case = reference::multi();
    let truth = consort_core::Truth::new(&case.target);
    for rule in rule::names().iter().filter(|rule| rule.fitted) {
        let fuser = fuser_by_name(rule.name, &Options::default()).unwrap();
        let fitted = fuser.fit(&case.predictions.subset(&[0, 1, 2]), &truth, consort_core::Seed::new(0)).unwrap();
        let expected = fitted.fuse(&case.predictions.subset(&[0, 1, 2])).unwrap();
        assert_eq!(fitted.fuse(&case.predictions.subset(&[2, 0, 1])).unwrap(), expected, "{}", rule.name);
        let error = fitted.fuse(&case.predictions.subset(&[0, 1, 3])).unwrap_err().to_string();
        assert!(error.contains("m3"), "{error}");
        assert!(fitted.fuse(&case.predictions).is_err(), "{}", rule.name);
    }
}

#[test]
fn permuting_members_changes_no_bit() {
    let case = reference::multi();
    for (rule, ..) in RULES {
        let weights = [0.4, 0.3, 0.2, 0.1];
        let order = [3, 1, 0, 2];
        let fuse = |weights: Vec<f64>, predictions: &Predictions| {
            by_name(rule, &Options { weights: Some(weights) }).unwrap().fuse(predictions).unwrap()
        };
        let permuted = fuse(order.map(|m| weights[m]).to_vec(), &case.predictions.subset(&order));
        let bits = |matrix: consort_core::Matrix| matrix.values().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(fuse(weights.to_vec(), &case.predictions)), bits(permuted), "{rule}");
    }
}

#[test]
fn what_makes_no_sense_is_refused_with_the_member_and_a_way_out() {
    let multi = reference::multi().predictions;
    let regression = reference::regression().predictions;
    let as_given = |gives: Gives, values: [f32; 8]| {
        Predictions::builder(multi.outputs().clone(), consort_core::Ids::positions(2))
            .missing(Missing::Error)
            .member("odd", gives, &values)
            .unwrap()
            .build()
            .unwrap()
    };
    let labels = as_given(Gives::Labels, [1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
    let scores = as_given(Gives::Scores, [1.0, -5.0, 3.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
    for (rule, predictions, words) in [
        ("geometric", &labels, ["labels of member `odd`", "use `vote` or `mean`"]),
        ("geometric", &scores, ["scores of member `odd`", "`rank`"]),
        ("mean", &scores, ["scores of member `odd`", "`borda`"]),
        ("median", &labels, ["labels of member `odd`", "use `vote`"]),
        ("vote", &regression, ["values of member `m1`", "use `mean`"]),
        ("product", &regression, ["values of member `m1`", "`median`"]),
        ("rank", &regression, ["values of member `m1`", "`trimmed`"]),
        ("borda", &regression, ["regression", "classes"]),
        ("dempster-shafer", &regression, ["regression", "classes"]),
    ] {
        let error = by_name(rule, &Options::default()).unwrap().fuse(predictions).unwrap_err().to_string();
        assert!(words.iter().all(|word| error.contains(word)), "{rule}: {error}");
    }
    let negative = Predictions::builder(consort_core::Outputs::target("y"), consort_core::Ids::positions(2))
        .member("m", Gives::Values, &[1.0, -1.0])
        .unwrap()
        .build()
        .unwrap();
    for rule in ["geometric", "harmonic", "power:3"] {
        let error = by_name(rule, &Options::default()).unwrap().fuse(&negative).unwrap_err().to_string();
        assert!(error.contains("row 2 of member `m`"), "{rule}: {error}");
    }
    let trimmed = by_name("trimmed:2", &Options::default()).unwrap().fuse(&multi).unwrap_err().to_string();
    assert!(trimmed.contains("less than half of the 4 members"), "{trimmed}");
}
