use consort_core::LossHistory;
use serde::{Deserialize, Serialize};

/// What happened in one epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Epoch {
    /// Which, from 1.
    pub epoch: usize,
    /// The learning rate of its last step.
    pub rate: f64,
    /// The mean loss of the training rows while the weights moved.
    pub loss: f64,
    /// The mean loss of the validation rows after it.
    pub validation_loss: Option<f64>,
    /// The score of the validation rows after it; what it is, [`History::score`] says.
    pub validation_score: Option<f64>,
}

/// How a training run went, for the charts.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct History {
    /// Epoch after epoch.
    pub epochs: Vec<Epoch>,
    /// The name of the loss, where it is not that of the net: boosted nets learn what the others lack.
    #[serde(default)]
    pub loss: Option<String>,
    /// The name of the validation score, such as `accuracy`.
    pub score: Option<String>,
    /// The epoch whose weights were kept, from 1, where they are not the last.
    pub best_epoch: Option<usize>,
    /// The epochs, from 1, at whose end a member was taken, where several were.
    #[serde(default)]
    pub snapshots: Vec<usize>,
    /// Why it ended before its last epoch, in words.
    pub stopped: Option<String>,
    /// Whether that was since the loss got out of hand, not since it got no better.
    #[serde(default)]
    pub went_wrong: bool,
    /// Where it ran, such as `cpu`.
    pub device: String,
    /// Why that is not the device asked for, where it is not.
    pub fallback: Option<String>,
}

impl History {
    /// As any model tells it; `name` is the net.
    pub(crate) fn to_loss_history(&self, name: String, loss: String) -> LossHistory {
        // A run that went wrong ends with an epoch whose loss is no number.
        let went = self.epochs.iter().take_while(|epoch| epoch.loss.is_finite());
        let valid: Option<Vec<f64>> =
            went.clone().map(|epoch| epoch.validation_loss.filter(|x| x.is_finite())).collect();
        LossHistory {
            name,
            loss: self.loss.clone().unwrap_or(loss),
            unit: "epoch".into(),
            train: went.map(|epoch| epoch.loss).collect(),
            valid: valid.unwrap_or_default(),
            kept: self.best_epoch.map_or_else(|| self.snapshots.clone(), |best| vec![best]),
            how: if self.device.is_empty() { String::new() } else { format!("on {}", self.device) },
            warnings: self.stopped.iter().filter(|_| self.went_wrong).chain(&self.fallback).cloned().collect(),
        }
    }

    /// Appends a run that went on from this one.
    pub(crate) fn follow(&mut self, more: History) {
        let before = self.epochs.len();
        self.epochs.extend(more.epochs.into_iter().map(|epoch| Epoch { epoch: epoch.epoch + before, ..epoch }));
        self.best_epoch = None;
        self.snapshots.extend(more.snapshots.into_iter().map(|epoch| epoch + before));
        self.went_wrong |= more.went_wrong;
        self.stopped = [self.stopped.take(), more.stopped].into_iter().flatten().reduce(|a, b| format!("{a}; {b}"));
        self.score = more.score;
    }
}
