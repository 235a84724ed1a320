//! A run that was interrupted goes on where it was and ends with the same bits.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use consort_burn::{
    architecture::{Mlp, RankOneMlp, TabularResNet},
    ensemble::{
        Adversarial, Bagging, BatchEnsemble, Boosting, DeepEnsemble, FastGeometric, Independent, Joint, McDropout,
        NegativeCorrelation, NetEnsemble, Packing, Snapshot, SoftBoosting, Soup, WeightAveraging,
    },
    net::{EarlyStop, Net},
    optimizer::Optimizer,
};
use consort_core::{Cancel, Checkpoints, Error, FitContext, Model, Result, Samples, Seed};

use crate::tables::classes;

/// Keeps all in memory, and asks for the end once it has kept so many states.
#[derive(Default)]
struct Place {
    kept: Mutex<HashMap<String, Vec<u8>>>,
    saves: Mutex<usize>,
    end: Option<(usize, Cancel)>,
}

impl Checkpoints for Place {
    fn load(&self, part: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.kept.lock().unwrap().get(part).cloned())
    }

    fn save(&self, part: &str, state: &[u8]) -> Result<()> {
        self.kept.lock().unwrap().insert(part.into(), state.into());
        let mut saves = self.saves.lock().unwrap();
        *saves += 1;
        if let Some((count, cancel)) = &self.end
            && *saves == *count
        {
            cancel.cancel();
        }
        Ok(())
    }
}

fn net() -> Net {
    let mlp = Mlp { hidden: vec![8], dropout: 0.2, ..Mlp::default() };
    Net { epochs: 6, batch: 32, learning_rate: 0.01, ..Net::new(mlp) }
}

fn normed() -> Net {
    let resnet = TabularResNet { blocks: 1, width: 8, hidden: 8, dropout: 0.1 };
    Net { architecture: Arc::new(resnet), clip: Some(1.0), warm_up: 2.0, ..net() }
}

/// Stops a run after so many epochs, goes on, and compares with a run that was not stopped.
fn goes_on(ensemble: &dyn DeepEnsemble, after: usize) {
    let data = classes(200);
    let (train, valid): (Vec<u32>, Vec<u32>) = (0..200).partition(|i| i % 4 != 0);
    let (train, valid) = (Samples::rows(&data, &train).unwrap(), Samples::rows(&data, &valid).unwrap());
    let context = FitContext { validation: Some(valid), ..FitContext::new(Seed::new(3)) };
    let whole = ensemble.train(&train, &context).unwrap();
    let cancel = Cancel::default();
    let place = Place { end: Some((after, cancel.clone())), ..Place::default() };
    let stopped = ensemble.train(&train, &FitContext { cancel: Some(&cancel), checkpoints: Some(&place), ..context });
    assert!(matches!(stopped, Err(Error::Cancelled)), "{ensemble:?}");
    let on = ensemble.train(&train, &FitContext { checkpoints: Some(&place), ..context }).unwrap();
    let all = Samples::all(&data);
    assert_eq!(on.predict(&all).unwrap(), whole.predict(&all).unwrap(), "{ensemble:?}");
    let of = |fitted: &NetEnsemble| -> Vec<_> {
        fitted.nets().iter().map(|net| (net.weights().unwrap(), net.history().clone())).collect()
    };
    assert_eq!(of(&on), of(&whole), "{ensemble:?}");
    // What was done is not done again.
    let epochs = *place.saves.lock().unwrap();
    let fresh = Place::default();
    ensemble.train(&train, &FitContext { checkpoints: Some(&fresh), ..context }).unwrap();
    assert_eq!(epochs, *fresh.saves.lock().unwrap(), "{ensemble:?}");
}

#[test]
fn one_net_goes_on_with_its_optimizer_noise_and_best_epoch() {
    let one = |net: Net| Independent { nets: vec![net], members: 1, packing: Packing::Apart };
    for optimizer in [
        Optimizer::AdamW { weight_decay: 1e-2 },
        Optimizer::Adam { weight_decay: 1e-3 },
        Optimizer::Sgd { momentum: 0.9, weight_decay: 1e-4 },
    ] {
        goes_on(&one(Net { optimizer, ..net() }), 2);
    }
    for after in [1, 4] {
        goes_on(&one(normed()), after);
    }
    let stopping = EarlyStop { epochs: 2, ..EarlyStop::default() };
    let eager = Net { early_stop: Some(stopping), learning_rate: 0.05, epochs: 40, ..net() };
    goes_on(&one(eager), 3);
}

#[test]
fn ensembles_go_on_with_what_they_took() {
    goes_on(&Independent { nets: vec![net()], members: 3, packing: Packing::Packed }, 3);
    goes_on(&Independent { nets: vec![normed()], members: 2, packing: Packing::Apart }, 8);
    goes_on(&Snapshot { net: net(), members: 3 }, 5);
    goes_on(&FastGeometric { net: net(), members: 2, ..FastGeometric::default() }, 9);
    goes_on(&WeightAveraging { net: normed(), epochs: 4, rate: 0.5 }, 8);
    goes_on(&Soup { net: net(), shared: 2, members: 2, ..Soup::default() }, 5);
    goes_on(&Boosting { net: net(), members: 2, rate: 1.0 }, 8);
    goes_on(&Joint { net: net(), members: 2 }, 3);
    goes_on(&NegativeCorrelation { net: net(), members: 2, lambda: 0.3 }, 3);
    goes_on(&SoftBoosting { net: net(), members: 2, rate: 1.0 }, 3);
    goes_on(&Adversarial { net: net(), members: 2, epsilon: 0.05 }, 8);
    goes_on(&Bagging { net: net(), members: 2, ..Bagging::default() }, 8);
    let shared = Arc::new(RankOneMlp { hidden: vec![8], members: 3, ..RankOneMlp::default() });
    goes_on(&BatchEnsemble { net: Net { architecture: shared, ..net() } }, 3);
    let dropping = Arc::new(Mlp { hidden: vec![8], dropout: 0.3, ..Mlp::default() });
    goes_on(&McDropout { net: Net { architecture: dropping, ..net() }, members: 3 }, 3);
}

#[test]
fn what_was_kept_of_other_rows_or_another_recipe_is_not_taken_up() {
    let data = classes(120);
    let other: Vec<u32> = (0..60).collect();
    let (all, other) = (Samples::all(&data), Samples::rows(&data, &other).unwrap());
    let place = Place::default();
    let context = FitContext { checkpoints: Some(&place), ..FitContext::new(Seed::new(3)) };
    net().train(&all, &context).unwrap();
    let fresh = |net: &Net, rows: &Samples<'_>| net.train(rows, &FitContext::new(Seed::new(3))).unwrap();
    let longer = Net { epochs: 8, ..net() };
    for (net, rows) in [(net(), other), (longer, all)] {
        let fitted = net.train(&rows, &context).unwrap();
        assert_eq!(fitted.weights().unwrap(), fresh(&net, &rows).weights().unwrap());
    }
}
