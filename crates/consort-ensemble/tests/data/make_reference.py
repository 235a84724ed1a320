"""The score of scikit-learn's bagging, over seeds: `python make_reference.py > bagging.json` (scikit-learn 1.9.1)."""
import csv
import json
import sys
from pathlib import Path

import numpy as np
from sklearn.ensemble import BaggingClassifier, BaggingRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

HERE = Path(__file__).parent
SEEDS = 8
KINDS = {
    "bootstrap": {},
    "pasting": {"bootstrap": False, "max_samples": 0.5},
    "subspaces": {"bootstrap": False, "max_features": 0.3},
    "patches": {"bootstrap": False, "max_samples": 0.5, "max_features": 0.3},
}


def table(name):
    rows = list(csv.reader(open(HERE / f"{name}.csv")))[1:]
    return np.array([[np.float32(x) for x in row[:-1]] for row in rows]), np.array([float(row[-1]) for row in rows])


out = {"scikit_learn": __import__("sklearn").__version__, "folds": "row % 5", "members": 50, "seeds": SEEDS, "scores": {}}
for data, is_class in [("breast_cancer", True), ("diabetes", False)]:
    x, y = table(data)
    fold = np.arange(len(y)) % 5
    for kind, options in KINDS.items():
        scores, oob = [], []
        for seed in range(SEEDS):
            predicted = np.zeros(len(y))
            for k in range(5):
                tree = (DecisionTreeClassifier if is_class else DecisionTreeRegressor)(random_state=seed)
                bag = (BaggingClassifier if is_class else BaggingRegressor)(
                    tree, 50, random_state=seed, oob_score=kind == "bootstrap", **options
                )
                bag.fit(x[fold != k], y[fold != k])
                predicted[fold == k] = bag.predict(x[fold == k])
                if kind == "bootstrap" and is_class:
                    oob.append(bag.oob_score_)
            scores.append(np.mean(predicted == y) if is_class else np.sqrt(np.mean((predicted - y) ** 2)))
        entry = {"metric": "accuracy" if is_class else "rmse", "mean": np.mean(scores), "deviation": np.std(scores, ddof=1)}
        if oob:
            entry |= {"oob_mean": np.mean(oob), "oob_deviation": np.std(oob, ddof=1)}
        out["scores"][f"{data} {kind}"] = entry
json.dump(out, sys.stdout, indent=1)
