use std::sync::Arc;

use consort::{
    core::{Dataset, Fuser, Learner, Metric, Task},
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
    trees::adaboost::AdaBoost,
};

use super::{Plan, Recipe};
use crate::{
    args::Method,
    failure::{Failure, Result},
};

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
    let wrong = |member: &MemberRecipe, error| recipe.at_member(member, error);
    let members = match (method, recipe.members.as_slice()) {
        (Method::Adaboost, []) => vec![portfolio::by_name("adaboost", data)?],
        (Method::Boost, []) => vec![portfolio::by_name("boost", data)?],
        (Method::Adaboost, members) => {
            let over = |base| Arc::new(AdaBoost { base: Some(base), ..AdaBoost::default() }) as Arc<dyn Learner>;
            let member = |member: &MemberRecipe| member.member_of(data, over).map_err(|error| wrong(member, error));
            members.iter().map(member).collect::<Result<_>>()?
        }
        (Method::Boost, _) => {
            return Err(Failure::usage(
                "--method boost boosts trees, and takes no members: name `boost` among the members to fuse it with others",
            ));
        }
        (_, []) => portfolio::auto(data),
        (_, members) => {
            let member = |member: &MemberRecipe| member.member(data).map_err(|error| wrong(member, error));
            members.iter().map(member).collect::<Result<_>>()?
        }
    };
    Ok(portfolio::in_order(members, data))
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
