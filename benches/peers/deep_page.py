#!/usr/bin/env python3
"""Tables of what `benches/deep_gpu.sh` found, for docs/benchmarks/deep.md.  deep_page.py FOLDER"""
import os
import sys

from page import lines, table


def number(x, digits=2):
    return "–" if x is None else f"{x:.{digits}f}"


def ratio(ours, theirs):
    return number(ours / theirs) if ours and theirs else "–"


def main():
    folder = sys.argv[1]
    found = lines(folder, "deep.jsonl")
    card = os.path.join(folder, "card.txt")
    if os.path.exists(card):
        print(f"Device: {open(card).read().strip()}.")
    of = lambda run, by, **more: next(
        (x for x in found if x["run"] == run and x["by"] == by and all(x.get(key) == value for key, value in more.items())), {}
    )
    fit = lambda *known, **more: of(*known, **more).get("fit")

    print("\n## Ten MLPs as one program\n")
    rows = []
    for batch in sorted({x["batch"] for x in found if x["run"] == "packed"}):
        ours = {mode: of("packed", "consort", mode=mode, batch=batch) for mode in ("packed", "loop", "loop-2")}
        torch = {mode: fit("packed", "torch", mode=mode, batch=batch) for mode in ("loop", "vmap")}
        packed, better = ours["packed"].get("fit"), min((t for t in torch.values() if t), default=None)
        rows.append((
            batch, number(ours["loop"].get("fit")), number(ours["loop-2"].get("fit")), number(packed), number(torch["loop"]),
            number(torch["vmap"]), ratio(packed, ours["loop"].get("fit")), ratio(packed, better),
            number(ours["packed"].get("first")), number(ours["packed"].get("loss"), 3), number(of("packed", "torch", mode="vmap", batch=batch).get("loss"), 3),
        ))
    print(table(["batch", "apart", "apart, 2 threads", "packed", "torch loop", "torch vmap", "packed ÷ apart", "packed ÷ torch's better",
                 "first here", "loss", "torch's"], rows))

    print("\n## MNIST beside torchensemble\n")
    rows = []
    for method in ("voting", "bagging", "joint", "boosting", "snapshot"):
        ours, theirs = of("mnist", "consort", method=method), of("mnist", "torch", method=method)
        if ours or theirs:
            percent = lambda x: number(100 * x["accuracy"]) if x else "–"
            rows.append((
                method, percent(ours), percent(theirs), number(ours.get("fit")), number(theirs.get("fit")),
                ratio(ours.get("fit"), theirs.get("fit")), number(ours.get("predict")), number(theirs.get("predict")), number(ours.get("first")),
            ))
    print(table(["method", "accuracy here", "torchensemble", "fit here", "torchensemble", "ratio", "predict here", "torchensemble",
                 "first here"], rows))

    print("\n## ResNets of torchvision\n")
    rows = []
    for x in found:
        if x["run"] == "resnet":
            rows.append((
                f"ResNet-{x['depth']}", x["rows"], f"{x['far']:.1e} (of {x['largest']:.2g})",
                f"{x['torch_tf32_far']:.1e}" if "torch_tf32_far" in x else "–", number(1e3 * x["torch"]),
                number(1e3 * x["torch_tf32"]) if "torch_tf32" in x else "–", number(1e3 * x["consort"]), ratio(x["consort"], x["torch"]),
                ratio(x["consort"], x.get("torch_tf32")), number(x["first"]),
            ))
    print(table(["net", "images", "greatest difference of a logit", "torch's own, rounding", "torch ms", "torch ms, rounding", "here ms",
                 "ratio", "ratio, rounding", "first here s"], rows))

    print("\n## Training ResNet-18\n")
    rows = []
    for name, x in [("here", of("resnet18-train", "consort", tuned=False)), ("here, `autotune`", of("resnet18-train", "consort", tuned=True)),
                    ("torch", of("resnet18-train", "torch", tf32=False)), ("torch, rounding", of("resnet18-train", "torch", tf32=True))]:
        if x:
            rows.append((name, x["members"], f"{x['rows']:,}", x["epochs"], number(x["epoch"]), ", ".join(number(loss, 3) for loss in x["losses"]),
                         number(100 * x["accuracy"]), number(x["first"])))
    print(table(["by", "nets", "images", "epochs", "s an epoch of all", "losses of a net", "accuracy of all", "first epoch of one"], rows))


if __name__ == "__main__":
    main()
