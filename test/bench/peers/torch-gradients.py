"""Holds the gradients that step-gradients.ts wrote against torch's, of the same model, inputs and loss.

usage: python3 torch-gradients.py MODEL FOLDER

Prints, for each kind of parameter, the largest difference as a share of the largest gradient of the tensor, and fails beyond 1e-4.
Batch normalisation is scale and shift by the running statistics, as Edgewise trains it.
"""
import json
import sys

import numpy
import onnx
import torch
import torch.nn.functional as f
from onnx import numpy_helper

path, folder = sys.argv[1:3]
LIMIT = 1e-4
graph = onnx.load(path).graph
told = json.load(open(f"{folder}/gradients.json"))
values = numpy.fromfile(f"{folder}/values.bin", "<f4")
gradients = numpy.fromfile(f"{folder}/gradients.bin", "<f4")
fed = {t["name"]: torch.from_numpy(numpy.fromfile(f"{folder}/{t['file']}", "<f4").reshape(t["shape"])) for t in told["tensors"]}
weights = {i.name: torch.from_numpy(numpy_helper.to_array(i).copy()) for i in graph.initializer}
for weight in weights.values():
    if weight.is_floating_point():
        weight.requires_grad_(True)


def padded(x, pads, value=0.0):
    begin, end = pads[: len(pads) // 2], pads[len(pads) // 2 :]
    return f.pad(x, [n for axis in reversed(range(len(begin))) for n in (begin[axis], end[axis])], value=value)


def conv(a, x, w, b=None):
    x = padded(x, a.get("pads", [0, 0, 0, 0]))
    return f.conv2d(x, w, b, a.get("strides", [1, 1]), 0, a.get("dilations", [1, 1]), a.get("group", 1))


def pooled(a, x):
    return f.max_pool2d(padded(x, a.get("pads", [0, 0, 0, 0]), -torch.inf), a["kernel_shape"], a.get("strides", [1, 1]))


def normalised(a, x, scale, shift, mean, variance):
    return f.batch_norm(x, mean.detach(), variance.detach(), scale, shift, False, 0.0, a.get("epsilon", 1e-5))


def gemm(a, x, w, b):
    return a.get("alpha", 1.0) * x @ (w.T if a.get("transB", 0) else w) + a.get("beta", 1.0) * b


OPERATORS = {
    "Conv": conv,
    "MaxPool": pooled,
    "BatchNormalization": normalised,
    "Gemm": gemm,
    "Relu": lambda a, x: f.relu(x),
    "Add": lambda a, x, y: x + y,
    "Concat": lambda a, *all: torch.cat(all, a["axis"]),
    "Flatten": lambda a, x: x.flatten(a.get("axis", 1)),
    "Identity": lambda a, x: x,
    "GlobalAveragePool": lambda a, x: x.mean((2, 3), keepdim=True),
    "AveragePool": lambda a, x: f.avg_pool2d(x, a["kernel_shape"], a.get("strides", [1, 1])),
    "Softmax": lambda a, x: f.softmax(x, a.get("axis", -1)),
    "Reshape": lambda a, x, shape: x.reshape([x.shape[0], *shape.tolist()[1:]]),
}

known = {**weights, **fed}
for node in graph.node:
    attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    known[node.output[0]] = OPERATORS[node.op_type](attributes, *[known[name] for name in node.input if name])
targets = [t for t in told["tensors"] if t["name"] in {o.name for o in graph.output}]
loss = sum(((known[t["name"]] - fed[t["name"]]) ** 2).mean() for t in targets)
loss.backward()

worst = {}
for parameter in told["parameters"]:
    part = slice(parameter["offset"], parameter["offset"] + parameter["size"])
    own, gradient = values[part], gradients[part]
    found = None
    for weight in weights.values():
        if weight.numel() != own.size or weight.grad is None:
            continue
        for turned in (lambda t: t, lambda t: t.T) if weight.dim() == 2 else (lambda t: t,):
            if numpy.array_equal(turned(weight.detach()).reshape(-1).numpy(), own):
                found = turned(weight.grad).reshape(-1).numpy()
                share = numpy.abs(found - gradient).max() / numpy.abs(found).max()
                role = parameter["name"].split()[-1]
                before, count = worst.get(role, (0.0, 0))
                worst[role] = max(before, share), count + 1
    if found is None:
        sys.exit(f"{parameter['name']}: no initializer has its values")
for role, (share, count) in sorted(worst.items()):
    print(f"{role:8} {count:3} tensors, at most {share:.1e} of the largest gradient")
sys.exit(int(max(share for share, _ in worst.values()) > LIMIT))
