use std::sync::Arc;

use consort::{
    core::{Dataset, Fuser, Learner, Metric, Outputs, Reads, Target, Task},
    ensemble::{
        NamedLearner,
        boost::{AdaBoost, Boosting},
        portfolio::{self, MemberRecipe},
        stack::{Meta, Refit, Stacking},
    },
    fusion::{
        calibrate::{Calibrated, SmoothedTemperature},
        rule::{self, Fixed},
        select::GreedySelection,
        stack::{LinearStack, LogisticStack, SuperLearner},
        weights::{SimplexWeights, WeightLoss},
    },
    trees::decision_tree::DecisionTree,
};

use super::{Plan, Recipe};
use crate::{
    args::Method,
    failure::{Failure, Result},
    method::of_outputs,
};

/// What makes one prediction of the members'.
pub(crate) fn fuser(method: Method, task: Task, metric: &Arc<dyn Metric>) -> Arc<dyn Fuser> {
    let is_classification = task.is_classification();
    match method {
        Method::Auto => {
            let among = [Method::Greedy, Method::Stack].map(|method| fuser(method, task, metric));
            // Weights tell who counts for how much, and a stack does not: it must gain more than chance would.
            Arc::new(SuperLearner::new(among.into(), Arc::clone(metric)))
        }
        // A mean is less sure than its members; one temperature puts that right.
        Method::Greedy if is_classification => {
            let greedy = Arc::new(GreedySelection::new(Arc::clone(metric)));
            Arc::new(Calibrated::new(greedy, Arc::new(SmoothedTemperature)))
        }
        Method::Greedy => Arc::new(GreedySelection::new(Arc::clone(metric))),
        Method::Stack if is_classification => Arc::new(LogisticStack::default()),
        Method::Stack => Arc::new(LinearStack::default()),
        Method::Blend => {
            let loss = if is_classification { WeightLoss::Log } else { WeightLoss::Squared };
            Arc::new(SimplexWeights::default().loss(loss))
        }
        Method::Vote if is_classification => Arc::new(Fixed::new(Box::new(rule::Vote::default()))),
        // What other methods make of the members is in these already.
        _ => Arc::new(Fixed::new(Box::new(rule::Mean::default()))),
    }
}

/// The members that a recipe asks for, in an order that does not depend on theirs.
pub(crate) fn members(method: Method, recipe: &Recipe, data: &Dataset) -> Result<Vec<NamedLearner>> {
    let wrong = |member: &MemberRecipe, error| recipe.at_member(member, error);
    let members = match (method, recipe.members.as_slice()) {
        (Method::Bag, []) => vec![NamedLearner::new("tree", deep_tree(data))],
        (Method::Adaboost, []) => vec![portfolio::by_name("adaboost", data)?],
        (Method::Boost, []) => vec![portfolio::by_name("boost", data)?],
        (Method::Adaboost, members) => {
            let over = |base| Arc::new(AdaBoost { base: Some(base), ..AdaBoost::default() }) as Arc<dyn Learner>;
            let member = |member: &MemberRecipe| member.member_of(data, over).map_err(|error| wrong(member, error));
            members.iter().map(member).collect::<Result<_>>()?
        }
        (Method::Boost, members) => {
            let over = |base| Arc::new(Boosting::of(base)) as Arc<dyn Learner>;
            let of_numbers = numbers_to_fit(data)?;
            let member =
                |member: &MemberRecipe| member.member_of(&of_numbers, over).map_err(|error| wrong(member, error));
            members.iter().map(member).collect::<Result<_>>()?
        }
        (method, []) if method.trains_nets() => {
            return Err(Failure::usage(format!(
                "--method {} trains nets: name one, such as `--members mlp` for a table or `--members lenet` for pictures",
                method.name()
            )));
        }
        (_, []) => portfolio::auto(data),
        (_, members) => {
            let member = |member: &MemberRecipe| member.member(data).map_err(|error| wrong(member, error));
            members.iter().map(member).collect::<Result<_>>()?
        }
    };
    let is_for_nets = method.trains_nets() || recipe.epochs.is_some() || recipe.device.is_some();
    let members = if is_for_nets || matches!(method, Method::Vote | Method::Bag) {
        nets(method, members, recipe)?
    } else {
        members
    };
    Ok(portfolio::in_order(members, data))
}

/// A tree that a few other rows change much. Of classes, its leaves have five rows, so that their shares say something of
/// probabilities.
fn deep_tree(data: &Dataset) -> DecisionTree {
    let mut tree = DecisionTree::default();
    if data.target().is_some_and(|target| target.outputs().task().is_classification()) {
        tree.shape.min_leaf_rows = 5;
    }
    tree
}

/// The data as each round of gradient boosting sees it, whatever the target: a learner fits numbers. The features are shared.
fn numbers_to_fit(data: &Dataset) -> Result<Dataset> {
    Ok(data.clone().with_target(Target::from_values(vec![0.0; data.rows()], "residual")?)?)
}

/// A bag draws rows, with some left out to tell by: no folds are made, nor any order of time heeded.
pub(crate) fn refuse_folds(recipe: &Recipe) -> Result<()> {
    let asked = [
        (recipe.fold.is_some(), "--fold", "the rows that a draw leaves out are those that tell"),
        (recipe.time.is_some(), "--time", "draws mix the past with the future"),
        (recipe.folds.is_some(), "--folds", "there are none; --repeats says how many times rows are drawn"),
    ];
    match asked.iter().find(|(is_asked, ..)| *is_asked) {
        None => Ok(()),
        Some((_, option, why)) => {
            let instead = "to judge bags by folds, make the member a bag in a recipe (`learner = \"bagging\"`)";
            Err(Failure::usage(format!("{option} does not go with --method bag: {why}. {instead}")))
        }
    }
}

/// What is optimised and judged: by default what is usual for the task, and for votes, which have no probabilities, the
/// accuracy.
///
/// # Errors
/// For a metric that votes cannot be judged by.
pub(crate) fn metric(method: Method, name: Option<&str>, outputs: &Outputs) -> Result<Arc<dyn Metric>> {
    let votes = method == Method::Vote && outputs.task().is_classification();
    let metric = of_outputs(name.or(votes.then_some("accuracy")), outputs)?;
    if votes && metric.reads() != Reads::Label {
        return Err(Failure::usage(format!(
            "--metric {} does not go with --method vote, which gives labels: choose one that reads labels, such as accuracy",
            metric.name()
        )));
    }
    Ok(metric)
}

/// The whole recipe of a plan.
pub(crate) fn stacking(plan: &Plan, splitter: Arc<dyn consort::core::Splitter>, fuser: Arc<dyn Fuser>) -> Stacking {
    let mut stacking = Stacking::greedy(plan.members.clone());
    for _ in 1..plan.layers {
        stacking = stacking.layer(plan.members.clone()).passthrough(true);
    }
    stacking.splitter = Some(splitter);
    stacking.meta = Some(Meta::Fuser(fuser));
    stacking.refit(if plan.keep_folds { Refit::KeepFolds } else { Refit::All })
}

/// Members, of which those that are nets are trained as a method says.
#[cfg(feature = "nets")]
fn nets(method: Method, members: Vec<NamedLearner>, recipe: &Recipe) -> Result<Vec<NamedLearner>> {
    super::nets::trained_by(method, members, recipe)
}

#[cfg(not(feature = "nets"))]
fn nets(method: Method, members: Vec<NamedLearner>, recipe: &Recipe) -> Result<Vec<NamedLearner>> {
    if !method.trains_nets() && recipe.epochs.is_none() && recipe.device.is_none() {
        return Ok(members);
    }
    Err(Failure::usage("this program was built without nets: build it with `--features nets`"))
}

/// How many draws a bag has where nobody says it: nets cost more than trees, and differ by themselves.
#[cfg(feature = "nets")]
pub(crate) fn usual_draws(members: &[NamedLearner]) -> u32 {
    if members.iter().any(super::nets::is_of_nets) { 10 } else { DRAWS }
}

/// The same: without nets there are none among the members.
#[cfg(not(feature = "nets"))]
pub(crate) fn usual_draws(_: &[NamedLearner]) -> u32 {
    DRAWS
}

/// How many draws of the rows bags of trees have.
const DRAWS: u32 = 50;
