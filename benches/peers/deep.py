"""Ensembles of nets: torchensemble and torch.func beside consort, on the same rows, epochs and batches.

    python deep.py mnist FOLDER METHOD EPOCHS SEED ROWS    five LeNet-5 by torchensemble
    python deep.py packed MODE BATCH                       ten MLPs: loop, vmap
    python deep.py resnet DEPTH PROGRAM                    logits of torchvision beside those of consort's `deep_speed`

FOLDER holds the four gzip files of MNIST. One line of JSON for each run, as `deep_speed` of consort-burn writes them.
"""

import contextlib
import gzip
import io
import json
import logging
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn

torch.set_num_threads(2)


class LeNet5(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, x):
        x = torch.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = torch.max_pool2d(torch.relu(self.conv2(x)), 2)
        x = torch.relu(self.fc1(x.flatten(1)))
        return self.fc3(torch.relu(self.fc2(x)))


def idx(path):
    data = gzip.open(path).read()
    axes = data[3]
    shape = [int.from_bytes(data[4 + 4 * k : 8 + 4 * k], "big") for k in range(axes)]
    return np.frombuffer(data, np.uint8, offset=4 + 4 * axes).reshape(shape)


def mnist(folder, method, epochs, seed, rows):
    import torchensemble as te

    folder, epochs = Path(folder), int(epochs)
    read = lambda part: (
        torch.tensor(idx(folder / f"{part}-images-idx3-ubyte.gz")).float().unsqueeze(1) / 255,
        torch.tensor(idx(folder / f"{part}-labels-idx1-ubyte.gz")).long(),
    )
    (x, y), (test_x, test_y) = read("train"), read("t10k")
    x, y = x[: int(rows)], y[: int(rows)]
    mean, deviation = x.mean(), x.std()
    x, test_x = (x - mean) / deviation, (test_x - mean) / deviation
    torch.manual_seed(int(seed))
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), 128, shuffle=True)
    kinds = {
        "voting": te.VotingClassifier,
        "bagging": te.BaggingClassifier,
        "joint": te.FusionClassifier,
        "boosting": te.GradientBoostingClassifier,
        "snapshot": te.SnapshotEnsembleClassifier,
    }
    logging.disable(logging.CRITICAL)
    model = kinds[method](estimator=LeNet5, n_estimators=5, cuda=False)
    model.set_optimizer("Adam", lr=1e-3, weight_decay=5e-4)
    start = time.perf_counter()
    # torchensemble's snapshot has one run of all epochs.
    total = 5 * epochs if method == "snapshot" else epochs
    # Without a test loader it saves to disk once at the end; a folder that goes away keeps that small.
    with tempfile.TemporaryDirectory() as out, contextlib.redirect_stdout(io.StringIO()):
        model.fit(loader, epochs=total, save_model=False, save_dir=out, log_interval=10**9)
        fit = time.perf_counter() - start
    start = time.perf_counter()
    with torch.no_grad():
        right = sum((model(part).argmax(1) == truth).sum().item() for part, truth in zip(test_x.split(256), test_y.split(256)))
    predict = time.perf_counter() - start
    print(json.dumps({"method": method, "rows": int(rows), "seed": int(seed), "accuracy": right / len(test_y), "fit": fit, "predict": predict}))


def packed(mode, batch):
    batch, rows, members = int(batch), 50_000, 10
    torch.manual_seed(1)
    x = torch.randn(rows, 20)
    y = ((x[:, 0] * x[:, 1] + x[:, 2]) > 0).long()
    new = lambda: nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))
    nets = [new() for _ in range(members)]
    torch.set_num_threads(1 if mode.endswith("-1") else 2)
    start = time.perf_counter()
    if mode.startswith("loop"):
        for net in nets:
            optimizer = torch.optim.Adam(net.parameters(), 1e-3)
            for _ in range(2):
                order = torch.randperm(rows)
                for part in order.split(batch):
                    optimizer.zero_grad()
                    loss = nn.functional.cross_entropy(net(x[part]), y[part])
                    loss.backward()
                    optimizer.step()
        loss = loss.item()
    else:
        from torch.func import functional_call, stack_module_state, vmap

        parameters, buffers = stack_module_state(nets)
        base = new().to("meta")
        optimizer = torch.optim.Adam(parameters.values(), 1e-3)

        def one(parameters, buffers, x, y):
            return nn.functional.cross_entropy(functional_call(base, (parameters, buffers), (x,)), y)

        for _ in range(2):
            orders = torch.stack([torch.randperm(rows) for _ in range(members)])
            for part in orders.split(batch, 1):
                optimizer.zero_grad()
                losses = vmap(one)(parameters, buffers, x[part], y[part])
                losses.sum().backward()
                optimizer.step()
        loss = losses[0].item()
    print(json.dumps({"mode": mode, "batch": batch, "fit": time.perf_counter() - start, "loss": loss}))


def resnet(depth, program):
    import torchvision

    torch.manual_seed(3)
    net = getattr(torchvision.models, f"resnet{depth}")(weights=None)
    with torch.no_grad():
        for _ in range(2):
            net(torch.randn(4, 3, 96, 96))
    net.eval()
    x = torch.randn(4, 3, 224, 224)
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        torch.save(net.state_dict(), f"{folder}/weights.pt")
        x.numpy().tofile(f"{folder}/images.f32")
        times = []
        for _ in range(3):
            start = time.perf_counter()
            expected = net(x)
            times.append(time.perf_counter() - start)
        said = subprocess.run(
            [program, "resnet", depth, f"{folder}/weights.pt", f"{folder}/images.f32", f"{folder}/logits.f32"],
            check=True,
            capture_output=True,
            text=True,
        )
        got = torch.tensor(np.fromfile(f"{folder}/logits.f32", np.float32)).reshape(expected.shape)
    far = (got - expected).abs().max().item()
    ours = json.loads(said.stdout)
    print(json.dumps({"depth": depth, "far": far, "largest": expected.abs().max().item(), "torch": min(times), **ours}))
    assert far < 1e-4, far


{"mnist": mnist, "packed": packed, "resnet": resnet}[sys.argv[1]](*sys.argv[2:])
