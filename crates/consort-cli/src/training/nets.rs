//! Members that are nets, trained by a method that is asked for.

use std::sync::Arc;

use consort::{
    burn::{
        architecture::RankOneMlp,
        ensemble::{
            Adversarial, BatchEnsemble, Boosting, FastGeometric, Independent, Joint, McDropout, NegativeCorrelation,
            Snapshot, SoftBoosting, Soup, WeightAveraging,
        },
        net::Net,
    },
    core::Learner,
    ensemble::NamedLearner,
};

use super::Recipe;
use crate::{
    args::Method,
    failure::{Failure, Result},
};

/// How many nets an ensemble of one member has.
const NETS: usize = 5;

/// Members, of which those that are nets are trained as a method says. Where members vote, the nets of one that is several are
/// members each.
///
/// # Errors
/// If the method trains nets and a member is none, or is several kinds of them; if the epochs are 0, or there is no net for
/// them.
pub(super) fn trained_by(method: Method, members: Vec<NamedLearner>, recipe: &Recipe) -> Result<Vec<NamedLearner>> {
    if recipe.epochs == Some(0) {
        return Err(Failure::usage("--epochs is 0, but must be at least 1"));
    }
    let mut made = Vec::with_capacity(members.len());
    let mut has_nets = false;
    for member in members {
        match nets_of(&*member.learner) {
            Some(nets) => {
                has_nets = true;
                made.extend(trained(method, member, nets, recipe)?);
            }
            None if method.trains_nets() => {
                return Err(Failure::usage(format!(
                    "--method {} trains nets, and `{}` is none: take members such as mlp or lenet",
                    method.name(),
                    member.name
                )));
            }
            None => made.push(member),
        }
    }
    let (is_epochs, is_device) = (recipe.epochs.is_some(), recipe.device.is_some());
    if (is_epochs || is_device) && !has_nets {
        let option = if is_epochs { "--epochs" } else { "--device" };
        return Err(Failure::usage(format!(
            "{option} is for nets, and no member is one: take members such as mlp or lenet, or say it of a member in a recipe"
        )));
    }
    Ok(made)
}

/// The members in whose place a method trains the nets of one.
fn trained(method: Method, member: NamedLearner, nets: Nets, recipe: &Recipe) -> Result<Vec<NamedLearner>> {
    let (Nets { mut kinds, several }, epochs) = (nets, recipe.epochs);
    for net in &mut kinds {
        net.epochs = epochs.unwrap_or(net.epochs);
        if let Some(device) = &recipe.device {
            net.device.clone_from(device);
        }
    }
    if method.trains_nets() && kinds.len() > 1 {
        return Err(Failure::usage(format!(
            "--method {} trains nets of one kind, and `{}` is of {}: make each kind a member",
            method.name(),
            member.name,
            kinds.len()
        )));
    }
    let net = kinds[0].clone();
    let members = NETS;
    let learner: Arc<dyn Learner> = match method {
        Method::Snapshot => {
            let net =
                Net { epochs: if epochs.is_some() { net.epochs * members } else { whole(net.epochs, members) }, ..net };
            Arc::new(Snapshot { net, members })
        }
        Method::Joint => Arc::new(Joint { net, members }),
        Method::Fge => Arc::new(FastGeometric { net, members, ..FastGeometric::default() }),
        Method::Swa => {
            let epochs = (net.epochs / 2).max(2);
            Arc::new(WeightAveraging { net, epochs, rate: 0.5 })
        }
        Method::Soup => {
            let shared = net.epochs;
            let net = Net { epochs: (net.epochs / 2).max(1), ..net };
            Arc::new(Soup { net, shared, members, ..Soup::default() })
        }
        Method::Ncl => Arc::new(NegativeCorrelation { net, members, ..NegativeCorrelation::default() }),
        Method::BoostNets => Arc::new(Boosting { net, members, rate: 1.0 }),
        Method::SoftBoost => Arc::new(SoftBoosting { net, members, rate: 1.0 }),
        Method::Adversarial => Arc::new(Adversarial { net, members, ..Adversarial::default() }),
        Method::McDropout => Arc::new(McDropout { net, members: 4 * members }),
        Method::BatchEnsemble => {
            let Some(mlp) = net.architecture.as_mlp().filter(|mlp| !mlp.batch_norm) else {
                return Err(Failure::usage(format!(
                    "--method batch-ensemble shares the weights of MLPs, and `{}` is another net: take mlp",
                    member.name
                )));
            };
            let shared =
                RankOneMlp { hidden: mlp.hidden.clone(), dropout: mlp.dropout, members, ..RankOneMlp::default() };
            Arc::new(BatchEnsemble { net: Net { architecture: Arc::new(shared), ..net } })
        }
        method => match several {
            Some(several) if method == Method::Vote => {
                let name = |k: usize| format!("{}-{}", member.name, k + 1);
                let kind = |k: usize| kinds[k % kinds.len()].clone();
                let one = |k: usize| NamedLearner { name: name(k), learner: Arc::new(kind(k)) };
                return Ok((0..several.members).map(one).collect());
            }
            // A draw is one net: of each kind, where there are several.
            Some(_) if method == Method::Bag && kinds.len() == 1 => Arc::new(net),
            Some(several) if method == Method::Bag => {
                Arc::new(Independent { members: kinds.len(), nets: kinds, ..several })
            }
            Some(several) => Arc::new(Independent { nets: kinds, ..several }),
            None => Arc::new(net),
        },
    };
    Ok(vec![NamedLearner { name: member.name, learner }])
}

/// At least so many epochs that are a multiple of the members.
fn whole(epochs: usize, members: usize) -> usize {
    epochs.div_ceil(members) * members
}

/// The nets that a learner is.
struct Nets {
    /// Of each kind one; at least one.
    kinds: Vec<Net>,
    /// Where it is several.
    several: Option<Independent>,
}

/// Whether a member is a net, or several.
pub(super) fn is_of_nets(member: &NamedLearner) -> bool {
    nets_of(&*member.learner).is_some()
}

/// The nets that a learner is, if it is any.
fn nets_of(learner: &dyn Learner) -> Option<Nets> {
    let several: Option<Independent> =
        parameters(learner, "independent_nets").and_then(|own| serde_json::from_value(own).ok());
    let kinds = match &several {
        Some(several) => several.nets.clone(),
        None => vec![serde_json::from_value(parameters(learner, "net")?).ok()?],
    };
    (!kinds.is_empty()).then_some(Nets { kinds, several })
}

/// The parameters of a learner, if it is of this kind.
fn parameters(learner: &dyn Learner, kind: &str) -> Option<serde_json::Value> {
    let serde_json::Value::Object(mut map) = serde_json::to_value(learner).ok()? else { return None };
    (map.remove("learner")? == kind).then_some(map.into())
}
