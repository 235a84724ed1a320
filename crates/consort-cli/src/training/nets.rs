//! Members that are nets, trained by a method that is asked for.

use std::sync::Arc;

use consort::{
    burn::{
        ensemble::{
            Adversarial, Boosting, FastGeometric, Independent, Joint, McDropout, NegativeCorrelation, Snapshot,
            SoftBoosting, Soup, WeightAveraging,
        },
        net::Net,
    },
    core::Learner,
    ensemble::NamedLearner,
};

use crate::{
    args::Method,
    failure::{Failure, Result},
};

/// How many nets an ensemble of one member has.
const NETS: usize = 5;

/// The member in whose place a method trains nets. Where members vote, the nets of one that is several are members each.
///
/// # Errors
/// If it is no net, or the method or the epochs do not suit.
pub(super) fn trained_by(method: Method, member: NamedLearner, epochs: Option<usize>) -> Result<Vec<NamedLearner>> {
    let Some((mut net, several)) = net_of(&*member.learner) else {
        if method.trains_nets() {
            return Err(Failure::usage(format!(
                "--method {} trains nets, and `{}` is none: take members such as mlp or lenet",
                method.name(),
                member.name
            )));
        }
        // Epochs are for the nets among the members.
        return Ok(vec![member]);
    };
    if let Some(epochs) = epochs {
        if epochs == 0 {
            return Err(Failure::usage("--epochs is 0, but must be at least 1"));
        }
        net.epochs = epochs;
    }
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
        method => match several {
            Some(several) if method == Method::Vote => {
                let name = |k: usize| format!("{}-{}", member.name, k + 1);
                let one = |k: usize| NamedLearner { name: name(k), learner: Arc::new(net.clone()) };
                return Ok((0..several.members).map(one).collect());
            }
            Some(several) => Arc::new(Independent { nets: vec![net], ..several }),
            None => Arc::new(net),
        },
    };
    Ok(vec![NamedLearner { name: member.name, learner }])
}

/// At least so many epochs that are a multiple of the members.
fn whole(epochs: usize, members: usize) -> usize {
    epochs.div_ceil(members) * members
}

/// The net that a learner is; or that it is several of, and these.
fn net_of(learner: &dyn Learner) -> Option<(Net, Option<Independent>)> {
    let several: Option<Independent> =
        parameters(learner, "independent_nets").and_then(|own| serde_json::from_value(own).ok());
    match several {
        Some(several) => several.nets.first().cloned().map(|net| (net, Some(several))),
        None => parameters(learner, "net").and_then(|own| serde_json::from_value(own).ok()).map(|net| (net, None)),
    }
}

/// The parameters of a learner, if it is of this kind.
fn parameters(learner: &dyn Learner, kind: &str) -> Option<serde_json::Value> {
    let serde_json::Value::Object(mut map) = serde_json::to_value(learner).ok()? else { return None };
    (map.remove("learner")? == kind).then_some(map.into())
}
