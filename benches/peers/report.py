#!/usr/bin/env python3
"""`consort report` of 10,000,000 rows: wall, CPU and peak memory of the process, and the size of the page. Prints JSON lines.

    report.py [--rows N] [--keep FOLDER]      files that are in FOLDER already are used as they are
"""
import argparse
import json
import os
import tempfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from reading import run

MEMBERS = 5


def write(folder, rows):
    """Two classes and a number, five members of each; ids are texts."""
    rng = np.random.default_rng(7)
    ids = pa.array(np.char.add("r", np.char.zfill(np.arange(rows).astype("U8"), 8)).astype(object))
    yes = rng.random(rows) < 0.3
    y = rng.normal(size=rows).astype(np.float32)
    pq.write_table(pa.table({"id": ids, "y": pa.array(yes.astype(np.int8))}), os.path.join(folder, "truth-classes.parquet"))
    pq.write_table(pa.table({"id": ids, "y": pa.array(y)}), os.path.join(folder, "truth-numbers.parquet"))
    for m in range(MEMBERS):
        p = 0.35 * rng.random(rows, dtype=np.float32) + 0.4 * rng.random(rows, dtype=np.float32) + 0.25 * yes
        pq.write_table(pa.table({"id": ids, "p": pa.array(p.astype(np.float32))}), os.path.join(folder, f"classes-{m}.parquet"))
        x = y + (0.4 + 0.1 * m) * rng.normal(size=rows).astype(np.float32)
        pq.write_table(pa.table({"id": ids, "pred": pa.array(x)}), os.path.join(folder, f"numbers-{m}.parquet"))


def main():
    asked = argparse.ArgumentParser()
    asked.add_argument("--rows", type=int, default=10_000_000)
    asked.add_argument("--keep")
    asked.add_argument("--binary", default=os.path.join(os.environ.get("CARGO_TARGET_DIR", "target"), "release", "consort"))
    asked.add_argument("--only", choices=["classes", "numbers"])
    args = asked.parse_args()
    with tempfile.TemporaryDirectory() as other:
        folder = args.keep or other
        os.makedirs(folder, exist_ok=True)
        if not os.path.exists(os.path.join(folder, f"numbers-{MEMBERS - 1}.parquet")):
            write(folder, args.rows)
        for kind in [args.only] if args.only else ["classes", "numbers"]:
            page = os.path.join(folder, f"{kind}.html")
            files = [os.path.join(folder, f"{kind}-{m}.parquet") for m in range(MEMBERS)]
            truth = os.path.join(folder, f"truth-{kind}.parquet")
            wall, cpu, peak = run([args.binary, "report", *files, "--truth", truth, "-o", page, "--threads", "2"])
            found = {"name": kind, "rows": args.rows, "seconds": wall, "cpu": cpu, "peak": peak, "page": os.path.getsize(page)}
            print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
