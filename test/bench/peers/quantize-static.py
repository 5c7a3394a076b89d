"""ONNX Runtime's own post-training quantization, for peers.ts to compare with. Not part of Edgewise.

    python3 quantize-static.py MODEL.onnx SAMPLES.bin:DTYPE:ZERO:SCALE COUNT OUT_FOLDER

Writes MODEL-METHOD.onnx for each way of calibrating, weights with a scale for each channel; METHOD-7bit with reduce_range.
Needs the packages onnx and onnxruntime.
"""

import os
import sys
import time

import numpy as np
import onnx
import onnx.reference  # noqa: F401  Debian's onnx registers its schemas twice if onnxruntime comes first.
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

path, samples, count, folder = sys.argv[1:5]
data_path, dtype, zero, scale = samples.rsplit(":", 3)
name = os.path.basename(path).removesuffix(".onnx")
port = onnx.load(path).graph.input[0]
shape = [dimension.dim_value or 1 for dimension in port.type.tensor_type.shape.dim]
raw = np.fromfile(data_path, dtype=dtype)[: int(count) * int(np.prod(shape))]
inputs = ((raw.astype(np.float32) - np.float32(zero)) * np.float32(scale)).reshape([-1] + shape[1:])


class Reader(CalibrationDataReader):
    def __init__(self):
        self.batches = iter(np.split(inputs, len(inputs)))

    def get_next(self):
        batch = next(self.batches, None)
        return None if batch is None else {port.name: batch}


prepared = os.path.join(folder, f"{name}-prepared.onnx")
quant_pre_process(path, prepared, skip_symbolic_shape=True)
for method in (CalibrationMethod.MinMax, CalibrationMethod.Entropy, CalibrationMethod.Percentile):
    for reduce_range in (False, True):
        before = time.process_time()
        out = os.path.join(folder, f"{name}-{method.name}{'-7bit' if reduce_range else ''}.onnx")
        quantize_static(
            prepared,
            out,
            Reader(),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            reduce_range=reduce_range,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=method,
        )
        print(f"{os.path.basename(out)} {time.process_time() - before:.1f} s", flush=True)
os.remove(prepared)
