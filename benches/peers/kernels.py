#!/usr/bin/env python3
"""The work of our kernels in PyTorch (eager and compiled) and CuPy, on the same card. Prints JSON lines.

    kernels.py [SECONDS]     stops to begin new cases after so many seconds (default 240)

Each figure is the least of some runs timed by events of the device, after one that warms up. Cubes are drawn on the
device. What is asked for is what our kernel gives: the fused numbers, and where ours has them, the label, the margin and
the entropy.
"""
import json
import sys
import time

import torch

COLUMNS = 10
BUDGET = float(sys.argv[1]) if len(sys.argv) > 1 else 240.0
BEGAN = time.perf_counter()


def left():
    return BUDGET - (time.perf_counter() - BEGAN)


def drawn(members, rows):
    torch.manual_seed(7)
    cube = torch.rand(members, rows, COLUMNS, device="cuda").square_().add_(1e-6)
    return cube.div_(cube.sum(2, keepdim=True))


def summary(p):
    top = p.topk(2, 1).values
    entropy = -torch.special.xlogy(p, p).sum(1)
    return p, p.argmax(1), top[:, 0] - top[:, 1], entropy


def mean(cube):
    return cube.mean(0)


def mean_summary(cube):
    return summary(cube.mean(0))


def logits_summary(cube):
    return summary(torch.softmax(cube.mean(0), 1))


def log_pool(cube):
    return summary(torch.softmax(cube.log().mean(0), 1))


def power(cube):
    p = cube.square().mean(0).sqrt()
    return summary(p / p.sum(1, keepdim=True))


def vote(cube):
    return torch.nn.functional.one_hot(cube.argmax(2), COLUMNS).sum(0).float() / cube.shape[0]


def borda(cube):
    points = cube.argsort(2).argsort(2).float()
    return points.mean(0) / (COLUMNS * (COLUMNS - 1) / 2)


def median(cube):
    s = cube.sort(0).values
    n = cube.shape[0]
    p = (s[(n - 1) // 2] + s[n // 2]) * 0.5
    return summary(p / p.sum(1, keepdim=True))


def trimmed(cube):
    n = cube.shape[0]
    p = cube.sort(0).values[n // 8 : n - n // 8].mean(0)
    return summary(p / p.sum(1, keepdim=True))


def uncertainty(cube):
    m = cube.shape[0]
    p = cube.mean(0)
    total = -torch.special.xlogy(p, p).sum(1)
    expected = -torch.special.xlogy(cube, cube).sum(2).mean(0)
    votes = torch.nn.functional.one_hot(cube.argmax(2), COLUMNS).sum(0).float()
    top = p.topk(2, 1).values
    alike = (votes * (votes - 1)).sum(1)
    return total, expected, total - expected, 1 - votes.amax(1) / m, top[:, 0] - top[:, 1], 1 - alike / (m * (m - 1))


WORKS = {
    "mean": mean,
    "mean, label, margin, entropy": mean_summary,
    "softmax of mean logits, label …": logits_summary,
    "log pool, label …": log_pool,
    "power mean 2, label …": power,
    "vote, share": vote,
    "Borda": borda,
    "median, label …": median,
    "trimmed mean, label …": trimmed,
    "uncertainty": uncertainty,
}


def timed(work):
    work()
    torch.cuda.synchronize()
    began = time.perf_counter()
    work()
    torch.cuda.synchronize()
    times = max(1, min(100, int(0.01 / max(time.perf_counter() - began, 1e-5))))
    least = float("inf")
    for _ in range(7):
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        for _ in range(times):
            work()
        end.record()
        torch.cuda.synchronize()
        least = min(least, start.elapsed_time(end) / times)
    return least / 1e3


def note(peer, name, members, rows, seconds):
    line = {"kind": "peer", "peer": peer, "name": name, "members": members, "rows": rows, "seconds": seconds}
    print(json.dumps(line), flush=True)


def torch_side(members, rows, compiled):
    cube = drawn(members, rows)
    for name, work in WORKS.items():
        if left() < 15:
            return
        for peer, run in [("eager", work)] + ([("compiled", torch.compile(work))] if compiled else []):
            try:
                note(peer, name, members, rows, timed(lambda: run(cube)))
            except Exception as failed:  # out of memory, or what the compiler does not take
                print(f"# {peer}, {name}, {members} x {rows}: {str(failed)[:200]}", flush=True)
            torch.cuda.empty_cache()


def cupy_side(members, rows):
    try:
        import cupy
    except ImportError:
        print("# no CuPy", flush=True)
        return
    cube = cupy.from_dlpack(drawn(members, rows))
    fused = cupy.fuse(lambda x: cupy.sum(cupy.log(x), axis=0))
    works = {
        "mean": lambda: cube.mean(0),
        "log pool, label …": lambda: cupy.exp(fused(cube) / members).argmax(1),
    }
    for name, work in works.items():
        if left() < 10:
            return
        try:
            work()
            cupy.cuda.Device().synchronize()
            least = float("inf")
            for _ in range(10):
                start, end = cupy.cuda.Event(), cupy.cuda.Event()
                start.record()
                work()
                end.record()
                end.synchronize()
                least = min(least, cupy.cuda.get_elapsed_time(start, end))
            note("cupy", name, members, rows, least / 1e3)
        except Exception as failed:
            print(f"# cupy, {name}: {str(failed)[:200]}", flush=True)


def greedy(members=100, rows=1_000_000, rounds=50):
    """Greedy selection by zero-one loss and log loss, a candidate at a time, as one writes it."""
    if left() < 60:
        return
    cube = drawn(members, rows)
    codes = torch.arange(rows, device="cuda", dtype=torch.int64).mul_(2_654_435_761).remainder_(1 << 32).remainder_(COLUMNS)
    own = cube.gather(2, codes.view(1, -1, 1).expand(members, -1, 1)).squeeze(2).contiguous()
    few = 3

    def by_zero_one():
        sums = torch.zeros(rows, COLUMNS, device="cuda")
        for _ in range(few):
            losses = torch.stack([((sums + cube[m]).argmax(1) != codes).float().mean() for m in range(members)])
            sums += cube[losses.argmin()]

    def by_log():
        sums = torch.zeros(rows, device="cuda")
        for size in range(1, few + 1):
            losses = -((sums + own) / size).clamp_min(2.2e-16).log_().mean(1)
            sums += own[losses.argmin()]

    for name, work in [("zero-one", by_zero_one), ("log loss", by_log)]:
        work()
        torch.cuda.synchronize()
        start = time.perf_counter()
        work()
        torch.cuda.synchronize()
        note("eager", f"  one round more, {name}", members, rows, (time.perf_counter() - start) / few)


def copy_rate():
    x = torch.empty(1 << 30, device="cuda")
    y = torch.empty_like(x)
    seconds = timed(lambda: y.copy_(x))
    print(json.dumps({"kind": "copy", "peer": "eager", "rate": 2 * 4 * (1 << 30) / seconds}), flush=True)


def main():
    print(json.dumps({"kind": "card", "name": torch.cuda.get_device_name(), "torch": torch.__version__}), flush=True)
    copy_rate()
    torch.cuda.empty_cache()
    torch_side(32, 1_000_000, True)
    torch_side(8, 10_000_000, False)
    torch_side(128, 1_000_000, False)
    cupy_side(32, 1_000_000)
    torch.cuda.empty_cache()
    greedy()


if __name__ == "__main__":
    main()
