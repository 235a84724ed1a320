#!/usr/bin/env python3
"""Trees beside scikit-learn, LightGBM and XGBoost: quality on the same folds, time and memory in the same minutes.

    trees.py quality [SET ...]             5-fold scores, and where ours is worse by more than a standard error
    trees.py peers [SET ...]               the peers' part of it alone, which is kept
    trees.py tables [CASE ...]             makes the tables of the cases, which are kept
    trees.py speed [--runs N] [CASE ...]   fit, predict and peak memory, in turn; `trees.py speed list` lists the cases.
                                           Runs add up; THREADS=1 or 2 and SIDES=consort,LightGBM take a part of a case
    trees.py knobs [SET ...]               what one change of a recipe does to its score
    trees.py losses [CASE ...]             test losses beside LightGBM's on several tables of each case
    trees.py page                          puts what was gathered into docs/benchmarks/trees.md

Build the examples first: cargo build --release -p consort-trees --examples. TABLES names the folder of credit.csv,
hpc.csv, diamonds.csv, penguins.csv and ames.csv; what is measured is gathered in target/peers/trees.
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

TARGET = os.environ.get("CARGO_TARGET_DIR", "target")
EXAMPLES = os.environ.get("EXAMPLES", os.path.join(TARGET, "release", "examples"))
GATHERED = os.path.join(TARGET, "peers", "trees")
TABLES = os.environ.get("TABLES", "data")
PAGE = os.path.join(os.path.dirname(__file__), "..", "..", "docs", "benchmarks", "trees.md")
HERE = os.path.abspath(__file__)


# The tables -----------------------------------------------------------------------------------------------------------


def frame(name, target):
    """A CSV as numbers: texts become codes in alphabetical order. Gives x, y, levels (0 for numbers), classes."""
    import pandas

    data = pandas.read_csv(os.path.join(TABLES, f"{name}.csv"))
    data = data[data[target].notna()]
    y, columns, levels = data.pop(target), [], []
    for column in data:
        if pandas.api.types.is_numeric_dtype(data[column]):
            columns.append(data[column].to_numpy(float))
            levels.append(0)
        else:
            codes, names = pandas.factorize(data[column], sort=True)
            columns.append(np.where(codes < 0, np.nan, codes))
            levels.append(len(names))
    classes = 0
    if not pandas.api.types.is_numeric_dtype(y):
        y, names = pandas.factorize(y, sort=True)
        classes = len(names)
    return np.stack(columns, 1).astype(np.float32), np.asarray(y, float), levels, classes


def shipped(name):
    import sklearn.datasets

    data = getattr(sklearn.datasets, f"load_{name}")()
    classes = 0 if name == "diabetes" else len(data.target_names)
    return data.data.astype(np.float32), data.target.astype(float), [0] * data.data.shape[1], classes


SETS = {
    "credit": lambda: frame("credit", "Status"),
    "hpc": lambda: frame("hpc", "class"),
    "diamonds": lambda: frame("diamonds", "price"),
    "penguins": lambda: frame("penguins", "species"),
    "ames": lambda: frame("ames", "Sale_Price"),
    "digits": lambda: shipped("digits"),
    "breast cancer": lambda: shipped("breast_cancer"),
    "wine": lambda: shipped("wine"),
    "diabetes": lambda: shipped("diabetes"),
}


def write(folder, name, x, y):
    np.ascontiguousarray(x.T, "<f4").tofile(os.path.join(folder, f"{name}.x"))
    y.astype("<f8").tofile(os.path.join(folder, f"{name}.y"))


def one_hot(x, levels):
    """For learners without categories: a column a level; a missing value has none of them."""
    parts = [
        x[:, f : f + 1] if count == 0 else (x[:, f : f + 1] == np.arange(count)).astype(np.float32)
        for f, count in enumerate(levels)
    ]
    return np.concatenate(parts, 1)


# Quality --------------------------------------------------------------------------------------------------------------

ROUNDS, LEAVES, RATE, SEEDS = 100, 31, 0.1, 3


RECIPES = {
    "boosting": {"learner": "gradient_boosting", "rounds": ROUNDS, "learning_rate": RATE},
    "forest": {"learner": "random_forest", "trees": 100},
    "extra": {"learner": "random_forest", "trees": 100, "draw": "all", "cuts": "random"},
    "adaboost": {"learner": "adaboost", "rounds": 50},
}


def lightgbm_params(classes, levels, **more):
    objective = {0: "regression", 2: "binary"}.get(classes, "multiclass")
    params = {"objective": objective, "verbosity": -1, "num_leaves": LEAVES, "learning_rate": RATE, **more}
    return params if classes <= 2 else {**params, "num_class": classes}


def xgboost_params(classes, levels, **more):
    objective = {0: "reg:squarederror", 2: "binary:logistic"}.get(classes, "multi:softprob")
    params = {
        "objective": objective, "tree_method": "hist", "grow_policy": "lossguide", "max_leaves": LEAVES, "max_depth": 0,
        "eta": RATE, "max_bin": 255, "lambda": 0, "min_child_weight": 1e-3, "verbosity": 0, **more,
    }
    return params if classes <= 2 else {**params, "num_class": classes}


def xgboost_data(kind, x, y=None, reference=None):
    import xgboost

    levels = kind["levels"]
    types = ["c" if count else "float" for count in levels]
    if reference is None and y is None:
        return xgboost.DMatrix(x, feature_types=types, enable_categorical=True)
    return xgboost.QuantileDMatrix(x, y, feature_types=types, enable_categorical=True, max_bin=255)


def two_columns(p):
    return np.stack([1 - p, p], 1) if p.ndim == 1 else p


def peers(classes, levels):
    """What the peers of each of our learners are called, and what each predicts."""
    from sklearn import ensemble, impute, pipeline, tree

    kind = {"classes": classes, "levels": levels}
    categories = [f for f, count in enumerate(levels) if count]

    def estimator(make, prepare=lambda x: x):
        def predict(x, y, asked, seed):
            model = make(seed).fit(prepare(x), y)
            return model.predict_proba(prepare(asked)) if classes else model.predict(prepare(asked))[:, None]

        return predict

    def of(classifier, regressor, **params):
        return lambda seed: (classifier if classes else regressor)(random_state=seed, **params)

    def lightgbm(x, y, asked, seed):
        import lightgbm as library

        data = library.Dataset(x, y, categorical_feature=categories)
        p = library.train(lightgbm_params(classes, levels, seed=seed), data, ROUNDS).predict(asked)
        return two_columns(p) if classes else p[:, None]

    def xgboost(x, y, asked, seed):
        import xgboost as library

        booster = library.train(xgboost_params(classes, levels, seed=seed), xgboost_data(kind, x, y), ROUNDS)
        p = booster.predict(xgboost_data(kind, asked))
        return two_columns(p) if classes else p[:, None]

    histogram = of(
        ensemble.HistGradientBoostingClassifier, ensemble.HistGradientBoostingRegressor, max_iter=ROUNDS,
        learning_rate=RATE, max_leaf_nodes=LEAVES, early_stopping=False, categorical_features=categories or None,
    )
    forest = of(ensemble.RandomForestClassifier, ensemble.RandomForestRegressor, n_estimators=100, n_jobs=2)
    extra = of(ensemble.ExtraTreesClassifier, ensemble.ExtraTreesRegressor, n_estimators=100, n_jobs=2)
    base = tree.DecisionTreeClassifier(max_depth=1) if classes else tree.DecisionTreeRegressor(max_depth=3)
    boosted = of(ensemble.AdaBoostClassifier, ensemble.AdaBoostRegressor, estimator=base, n_estimators=50)
    # It takes no missing values.
    adaboost = lambda seed: pipeline.make_pipeline(impute.SimpleImputer(strategy="median"), boosted(seed))
    hot = lambda x: one_hot(x, levels)
    return {
        "boosting": {"HistGradientBoosting": (estimator(histogram), 1), "LightGBM": (lightgbm, 1), "XGBoost": (xgboost, 1)},
        "forest": {"RandomForest": (estimator(forest, hot), SEEDS)},
        "extra": {"ExtraTrees": (estimator(extra, hot), SEEDS)},
        "adaboost": {"AdaBoost": (estimator(adaboost, hot), SEEDS if not classes else 1)},
    }


def costs(p, y, classes):
    """What each row costs, by the name of the score."""
    if not classes:
        return {"squared error": (p[:, 0] - y) ** 2}
    codes = y.astype(int)
    hit = p[np.arange(len(y)), codes]
    brier = ((p - np.eye(classes)[codes]) ** 2).sum(1)
    return {"log loss": -np.log(np.clip(hit, 1e-15, 1)), "Brier": brier, "error": (p.argmax(1) != codes).astype(float)}


# Deep trees give probabilities of 0, and AdaBoost is not calibrated: log loss is no measure of them.
SCORES = {"boosting": ["log loss", "error", "squared error"], "adaboost": ["error", "squared error"]}


def folded(name):
    """A set with its folds, and over how many seeds what is drawn is averaged."""
    from sklearn.model_selection import KFold, StratifiedKFold

    x, y, levels, classes = SETS[name]()
    splitter = (StratifiedKFold if classes else KFold)(5, shuffle=True, random_state=0)
    folds = np.zeros(len(y), np.uint8)
    for number, (_, asked) in enumerate(splitter.split(x, y)):
        folds[asked] = number
    return x, y, levels, classes, folds, SEEDS if len(y) < 10_000 else 1


def said_by_peer(name, peer, seed, predict, x, y, classes, folds):
    """Out-of-fold predictions of a peer: kept, since they stay the same when ours change."""
    path = os.path.join(GATHERED, "peers", f"{name} {peer} {seed}.npy")
    if not os.path.exists(path):
        p = np.zeros((len(y), max(classes, 1)))
        for fold in range(5):
            own = folds != fold
            p[~own] = predict(x[own], y[own], x[~own], seed)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        np.save(path, p)
    return np.load(path)


def ask_peers(names):
    """Fills in what peers say, which takes long and needs none of ours."""
    for name in names or SETS:
        x, y, levels, classes, folds, seeds = folded(name)
        for others in peers(classes, levels).values():
            for peer, (predict, draws) in others.items():
                for seed in range(min(draws, seeds)):
                    said_by_peer(name, peer, seed, predict, x, y, classes, folds)
        print(name, flush=True)


def quality(names):
    os.makedirs(GATHERED, exist_ok=True)
    for name in names or SETS:
        x, y, levels, classes, folds, seeds = folded(name)
        with tempfile.TemporaryDirectory() as folder:
            write(folder, "all", x, y)
            folds.tofile(os.path.join(folder, "folds"))
            for file, what in [("kind", {"classes": classes, "levels": levels}), ("recipes", RECIPES)]:
                with open(os.path.join(folder, f"{file}.json"), "w") as out:
                    json.dump(what, out)
            ours = {kind: [] for kind in RECIPES}
            for seed in range(seeds):
                subprocess.run([os.path.join(EXAMPLES, "trees_quality"), folder, str(seed)], check=True)
                for kind in RECIPES:
                    p = np.fromfile(os.path.join(folder, f"{kind}.p"), "<f4").reshape(len(y), -1)
                    ours[kind].append(costs(p.astype(float), y, classes))
        lines = []
        for kind, others in peers(classes, levels).items():
            for peer, (predict, draws) in others.items():
                told = [said_by_peer(name, peer, seed, predict, x, y, classes, folds) for seed in range(min(draws, seeds))]
                theirs = [costs(p, y, classes) for p in told]
                for score in ours[kind][0]:
                    if score in SCORES.get(kind, ["Brier", "error", "squared error"]):
                        lines.append(compare_costs(name, kind, peer, score, ours[kind], theirs))
                        print(json.dumps(lines[-1]), flush=True)
        with open(os.path.join(GATHERED, f"quality {name}.jsonl"), "w") as out:
            out.writelines(json.dumps(line) + "\n" for line in lines)


def compare_costs(name, kind, peer, score, ours, theirs):
    """Means over the seeds; the standard errors are those of the mean over the rows."""
    a, b = (np.mean([draw[score] for draw in side], 0) for side in (ours, theirs))
    error = lambda rows: float(rows.std(ddof=1) / len(rows) ** 0.5)
    return {
        "set": name, "rows": len(a), "kind": kind, "peer": peer, "score": score, "ours": float(a.mean()),
        "theirs": float(b.mean()), "error": error(a), "error_of_difference": error(a - b),
        "worse": bool(a.mean() - b.mean() > error(a)), "worse_in_pairs": bool(a.mean() - b.mean() > error(a - b)),
    }


# Knobs: what one change of a recipe does to its score on the same folds.
KNOBS = {
    "boosting": {
        "as it is": {}, "learning_rate 0.05": {"learning_rate": 0.05}, "learning_rate 0.05, rounds 200": {"learning_rate": 0.05, "rounds": 200},
        "rounds 400": {"rounds": 400}, "leaves 8": {"tree": {"leaves": 8}}, "min_rows 10": {"tree": {"min_rows": 10}},
        "min_rows 50": {"tree": {"min_rows": 50}}, "l2 1": {"tree": {"l2": 1.0}}, "l2 10": {"tree": {"l2": 10.0}}, "rows 0.5": {"rows": {"share": 0.5}},
    },
    "forest": {
        "as it is": {}, "min_leaf_rows 3": {"shape": {"min_leaf_rows": 3}}, "min_leaf_rows 20": {"shape": {"min_leaf_rows": 20}},
        "all features a split": {"split_features": "all"}, "rows 0.5, each once": {"draw": {"subsample": {"share": 0.5}}}, "300 trees": {"trees": 300},
    },
}
TURNED = ["credit", "hpc", "breast cancer", "diabetes"]


def knobs(names):
    for name in names or TURNED:
        x, y, levels, classes, folds, _ = folded(name)
        recipes = {f"{kind}: {knob}": {**RECIPES[kind], **change} for kind in KNOBS for knob, change in KNOBS[kind].items()}
        lines = []
        with tempfile.TemporaryDirectory() as folder:
            write(folder, "all", x, y)
            folds.tofile(os.path.join(folder, "folds"))
            for file, what in [("kind", {"classes": classes, "levels": levels}), ("recipes", recipes)]:
                with open(os.path.join(folder, f"{file}.json"), "w") as out:
                    json.dump(what, out)
            subprocess.run([os.path.join(EXAMPLES, "trees_quality"), folder, "0"], check=True)
            for recipe in recipes:
                p = np.fromfile(os.path.join(folder, f"{recipe}.p"), "<f4").reshape(len(y), -1)
                scores = {score: float(rows.mean()) for score, rows in costs(p.astype(float), y, classes).items()}
                lines.append({"set": name, "kind": recipe.split(": ")[0], "knob": recipe.split(": ")[1], **scores})
        with open(os.path.join(GATHERED, f"knobs {name}.jsonl"), "w") as out:
            out.writelines(json.dumps(line) + "\n" for line in lines)
        print(name, flush=True)


def knobs_table(lines):
    """Log loss (boosting) or the Brier score (forest) of classes, RMSE of values."""
    sets = list(dict.fromkeys(line["set"] for line in lines))
    rows = []
    for kind, changes in KNOBS.items():
        for knob in changes:
            told = {line["set"]: line for line in lines if (line["kind"], line["knob"]) == (kind, knob)}
            score = "log loss" if kind == "boosting" else "Brier"
            show = lambda line: f"{line['squared error'] ** 0.5:.4g}" if "squared error" in line else f"{line[score]:.4f}"
            rows.append([f"{kind}: {knob}", *(show(told[name]) if name in told else "" for name in sets)])
    return table(["recipe", *sets], rows)


# Speed ----------------------------------------------------------------------------------------------------------------


def made(rows, width, classes, test, seed=0):
    """Made-up tables: of classes by scikit-learn; of values Friedman's first, with noise in the other features."""
    from sklearn.datasets import make_classification, make_friedman1

    count = rows + test
    if classes:
        x, y = make_classification(
            count, width, n_informative=min(width // 2, 20), n_redundant=width // 5, n_classes=classes,
            n_clusters_per_class=3, flip_y=0.02, class_sep=0.8, random_state=seed,
        )
    else:
        x, y = make_friedman1(count, width, noise=1.0, random_state=seed)
    return x.astype(np.float32), y.astype(float), [0] * width, classes, rows


def of_set(name, with_categories=True, seed=0):
    x, y, levels, classes = SETS[name]()
    order = np.random.default_rng(seed).permutation(len(y))
    levels = levels if with_categories else [0] * len(levels)
    return x[order], y[order], levels, classes, len(y) * 4 // 5


TWO, MANY = [1, 2], ["consort", "LightGBM", "XGBoost", "HistGradientBoosting"]
# Name: table, kind, what is asked, threads, sides.
CASES = {
    "200,000 × 20, two classes": (lambda seed=0: made(200_000, 20, 2, 50_000, seed), "boosting", {"rounds": 200}, TWO, MANY),
    "1,000,000 × 28, two classes": (lambda seed=0: made(1_000_000, 28, 2, 1_000_000, seed), "boosting", {"rounds": 100}, TWO, MANY),
    "200,000 × 20, five classes": (lambda seed=0: made(200_000, 20, 5, 50_000, seed), "boosting", {"rounds": 50}, TWO, MANY),
    "200,000 × 20, values": (lambda seed=0: made(200_000, 20, 0, 50_000, seed), "boosting", {"rounds": 200}, TWO, MANY),
    "20,000 × 500, two classes": (lambda seed=0: made(20_000, 500, 2, 5_000, seed), "boosting", {"rounds": 100}, TWO, MANY),
    "diamonds": (lambda seed=0: of_set("diamonds", seed=seed), "boosting", {"rounds": 200}, TWO, MANY),
    "hpc": (lambda seed=0: of_set("hpc", seed=seed), "boosting", {"rounds": 100}, TWO, MANY),
    "forest, 100,000 × 20, two classes": (lambda seed=0: made(100_000, 20, 2, 50_000, seed), "forest", {"rounds": 100}, [2], ["consort", "scikit-learn"]),
    "forest, 30,000 × 20, values": (lambda seed=0: made(30_000, 20, 0, 50_000, seed), "forest", {"rounds": 100}, [2], ["consort", "scikit-learn"]),
    "forest, diamonds": (lambda seed=0: of_set("diamonds", False, seed), "forest", {"rounds": 100}, [2], ["consort", "scikit-learn"]),
    "extra trees, 100,000 × 20, two classes": (lambda seed=0: made(100_000, 20, 2, 50_000, seed), "extra", {"rounds": 100}, [2], ["consort", "scikit-learn"]),
    "extra trees, 30,000 × 20, values": (lambda seed=0: made(30_000, 20, 0, 50_000, seed), "extra", {"rounds": 100}, [2], ["consort", "scikit-learn"]),
    "extra trees, diamonds": (lambda seed=0: of_set("diamonds", False, seed), "extra", {"rounds": 100}, [2], ["consort", "scikit-learn"]),
    "5 folds × 3 configurations": (lambda seed=0: made(200_000, 20, 2, 0, seed), "folds", {"rounds": 50, "leaves": [15, 31, 63]}, [2], ["consort", "LightGBM"]),
}


def our_setup(folder, kind, what, asked, threads):
    boost = lambda leaves: {
        "learner": "gradient_boosting", "rounds": asked["rounds"], "learning_rate": RATE, "tree": {"leaves": leaves}
    }
    forest = {"learner": "random_forest", "trees": asked["rounds"]}
    recipes = {
        "boosting": lambda: [boost(LEAVES)],
        "folds": lambda: [boost(leaves) for leaves in asked["leaves"]],
        "forest": lambda: [forest],
        "extra": lambda: [{**forest, "draw": "all", "cuts": "random"}],
    }[what]()
    folds = 5 if what == "folds" else 0
    return {"folder": folder, "kind": kind, "threads": threads, "folds": folds, "recipes": recipes}


def run_side(side, folder, kind, what, asked, threads):
    """One process, which says how long it took and what memory."""
    env = {**os.environ, "OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": "1", "RAYON_NUM_THREADS": str(threads)}
    if side == "consort":
        command = [os.path.join(EXAMPLES, "trees_speed"), json.dumps(our_setup(folder, kind, what, asked, threads))]
    else:
        setup = {"side": side, "folder": folder, "kind": kind, "what": what, "asked": asked, "threads": threads}
        command = [sys.executable, HERE, "child", json.dumps(setup)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=env)
    return json.loads(done.stdout.splitlines()[-1])


def made_table(name):
    """The tables of a case: made once, and kept."""
    folder = os.path.join(GATHERED, "tables", name.replace(",", ""))
    shape = os.path.join(folder, "shape.json")
    if not os.path.exists(shape):
        os.makedirs(folder, exist_ok=True)
        x, y, levels, classes, rows = CASES[name][0]()
        write(folder, "train", x[:rows], y[:rows])
        write(folder, "test", x[rows:], y[rows:])
        with open(shape, "w") as out:
            json.dump({"rows": rows, "test": len(y) - rows, "levels": levels, "classes": classes}, out)
    with open(shape) as file:
        return folder, json.load(file)


def speed(runs, names):
    """Each run is a line in the file of its case, so that a case can be measured bit by bit."""
    if names == ["list"]:
        return print("\n".join(CASES))
    os.makedirs(GATHERED, exist_ok=True)
    for name in names or CASES:
        _, what, asked, threads, sides = CASES[name]
        folder, shape = made_table(name)
        kind = {"classes": shape["classes"], "levels": shape["levels"]}
        for count in [int(os.environ["THREADS"])] if "THREADS" in os.environ else threads:
            for _ in range(runs):
                line = {"case": name, "what": what, "threads": count, **shape, **asked, "copy": bandwidth()}
                line["width"] = len(line.pop("levels"))
                asked_sides = os.environ["SIDES"].split(",") if "SIDES" in os.environ else sides
                line["sides"] = {side: run_side(side, folder, kind, what, asked, count) for side in asked_sides}
                print(json.dumps(line), flush=True)
                with open(os.path.join(GATHERED, f"speed {name} {count}.jsonl".replace(",", "")), "a") as out:
                    out.write(json.dumps(line) + "\n")


def medians(lines):
    """The runs of each case as one line."""
    cases = {}
    for line in lines:
        cases.setdefault((line["case"], line["threads"]), []).append(line)
    merged = []
    for runs in cases.values():
        median = lambda side, key: statistics.median(run["sides"][side][key] for run in runs if side in run["sides"])
        told = {side: keys for run in runs for side, keys in run["sides"].items()}
        sides = {side: {key: median(side, key) for key in keys} for side, keys in told.items()}
        merged.append({**runs[0], "copy": max(run["copy"] for run in runs), "sides": sides, "runs": len(runs)})
    return merged


# How many tables of a case are drawn to compare losses: few suffice where there are many test rows.
DRAWS = {
    "200,000 × 20, two classes": 12, "200,000 × 20, five classes": 5, "200,000 × 20, values": 5, "20,000 × 500, two classes": 8,
    "diamonds": 10, "hpc": 20,
}


def losses(names):
    """Test losses of boosting beside LightGBM's on several tables of each case: one table alone tells little."""
    for name in names or DRAWS:
        make, what, asked, _, _ = CASES[name]
        path = os.path.join(GATHERED, f"losses {name}.jsonl".replace(",", ""))
        for draw in range(DRAWS[name]):
            x, y, levels, classes, rows = make(100 + draw)
            kind = {"classes": classes, "levels": levels}
            with tempfile.TemporaryDirectory(dir=GATHERED) as folder:
                write(folder, "train", x[:rows], y[:rows])
                write(folder, "test", x[rows:], y[rows:])
                del x, y
                told = {side: run_side(side, folder, kind, what, asked, 1)["loss"] for side in ("consort", "LightGBM")}
            print(json.dumps({"case": name, "draw": draw, **told}), flush=True)
            with open(path, "a") as out:
                out.write(json.dumps({"case": name, "draw": draw, **told}) + "\n")


def losses_table(lines):
    """Ours by LightGBM's, less 1, in percent: the mean over the tables and its standard error."""
    rows = []
    for name in dict.fromkeys(line["case"] for line in lines):
        gaps = np.array([100 * (line["consort"] / line["LightGBM"] - 1) for line in lines if line["case"] == name])
        if len(gaps) < 2:
            continue  # no standard error yet
        error = gaps.std(ddof=1) / len(gaps) ** 0.5
        rows.append([name, len(gaps), f"{gaps.mean():+.2f} ± {error:.2f} %"])
    return table(["data", "tables", "loss against LightGBM's"], rows)


def bandwidth():
    """Bytes a second that one thread copies, read and written."""
    a = np.ones(1 << 25)
    b = np.empty_like(a)
    least = min(timed(lambda: np.copyto(b, a)) for _ in range(5))
    return 2 * a.nbytes / least


def timed(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def memory(what):
    with open("/proc/self/status") as status:
        return next((int(line.split()[1]) for line in status if line.startswith(what)), 0)


def child(setup):
    """A peer, in a process of its own."""
    folder, kind, asked, threads = (setup[key] for key in ("folder", "kind", "asked", "threads"))
    width, classes = len(kind["levels"]), kind["classes"]

    def table(name):
        y = np.fromfile(os.path.join(folder, f"{name}.y"), "<f8")
        return np.fromfile(os.path.join(folder, f"{name}.x"), "<f4").reshape(width, len(y)).T, y

    times = {"fit": 0.0, "predict": 0.0}

    def run(fit, predict, x, y, asked_x, asked_y):
        times["fit"] += timed(lambda: run.__setattr__("model", fit(x, y)))
        times["predict"] += timed(lambda: run.__setattr__("p", predict(run.model, asked_x)))
        p = run.p if not classes else two_columns(run.p)
        if classes:
            return -np.log(np.clip(p[np.arange(len(asked_y)), asked_y.astype(int)], 1e-15, 1)).sum()
        return ((p.ravel() - asked_y) ** 2).sum()

    sides = {"LightGBM": child_lightgbm, "XGBoost": child_xgboost}
    make = sides.get(setup["side"], child_sklearn)
    x, y = table("train")
    if setup["what"] == "folds":
        fitters = [make(setup, kind, {**asked, "leaves": leaves}, threads) for leaves in asked["leaves"]]
        parts = [(np.arange(len(y)) % 5 != fold) for fold in range(5)]
        x = np.ascontiguousarray(x)
    else:
        fitters = [make(setup, kind, {"leaves": LEAVES, **asked}, threads)]
        test = table("test")
        if setup["side"] == "scikit-learn":
            x, test = np.ascontiguousarray(x), (np.ascontiguousarray(test[0]), test[1])
    before = memory("VmRSS")
    with open("/proc/self/clear_refs", "w") as refs:
        refs.write("5")
    cost, count = 0.0, 0
    for fit, predict in fitters:
        if setup["what"] == "folds":
            for own in parts:
                cost += run(fit, predict, x[own], y[own], x[~own], y[~own])
            count += len(y)
        else:
            cost += run(fit, predict, x, y, *test)
            count += len(test[1])
    print(json.dumps({**times, "loss": float(cost) / count, "peak_kb": memory("VmHWM") - before}))


def child_lightgbm(setup, kind, asked, threads):
    import lightgbm

    categories = [f for f, count in enumerate(kind["levels"]) if count]
    params = lightgbm_params(kind["classes"], kind["levels"], num_leaves=asked["leaves"], num_threads=threads)
    fit = lambda x, y: lightgbm.train(params, lightgbm.Dataset(x, y, categorical_feature=categories), asked["rounds"])
    return fit, lambda model, x: model.predict(x, num_threads=threads)


def child_xgboost(setup, kind, asked, threads):
    import xgboost

    params = xgboost_params(kind["classes"], kind["levels"], max_leaves=asked["leaves"], nthread=threads)
    fit = lambda x, y: xgboost.train(params, xgboost_data(kind, x, y), asked["rounds"])
    if any(kind["levels"]):
        return fit, lambda model, x: model.predict(xgboost_data(kind, x))
    return fit, lambda model, x: model.inplace_predict(x)


def child_sklearn(setup, kind, asked, threads):
    from sklearn import ensemble

    classes, what = kind["classes"], setup["what"]
    name = {"forest": "RandomForest", "extra": "ExtraTrees"}.get(what, "HistGradientBoosting")
    make = getattr(ensemble, name + ("Classifier" if classes else "Regressor"))
    if name == "HistGradientBoosting":
        categories = [f for f, count in enumerate(kind["levels"]) if count] or None
        params = {"max_iter": asked["rounds"], "max_leaf_nodes": asked["leaves"], "learning_rate": RATE, "early_stopping": False, "categorical_features": categories}
    else:
        params = {"n_estimators": asked["rounds"], "n_jobs": threads}
    model = make(random_state=0, **params)
    return model.fit, lambda model, x: model.predict_proba(x) if classes else model.predict(x)


# The page -------------------------------------------------------------------------------------------------------------


def gathered(start):
    lines = []
    for name in sorted(os.listdir(GATHERED)):
        if name.startswith(start):
            with open(os.path.join(GATHERED, name)) as file:
                lines += [json.loads(line) for line in file]
    order, key = (list(SETS), "set") if start in ("quality", "knobs") else (list(CASES), "case")
    return sorted(lines, key=lambda line: order.index(line[key]))


def quality_table(lines):
    root = lambda line, x: x**0.5 if line["score"] == "squared error" else x
    # The error of a root is that of the square by twice the root.
    error = lambda line, e: e / (2 * line["ours"] ** 0.5) if line["score"] == "squared error" else e
    show = lambda line, x: f"{root(line, x):.4g}"
    word = {"squared error": "RMSE"}
    rows = []
    for line in lines:
        gap = root(line, line["ours"]) - root(line, line["theirs"])
        own, pair = error(line, line["error"]), error(line, line["error_of_difference"])
        mark = "**worse**" if line["worse"] else ("worse in pairs" if line["worse_in_pairs"] else "")
        rows.append([
            line["set"], line["kind"], line["peer"], word.get(line["score"], line["score"]), f"{show(line, line['ours'])} ± {own:.2g}",
            show(line, line["theirs"]), f"{gap:+.2g} ± {pair:.2g}", mark,
        ])
    return table(["set", "ours", "peer", "score", "ours ± standard error", "theirs", "difference ± its own", ""], rows)


# What the issue of speed asks for: ours by theirs at most, for fit, predict and peak memory; loss may be greater by 0.5 %.
AIMS = {"boosting": (0.8, 0.5, 1.0), "forest": (0.3, None, None), "extra": (0.5, None, None), "folds": (0.7, None, 1.0)}
REFERENCE = {"boosting": "LightGBM", "forest": "scikit-learn", "extra": "scikit-learn", "folds": "LightGBM"}


def aims_table(lines):
    """How each case stands to its aim: a ratio that misses it is bold."""
    mark = lambda text, aim, missed: f"**{text}**" if aim is not None and missed else text
    rows = []
    for line in lines:
        ours, theirs = line["sides"]["consort"], line["sides"][REFERENCE[line["what"]]]
        row = [line["case"], line["threads"], REFERENCE[line["what"]]]
        for key, aim in zip(("fit", "predict", "peak_kb"), AIMS[line["what"]]):
            ratio = ours[key] / theirs[key]
            row.append(mark(f"{ratio:.2f}", aim, aim is not None and ratio > aim))
        worse = 100 * (ours["loss"] / theirs["loss"] - 1)
        boosted = line["what"] in ("boosting", "folds")
        rows.append([*row, mark(f"{worse:+.2f} %", 0.5 if boosted else None, worse > 0.5), line["runs"]])
    return table(["data", "threads", "peer", "fit", "predict", "peak", "loss", "runs"], rows)


def speed_table(lines, kinds, peers):
    rows = []
    for line in (line for line in lines if line["what"] in kinds):
        ours = line["sides"]["consort"]
        for peer in peers:
            if peer not in line["sides"]:
                continue
            theirs = line["sides"][peer]
            ratio = lambda key: f"{ours[key] / theirs[key]:.2f}" if theirs[key] else "–"
            rows.append([
                line["case"], line["threads"], peer, f"{ours['fit']:.3g}", f"{theirs['fit']:.3g}", ratio("fit"),
                f"{ours['predict']:.3f}", f"{theirs['predict']:.3f}", ratio("predict"), f"{ours['loss']:.4g}",
                f"{theirs['loss']:.4g}", f"{ours['peak_kb'] / 1024:.0f}", f"{theirs['peak_kb'] / 1024:.0f}", ratio("peak_kb"),
            ])
    head = ["data", "threads", "peer", "fit s", "theirs", "ratio", "predict s", "theirs", "ratio", "loss", "theirs", "peak MB", "theirs", "ratio"]
    return table(head, rows)


def floor_table(lines):
    """What must be read and written at least, with trees of even halves: see the words on the page."""
    rows = []
    for line in (line for line in lines if line["what"] == "boosting" and line["threads"] == 1):
        trees = line["rounds"] * (line["classes"] if line["classes"] > 2 else 1)
        levels = float(np.log2(LEAVES))
        # A level: the smaller children are summed (codes, word, row number); all rows are parted (code, number in, out).
        root = line["rows"] * (line["width"] + 8)
        level = line["rows"] * (0.5 * (line["width"] + 8 + 4) + 1 + 4 + 4)
        # A round: score, target, gradient and Hessian written, read, packed; scores read and written once more.
        around = line["rows"] * (8 + 4 + 8 + 8 + 8 + 16 + 4)
        size = trees * (root + (levels - 1) * level + around)
        adds = trees * line["rows"] * line["width"] * (1 + 0.5 * (levels - 1))
        seconds = size / line["copy"]
        fit = line["sides"]["consort"]["fit"]
        rows.append([
            line["case"], f"{size / 1e9:.1f}", f"{line['copy'] / 1e9:.1f}", f"{seconds:.2f}", f"{fit:.2f}", f"{fit / seconds:.1f} ×", f"{fit / adds * 1e9:.2f}",
        ])
    head = ["data", "GB", "copy GB/s", "floor s", "fit s", "of the floor", "ns an addition"]
    return table(head, rows)


def table(head, rows):
    text = "| " + " | ".join(head) + " |\n|---|" + "---:|" * (len(head) - 1) + "\n"
    return text + "".join("| " + " | ".join(map(str, row)) + " |\n" for row in rows)


def page():
    import re

    lines, scores = medians(gathered("speed")), gathered("quality")
    boosters = ["LightGBM", "XGBoost", "HistGradientBoosting"]
    parts = {
        "aims": aims_table(lines),
        "boosting": speed_table(lines, ["boosting"], boosters),
        "forests": speed_table(lines, ["forest", "extra"], ["scikit-learn"]),
        "folds": speed_table(lines, ["folds"], ["LightGBM"]),
        "floor": floor_table(lines),
        "losses": losses_table(gathered("losses")),
        "knobs": knobs_table(gathered("knobs")),
        "quality": quality_table(scores),
    }
    with open(PAGE) as file:
        text = file.read()
    for name, part in parts.items():
        if part.count("\n") <= 2:
            continue  # nothing gathered: what stands there stays
        marks = re.compile(f"(<!-- measured: {name} -->\n).*?(<!-- end -->)", re.S)
        text = marks.sub(lambda found: f"{found[1]}\n{part}\n{found[2]}", text)
    with open(PAGE, "w") as file:
        file.write(text)


def main():
    mode, *rest = sys.argv[1:] or ["help"]
    if mode == "child":
        child(json.loads(rest[0]))
    elif mode == "quality":
        quality(rest)
    elif mode == "peers":
        ask_peers(rest)
    elif mode == "tables":
        for name in rest or CASES:
            made_table(name)
    elif mode == "speed":
        runs = int(rest[1]) if rest[:1] == ["--runs"] else 3
        speed(runs, rest[2:] if rest[:1] == ["--runs"] else rest)
    elif mode == "knobs":
        knobs(rest)
    elif mode == "losses":
        losses(rest)
    elif mode == "page":
        page()
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
