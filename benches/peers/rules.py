#!/usr/bin/env python3
"""Rules against their usual numpy lines, one thread each, call by call in turn. Prints JSON lines."""
import json
import tempfile

import numpy as np

from side import Ours, compare

SHAPES = [(20, 1_000_000, 10), (200, 100_000, 2)]


def make(members, rows, classes):
    rng = np.random.default_rng(7)
    cube = rng.random((members, rows, classes), dtype=np.float32)
    cube *= cube
    cube += np.float32(0.01)
    for m in cube:
        m /= m.sum(1, keepdims=True)
    return cube, rng.integers(0, classes, rows)


def scaled(x):
    return x / x.sum(1, keepdims=True)


def one_hot(labels, classes):
    return np.eye(classes, dtype=np.float32)[labels]


def vote(cube):
    members, rows, classes = cube.shape
    count = np.zeros((rows, classes), np.int32)
    every = np.arange(rows)
    for m in cube:
        # Of two classes the positive one from 0.5 on, as ours.
        count[every, m.argmax(1) if classes > 2 else (m[:, 1] >= m[:, 0]).astype(int)] += 1
    return one_hot(count.argmax(1), classes)


def main():
    for shape in SHAPES:
        cube, truth = make(*shape)
        weights = np.array([1.0 + m % 7 for m in range(shape[0])])
        shares = (weights / weights.sum()).astype(np.float32)
        peers = {
            "rule mean": lambda: cube.mean(0),
            "weighted mean": lambda: np.tensordot(shares, cube, 1),
            "rule geometric": lambda: scaled(np.exp(np.log(cube).mean(0))),
            "rule vote": lambda: vote(cube),
            "rule minimum": lambda: scaled(cube.min(0)),
            "rule maximum": lambda: scaled(cube.max(0)),
            "rule median": lambda: scaled(np.median(cube, 0)),
        }
        with tempfile.TemporaryDirectory() as folder:
            ours = Ours(folder, cube, truth)
            for line, theirs in peers.items():
                runs = 2 if line == "rule median" else 9
                report = compare(line.replace("rule ", ""), ours, line, theirs, runs)
                print(json.dumps({"data": " × ".join(map(str, shape)), **report}), flush=True)
            ours.close()


if __name__ == "__main__":
    main()
