#!/usr/bin/env python3
"""Puts what was measured between the marks of `docs/benchmarks/fusion.md`; the words around them are left alone.

    page.py FOLDER PAGE      FOLDER has what `run` gathered: *.md tables and *.jsonl of the scripts
"""
import json
import os
import re
import sys


def lines(folder, name):
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        return []
    with open(path) as file:
        return [json.loads(line) for line in file if line.startswith("{")]


def table(head, rows):
    text = "| " + " | ".join(head) + " |\n|---|" + "---:|" * (len(head) - 1) + "\n"
    return text + "".join("| " + " | ".join(map(str, row)) + " |\n" for row in rows)


def cpu_ratio(report):
    """None for short calls: the kernel counts CPU time in ticks of some milliseconds."""
    exact = report["cpu_ratio"] is not None and report["ours_ms"] >= 40
    return f"{report['cpu_ratio']:.1f} ×" if exact else "–"


def side_by_side(reports, peer):
    head = ["data", "what", "consort ms", f"{peer} ms", "ratio", "ratio of CPU", "difference"]
    rows = [
        (r["data"], r["name"], f"{r['ours_ms']:.2f}", f"{r['theirs_ms']:.1f}", f"{r['ratio']:.1f} ×", cpu_ratio(r), f"{r['difference']:.0e}")
        for r in reports
    ]
    return table(head, rows)


def selection(reports):
    rows = []
    for r in reports:
        peer = r["peer"]
        scaled = "" if peer["scaled_by"] == 1 else f" (scaled from {peer['rows']:,} rows, {peer['rounds']} rounds)"
        for key in (key for key in r if key.startswith("consort_")):
            ours = r[key]
            rows.append((
                r["case"], " × ".join(map(str, r["shape"])), key.removeprefix("consort_"), f"{ours['seconds'][0]:.2f}",
                f"{peer['seconds'] * peer['scaled_by']:.0f}{scaled}", f"{ours['ratio']:.0f} ×", f"{ours['cpu_ratio']:.0f} ×",
                "yes" if r["same_picks"] else "no",
            ))
    return table(["case", "shape", "threads", "consort s", "AutoGluon s", "ratio", "ratio of CPU", "same picks"], rows)


def reading(reports):
    rows = [
        (r["name"], r["threads"], f"{r['seconds']:.2f}", f"{r['cpu']:.2f}", f"{r['peak'] / 1e6:.0f} MB", f"{r['of_cube']:.2f} ×")
        for r in reports
    ]
    return table(["command", "threads", "s", "CPU s", "peak memory", "of the cube"], rows)


def bench(folder, name):
    """The tables that a criterion bench prints at its end."""
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        return ""
    with open(path) as file:
        kept = [line for line in file if line.startswith(("| ", "**")) or not line.strip()]
    return re.sub(r"\n{3,}", "\n\n", "".join(kept)).strip() + "\n"


def main():
    folder, page = sys.argv[1:]
    parts = {
        "machine": bench_text(folder, "machine.md"),
        "fusion": bench(folder, "fusion.md"),
        "rules": side_by_side(lines(folder, "rules.jsonl"), "numpy"),
        "metrics": side_by_side(lines(folder, "metrics.jsonl"), "scikit-learn"),
        "metrics-bench": bench(folder, "metrics.md"),
        "selection": selection(lines(folder, "selection.jsonl")),
        "selection-bench": bench(folder, "selection.md"),
        "reading": reading(lines(folder, "reading.jsonl")),
        "reading-bench": bench(folder, "reading.md"),
    }
    with open(page) as file:
        text = file.read()
    for name, part in parts.items():
        if part.count("\n") > 2:
            marks = re.compile(f"(<!-- measured: {name} -->\n).*?(<!-- end -->)", re.S)
            text = marks.sub(lambda found: f"{found[1]}\n{part}\n{found[2]}", text)
    with open(page, "w") as file:
        file.write(text)


def bench_text(folder, name):
    path = os.path.join(folder, name)
    return open(path).read() if os.path.exists(path) else ""


if __name__ == "__main__":
    main()
