"""Pruning and fine-tuning with labels in torch, for `edgewise recover` to compare with. Not part of Edgewise.

    python3 pruned-with-labels.py MODEL.onnx DIGITS_FOLDER SHARE_OF_MACS

Channels of a chain of layers go by the group magnitude that Torch-Pruning (Fang et al., DepGraph, CVPR 2023) takes: the norms of a channel's weights in the layer that
makes it, in the normalisation and in the layer that reads it, each over its mean; one ratio for all layers. Then five epochs of cross entropy by Adam on the
labelled calibration images, at three rates. Needs the packages torch and onnx.
"""

import copy
import json
import os
import sys

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn

path, folder, share = sys.argv[1], sys.argv[2], float(sys.argv[3])
EPOCHS, BATCH, RATES = 5, 32, (1e-3, 3e-3, 1e-2)
torch.manual_seed(0)
torch.set_num_threads(1)


def network():
    graph = onnx.load(path).graph
    held = {each.name: torch.tensor(numpy_helper.to_array(each).copy()) for each in graph.initializer}
    layers = []
    for node in graph.node:
        given = {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}
        numbers = [held.get(name) for name in node.input]
        if node.op_type == "Conv":
            weight = numbers[1]
            layer = nn.Conv2d(weight.shape[1], weight.shape[0], tuple(weight.shape[2:]), given.get("strides", [1, 1]), given["pads"][:2], bias=len(numbers) > 2)
            layer.weight.data = weight
            if len(numbers) > 2:
                layer.bias.data = numbers[2]
        elif node.op_type == "BatchNormalization":
            layer = nn.BatchNorm2d(len(numbers[1]), eps=given.get("epsilon", 1e-5))
            layer.weight.data, layer.bias.data, layer.running_mean, layer.running_var = numbers[1:5]
        elif node.op_type == "Gemm":
            weight = numbers[1] if given.get("transB") else numbers[1].t().contiguous()
            layer = nn.Linear(weight.shape[1], weight.shape[0])
            layer.weight.data, layer.bias.data = weight, numbers[2]
        elif node.op_type == "MaxPool":
            layer = nn.MaxPool2d(given["kernel_shape"], given["strides"])
        else:
            layer = {"Relu": nn.ReLU(), "Flatten": nn.Flatten(), "GlobalAveragePool": nn.AdaptiveAvgPool2d(1)}[node.op_type]
        layers.append(layer)
    return nn.Sequential(*layers).eval()


def pruned(net, ratio):
    net = copy.deepcopy(net)
    weighted = [at for at, layer in enumerate(net) if isinstance(layer, (nn.Conv2d, nn.Linear))]
    for first, second in zip(weighted, weighted[1:]):
        makes, reads, norm = net[first], net[second], net[first + 1]
        count = makes.weight.shape[0]
        read = reads.weight.data.view(reads.weight.shape[0], count, -1)
        norms = [makes.weight.data.flatten(1).norm(dim=1), read.pow(2).sum((0, 2)).sqrt()]
        if isinstance(norm, nn.BatchNorm2d):
            norms.append(norm.weight.data.abs())
        importance = sum(each / each.mean() for each in norms)
        kept = importance.argsort(descending=True)[: max(1, count - int(count * ratio))].sort().values
        makes.weight = nn.Parameter(makes.weight.data[kept])
        if makes.bias is not None:
            makes.bias = nn.Parameter(makes.bias.data[kept])
        if isinstance(norm, nn.BatchNorm2d):
            norm.weight, norm.bias = nn.Parameter(norm.weight.data[kept]), nn.Parameter(norm.bias.data[kept])
            norm.running_mean, norm.running_var = norm.running_mean[kept], norm.running_var[kept]
        shape = (len(read), len(kept), *reads.weight.shape[2:]) if isinstance(reads, nn.Conv2d) else (len(read), -1)
        reads.weight = nn.Parameter(read[:, kept].reshape(shape))
    return net


def macs(net, sample):
    total = 0
    with torch.no_grad():
        for layer in net:
            sample = layer(sample)
            if isinstance(layer, (nn.Conv2d, nn.Linear)):
                total += layer.weight.numel() * (sample[0, 0].numel() if isinstance(layer, nn.Conv2d) else 1)
    return total


def images(name, count):
    pixels = np.fromfile(os.path.join(folder, f"digits_{name}_{count}x1x32x32_uint8.bin"), np.uint8)
    return torch.tensor(pixels.reshape(count, 1, 32, 32) / 255, dtype=torch.float32)


def right(net):
    with torch.no_grad():
        return 100 * (net.eval()(images("test", 540)).argmax(1) == test_labels).float().mean().item()


labels = json.load(open(os.path.join(folder, "digits.json")))
train_labels, test_labels = torch.tensor(labels["calibration_labels"]), torch.tensor(labels["test_labels"])
train = images("calibration", 256)
net = network()
whole = macs(net, train[:1])
low, high = 0.0, 0.98
for _ in range(9):
    ratio = (low + high) / 2
    low, high = (low, ratio) if macs(pruned(net, ratio), train[:1]) <= share * whole else (ratio, high)
small = pruned(net, high)
print(f"{right(net):.1f} % right before, {right(small):.1f} % with {100 * macs(small, train[:1]) / whole:.2f} % of the MACs")
for rate in RATES:
    tuned = copy.deepcopy(small).train()
    optimizer = torch.optim.Adam(tuned.parameters(), rate)
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(train)).split(BATCH):
            optimizer.zero_grad()
            nn.functional.cross_entropy(tuned(train[rows]), train_labels[rows]).backward()
            optimizer.step()
    print(f"rate {rate}: {right(tuned):.1f} % right")
