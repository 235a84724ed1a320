#!/usr/bin/env python3
"""Metrics of 1,000,000 rows against scikit-learn, one thread each, call by call in turn. Prints JSON lines.

scikit-learn's metrics of labels are given labels found beforehand; ours find them in the probabilities within the
time. scikit-learn has no expected calibration error: numpy's `digitize` and `bincount` stand in, on the same bins.
"""
import json
import tempfile
import warnings

import numpy as np
from sklearn import metrics as sk

from side import Ours, compare

ROWS = 1_000_000


def probabilities(classes, rng):
    truth = rng.integers(0, classes, ROWS)
    logits = 1.5 * rng.standard_normal((ROWS, classes), dtype=np.float32)
    logits[np.arange(ROWS), truth] += 1.2
    p = np.exp(logits.astype(np.float64))
    p = (p / p.sum(1, keepdims=True)).astype(np.float32)
    return p, truth


def ece(p, truth, labels):
    confidence = p.max(1).astype(np.float64)
    right = labels == truth
    bins = np.clip(np.digitize(confidence, np.linspace(0, 1, BINS + 1)[1:-1], right=True), 0, BINS - 1)
    count = np.bincount(bins, minlength=BINS)
    gap = np.abs(np.bincount(bins, confidence, BINS) - np.bincount(bins, right, BINS))
    return gap[count > 0].sum() / len(truth)


BINS = 15


def classification(classes, rng, folder):
    p, truth = probabilities(classes, rng)
    labels = (p[:, 1] >= 0.5).astype(int) if classes == 2 else p.argmax(1)
    scores = p[:, 1] if classes == 2 else p
    several = {} if classes == 2 else {"multi_class": "ovr", "average": "macro"}
    peers = {
        "accuracy": lambda: sk.accuracy_score(truth, labels),
        "log_loss": lambda: sk.log_loss(truth, p, labels=list(range(classes))),
        "brier": lambda: sk.brier_score_loss(truth, scores, labels=list(range(classes))),
        "roc_auc": lambda: sk.roc_auc_score(truth, scores, **several),
        "average_precision": lambda: sk.average_precision_score(truth, scores),
        "f1_macro": lambda: sk.f1_score(truth, labels, average="macro"),
        "mcc": lambda: sk.matthews_corrcoef(truth, labels),
        "ece": lambda: ece(p, truth, labels),
    }
    ours = Ours(folder, p[None], truth)
    for name, theirs in peers.items():
        yield {"data": f"{classes} classes", **compare(name, ours, f"metric {name}", theirs)}
    ours.close()


def regression(rng, folder):
    truth = rng.standard_normal(ROWS)
    p = (truth + 0.3 * rng.standard_normal(ROWS)).astype(np.float32)
    peers = {
        "rmse": lambda: sk.root_mean_squared_error(truth, p),
        "mae": lambda: sk.mean_absolute_error(truth, p),
        "r2": lambda: sk.r2_score(truth, p),
    }
    ours = Ours(folder, p[None, :, None], truth)
    for name, theirs in peers.items():
        yield {"data": "values", **compare(name, ours, f"metric {name}", theirs)}
    ours.close()


def main():
    warnings.simplefilter("ignore")
    rng = np.random.default_rng(7)
    with tempfile.TemporaryDirectory() as folder:
        for part in (classification(2, rng, folder), classification(10, rng, folder), regression(rng, folder)):
            for line in part:
                print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
