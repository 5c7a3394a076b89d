"""A model with random weights instead of constant ones, and digits of its input's size: what searches with a device are tried on.

    python3 random-weights.py MODEL.onnx DIGITS_FOLDER OUT_FOLDER

Writes model.onnx, fit.bin (16 samples) and test.bin (8 others). Needs the packages onnx and numpy.
"""

import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

SIDE = 32
FIT, TEST = 16, 8

model_path, digits, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
model = onnx.load(model_path)
random = np.random.default_rng(0)
for tensor in model.graph.initializer:
    if tensor.data_type != onnx.TensorProto.FLOAT:
        continue
    shape = list(tensor.dims)
    # He et al., "Delving Deep into Rectifiers", 2015: activations keep their size through ReLUs.
    deviation = np.sqrt(2 / np.prod(shape[1:])) if len(shape) > 1 else 0.05
    values = deviation * random.standard_normal(shape)
    tensor.CopyFrom(numpy_helper.from_array(values.astype(np.float32), tensor.name))
onnx.save(model, out / "model.onnx")

channels, height, width = (axis.dim_value for axis in model.graph.input[0].type.tensor_type.shape.dim[1:])
for name, count, file in (("calibration_256", FIT, "fit.bin"), ("test_540", TEST, "test.bin")):
    pictures = np.fromfile(digits / f"digits_{name}x1x{SIDE}x{SIDE}_uint8.bin", dtype=np.uint8)
    pictures = pictures.reshape(-1, 1, SIDE, SIDE)[:count]
    enlarged = pictures.repeat(height // SIDE, 2).repeat(width // SIDE, 3).repeat(channels, 1)
    enlarged.tofile(out / file)
