import { integerScale } from "../../../neutral/integer-palette.ts";
import type { Quantization, TensorId } from "../../../model/model.ts";
import type { Weights } from "../../../neutral/weights.ts";
import type { PaletteCoding, SparseCoding } from "../../../neutral/weight-coding.ts";
import type { OperatorWriter } from "./operator-writer.ts";
import { sparseConstant } from "./sparse-weights.ts";

/**
 * Shared values as 8-bit integers of one scale behind a DEQUANTIZE, of which few occur: a zip of the file finds that out. Pruned weights as a
 * sparse tensor behind a DENSIFY, where that takes less. TFLite 2.9 and LiteRT.js 2.5 run both right, of convolutions, depthwise ones
 * and fully connected layers; what they do not run alike is not written: sparse tensors without a DENSIFY (read as dense), sparse float16 (LiteRT.js
 * answers NaN).
 * @param weights in the order of the file
 * @param wide what the layer reads
 * @throws {LoweringError} in a prediction of pruned weights
 */
export async function writeFewValues(
  writer: OperatorWriter,
  weights: Weights,
  coding: PaletteCoding | SparseCoding,
  role: string,
  wide: TensorId,
): Promise<TensorId> {
  const { draft } = writer;
  const { shape } = weights;
  const name = `${writer.layer.name}.${role}`;
  const isShared = coding.kind === "palette" || coding.paletteBits !== undefined;
  if (coding.kind === "sparse" && !draft.readsWeights)
    throw writer.error("how many weights stay is known when they are computed");
  const dataType = isShared ? "int8" : "float32";
  const scale = isShared && draft.readsWeights ? integerScale((await coding.numbers()).codebook) : 1;
  const quantization: Quantization = { granularity: "tensor", scales: [scale], zeroPoints: [0] };
  const about = isShared ? { quantization } : {};
  const read = async (): Promise<Float32Array> => {
    const elements = await weights.read();
    return isShared ? elements.map((value) => Math.round(value / scale)) : elements;
  };
  const sparse = coding.kind === "sparse" ? sparseConstant(await read(), shape, dataType) : undefined;
  if (sparse === undefined) {
    const stored = await draft.addConstant(name, { shape, dataType, read, ...about });
    if (!isShared) return stored;
    writer.helper(`${role}.widen`, "DEQUANTIZE", [stored], {}, wide);
    return wide;
  }
  const stored = draft.addTensor(name, { constant: sparse, ...about });
  const dense = isShared ? draft.addTensor(`${name}.dense`, { quantization }) : wide;
  writer.helper(`${role}.densify`, "DENSIFY", [stored], {}, dense);
  if (isShared) writer.helper(`${role}.widen`, "DEQUANTIZE", [dense], {}, wide);
  return wide;
}
