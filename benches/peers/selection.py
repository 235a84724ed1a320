#!/usr/bin/env python3
"""Greedy ensemble selection against AutoGluon's `EnsembleSelection`: same data, same picks, both times.

    cargo build --release -p consort-fusion --example selection_speed
    python benches/peers/selection.py [--scale 1.0] [--rounds 50] [--binary PATH] [CASE...]

Cases: `log_loss_multi` (20 members x 1,000,000 rows x 10 classes), `log_loss_binary` and `roc_auc_binary`
(200 x 100,000 x 2). `--scale` shortens the rows of both sides; `--peer-rows` those of the peer's side alone, in
which case the picks are compared on those rows and the times are scaled by rows and marked.

How the conventions are matched. AutoGluon rounds scores to 6 decimals after its first round and breaks ties at
random, members in use first. Its metric is given here as a scorer multiplied by 1e6, so that it rounds at the 12th
decimal, and consort's ties prefer members in use (`Tie::Used`). Probabilities are multiples of 2^-16 that sum to
exactly 1 in single precision, so that AutoGluon's renormalisation of rows changes nothing.

Prints one JSON object a case. CPU seconds are user + system time of the process.
"""
import argparse
import json
import os
import resource
import subprocess
import tempfile
import time

import numpy as np

CASES = {
    "log_loss_multi": (20, 1_000_000, 10, "log_loss"),
    "log_loss_binary": (200, 100_000, 2, "log_loss"),
    "roc_auc_binary": (200, 100_000, 2, "roc_auc"),
}
GRID = 1 << 16


def make(members, rows, classes, seed):
    """Members of different skill whose errors are partly shared."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, rows).astype(np.uint32)
    shared = rng.standard_normal((rows, classes), dtype=np.float32)
    cube = np.empty((members, rows, classes), np.float32)
    for m in range(members):
        logits = 0.7 * shared + (0.7 + 0.6 * rng.random()) * rng.standard_normal((rows, classes), dtype=np.float32)
        logits[np.arange(rows), truth] += 0.8 + 0.8 * rng.random()
        p = np.exp(logits)
        p /= p.sum(1, keepdims=True)
        q = np.maximum(np.floor(p * GRID), 1)
        q[np.arange(rows), q.argmax(1)] += GRID - q.sum(1)
        cube[m] = (q / GRID).astype(np.float32)
    return cube, truth


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def peer(cube, truth, metric, rounds):
    from autogluon.core.metrics import make_scorer
    from autogluon.core.models.greedy_ensemble.ensemble_selection import EnsembleSelection
    from sklearn import metrics

    classes = cube.shape[2]
    problem = "binary" if classes == 2 else "multiclass"
    if metric == "log_loss":
        labels = list(range(classes))
        function = lambda y, p: 1e6 * metrics.log_loss(y, p, labels=labels)
        scorer = make_scorer("log_loss_e6", function, optimum=0, greater_is_better=False, needs_proba=True)
    else:
        function = lambda y, s: 1e6 * metrics.roc_auc_score(y, s)
        scorer = make_scorer("roc_auc_e6", function, optimum=1e6, greater_is_better=True, needs_threshold=True)
    # As AutoGluon keeps them: one column for two classes.
    predictions = [m[:, 1].astype(np.float64) if classes == 2 else m.astype(np.float64) for m in cube]
    selection = EnsembleSelection(ensemble_size=rounds, problem_type=problem, metric=scorer)
    # Its kept prefix hides the later picks, so the last is kept for the comparison.
    selection.use_best = False
    wall, used = time.perf_counter(), cpu()
    selection.fit(predictions, truth.astype(np.int64))
    return {
        "seconds": time.perf_counter() - wall,
        "cpu_seconds": cpu() - used,
        "picks": [int(m) for m in selection.indices_],
    }


def consort(binary, folder, shape, metric, rounds, threads):
    command = [binary, folder, *map(str, shape), metric, str(rounds), str(threads)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def write(folder, cube, truth):
    cube.astype("<f4").tofile(os.path.join(folder, "cube.f32"))
    truth.astype("<u4").tofile(os.path.join(folder, "truth.u32"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    target = os.environ.get("CARGO_TARGET_DIR", "target")
    parser.add_argument("cases", nargs="*", default=list(CASES), metavar="CASE")
    parser.add_argument("--binary", default=os.path.join(target, "release", "examples", "selection_speed"))
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--peer-rows", type=int, default=None)
    parser.add_argument("--peer-rounds", type=int, default=None)
    parser.add_argument("--threads", type=int, nargs="*", default=[1, os.cpu_count()])
    arguments = parser.parse_args()
    for name in arguments.cases:
        members, rows, classes, metric = CASES[name]
        rows = int(rows * arguments.scale)
        cube, truth = make(members, rows, classes, 7)
        report = {"case": name, "shape": [members, rows, classes], "metric": metric, "rounds": arguments.rounds}
        with tempfile.TemporaryDirectory() as folder:
            write(folder, cube, truth)
            runs = {t: consort(arguments.binary, folder, cube.shape, metric, arguments.rounds, t) for t in arguments.threads}
            peer_rows = min(arguments.peer_rows or rows, rows)
            peer_rounds = min(arguments.peer_rounds or arguments.rounds, arguments.rounds)
            theirs = peer(cube[:, :peer_rows], truth[:peer_rows], metric, peer_rounds)
            again = {t: consort(arguments.binary, folder, cube.shape, metric, arguments.rounds, t) for t in arguments.threads}
            ours = runs[arguments.threads[0]]["picks"]
            if peer_rows < rows:
                write(folder, np.ascontiguousarray(cube[:, :peer_rows]), truth[:peer_rows])
                shape = (members, peer_rows, classes)
                ours = consort(arguments.binary, folder, shape, metric, arguments.rounds, 1)["picks"]
        factor = rows / peer_rows * arguments.rounds / peer_rounds
        report["peer"] = {**theirs, "rows": peer_rows, "rounds": peer_rounds, "scaled_by": factor}
        report["same_picks"] = ours[:peer_rounds] == theirs["picks"]
        report["distinct_members"] = len(set(ours))
        for t in arguments.threads:
            seconds = sorted([runs[t]["seconds"], again[t]["seconds"]])
            report[f"consort_{t}"] = {
                "seconds": seconds,
                "cpu_seconds": sorted([runs[t]["cpu_seconds"], again[t]["cpu_seconds"]]),
                "ratio": theirs["seconds"] * factor / seconds[-1],
                "cpu_ratio": theirs["cpu_seconds"] * factor / max(runs[t]["cpu_seconds"], again[t]["cpu_seconds"], 0.01),
            }
        print(json.dumps(report), flush=True)


if __name__ == "__main__":
    main()
