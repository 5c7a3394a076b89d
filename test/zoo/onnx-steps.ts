import { float, type AttributeValue } from "../builders/onnx-builder.ts";
import {
  at,
  elements,
  imageShape,
  type ActivationName,
  type Step,
  type StepTable,
  type Value,
  type Window,
} from "./network.ts";
import { permuted, stored, type StoredWeight } from "./weights.ts";

/** What a step writes to: the ONNX graph that is being made. */
export interface OnnxContext {
  readonly nameOf: (value: Value) => string;
  /** Stores a weight and gives its name. */
  readonly weight: (weight: StoredWeight) => string;
  /** Stores an int64 vector (a shape, axes, bounds) and gives its name. */
  readonly indices: (name: string, values: readonly number[]) => string;
  readonly node: (
    name: string,
    op: string,
    inputs: readonly string[],
    output: string | readonly string[],
    attributes?: Readonly<Record<string, AttributeValue>>,
  ) => void;
}

const ACTIVATIONS: Readonly<Record<Exclude<ActivationName, "relu6">, string>> = {
  relu: "Relu",
  sigmoid: "Sigmoid",
  gelu: "Gelu",
  tanh: "Tanh",
};

/** "To the end", as exporters write it. */
const TO_THE_END = Number.MAX_SAFE_INTEGER;

/** Every kind of step as ONNX nodes. */
export const ONNX_STEPS: StepTable<OnnxContext> = {
  conv: (step, onnx) => {
    const { window, groups } = step;
    single(step, onnx, "Conv", { ...windowAttributes(window), dilations: window.dilation, group: groups });
  },
  transposedConv: (step, onnx) => {
    // The pads of the convolution it transposes are cut from its output.
    single(step, onnx, "ConvTranspose", { ...windowAttributes(step.window), dilations: step.window.dilation });
  },
  dense: (step, onnx) => {
    if (step.output.shape.length === 2) {
      single(step, onnx, "Gemm", { transB: 1 });
      return;
    }
    const [kernel, bias] = step.weights;
    if (kernel === undefined) throw new Error(`${step.name} has no weight`);
    const product = bias === undefined ? onnx.nameOf(step.output) : `${step.name}/MatMul_output`;
    onnx.node(`${step.name}/MatMul`, "MatMul", [...inputs(step, onnx), onnx.weight(permuted(kernel, [1, 0]))], product);
    if (bias === undefined) return;
    onnx.node(`${step.name}/Add`, "Add", [product, onnx.weight(stored(bias))], onnx.nameOf(step.output));
  },
  batchNorm: (step, onnx) => single(step, onnx, "BatchNormalization", { epsilon: 1e-5 }),
  affine: (step, onnx) => {
    const [factor, shift] = step.weights.map((weight) => onnx.weight(stored(weight, [...weight.shape, 1, 1])));
    const scaled = `${step.name}/Mul_output`;
    onnx.node(`${step.name}/Mul`, "Mul", [...inputs(step, onnx), factor ?? ""], scaled);
    onnx.node(`${step.name}/Add`, "Add", [scaled, shift ?? ""], onnx.nameOf(step.output));
  },
  layerNorm: (step, onnx) => single(step, onnx, "LayerNormalization", { axis: -1, epsilon: 1e-5 }),
  lrn: (step, onnx) => {
    const { size, alpha, beta, bias } = step;
    single(step, onnx, "LRN", { size, alpha, beta, bias: float(bias) });
  },
  pool: (step, onnx) => {
    const attributes = {
      ...windowAttributes(step.window),
      ceil_mode: Number(step.isCeil),
      ...(step.countsPadding && { count_include_pad: 1 }),
    };
    const outputs = [onnx.nameOf(step.output), ...(step.keepsPlaces ? [placesOf(step.output, onnx)] : [])];
    const op = step.mode === "average" ? "AveragePool" : "MaxPool";
    onnx.node(`${step.name}/${op}`, op, inputs(step, onnx), outputs, attributes);
  },
  unpool: (step, onnx) => {
    const [x, pooled] = [at(step.inputs, 0), at(step.inputs, 1)];
    const names = [onnx.nameOf(x), placesOf(pooled, onnx)];
    onnx.node(`${step.name}/MaxUnpool`, "MaxUnpool", names, onnx.nameOf(step.output), windowAttributes(step.window));
  },
  globalPool: (step, onnx) => single(step, onnx, "GlobalAveragePool"),
  activation: (step, onnx) => {
    if (step.activation === "relu6") {
      // Bounds are inputs from operator set 11 on; here as the constants that exporters share.
      const bounds = [0, 6].map((bound) => {
        const name = `${step.name}/bound${bound}`;
        onnx.node(`${name}/Constant`, "Constant", [], name, { value_float: float(bound) });
        return name;
      });
      onnx.node(`${step.name}/Clip`, "Clip", [...inputs(step, onnx), ...bounds], onnx.nameOf(step.output));
    } else single(step, onnx, ACTIVATIONS[step.activation]);
  },
  prelu: (step, onnx) => {
    const slopes = at(step.weights, 0);
    const slope = onnx.weight(stored(slopes, [elements(slopes.shape), 1, 1]));
    onnx.node(`${step.name}/PRelu`, "PRelu", [...inputs(step, onnx), slope], onnx.nameOf(step.output));
  },
  softmax: (step, onnx) => single(step, onnx, "Softmax", { axis: -1 }),
  binary: (step, onnx) => single(step, onnx, step.op === "add" ? "Add" : "Mul"),
  scale: (step, onnx) => single(step, onnx, "Mul"),
  concat: (step, onnx) => single(step, onnx, "Concat", { axis: 1 }),
  shuffle: (step, onnx) => {
    const [, channels, height, width] = imageShape(step.output);
    const { name, groups } = step;
    const apart = onnx.indices(`${name}/apart`, [0, groups, channels / groups, height, width]);
    const together = onnx.indices(`${name}/together`, [0, channels, height, width]);
    const [split, swapped] = [`${name}/Reshape_output`, `${name}/Transpose_output`];
    onnx.node(`${name}/Reshape`, "Reshape", [...inputs(step, onnx), apart], split);
    onnx.node(`${name}/Transpose`, "Transpose", [split], swapped, { perm: [0, 2, 1, 3, 4] });
    onnx.node(`${name}/Reshape_1`, "Reshape", [swapped, together], onnx.nameOf(step.output));
  },
  flatten: (step, onnx) => single(step, onnx, "Flatten", { axis: 1 }),
  pad: (step, onnx) => {
    const pads = onnx.indices(`${step.name}/pads`, [...step.before, ...step.after]);
    onnx.node(`${step.name}/Pad`, "Pad", [...inputs(step, onnx), pads], onnx.nameOf(step.output));
  },
  slice: (step, onnx) => {
    const axes = step.starts.map((_, axis) => axis).filter((axis) => step.starts[axis] !== 0);
    const bounds = [
      onnx.indices(
        `${step.name}/starts`,
        axes.map((axis) => at(step.starts, axis)),
      ),
      onnx.indices(
        `${step.name}/ends`,
        axes.map(() => TO_THE_END),
      ),
      onnx.indices(`${step.name}/axes`, axes),
    ];
    onnx.node(`${step.name}/Slice`, "Slice", [...inputs(step, onnx), ...bounds], onnx.nameOf(step.output));
  },
  transpose: (step, onnx) => single(step, onnx, "Transpose", { perm: step.permutation }),
  splitHeads: (step, onnx) => reshapeLast(step, onnx, [step.heads, at(step.output.shape, 3)]),
  mergeHeads: (step, onnx) => reshapeLast(step, onnx, [at(step.output.shape, 2)]),
  matmul: (step, onnx) => single(step, onnx, "MatMul"),
  embedding: (step, onnx) => {
    const table = onnx.weight(stored(at(step.weights, 0)));
    onnx.node(`${step.name}/Gather`, "Gather", [table, ...inputs(step, onnx)], onnx.nameOf(step.output));
  },
  positions: (step, onnx) => {
    const { name } = step;
    const table = onnx.weight(stored(at(step.weights, 0)));
    const length = `${name}/Shape_output`;
    onnx.node(`${name}/Shape`, "Shape", inputs(step, onnx), length, { start: 1, end: 2 });
    const bounds = [onnx.indices(`${name}/starts`, [0]), length, onnx.indices(`${name}/axes`, [0])];
    onnx.node(`${name}/Slice`, "Slice", [table, ...bounds], onnx.nameOf(step.output));
  },
  firstToken: (step, onnx) => {
    onnx.node(`${step.name}/index/Constant`, "Constant", [], `${step.name}/index`, { value_int: 0 });
    const names = [...inputs(step, onnx), `${step.name}/index`];
    onnx.node(`${step.name}/Gather`, "Gather", names, onnx.nameOf(step.output), { axis: 1 });
  },
};

/** One node with the step's inputs, then its weights as they are. */
function single(
  step: Step,
  onnx: OnnxContext,
  op: string,
  attributes: Readonly<Record<string, AttributeValue>> = {},
): void {
  const weights = step.weights.map((weight) => onnx.weight(stored(weight)));
  onnx.node(`${step.name}/${op}`, op, [...inputs(step, onnx), ...weights], onnx.nameOf(step.output), attributes);
}

/** The first two sizes kept whatever they are, as an exporter keeps dynamic ones: Shape, Slice, Concat, Reshape. */
function reshapeLast(step: Step, onnx: OnnxContext, last: readonly number[]): void {
  const { name } = step;
  onnx.node(`${name}/Shape`, "Shape", inputs(step, onnx), `${name}/Shape_output`);
  const bounds = [onnx.indices(`${name}/starts`, [0]), onnx.indices(`${name}/ends`, [2])];
  onnx.node(`${name}/Slice`, "Slice", [`${name}/Shape_output`, ...bounds], `${name}/Slice_output`);
  const sizes = [`${name}/Slice_output`, onnx.indices(`${name}/last`, last)];
  onnx.node(`${name}/Concat`, "Concat", sizes, `${name}/Concat_output`, { axis: 0 });
  const reshaped = [...inputs(step, onnx), `${name}/Concat_output`];
  onnx.node(`${name}/Reshape`, "Reshape", reshaped, onnx.nameOf(step.output));
}

function inputs(step: Step, onnx: OnnxContext): readonly string[] {
  return step.inputs.map((input) => onnx.nameOf(input));
}

function windowAttributes({ kernel, stride, pads }: Window): Readonly<Record<string, readonly number[]>> {
  return { kernel_shape: kernel, strides: stride, pads };
}

/** Where a max pooling says which elements it took. */
function placesOf(pooled: Value, onnx: OnnxContext): string {
  return `${onnx.nameOf(pooled)}/places`;
}
