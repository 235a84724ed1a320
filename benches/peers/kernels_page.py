#!/usr/bin/env python3
"""Tables of what `benches/gpu.sh` found, for docs/benchmarks/kernels.md.  kernels_page.py FOLDER"""
import sys

from page import lines, table


def ratio(theirs, ours):
    return f"{theirs / ours:.1f} ×" if theirs else "–"


def main():
    folder = sys.argv[1]
    ours, peers = lines(folder, "kernels.jsonl"), lines(folder, "peers.jsonl")
    device = next((x for x in ours if x["kind"] == "device"), None)
    if device:
        print(f"Device: {device['name']}; our copy kernel moves {device['copy'] / 1e9:.0f} GB/s (read and written).")
    for x in peers:
        if x["kind"] == "copy":
            print(f"PyTorch's copy moves {x['rate'] / 1e9:.0f} GB/s.")
    print("\n## Kernels\n")
    head = ["kernel", "members", "rows × 10", "ms", "GB/s", "of copying"]
    print(table(head, [
        (x["name"], x["members"], f"{x['rows']:,}", f"{1e3 * x['seconds']:.3f}", f"{x['bytes'] / x['seconds'] / 1e9:.0f}",
         f"{100 * x['bytes'] / x['seconds'] / device['copy']:.0f} %")
        for x in ours if x["kind"] == "kernel"
    ]))
    print("\n## Beside PyTorch and CuPy\n")
    found = {(x["peer"], x["name"], x["members"], x["rows"]): x["seconds"] for x in peers if x["kind"] == "peer"}
    rows = []
    for x in ours:
        if x["kind"] not in ("kernel", "whole"):
            continue
        at = [found.get((peer, x["name"], x["members"], x["rows"])) for peer in ("eager", "compiled", "cupy")]
        if any(at):
            ms = [f"{1e3 * t:.3f}" if t else "–" for t in at]
            rows.append((x["name"], x["members"], f"{x['rows']:,}", f"{1e3 * x['seconds']:.3f}", *ms,
                         *[ratio(t, x["seconds"]) for t in at]))
    print(table(["kernel", "members", "rows × 10", "ours ms", "eager ms", "compiled ms", "CuPy ms", "÷ eager", "÷ compiled", "÷ CuPy"], rows))
    print("\n## Whole works\n")
    print(table(["work, from the host and back", "cube", "ms"], [
        (x["name"], f"{x['members']} × {x['rows']:,} × 10", f"{1e3 * x['seconds']:.2f}") for x in ours if x["kind"] == "whole"
    ]))
    sent = [x for x in ours if x["kind"] == "sending"]
    if sent:
        print("\n## A cube of the host, sent in parts\n")
        print(table(["a part", "parts on their way", "ms", "GB/s"], [
            (f"{x['megabytes']} MB", x["queues"], f"{1e3 * x['seconds']:.1f}", f"{x['bytes'] / x['seconds'] / 1e9:.2f}") for x in sent
        ]))
    print("\n## When the device pays\n")
    print(table(["rule", "cube", "CPU ms", "on the device ms", "sent first ms"], [
        (x["name"], f"{x['members']} × {x['rows']:,} × 10", *(f"{1e3 * x[k]:.3f}" for k in ("cpu", "there", "sent")))
        for x in ours if x["kind"] == "crossover"
    ]))


if __name__ == "__main__":
    main()
