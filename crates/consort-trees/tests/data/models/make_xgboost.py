"""Writes xgboost_NAME.json and xgboost.json: small models of XGBoost and what it predicts with them for rows.csv.

Usage: make_xgboost.py FOLDER (XGBoost 3.2, NumPy, pandas)
"""
import json
import sys

import numpy as np
import pandas as pd
import xgboost as xgb

FOLDER = sys.argv[1]
NAMES = ["a", "b", "hole", "sparse", "kind", "count"]
rng = np.random.default_rng(7)
N = 900
x = np.column_stack([
    rng.normal(size=N), rng.normal(size=N), rng.exponential(size=N),
    rng.normal(size=N) * (rng.random(N) > 0.6), rng.integers(0, 40, N), rng.integers(0, 6, N),
]).astype(np.float32)
x[rng.random(N) < 0.2, 2] = np.nan
signal = x[:, 0] + np.nan_to_num(x[:, 2], nan=-1.0) * x[:, 1] + 0.7 * (x[:, 4] % 3) - 0.4 * x[:, 5] + x[:, 3]
noisy = signal + 0.5 * rng.normal(size=N)
binary = (noisy > 0.3).astype(float)
classes = np.digitize(noisy, [-1.0, 1.0])
counts = rng.poisson(np.exp(0.4 * np.clip(noisy, -3, 3)))
positive = np.exp(0.3 * np.clip(noisy, -4, 4)) * rng.gamma(3.0, size=N)
several = np.column_stack([noisy, signal**2, -x[:, 0]])
rows = np.loadtxt(f"{FOLDER}/rows.csv", delimiter=",", dtype=np.float32)

NUMERIC, CATEGORICAL = ["q"] * 6, ["q", "q", "q", "q", "c", "q"]
BASE = dict(max_depth=3, eta=0.3, tree_method="hist", nthread=2, seed=3)
CASES = {
    "binary": (binary, 6, dict(objective="binary:logistic", max_depth=5), {}),
    "categories": (binary, 5, dict(objective="binary:logistic", max_depth=4, max_cat_to_onehot=1), dict(types=CATEGORICAL)),
    "one_hot": (noisy, 4, dict(objective="reg:squarederror", max_cat_to_onehot=100), dict(types=CATEGORICAL)),
    "logit": (binary, 3, dict(objective="binary:logitraw", base_score=0.25), {}),
    "logistic": (binary * 0.8, 3, dict(objective="reg:logistic"), {}),
    "softprob": (classes, 3, dict(objective="multi:softprob", num_class=3), {}),
    "softmax": (classes, 3, dict(objective="multi:softmax", num_class=3, num_parallel_tree=2, subsample=0.7), {}),
    "regression": (noisy, 6, dict(objective="reg:squarederror", max_depth=4), {}),
    "exact": (noisy, 4, dict(objective="reg:squarederror", tree_method="exact", max_depth=4), {}),
    "absolute": (noisy, 4, dict(objective="reg:absoluteerror"), {}),
    "quantile": (noisy, 4, dict(objective="reg:quantileerror", quantile_alpha=0.8), {}),
    "quantiles": (noisy, 3, dict(objective="reg:quantileerror", quantile_alpha=[0.1, 0.9]), {}),
    "huber": (noisy, 4, dict(objective="reg:pseudohubererror", huber_slope=0.7), {}),
    "squared_log": (positive, 4, dict(objective="reg:squaredlogerror"), {}),
    "poisson": (counts, 5, dict(objective="count:poisson"), {}),
    "gamma": (positive, 4, dict(objective="reg:gamma", base_score=2.0), {}),
    "tweedie": (counts, 4, dict(objective="reg:tweedie", tweedie_variance_power=1.3), {}),
    "rank": (counts.clip(0, 4), 3, dict(objective="rank:ndcg"), dict(qid=np.arange(N) // 30)),
    "forest": (noisy, 1, dict(objective="reg:squarederror", num_parallel_tree=6, subsample=0.6, eta=1.0, colsample_bynode=0.7, max_depth=4), {}),
    "dart": (noisy, 8, dict(objective="reg:squarederror", booster="dart", rate_drop=0.4), {}),
    "stopped": (noisy, 40, dict(objective="reg:squarederror", eta=0.9, max_depth=2), dict(stop=2)),
    "targets": (several, 3, dict(objective="reg:squarederror"), {}),
    # Refused.
    "hinge": (binary, 1, dict(objective="binary:hinge", max_depth=1), {}),
    "linear": (noisy, 1, dict(objective="reg:squarederror", booster="gblinear"), {}),
    "vector": (several, 1, dict(objective="reg:squarederror", multi_strategy="multi_output_tree", max_depth=2), {}),
}
REFUSED = {"hinge", "linear", "vector"}
CONTRIBUTIONS = {"binary", "categories", "softprob", "regression", "forest"}


def numbers(values):
    return [[float(f"{v:.9g}") for v in np.atleast_1d(row)] for row in values]


def drop_none(params):
    if params.get("booster") == "gblinear":
        return {k: v for k, v in params.items() if k not in ("max_depth", "tree_method")}
    return params


answers = {}
for name, (y, rounds, params, more) in CASES.items():
    types = more.get("types", NUMERIC)

    def matrix(values, label=None, qid=None):
        return xgb.DMatrix(values, label=label, qid=qid, feature_names=NAMES, feature_types=types)

    train = matrix(x, y, more.get("qid"))
    stopping = {}
    if "stop" in more:
        train = matrix(x[:600], y[:600])
        stopping = dict(evals=[(matrix(x[600:], y[600:]), "v")], early_stopping_rounds=more["stop"], verbose_eval=False)
    model = xgb.train(drop_none({**BASE, **params}), train, rounds, **stopping)
    model.save_model(f"{FOLDER}/xgboost_{name}.json")
    if name in REFUSED:
        continue
    ask = matrix(rows)
    answers[name] = {"prediction": numbers(model.predict(ask)), "raw": numbers(model.predict(ask, output_margin=True))}
    if "stop" in more:
        answers[name]["best"] = numbers(model.predict(ask, iteration_range=(0, model.best_iteration + 1)))
        answers[name]["rounds"] = [model.num_boosted_rounds(), model.best_iteration + 1]
    if name in CONTRIBUTIONS:
        answers[name]["contributions"] = numbers(model.predict(ask, pred_contribs=True).reshape(len(rows), -1))
    if name == "regression":
        gain, split = model.get_score(importance_type="total_gain"), model.get_score(importance_type="weight")
        answers[name]["gain"] = [gain.get(f, 0.0) for f in NAMES]
        answers[name]["split"] = [split.get(f, 0.0) for f in NAMES]

# A data frame, whose levels the file keeps.
size = np.array([5, 7, 9])[np.arange(300) % 3]
colour = np.array(["red", "green", "blue", "grey"])[np.arange(300) * 7 // 3 % 4]
frame = pd.DataFrame({"x": np.arange(300) % 11, "colour": pd.Categorical(colour), "size": pd.Categorical(size)})
y = (colour == "red") * 2.0 + (size == 7) - 0.1 * frame.x + (colour == "grey") * (size != 5)
params = {**BASE, "objective": "reg:squarederror", "max_cat_to_onehot": 1}
model = xgb.train(params, xgb.DMatrix(frame, label=y, enable_categorical=True), 3)
model.save_model(f"{FOLDER}/xgboost_levels.json")
few = frame[:24].copy()
few.loc[3, "colour"] = np.nan
few.loc[[4, 9], "size"] = np.nan
# The levels in another order than the model has them.
columns = {"colour": ["blue", "red", "grey", "green"], "size": [9, 5, 7]}
MISSING = 2**32 - 1
table = {"x": few.x.tolist()}
for name, levels in columns.items():
    codes = [MISSING if pd.isna(level) else levels.index(level) for level in few[name]]
    table[name] = {"levels": [str(level) for level in levels], "codes": codes}
raw = model.predict(xgb.DMatrix(few, enable_categorical=True), output_margin=True)
answers["levels"] = {"table": table, "raw": numbers(raw)}

with open(f"{FOLDER}/xgboost.json", "w") as file:
    json.dump(answers, file, separators=(",", ":"))
