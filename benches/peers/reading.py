#!/usr/bin/env python3
"""`consort fuse` of five Parquet files of 1,000,000 × 10: wall, CPU and peak memory of the process. Prints JSON lines."""
import json
import os
import subprocess
import sys
import tempfile
import time

MEMBERS, ROWS, CLASSES, RUNS = 5, 1_000_000, 10, 5
CUBE = 4 * MEMBERS * ROWS * CLASSES


def write(folder):
    """In a process of its own: the peak of a child counts what its parent held when it was forked."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    rng = np.random.default_rng(7)
    ids = pa.array([f"r{i:07}" for i in range(ROWS)])
    truth = rng.integers(0, CLASSES, ROWS)
    for m in range(MEMBERS):
        p = rng.random((ROWS, CLASSES), dtype=np.float32) + np.float32(0.01)
        p[np.arange(ROWS), truth] += 1
        p /= p.sum(1, keepdims=True)
        columns = {"id": ids} | {f"p_{k}": pa.array(np.ascontiguousarray(p[:, k])) for k in range(CLASSES)}
        pq.write_table(pa.table(columns), member(folder, m))
    pq.write_table(pa.table({"id": ids, "y": pa.array(truth.astype(str))}), os.path.join(folder, "truth.parquet"))


def member(folder, m):
    return os.path.join(folder, f"m{m}.parquet")


def run(command):
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    error = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise SystemExit(error.decode())
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, 1024 * usage.ru_maxrss


def main():
    target = os.environ.get("CARGO_TARGET_DIR", "target")
    binary = os.path.join(target, "release", "consort")
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, os.path.abspath(__file__), folder], check=True)
        files, out = [member(folder, m) for m in range(MEMBERS)], os.path.join(folder, "fused.parquet")
        truth = ["--truth", os.path.join(folder, "truth.parquet")]
        commands = {"fuse, no truth": [], "fuse, with truth": truth, "fuse --select greedy": [*truth, "--select", "greedy"]}
        for name, options in commands.items():
            for threads in sorted({1, os.cpu_count()}):
                command = [binary, "fuse", *files, *options, "--threads", str(threads), "-o", out]
                wall, cpu, peak = (min(column) for column in zip(*(run(command) for _ in range(RUNS))))
                report = {"name": name, "threads": threads, "seconds": wall, "cpu": cpu, "peak": peak, "of_cube": peak / CUBE}
                print(json.dumps(report), flush=True)


if __name__ == "__main__":
    write(sys.argv[1]) if sys.argv[1:] else main()
