"""Both sides of a comparison in turn: `Ours` asks our process for one call at a time, `compare` alternates."""
import json
import os
import subprocess
import time

import numpy as np

RUNS = 3


class Ours:
    """Our process, with the cube `[member][row][column]` and the truth in its memory."""

    def __init__(self, folder, cube, truth, threads=1):
        cube.astype("<f4", copy=False).tofile(os.path.join(folder, "cube.f32"))
        kind, name = ("<u4", "truth.u32") if cube.shape[2] > 1 else ("<f8", "truth.f64")
        truth.astype(kind).tofile(os.path.join(folder, name))
        target = os.environ.get("CARGO_TARGET_DIR", "target")
        command = [os.path.join(target, "release", "peer_side"), folder, *map(str, cube.shape), str(threads)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline().strip() != "ready":
            raise SystemExit("our side did not start")

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def compare(name, ours, line, theirs, runs=RUNS):
    """The least wall and CPU time of both sides over runs in turn, and both values."""
    times = {"ours": [], "theirs": []}
    for _ in range(runs):
        answer = ours.ask(line)
        times["ours"].append((answer["seconds"], answer["cpu"]))
        wall, cpu = time.perf_counter(), time.thread_time()
        value = theirs()
        times["theirs"].append((time.perf_counter() - wall, time.thread_time() - cpu))
    least = {side: [min(column) for column in zip(*rows)] for side, rows in times.items()}
    return {
        "name": name,
        "ours_ms": 1e3 * least["ours"][0],
        "theirs_ms": 1e3 * least["theirs"][0],
        "ratio": least["theirs"][0] / least["ours"][0],
        # A call below the resolution of the clock has no ratio.
        "cpu_ratio": least["theirs"][1] / least["ours"][1] if least["ours"][1] > 0 else None,
        "difference": difference(answer, value),
    }


def difference(answer, value):
    if "check" in answer:
        return float(np.abs(np.asarray(answer["check"]) - np.asarray(value).ravel()[::9973]).max())
    return abs(answer["value"] - float(value))
