use std::sync::Arc;

use consort::{
    core::{Dataset, Fuser, Metric, Task},
    ensemble::{
        NamedLearner,
        portfolio::{self, MemberRecipe},
        stack::{Meta, Refit, Stacking},
    },
    fusion::{
        rule::{self, Fixed},
        select::GreedySelection,
        stack::{LinearStack, LogisticStack},
        weights::{SimplexWeights, WeightLoss},
    },
};

use super::{Plan, Recipe};
use crate::{args::Method, failure::Result};

/// What makes one prediction of the members'.
pub(crate) fn fuser(method: Method, task: Task, metric: &Arc<dyn Metric>) -> Arc<dyn Fuser> {
    let is_classification = task.is_classification();
    match method {
        Method::Greedy => Arc::new(GreedySelection::new(Arc::clone(metric))),
        Method::Stack if is_classification => Arc::new(LogisticStack::default()),
        Method::Stack => Arc::new(LinearStack::default()),
        Method::Blend => {
            let loss = if is_classification { WeightLoss::Log } else { WeightLoss::Squared };
            Arc::new(SimplexWeights::default().loss(loss))
        }
        Method::Vote if is_classification => Arc::new(Fixed::new(Box::new(rule::Vote::default()))),
        Method::Vote | Method::Average | Method::Adaboost | Method::Boost => {
            Arc::new(Fixed::new(Box::new(rule::Mean::default())))
        }
    }
}

/// The members that a recipe asks for, in an order that does not depend on theirs.
pub(crate) fn members(method: Method, recipe: &Recipe, data: &Dataset) -> Result<Vec<NamedLearner>> {
    let alone = match method {
        Method::Adaboost => Some("adaboost"),
        Method::Boost => Some("boost"),
        _ => None,
    };
    let asked: Vec<MemberRecipe> = match alone {
        Some(name) => vec![MemberRecipe::named(name)],
        None if recipe.members.is_empty() => return Ok(portfolio::in_order(portfolio::auto(data), data)),
        None => recipe.members.clone(),
    };
    let member = |member: &MemberRecipe| member.member(data).map_err(|error| recipe.at_member(member, error));
    Ok(portfolio::in_order(asked.iter().map(member).collect::<Result<Vec<_>>>()?, data))
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
