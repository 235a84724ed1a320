use std::sync::Arc;

use consort::{
    core::{Dataset, Fuser, Metric, Task},
    ensemble::{
        NamedLearner, portfolio,
        stack::{Meta, Refit, Stacking},
    },
    fusion::{
        rule::{self, Fixed},
        select::GreedySelection,
        stack::{LinearStack, LogisticStack},
        weights::{SimplexWeights, WeightLoss},
    },
};

use super::Plan;
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

/// The members of a plan, by name: their order changes nothing.
fn members(plan: &Plan, data: &Dataset) -> Result<Vec<NamedLearner>> {
    let names: Vec<String> = match plan.method {
        Method::Adaboost => vec!["adaboost".into()],
        Method::Boost => vec!["boost".into()],
        _ if plan.members.is_empty() => return Ok(portfolio::auto(data)),
        _ => plan.members.clone(),
    };
    let mut members =
        names.iter().map(|name| portfolio::by_name(name, data)).collect::<Result<Vec<_>, consort::core::Error>>()?;
    let place = |member: &NamedLearner| portfolio::NAMES.iter().position(|entry| entry.name == member.name);
    members.sort_by_key(place);
    Ok(members)
}

/// The whole recipe of a plan.
pub(crate) fn stacking(
    plan: &Plan,
    data: &Dataset,
    splitter: Arc<dyn consort::core::Splitter>,
    fuser: Arc<dyn Fuser>,
) -> Result<Stacking> {
    let members = members(plan, data)?;
    let mut stacking = Stacking::greedy(members.clone());
    for _ in 1..plan.layers {
        stacking = stacking.layer(members.clone()).passthrough(true);
    }
    stacking.splitter = Some(splitter);
    stacking.meta = Some(Meta::Fuser(fuser));
    Ok(stacking.refit(if plan.keep_folds { Refit::KeepFolds } else { Refit::All }))
}
