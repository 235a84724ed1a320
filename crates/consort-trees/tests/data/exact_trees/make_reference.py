"""Writes one JSON a data set: its columns, its target, and what scikit-learn's trees predict for it.

Usage: make_reference.py CSV_FOLDER_OF_SKLEARN_SETS CSV_FOLDER_OF_TABLES [NAME ...]
"""
import json, sys
import numpy as np, pandas as pd
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

SETS, TABLES, *NAMES = sys.argv[1:]
SEEDS = range(10)
SHAPES = [(None, 1), (14, 1), (10, 1), (8, 1), (6, 1), (12, 3), (8, 3), (8, 5), (6, 5), (5, 5), (4, 5), (3, 5), (6, 15), (4, 15), (3, 15), (2, 15)]

def encode(table):
    for c in table.columns:
        if not pd.api.types.is_numeric_dtype(table[c]):
            codes = pd.factorize(table[c], sort=True)[0].astype(float)
            codes[codes < 0] = np.nan
            table[c] = codes
    return table

def sklearn_set(name, rows, target="target"):
    table = pd.read_csv(f"{SETS}/{name}.csv").drop(columns=["target_name"], errors="ignore")
    table = table.iloc[np.random.RandomState(0).permutation(len(table))[:rows]]
    return table.drop(columns=[target]), table[target]

def table(name, rows, target, drop=()):
    t = pd.read_csv(f"{TABLES}/{name}.csv").drop(columns=list(drop), errors="ignore")
    t = t[t[target].notna()]
    t = t.iloc[np.random.RandomState(0).permutation(len(t))[:rows]]
    y = t[target]
    if not pd.api.types.is_numeric_dtype(y):
        y = pd.Series(pd.factorize(y, sort=True)[0])
    return encode(t.drop(columns=[target])), y

def numbers(name, rows, target):
    x, y = table(name, rows, target, drop=pd.read_csv(f"{TABLES}/{name}.csv", nrows=100).select_dtypes(exclude="number").columns)
    return x, y

DATA = {
    "iris": (*sklearn_set("iris", 150), True), "wine": (*sklearn_set("wine", 178), True),
    "breast_cancer": (*sklearn_set("breast_cancer", 400), True), "digits": (*sklearn_set("digits", 360), True),
    "diabetes": (*sklearn_set("diabetes", 442), False),
    "penguins": (*table("penguins", 344, "species"), True),
    "credit": (*table("credit", 500, "Status"), True),
    "hpc": (*table("hpc", 500, "class"), True), "diamonds": (*table("diamonds", 500, "price"), False),
    "ames": (*numbers("ames", 400, "Sale_Price"), False),
}
DATA = {name: of for name, of in DATA.items() if not NAMES or name in NAMES}

def fit(classes, x, y, w, seed, **params):
    return (DecisionTreeClassifier if classes else DecisionTreeRegressor)(random_state=seed, **params).fit(x, y, sample_weight=w)

def say(tree, classes, x):
    return tree.predict_proba(x) if classes else tree.predict(x)[:, None]

for name, (X, Y, classes) in DATA.items():
    # Five digits are enough for a test, and keep values that differ further apart than scikit-learn's 1e-7.
    x = np.array([[float(f"{v:.5g}") for v in row] for row in X.to_numpy(float)], np.float32)
    y = Y.to_numpy(int) if classes else Y.to_numpy(float)
    held = np.arange(len(y)) % 3 == 0
    weights = (1 + np.arange((~held).sum()) % 3).astype(float)
    cases = []
    kinds = ["gini", "entropy"] if classes else ["squared_error", "absolute_error", "poisson"]
    wants = [dict(criterion=k) for k in kinds] + [dict(criterion=kinds[0], weighted=True), dict(criterion=kinds[0], max_leaf_nodes=12)]
    if classes: wants.append(dict(criterion=kinds[1], class_weight="balanced"))
    if not classes: wants.append(dict(criterion="absolute_error", weighted=True))
    wants.append(dict(criterion=kinds[0], pruned=True))
    wants.append(dict(criterion=kinds[0], min_impurity_decrease=0.01 if classes else float(np.var(y)) * 0.01))
    for want in wants:
        if np.isnan(x).any() and want["criterion"] == "absolute_error": continue
        params = {k: v for k, v in want.items() if k not in ("weighted", "pruned")}
        w = weights if want.get("weighted") else None
        for depth, leaf in SHAPES:
            p = dict(params, max_depth=depth, min_samples_leaf=leaf)
            if want.get("pruned"):
                path = fit(classes, x[~held], y[~held], w, 0, **p).cost_complexity_pruning_path(x[~held], y[~held])
                if len(path.ccp_alphas) < 4: continue
                # Between two steps, so that rounding cannot decide.
                k = len(path.ccp_alphas) * 2 // 3
                p["ccp_alpha"] = float((path.ccp_alphas[k] + path.ccp_alphas[k + 1]) / 2) if k + 1 < len(path.ccp_alphas) else float(path.ccp_alphas[k])
            trees = [fit(classes, x[~held], y[~held], w, s, **p) for s in SEEDS]
            said = [say(t, classes, x) for t in trees]
            # Ties are broken by the seed there and by order here: only shapes without ties that matter are kept.
            if not all(np.allclose(s, said[0], atol=1e-9) and t.tree_.node_count == trees[0].tree_.node_count for s, t in zip(said, trees)): continue
            if trees[0].tree_.node_count < 3: continue
            case = {k: p.get(k) for k in ("criterion", "max_depth", "min_samples_leaf", "max_leaf_nodes", "ccp_alpha", "min_impurity_decrease")}
            case |= {"weighted": bool(want.get("weighted")), "balanced": "class_weight" in p, "leaves": int(trees[0].get_n_leaves()),
                     "importances": [float(f"{v:.9g}") for v in np.mean([t.feature_importances_ for t in trees], 0)],
                     "importances_agree": bool(all(np.allclose(t.feature_importances_, trees[0].feature_importances_, atol=1e-9) for t in trees)),
                     "predictions": [[float(f"{v:.9g}") for v in row] for row in said[0][held]]}
            paths = [fit(classes, x[~held], y[~held], w, s, **p).cost_complexity_pruning_path(x[~held], y[~held]) for s in SEEDS] if want.get("pruned") else []
            if paths and not all(len(q.ccp_alphas) == len(path.ccp_alphas) and np.allclose(q.ccp_alphas, path.ccp_alphas, atol=1e-12) for q in paths): continue
            if paths: case["path"] = {"alphas": list(path.ccp_alphas), "impurities": list(path.impurities)}
            cases.append(case)
            print(name, want, depth, leaf, case["leaves"])
            break
        else: print(name, want, "has ties in every shape")
    columns = [[None if np.isnan(v) else float(f"{v:.5g}") for v in c] for c in x.T]
    columns = [[int(v) if v is not None and v == int(v) else v for v in c] for c in columns]
    json.dump({"classes": int(y.max()) + 1 if classes else 0, "x": columns, "y": y.tolist(), "cases": cases}, open(f"{name}.json", "w"), separators=(",", ":"))
