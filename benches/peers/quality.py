"""How good the ensembles of `consort fit` are beside scikit-learn's, on the same outer folds of nine tables.

    cargo build --release -p consort-cli
    python benches/peers/quality.py --tables FOLDER --keep FOLDER --most 10000 [--sets wine,ames] [--sides consort,scikit-learn]
    python benches/peers/quality.py --tables FOLDER --keep FOLDER --most 10000 --page docs/benchmarks/quality.md
    python benches/peers/quality.py --tables FOLDER --keep OTHER --most 10000 --sides consort --members linear,boost,mlp
    python benches/peers/quality.py --tables FOLDER --keep OTHER --most 10000 --against FOLDER    what these members change

Five outer folds, stratified for classes. On the training part of each, `consort fit` runs with nothing but the name of the
target, and scikit-learn fits a stack (logistic regression or RidgeCV on predictions of five inner folds), a vote (the mean) and
its gradient boosting. Members of stack and vote are the kinds that `consort fit` takes: a linear model, 15 nearest neighbours, a
random forest and extra trees of 200 trees each, and gradient boosting. Every side predicts the test part; what it says is kept in
`--keep`, so that a stopped run goes on, and the page is made of what is kept. Nothing is timed.

`--tables` has ames.csv, credit.csv, diamonds.csv, hpc.csv and penguins.csv (all from the R package modeldata, except for penguins,
from palmerpenguins, and diamonds, from ggplot2); the other four come with scikit-learn.
"""
import argparse
import os
import subprocess
import sys
import warnings
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import numpy as np
import pandas as pd

FOLDS = 5
# In the order of their sizes. What is judged: log loss of classes, root mean squared error of numbers.
SETS = {
    "wine": "class",
    "penguins": "species",
    "diabetes": "progression",
    "breast cancer": "class",
    "digits": "class",
    "ames": "Sale_Price",
    "hpc": "class",
    "credit": "Status",
    "diamonds": "price",
}
PEERS = ["voting", "stacking", "boosting"]


def table(name, tables, most):
    """The frame of a set: numbers stay numbers, all else is text, and a target of numbers is a regression. Of more than `most`
    rows, so many are drawn at random.
    """
    frame = whole(name, tables)
    if len(frame) > most:
        rows = np.sort(np.random.default_rng(0).permutation(len(frame))[:most])
        frame = frame.iloc[rows].reset_index(drop=True)
    return frame


def whole(name, tables):
    target = SETS[name]
    if name in ("wine", "diabetes", "breast cancer", "digits"):
        from sklearn import datasets

        load = getattr(datasets, "load_" + name.replace(" ", "_"))
        kept = load()
        frame = pd.DataFrame(kept.data, columns=[str(c).replace(" ", "_") for c in kept.feature_names])
        names = getattr(kept, "target_names", None)
        is_class = name != "diabetes"
        frame[target] = [f"c{names[y]}" for y in kept.target] if is_class else kept.target
        return frame
    frame = pd.read_csv(Path(tables) / f"{name}.csv", keep_default_na=True)
    return frame.dropna(subset=[target]).reset_index(drop=True)


def is_class(frame, target):
    return not pd.api.types.is_numeric_dtype(frame[target])


def folds(frame, target):
    from sklearn.model_selection import KFold, StratifiedKFold

    y = frame[target]
    kind = StratifiedKFold if is_class(frame, target) else KFold
    return list(kind(FOLDS, shuffle=True, random_state=0).split(np.zeros(len(y)), y))


def peers(train, test, target):
    """What scikit-learn's three say of the test rows."""
    from sklearn.compose import make_column_transformer
    from sklearn.ensemble import (
        ExtraTreesClassifier,
        ExtraTreesRegressor,
        HistGradientBoostingClassifier,
        HistGradientBoostingRegressor,
        RandomForestClassifier,
        RandomForestRegressor,
        StackingClassifier,
        StackingRegressor,
    )
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression, RidgeCV
    from sklearn.model_selection import KFold, StratifiedKFold
    from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    classes = is_class(train, target)
    x, y, fresh = train.drop(columns=target), train[target].to_numpy(), test.drop(columns=target)
    numbers = [c for c in x if pd.api.types.is_numeric_dtype(x[c])]
    words = [c for c in x if c not in numbers]

    def encoded(model):
        encode = make_column_transformer(
            (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
            (
                make_pipeline(
                    SimpleImputer(strategy="constant", fill_value="missing"),
                    OneHotEncoder(handle_unknown="ignore", sparse_output=False),
                ),
                words,
            ),
        )
        return make_pipeline(encode, model)

    def boosting():
        # It takes missing values as they are, and categories by their type.
        model = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
        return model(categorical_features="from_dtype", random_state=0)

    for column in words:
        levels = pd.CategoricalDtype(sorted(x[column].dropna().unique()))
        x[column], fresh[column] = x[column].astype(levels), fresh[column].astype(levels)
    if classes:
        linear, near = LogisticRegression(max_iter=2000), KNeighborsClassifier(15)
        forests = RandomForestClassifier(200, random_state=0), ExtraTreesClassifier(200, random_state=0)
    else:
        linear, near = RidgeCV([0.1, 1.0, 10.0, 100.0, 1000.0]), KNeighborsRegressor(15)
        forests = RandomForestRegressor(200, random_state=0), ExtraTreesRegressor(200, random_state=0)
    members = [
        ("linear", encoded(linear)),
        ("near", encoded(near)),
        ("forest", encoded(forests[0])),
        ("extra", encoded(forests[1])),
        ("boosting", boosting()),
    ]
    # As `consort fit` does: neighbours are left out where there are many rows.
    members = [m for m in members if m[0] != "near" or len(x) <= 20_000]
    if classes:
        inner = StratifiedKFold(5, shuffle=True, random_state=0)  # not shuffled, sorted tables ruin a stack
        stack = StackingClassifier(members, LogisticRegression(max_iter=2000), cv=inner).fit(x, y)
        order = list(stack.classes_)
        say = [m.predict_proba(fresh) for m in stack.estimators_]
        return order, {"stacking": stack.predict_proba(fresh), "voting": np.mean(say, axis=0), "boosting": say[-1]}
    stack = StackingRegressor(members, RidgeCV(), cv=KFold(5, shuffle=True, random_state=0)).fit(x, y)
    say = [m.predict(fresh) for m in stack.estimators_]
    return [], {"stacking": stack.predict(fresh), "voting": np.mean(say, axis=0), "boosting": say[-1]}


def ours(train, test, target, program, threads, place, members=None):
    """What `consort fit` says of the test rows; its run stays in `place`, and one that was stopped goes on."""
    place.mkdir(parents=True, exist_ok=True)
    train.to_csv(place / "train.csv", index=False)
    test.drop(columns=target).to_csv(place / "test.csv", index=False)
    run, out = place / "run", place / "out.csv"
    asked = [str(place / "train.csv"), "--target", target, "-o", str(run)]
    asked += ["--members", members] if members else []
    asked = ["--resume", str(run)] if (run / "run.json").exists() else asked
    told = ["--threads", str(threads)]
    quiet = {"check": True, "stdout": subprocess.DEVNULL}
    subprocess.run([program, "fit", *asked, *told, "--json"], **quiet)
    subprocess.run([program, "predict", str(run), str(place / "test.csv"), "-o", str(out), *told, "--json"], **quiet)
    said = pd.read_csv(out)
    if "pred" in said:
        return [], {"consort": said["pred"].to_numpy()}
    columns = [c for c in said if c.startswith("p_")]
    return [c[2:] for c in columns], {"consort": said[columns].to_numpy()}


def score(said, order, truth):
    """Log loss, or root mean squared error; and, for the eye, accuracy or R²."""
    if not order:
        error = said - truth
        return float(np.sqrt(np.mean(error**2))), float(1 - np.sum(error**2) / np.sum((truth - truth.mean()) ** 2))
    places = {c: k for k, c in enumerate(order)}
    own = np.array([places[y] for y in truth])
    p = said[np.arange(len(own)), own] / said.sum(axis=1)
    return float(-np.mean(np.log(np.clip(p, 1e-15, 1)))), float(np.mean(said.argmax(axis=1) == own))


def kept(keep, name, side, fold):
    return Path(keep) / f"{name.replace(' ', '_')}-{side}-{fold}.npz"


def fit_all(a):
    for name in a.sets:
        frame, target = table(name, a.tables, a.most), SETS[name]
        for fold, (learnt, tested) in enumerate(folds(frame, target)):
            for side in a.sides:
                files = [kept(a.keep, name, who, fold) for who in (["consort"] if side == "consort" else PEERS)]
                if all(file.exists() for file in files):
                    continue
                train, test = frame.iloc[learnt].reset_index(drop=True), frame.iloc[tested].reset_index(drop=True)
                if side == "consort":
                    place = kept(a.keep, name, "run", fold).with_suffix("")
                    order, said = ours(train, test, target, a.program, a.threads, place, a.members)
                else:
                    order, said = peers(train, test, target)
                for who, values in said.items():
                    np.savez(kept(a.keep, name, who, fold), said=values, order=np.array(order, dtype=str))
                print(name, side, fold, flush=True)


def scores(a, name, sides=("consort", *PEERS), keep=None):
    """For each side the score and the second score of each fold; nothing if a fold is not there."""
    frame, target = table(name, a.tables, a.most), SETS[name]
    found = {}
    for side in sides:
        pairs = []
        for fold, (_, tested) in enumerate(folds(frame, target)):
            file = kept(keep or a.keep, name, side, fold)
            if not file.exists():
                return None
            with np.load(file) as saved:
                order = [str(c) for c in saved["order"]]
                pairs.append(score(saved["said"], order, frame[target].to_numpy()[tested]))
        found[side] = np.array(pairs)
    return len(frame), is_class(frame, target), found


def number(x):
    return f"{x:,.0f}" if abs(x) >= 1000 else f"{x:.4f}" if abs(x) < 10 else f"{x:.2f}"


def spread(values):
    return values.std(ddof=1) / np.sqrt(len(values))


def told(a):
    """The tables of the page."""
    lines = [
        "| set | rows | score | consort | voting | stacking | boosting |",
        "|---|---:|---|---:|---:|---:|---:|",
    ]
    pairs = ["| set | against voting | against stacking | against boosting |", "|---|---:|---:|---:|"]
    second = ["| set | score | consort | voting | stacking | boosting |", "|---|---|---:|---:|---:|---:|"]
    gains = {peer: [] for peer in PEERS}
    worse = []
    for name in a.sets:
        got = scores(a, name)
        if got is None:
            print(f"{name}: a fold is not there", file=sys.stderr)
            continue
        rows, classes, found = got
        sides = ["consort", *PEERS]
        cells = [f"{number(found[s][:, 0].mean())} ± {number(spread(found[s][:, 0]))}" for s in sides]
        lines.append(f"| {name} | {rows:,} | {'log loss' if classes else 'RMSE'} | {' | '.join(cells)} |")
        cells = [f"{found[s][:, 1].mean():.4f}" for s in sides]
        second.append(f"| {name} | {'accuracy' if classes else 'R²'} | {' | '.join(cells)} |")
        cells = []
        for peer in PEERS:
            base = found[peer][:, 0].mean()
            gain = 100 * (found[peer][:, 0] - found["consort"][:, 0]) / base
            gains[peer].append(gain.mean())
            cells.append(f"{gain.mean():+.1f} ± {spread(gain):.1f}")
            if gain.mean() < -spread(gain):
                worse.append(f"{name} ({peer})")
        pairs.append(f"| {name} | {' | '.join(cells)} |")
    cells = [f"**{np.mean(gains[peer]):+.1f}**" for peer in PEERS]
    pairs.append(f"| mean of the sets | {' | '.join(cells)} |")
    return lines, pairs, second, worse


def changed(a):
    """Prints what one folder's runs lose against another's, in per cent: the mean of each set ± its standard error."""
    changes = []
    for name in a.sets:
        pair = [scores(a, name, ["consort"], keep) for keep in (a.keep, a.against)]
        if None in pair:
            print(f"{name}: a fold is not there", file=sys.stderr)
            continue
        here, there = (found["consort"][:, 0] for *_, found in pair)
        change = 100 * (here - there) / there.mean()
        changes.append(change.mean())
        print(f"| {name} | {number(there.mean())} | {number(here.mean())} | {change.mean():+.1f} ± {spread(change):.1f} |")
    if changes:
        print(f"| mean of the sets | | | **{np.mean(changes):+.1f}** |")


def main():
    p = argparse.ArgumentParser()
    target = Path(os.environ.get("CARGO_TARGET_DIR", "target"))
    p.add_argument("--tables", default="tables")
    p.add_argument("--keep", required=True)
    p.add_argument("--sets", default=",".join(SETS))
    p.add_argument("--sides", default="consort,scikit-learn")
    p.add_argument("--most", type=int, default=10**9, help="of a larger table, take so many rows at random")
    p.add_argument("--program", default=str(target / "release/consort"))
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--members", help="the members of `consort fit`, instead of those that it takes by itself")
    p.add_argument("--against", help="another folder that was kept: print what this one's runs of consort lose against it")
    p.add_argument("--page", help="put the tables between the marks of this page, instead of fitting")
    a = p.parse_args()
    a.sets, a.sides = a.sets.split(","), a.sides.split(",")
    Path(a.keep).mkdir(parents=True, exist_ok=True)
    warnings.filterwarnings("ignore")
    if a.against:
        changed(a)
        return
    if not a.page:
        fit_all(a)
        return
    lines, pairs, second, worse = told(a)
    page = Path(a.page)
    text = page.read_text() if page.exists() else "<!-- scores -->\n<!-- pairs -->\n<!-- second -->\n"
    for mark, part in [("scores", lines), ("pairs", pairs), ("second", second)]:
        start, end = f"<!-- {mark} -->", f"<!-- end of {mark} -->"
        if end in text:
            before, rest = text.split(start, 1)
            text = before + start + rest.split(end, 1)[1]
        text = text.replace(start, "\n".join([start, *part, end]))
    page.write_text(text)
    print("worse by more than one standard error:", ", ".join(worse) or "none")


main()
