"""Times fitted trees beside their makers: prediction, SHAP values, size and reading of a saved model.

Usage: tree_models.py [ROWS] [SHAP_ROWS]. Build first: cargo build --release -p consort-trees --example model_speed
"""
import os
import statistics
import subprocess
import sys
import tempfile
import time

import lightgbm as lgb
import numpy as np
import xgboost as xgb

ROWS, EXPLAINED = (int(a) for a in (*sys.argv[1:], 200_000, 4_000)[:2])
TARGET = os.environ.get("CARGO_TARGET_DIR", "target")
rng = np.random.default_rng(0)
x = rng.normal(size=(ROWS, 28)).astype(np.float32)
y = (x[:, 0] * x[:, 1] + x[:, 2] + np.sin(3 * x[:, 3]) + rng.normal(size=ROWS) > 0).astype(int)


def median(run):
    times = []
    for _ in range(5):
        start = time.perf_counter()
        result = run()
        times.append(time.perf_counter() - start)
    return statistics.median(times), result


with tempfile.TemporaryDirectory() as folder:
    x.T.tofile(f"{folder}/x.bin")
    for leaves, trees in [(31, 200), (255, 100)]:
        params = dict(objective="binary", num_leaves=leaves, learning_rate=0.1, verbose=-1, num_threads=2, seed=1)
        model = lgb.train(params, lgb.Dataset(x[:50_000], y[:50_000]), trees)
        model.save_model(f"{folder}/model.txt")
        print(f"\n{trees} trees of {leaves} leaves; {ROWS} rows predicted, {EXPLAINED} explained", flush=True)
        for threads in [1, 2]:
            predict, p = median(lambda: model.predict(x, num_threads=threads))
            explain, c = median(lambda: model.predict(x[:EXPLAINED], pred_contrib=True, num_threads=threads))
            moved = np.abs(c[:, :-1]).mean(axis=0).sum()
            print(f"LightGBM, {threads} threads: predict {predict:.4f} s, mean {p.mean():.9f}; "
                  f"explain {explain:.4f} s, mean {moved:.9f}", flush=True)
        run = [f"{TARGET}/release/examples/model_speed", f"{folder}/model.txt", f"{folder}/x.bin", str(ROWS), str(EXPLAINED)]
        subprocess.run(run, check=True)

        params = dict(objective="binary:logistic", grow_policy="lossguide", max_leaves=leaves, max_depth=0, eta=0.1, nthread=2)
        model = xgb.train(params, xgb.DMatrix(x[:50_000], y[:50_000]), trees)
        model.save_model(f"{folder}/model.json")
        for threads in [1, 2]:
            model.set_param({"nthread": threads})
            predict, p = median(lambda: model.inplace_predict(x))
            some = xgb.DMatrix(x[:EXPLAINED])
            explain, c = median(lambda: model.predict(some, pred_contribs=True))
            moved = np.abs(c[:, :-1]).mean(axis=0).sum()
            print(f"XGBoost, {threads} threads: predict {predict:.4f} s, mean {p.mean():.9f}; "
                  f"explain {explain:.4f} s, mean {moved:.9f}", flush=True)
        run[1] = f"{folder}/model.json"
        subprocess.run(run, check=True)
