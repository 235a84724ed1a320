"""Weights and answers of small nets, by PyTorch and torchvision: the reference of tests/nets/torch.rs.

Made with torch 2.15.0 and torchvision 0.29.2: `python make_torch.py`. The residual nets are put together of torchvision's own
blocks, with its names and a width of 2 instead of 64, so that the files are small.
"""

import json
import torch
from torch import nn
from torchvision.models.resnet import BasicBlock, Bottleneck
from safetensors.torch import save_file


class ResNet(nn.Module):
    def __init__(self, block, counts, width, classes):
        super().__init__()
        self.inplanes = width
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        for k, count in enumerate(counts):
            setattr(self, f"layer{k + 1}", self.layer(block, width << k, count, 1 if k == 0 else 2))
        self.fc = nn.Linear(8 * width * block.expansion, classes)

    def layer(self, block, planes, count, stride):
        down = None
        if stride != 1 or self.inplanes != planes * block.expansion:
            conv = nn.Conv2d(self.inplanes, planes * block.expansion, 1, stride, bias=False)
            down = nn.Sequential(conv, nn.BatchNorm2d(planes * block.expansion))
        # Bottleneck takes its inner width as planes * base_width / 64: 64 leaves it at planes.
        blocks = [block(self.inplanes, planes, stride, down)]
        self.inplanes = planes * block.expansion
        blocks += [block(self.inplanes, planes) for _ in range(1, count)]
        return nn.Sequential(*blocks)

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        x = torch.max_pool2d(x, 3, 2, 1)
        for k in range(4):
            x = getattr(self, f"layer{k + 1}")(x)
        return self.fc(x.mean((2, 3)))


torch.manual_seed(2026)
answers = {}

mlp = nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Dropout(0.1), nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 2)).eval()
x = torch.randn(4, 3).round(decimals=3)
answers["mlp"] = {"inputs": x.flatten().tolist(), "outputs": mlp(x).flatten().tolist()}
torch.save(mlp.state_dict(), "mlp.pt")
save_file(mlp.state_dict(), "mlp.safetensors")
# The same in other precisions.
save_file({name: values.half() for name, values in mlp.state_dict().items()}, "mlp_half.safetensors")
torch.save({name: values.double() for name, values in mlp.state_dict().items()}, "mlp_double.pt")

x = torch.randn(2, 3, 40, 36).round(decimals=2)
answers["images"] = x.flatten().tolist()
for name, block, counts in [("resnet18", BasicBlock, [2, 2, 2, 2]), ("resnet50", Bottleneck, [3, 4, 6, 3])]:
    net = ResNet(block, counts, 2, 3)
    for _ in range(20):
        net(torch.randn(8, 3, 40, 36))
    net.eval()
    answers[name] = net(x).flatten().tolist()
    torch.save(net.state_dict(), f"{name}.pt")
    if name == "resnet18":
        save_file(net.state_dict(), f"{name}.safetensors")



def short(x):
    if isinstance(x, dict):
        return {k: short(v) for k, v in x.items()}
    return [float(f"{v:.7g}") for v in x]


with open("torch.json", "w") as file:
    json.dump(short(answers), file)
