import { bytesOf, type DataType } from "../../model/data-type.ts";
import { TENSOR_TYPES } from "./data-types.ts";
import { ABSENT, type Graph, type Model } from "../../model/model.ts";
import type { RunnableFile } from "../runnable-file.ts";
import { attachModel, detachModel, type DetachedModel } from "./detached-model.ts";
import { tfliteBytes } from "./write.ts";
import {
  BuiltinOperator,
  QuantizationParametersT,
  TensorT,
  TensorType,
  type OperatorT,
  type SubGraphT,
} from "./schema/generated/schema_generated.ts";

/** Where a convolution has its input, weights and bias, and which of the weights' axes is that of its output channels. */
interface Places {
  readonly input: number;
  readonly weights: number;
  readonly bias: number;
  readonly channels: number;
}

const CONVOLUTIONS = new Map<BuiltinOperator, Places>([
  [BuiltinOperator.CONV_2D, { input: 0, weights: 1, bias: 2, channels: 0 }],
  [BuiltinOperator.DEPTHWISE_CONV_2D, { input: 0, weights: 1, bias: 2, channels: 3 }],
  [BuiltinOperator.TRANSPOSE_CONV, { input: 2, weights: 1, bias: 3, channels: 0 }],
]);
const TRANSPOSED = BuiltinOperator[BuiltinOperator.TRANSPOSE_CONV];
const BIASES = new Map([...CONVOLUTIONS].map(([op, { bias }]) => [BuiltinOperator[op], bias]));

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
 * A model whose convolutions all have a bias, and what that took; undefined where none lacks one.
 * @throws {LoweringError} for a prediction
 */
export async function zeroBiasedFile(model: Model): Promise<RunnableFile | undefined> {
  const lacking = model.entries.reduce((sum, { graph }) => sum + lackingIn(graph), 0);
  if (lacking === 0) return undefined;
  const bytes = await attachModel(withZeroBiases(detachModel(await tfliteBytes(model))));
  const which = lacking === 1 ? "one convolution, which has none" : `${lacking} convolutions, which have none`;
  return { bytes, note: `What ran has a bias of zeros in ${which} in the file: TFLite's kernels ask for it.` };
}

function lackingIn({ nodes }: Graph): number {
  return nodes.reduce((sum, { op, inputs, bodies }) => {
    const bias = BIASES.get(op);
    // Left out for good, TRANSPOSE_CONV may go without it.
    const mayGoWithout = op === TRANSPOSED && inputs.length === bias;
    const lacks = bias !== undefined && (inputs[bias] ?? ABSENT) === ABSENT && !mayGoWithout;
    return bodies.reduce((inside, { graph }) => inside + lackingIn(graph), sum + (lacks ? 1 : 0));
  }, 0);
}

/**
 * Gives every convolution without a bias one of zeros. The schema allows to omit it, but kernels refuse it: `has_bias was not true` in conv.cc of TFLite
 * 2.9, and LiteRT.js (2.5) likewise.
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
  { inputs }: OperatorT,
  places: Places,
  buffers: Uint8Array[],
): TensorT | undefined {
  const input = tensors[inputs[places.input] ?? OMITTED];
  const weights = tensors[inputs[places.weights] ?? OMITTED];
  const channels = weights?.shape[places.channels];
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
