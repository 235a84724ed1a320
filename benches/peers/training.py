"""Ensembles beside scikit-learn's, on the same table and with two threads each: a line of JSON for each.

    cargo build --release -p consort-ensemble --example training_speed
    python benches/peers/training.py [stack adaboost bagging] [--example PATH] [--times N]

Both sides fit on the same rows and predict the same 20,000 others. They are run in turn, each in a process of its own, and
the least of `--times` runs counts. `busy` is the share of two cores that the fit used, `peak_mb` the most memory that the process held
(of scikit-learn: it and its two workers), `table_mb` what it held before the fit.
"""
import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WIDTH = 20
ROWS = {"stack": 100_000, "adaboost": 100_000, "bagging": 20_000}


def drawn(rows, seed):
    import numpy as np

    r = np.random.default_rng(seed)
    slopes = np.random.default_rng(1).standard_normal(WIDTH)
    x = r.standard_normal((rows, WIDTH)).astype(np.float32)
    z = x @ slopes + 2.0 * x[:, 0] * x[:, 1] + 2.0 * r.standard_normal(rows)
    return x, (z > 0).astype(np.uint8)


def peer(what):
    from sklearn.ensemble import AdaBoostClassifier, BaggingClassifier, StackingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.naive_bayes import GaussianNB
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.tree import DecisionTreeClassifier

    if what == "stack":
        members = [
            ("logistic", make_pipeline(StandardScaler(), LogisticRegression())),
            ("bayes", GaussianNB()),
            ("near", KNeighborsClassifier(5)),
            ("tree", DecisionTreeClassifier(max_depth=10, random_state=0)),
        ]
        return StackingClassifier(members, LogisticRegression(), cv=5, n_jobs=2)
    if what == "adaboost":
        return AdaBoostClassifier(DecisionTreeClassifier(max_depth=1), n_estimators=200, random_state=0)
    return BaggingClassifier(DecisionTreeClassifier(random_state=0), 100, n_jobs=2, random_state=0)


def most():
    """The most memory so far in MB, of this process and twice that of its greatest child."""
    of = lambda who: resource.getrusage(who).ru_maxrss / 1e3
    return of(resource.RUSAGE_SELF) + 2 * of(resource.RUSAGE_CHILDREN)


def theirs(what):
    (x, y), (fresh, truth) = drawn(ROWS[what], 2), drawn(20_000, 3)
    model = peer(what)
    held = most()
    start = time.perf_counter()
    model.fit(x, y)
    fit = time.perf_counter() - start
    start = time.perf_counter()
    predicted = model.predict_proba(fresh)
    predict = time.perf_counter() - start
    accuracy = float((predicted.argmax(1) == truth).mean())
    from joblib.externals.loky import get_reusable_executor

    # Workers are counted when they are gone.
    get_reusable_executor().shutdown(wait=True)
    return {"fit": fit, "predict": predict, "accuracy": accuracy, "table_mb": round(held), "peak_mb": round(most())}


def write(folder, name, rows, seed):
    x, y = drawn(rows, seed)
    (Path(folder) / f"{name}.x").write_bytes(x.T.copy().tobytes())
    (Path(folder) / f"{name}.y").write_bytes(y.tobytes())


def main():
    target = Path(os.environ.get("CARGO_TARGET_DIR", "target"))
    p = argparse.ArgumentParser()
    p.add_argument("what", nargs="*", default=list(ROWS))
    p.add_argument("--example", default=str(target / "release/examples/training_speed"))
    p.add_argument("--times", type=int, default=2)
    p.add_argument("--theirs", help=argparse.SUPPRESS)
    a = p.parse_args()
    if a.theirs:
        print(json.dumps(theirs(a.theirs)))
        return
    for what in a.what:
        with tempfile.TemporaryDirectory() as folder:
            write(folder, "train", ROWS[what], 2)
            write(folder, "test", 20_000, 3)
            sides = {"consort": [a.example, folder, what], "scikit-learn": [sys.executable, __file__, "--theirs", what]}
            least = {side: None for side in sides}
            for _ in range(a.times):
                for side, command in sides.items():
                    got = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
                    if least[side] is None or got["fit"] < least[side]["fit"]:
                        least[side] = got
            ratio = least["scikit-learn"]["fit"] / least["consort"]["fit"]
            print(json.dumps({"what": what, "rows": ROWS[what], **least, "fit_ratio": round(ratio, 2)}), flush=True)


main()
