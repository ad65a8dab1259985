"""The models of the engine bench in PyTorch: answers every line of input with one training step.

usage: pytorch_step.py unet|resnet contiguous|channels_last
Prints {"ready": ...} once, then {"ms": ..., "value": ..., "bytes": ...} for each step.
"""
import json
import resource
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

SIDE = 128
NORM_EPSILON = 1e-3


def norm(channels):
    return nn.BatchNorm2d(channels, eps=NORM_EPSILON)


class TwoConvolutions(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), norm(outputs)
        self.conv2, self.norm2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False), norm(outputs)

    def forward(self, x):
        return F.relu(self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x))))))


class UNet(nn.Module):
    def __init__(self, base=16, depth=4):
        super().__init__()
        width = [base * 2**k for k in range(depth + 1)]
        self.encoder = nn.ModuleList(TwoConvolutions(1 if k == 0 else width[k - 1], width[k]) for k in range(depth + 1))
        self.up = nn.ModuleList(nn.ConvTranspose2d(width[k + 1], width[k], 2, 2) for k in range(depth))
        self.decoder = nn.ModuleList(TwoConvolutions(2 * width[k], width[k]) for k in range(depth))
        self.head = nn.Conv2d(base, 1, 1)

    def forward(self, x):
        skips = []
        for block in self.encoder[:-1]:
            x = block(x)
            skips.append(x)
            x = F.max_pool2d(x, 2)
        x = self.encoder[-1](x)
        for k in reversed(range(len(skips))):
            x = self.decoder[k](torch.cat([self.up[k](x), skips[k]], 1))
        return self.head(x)


class BasicBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), norm(outputs)
        self.conv2, self.norm2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), norm(outputs)
        self.shortcut = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), norm(outputs))

    def forward(self, x):
        return F.relu(self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x))))) + self.shortcut(x))


class ResNet18(nn.Module):
    def __init__(self, base=32, classes=4):
        super().__init__()
        self.stem, self.norm = nn.Conv2d(1, base, 7, 2, 3, bias=False), norm(base)
        blocks, inputs = [], base
        for stage in range(4):
            outputs = base * 2**stage
            blocks += [BasicBlock(inputs, outputs, 1 if stage == 0 else 2), BasicBlock(outputs, outputs, 1)]
            inputs = outputs
        self.blocks, self.head = nn.Sequential(*blocks), nn.Linear(inputs, classes)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.norm(self.stem(x))), 3, 2, 1)
        return self.head(self.blocks(x).mean((2, 3)))


def cross_entropy_and_dice(logits, mask):
    p = torch.sigmoid(logits)
    dice = (2 * (p * mask).sum((1, 2, 3)) + 1) / (p.sum((1, 2, 3)) + mask.sum((1, 2, 3)) + 1)
    return (F.binary_cross_entropy_with_logits(logits, mask) + (1 - dice).mean()) / 2


which, layout = sys.argv[1:3]
device = "cuda" if torch.cuda.is_available() else "cpu"
torch.manual_seed(1)
if which == "unet":
    model, loss_of = UNet(), cross_entropy_and_dice
    x, y = torch.rand(8, 1, SIDE, SIDE), (torch.rand(8, 1, SIDE, SIDE) > 0.5).float()
else:
    model, loss_of = ResNet18(), F.cross_entropy
    x, y = torch.rand(16, 1, SIDE, SIDE), torch.arange(16) % 4
model, x, y = model.to(device), x.to(device), y.to(device)
if layout == "channels_last":
    model = model.to(memory_format=torch.channels_last)
    x = x.contiguous(memory_format=torch.channels_last)
optimizer = torch.optim.Adam(model.parameters(), 1e-3)
parameters = sum(p.numel() for p in model.parameters())
name = torch.cuda.get_device_name() if device == "cuda" else f"{torch.get_num_threads()} threads"
print(json.dumps({"ready": f"PyTorch {torch.__version__}, {name}", "parameters": parameters}), flush=True)
for _ in sys.stdin:
    start = time.perf_counter()
    optimizer.zero_grad()
    loss = loss_of(model(x), y)
    loss.backward()
    optimizer.step()
    value = loss.item()
    ms = 1e3 * (time.perf_counter() - start)
    resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"ms": ms, "value": value, "bytes": resident}), flush=True)
