"""Ensembles of nets: torchensemble and torch.func beside consort, on the same rows, epochs and batches.

    python deep.py [--device cuda] [--tf32] [--program FILE] RUN [+ RUN]...

    mnist FOLDER METHOD EPOCHS SEED ROWS     five LeNet-5 by torchensemble
    packed MODE BATCH [ROWS]                 ten MLPs: loop, vmap; loop-1, vmap-1 on one thread
    resnet DEPTH [IMAGES]                    logits of torchvision beside those of consort's `deep_speed`, the program
    resnet18-train EPOCHS ROWS [MEMBERS]     four ResNet-18 from scratch

FOLDER holds the four gzip files of MNIST. One line of JSON for each run, as `deep_speed` of consort-burn writes them. On a card
every run is made twice: `first` has the seconds of a shorter first one. `--tf32` lets matrix products of a card round to 10 bits,
as burn's do; torch's convolutions do so by default, and without `--tf32` they do not.
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
import traceback
from pathlib import Path

import numpy as np
import torch
from torch import nn

torch.set_num_threads(2)
device, tf32, program = "cpu", False, "target/release/examples/deep_speed"


def is_card():
    return device != "cpu"


def rounds(to_ten_bits):
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = to_ten_bits


def seconds(work):
    """What work gives, and its seconds until the device is done."""
    wait = torch.cuda.synchronize if is_card() else lambda: None
    wait()
    start = time.perf_counter()
    done = work()
    wait()
    return done, time.perf_counter() - start


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
    kinds = {
        "voting": te.VotingClassifier,
        "bagging": te.BaggingClassifier,
        "joint": te.FusionClassifier,
        "boosting": te.GradientBoostingClassifier,
        "snapshot": te.SnapshotEnsembleClassifier,
    }
    logging.disable(logging.CRITICAL)

    def fit(epochs):
        torch.manual_seed(int(seed))
        loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), 128, shuffle=True)
        model = kinds[method](estimator=LeNet5, n_estimators=5, cuda=is_card())
        model.set_optimizer("Adam", lr=1e-3, weight_decay=5e-4)
        # torchensemble's snapshot has one run of all epochs.
        total = 5 * epochs if method == "snapshot" else epochs
        # Without a test loader it saves to disk once at the end; a folder that goes away keeps that small.
        with tempfile.TemporaryDirectory() as out, contextlib.redirect_stdout(io.StringIO()):
            model.fit(loader, epochs=total, save_model=False, save_dir=out, log_interval=10**9)
        return model

    def predict():
        with torch.no_grad():
            parts = zip(test_x.split(256), test_y.split(256))
            return sum((model(part.to(device)).argmax(1).cpu() == truth).sum().item() for part, truth in parts)

    first = seconds(lambda: fit(1))[1] if is_card() else None
    model, fit_seconds = seconds(lambda: fit(epochs))
    model.eval()
    right, predict_seconds = seconds(predict)
    if is_card():
        right, predict_seconds = seconds(predict)
        assert next(model.parameters()).is_cuda
    return {"method": method, "rows": int(rows), "epochs": epochs, "seed": int(seed), "accuracy": right / len(test_y),
            "fit": fit_seconds, "first": first, "predict": predict_seconds}


def packed(mode, batch, rows=50_000):
    batch, rows = int(batch), int(rows)
    torch.manual_seed(1)
    x = torch.randn(rows, 20)
    y = ((x[:, 0] * x[:, 1] + x[:, 2]) > 0).long()
    x, y = x.to(device), y.to(device)
    new = lambda: nn.Sequential(nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2)).to(device)
    torch.set_num_threads(1 if mode.endswith("-1") else 2)

    def loop(members, epochs):
        for net in [new() for _ in range(members)]:
            optimizer = torch.optim.Adam(net.parameters(), 1e-3)
            for _ in range(epochs):
                order = torch.randperm(rows, device=device)
                for part in order.split(batch):
                    optimizer.zero_grad()
                    loss = nn.functional.cross_entropy(net(x[part]), y[part])
                    loss.backward()
                    optimizer.step()
        return loss.item()

    def vmapped(members, epochs):
        from torch.func import functional_call, stack_module_state, vmap

        parameters, buffers = stack_module_state([new() for _ in range(members)])
        base = new().to("meta")
        optimizer = torch.optim.Adam(parameters.values(), 1e-3)

        def one(parameters, buffers, x, y):
            return nn.functional.cross_entropy(functional_call(base, (parameters, buffers), (x,)), y)

        for _ in range(epochs):
            orders = torch.stack([torch.randperm(rows, device=device) for _ in range(members)])
            for part in orders.split(batch, 1):
                optimizer.zero_grad()
                losses = vmap(one)(parameters, buffers, x[part], y[part])
                losses.sum().backward()
                optimizer.step()
        return losses[0].item()

    work = loop if mode.startswith("loop") else vmapped
    first = seconds(lambda: work(1 if work is loop else 10, 1))[1] if is_card() else None
    loss, fit = seconds(lambda: work(10, 2))
    return {"mode": mode, "batch": batch, "rows": rows, "fit": fit, "first": first, "loss": loss}


def resnet(depth, images=None):
    import torchvision

    torch.manual_seed(3)
    net = getattr(torchvision.models, f"resnet{depth}")(weights=None)
    with torch.no_grad():
        for _ in range(2):
            net(torch.randn(4, 3, 96, 96))
    net.eval().to(device)
    x = torch.randn(int(images or (32 if is_card() else 4)), 3, 224, 224)
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        torch.save({name: tensor.cpu() for name, tensor in net.state_dict().items()}, f"{folder}/weights.pt")
        x.numpy().tofile(f"{folder}/images.f32")
        x = x.to(device)

        def least(to_ten_bits):
            rounds(to_ten_bits)
            for _ in range(3 if is_card() else 0):
                net(x).cpu()
            passes = [seconds(lambda: net(x).cpu()) for _ in range(20 if is_card() else 3)]
            return passes[0][0], min(pass_[1] for pass_ in passes)

        expected, torch_seconds = least(False)
        rounded, rounded_seconds = least(True) if is_card() else (None, None)
        rounds(tf32)
        said = subprocess.run(
            [program, "--device", device, "resnet", depth, *(f"{folder}/{name}" for name in ("weights.pt", "images.f32", "logits.f32"))],
            stdout=subprocess.PIPE,
            text=True,
        )
        if said.returncode:
            raise RuntimeError(f"{program} ended with {said.returncode}")
        got = torch.tensor(np.fromfile(f"{folder}/logits.f32", np.float32)).reshape(expected.shape)
    distance = lambda logits: (logits - expected).abs().max().item()
    largest = expected.abs().max().item()
    line = json.loads(said.stdout) | {"depth": depth, "far": distance(got), "largest": largest, "torch": torch_seconds}
    if rounded is not None:
        # How far torch is from itself where its products round as burn's do.
        line |= {"torch_tf32": rounded_seconds, "torch_tf32_far": distance(rounded)}
    bound = 0.05 * largest if is_card() else 1e-4
    assert line["far"] < bound, line
    return line


def gratings(seed, rows):
    """Images of waves in noise; the class is the direction in which they run."""
    draw = np.random.default_rng(seed)
    classes = draw.integers(10, size=rows)
    angle = np.pi * classes[:, None, None] / 10
    y, x = np.mgrid[:32, :32]
    waves = np.sin(0.8 * (np.sin(angle) * x + np.cos(angle) * y) + draw.uniform(0, 2 * np.pi, (rows, 1, 1)))
    images = waves[:, None].repeat(3, 1) + draw.standard_normal((rows, 3, 32, 32))
    return torch.tensor(images, dtype=torch.float32), torch.tensor(classes)


def resnet18_train(epochs, rows, members=4):
    import torchvision

    epochs, rows, members = int(epochs), int(rows), int(members)
    torch.manual_seed(1)
    (x, y), (test_x, test_y) = gratings(1, rows), gratings(2, min(1024, rows))
    mean, deviation = x.mean((0, 2, 3), keepdim=True), x.std((0, 2, 3), keepdim=True)
    x, test_x = (x - mean) / deviation, (test_x - mean) / deviation
    x, y, test_x = x.to(device), y.to(device), test_x.to(device)

    def fit(members, epochs):
        nets, losses = [], []
        for _ in range(members):
            net = torchvision.models.resnet18(weights=None, num_classes=10)
            net.conv1, net.maxpool = nn.Conv2d(3, 64, 3, padding=1, bias=False), nn.Identity()
            net.to(device).train()
            optimizer = torch.optim.SGD(net.parameters(), 0.02, momentum=0.9, weight_decay=5e-4)
            losses = []
            for _ in range(epochs):
                total = torch.zeros((), device=device)
                for part in torch.randperm(rows, device=device).split(128):
                    optimizer.zero_grad()
                    loss = nn.functional.cross_entropy(net(x[part]), y[part])
                    loss.backward()
                    optimizer.step()
                    total += loss.detach() * len(part)
                losses.append(total.item() / rows)
            nets.append(net.eval())
        return nets, losses

    first = seconds(lambda: fit(1, 1))[1] if is_card() else None
    (nets, losses), fit_seconds = seconds(lambda: fit(members, epochs))
    with torch.no_grad():
        said = sum(torch.cat([net(part).softmax(1) for part in test_x.split(128)]) for net in nets)
    accuracy = (said.argmax(1).cpu() == test_y).float().mean().item()
    return {"members": members, "rows": rows, "epochs": epochs, "fit": fit_seconds, "epoch": fit_seconds / epochs,
            "first": first, "losses": losses, "accuracy": accuracy}


def main(arguments):
    global device, tf32, program
    while arguments and arguments[0].startswith("--"):
        option = arguments.pop(0)
        if option == "--device":
            device = arguments.pop(0)
        elif option == "--tf32":
            tf32 = True
        elif option == "--program":
            program = arguments.pop(0)
        else:
            raise SystemExit(f"unknown option {option}")
    rounds(tf32)
    if is_card():
        torch.zeros(1, device=device)
    runs = {"mnist": mnist, "packed": packed, "resnet": resnet, "resnet18-train": resnet18_train}
    failed = False
    while arguments:
        end = arguments.index("+") if "+" in arguments else len(arguments)
        (name, *rest), arguments = arguments[:end], arguments[end + 1 :]
        try:
            print(json.dumps({"run": name, "by": "torch", "device": device, "tf32": tf32} | runs[name](*rest)), flush=True)
        except Exception:
            # One that fails leaves the others their turn.
            traceback.print_exc()
            failed = True
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
