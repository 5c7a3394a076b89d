import { bytesOf, type DataType } from "../../model/data-type.ts";
import { TENSOR_TYPES } from "./data-types.ts";
import type { DetachedModel } from "./detached-model.ts";
import {
  BuiltinOperator,
  QuantizationParametersT,
  TensorT,
  TensorType,
  type OperatorT,
  type SubGraphT,
} from "./schema/generated/schema_generated.ts";

/** Where convolutions have their input, weights and bias. */
const CONVOLUTIONS = new Map([
  [BuiltinOperator.CONV_2D, { input: 0, weights: 1, bias: 2 }],
  [BuiltinOperator.DEPTHWISE_CONV_2D, { input: 0, weights: 1, bias: 2 }],
  [BuiltinOperator.TRANSPOSE_CONV, { input: 2, weights: 1, bias: 3 }],
]);

/** The bias of an input's type: accumulators are wider than what they add up. */
const BIAS_TYPES: Partial<Record<DataType, "float32" | "int32" | "int64">> = {
  float32: "float32",
  int8: "int32",
  uint8: "int32",
  int16: "int64",
};

const TABLE_TYPES = { float32: TensorType.FLOAT32, int32: TensorType.INT32, int64: TensorType.INT64 } as const;

/** An omitted optional input. */
const OMITTED = -1;

/**
 * Gives every convolution without a bias one of zeros. The schema allows to omit it, but LiteRT.js (2.5) refuses to run that.
 */
export function withZeroBiases({ tables, data }: DetachedModel): DetachedModel {
  const buffers = [...data];
  for (const graph of tables.subgraphs) {
    for (const operator of graph.operators) {
      const code = tables.operatorCodes[operator.opcodeIndex]?.builtinCode;
      const places = code === undefined ? undefined : CONVOLUTIONS.get(code);
      if (places === undefined || (operator.inputs[places.bias] ?? OMITTED) !== OMITTED) continue;
      const bias = zeroBias(graph, operator, places, buffers);
      if (bias === undefined) continue;
      operator.inputs = [...operator.inputs.slice(0, places.bias), graph.tensors.push(bias) - 1];
    }
  }
  return { tables, data: buffers };
}

function zeroBias(
  { tensors }: SubGraphT,
  { inputs, outputs }: OperatorT,
  places: { readonly input: number; readonly weights: number },
  buffers: Uint8Array[],
): TensorT | undefined {
  const input = tensors[inputs[places.input] ?? OMITTED];
  const weights = tensors[inputs[places.weights] ?? OMITTED];
  const channels = tensors[outputs[0] ?? OMITTED]?.shape.at(-1);
  const inputType = input && TENSOR_TYPES[input.type];
  const type = inputType && BIAS_TYPES[inputType];
  if (type === undefined || channels === undefined) return undefined;
  const buffer = buffers.push(new Uint8Array(bytesOf(type, channels) ?? 0)) - 1;
  const bias = new TensorT([channels], TABLE_TYPES[type], buffer);
  const scale = input?.quantization?.scale[0];
  if (type !== "float32" && scale !== undefined) {
    const scales = (weights?.quantization?.scale ?? []).map((each) => each * scale);
    bias.quantization = new QuantizationParametersT(
      [],
      [],
      scales,
      scales.map(() => 0n),
    );
  }
  return bias;
}
