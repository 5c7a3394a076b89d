import assert from "node:assert/strict";
import {
  BatchMatMulOptionsT,
  DepthToSpaceOptionsT,
  MirrorPadMode,
  MirrorPadOptionsT,
  MulOptionsT,
  Padding,
  ReducerOptionsT,
  LocalResponseNormalizationOptionsT,
  ResizeBilinearOptionsT,
  ResizeNearestNeighborOptionsT,
  TransposeConvOptionsT,
} from "../../../profiler/formats/tflite/schema/generated/schema_generated.ts";
import type { Model } from "../../../profiler/model/model.ts";
import { Random } from "../../../profiler/numeric/random.ts";
import { loadOnnxRuntime } from "../../../profiler/onnx-runtime.ts";
import { openSession } from "../../../profiler/runtime/open-session.ts";
import { sizeOf } from "../../../profiler/training/onnx-graph.ts";
import { planTraining } from "../../../profiler/training/plan.ts";
import { errorGraph, NAMES } from "../../../profiler/training/step-graph.ts";
import { neutralGraphOf } from "../../../profiler/translation/known-graph.ts";
import {
  graph,
  node,
  onnxModel,
  tensor,
  value,
  type AttributeValue,
  type OnnxTensor,
} from "../../builders/onnx-builder.ts";
import { modelOfBytes } from "../../builders/read-model.ts";
import { tfliteModel, type OperatorSpec, type TensorSpec } from "../../builders/tflite-builder.ts";

/** An operator behind a product that is trained. */
interface OnnxCase {
  readonly op: string;
  /** Sizes of one sample. */
  readonly sample: readonly number[];
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  /** Behind the input; "" for one that is left out. */
  readonly others?: readonly (OnnxTensor | "" | "itself")[];
  readonly opset?: number;
}

const numbers = (shape: readonly number[]): number[] => [...new Random(3).normals(sizeOf(shape))];
const weights = (name: string, ...shape: readonly number[]): OnnxTensor =>
  tensor(name, "float32", shape, numbers(shape));
const whole = (name: string, ...values: readonly number[]): OnnxTensor =>
  tensor(name, "int64", [values.length], values);
const factors = (...values: readonly number[]): OnnxTensor =>
  tensor("factors", "float32", [values.length + 2], [1, 1, ...values]);

const CONV = [weights("w", 2, 3, 3, 2), weights("b", 3)];

function resize(
  coordinates: string,
  to: OnnxTensor,
  attributes: Readonly<Record<string, AttributeValue>> = {},
): OnnxCase {
  const others = to.name === "factors" ? (["", to] as const) : (["", "", to] as const);
  return {
    op: "Resize",
    sample: [2, 5, 4],
    attributes: { mode: "linear", coordinate_transformation_mode: coordinates, ...attributes },
    others,
  };
}

const ONNX: Readonly<Record<string, OnnxCase>> = {
  "transposed convolution": { op: "ConvTranspose", sample: [2, 3, 4], attributes: { strides: [2, 3] }, others: CONV },
  "transposed convolution with pads": {
    op: "ConvTranspose",
    sample: [2, 3, 4],
    attributes: { strides: [2, 2], pads: [1, 0, 0, 1], output_padding: [1, 0], dilations: [1, 2] },
    others: CONV,
  },
  ...Object.fromEntries(
    ["SAME_UPPER", "SAME_LOWER"].map((pads): [string, OnnxCase] => [
      `transposed convolution, ${pads}`,
      { op: "ConvTranspose", sample: [2, 3, 4], attributes: { strides: [2, 1], auto_pad: pads }, others: CONV },
    ]),
  ),
  "transposed convolution to a size": {
    op: "ConvTranspose",
    sample: [2, 3, 4],
    attributes: { strides: [2, 1], output_shape: [6, 4] },
    others: CONV,
  },
  ...Object.fromEntries(
    ["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"].flatMap((coordinates): [string, OnnxCase][] => [
      [`linear resize, ${coordinates}`, resize(coordinates, whole("sizes", 1, 2, 7, 3))],
      [
        `nearest resize, ${coordinates}`,
        resize(coordinates, factors(1.7, 2), { mode: "nearest", nearest_mode: "floor" }),
      ],
    ]),
  ),
  ...Object.fromEntries(
    ["round_prefer_floor", "round_prefer_ceil", "ceil"].map((rounding): [string, OnnxCase] => [
      `nearest resize, ${rounding}`,
      resize("half_pixel", whole("sizes", 1, 2, 3, 8), { mode: "nearest", nearest_mode: rounding }),
    ]),
  ),
  ...Object.fromEntries(
    [{}, { cubic_coeff_a: -0.5, exclude_outside: 1 }, { coordinate_transformation_mode: "align_corners" }].map(
      (attributes, index): [string, OnnxCase] => [
        `cubic resize ${index}`,
        resize("half_pixel", whole("sizes", 1, 2, 7, 3), { mode: "cubic", ...attributes }),
      ],
    ),
  ),
  "local response normalisation": {
    op: "LRN",
    sample: [6, 3, 2],
    attributes: { size: 3, alpha: 0.5, beta: 0.6, bias: 1.2 },
  },
  upsampling: { op: "Upsample", sample: [2, 2, 3], others: [factors(2, 3)], opset: 9 },
  "layer normalisation": {
    op: "LayerNormalization",
    sample: [3, 4],
    attributes: { epsilon: 0.01 },
    others: [weights("w", 4), weights("b", 4)],
  },
  "layer normalisation over two axes": {
    op: "LayerNormalization",
    sample: [3, 4],
    attributes: { axis: 1 },
    others: [weights("w", 3, 4)],
  },
  "instance normalisation": {
    op: "InstanceNormalization",
    sample: [3, 4, 2],
    others: [weights("w", 3), weights("b", 3)],
  },
  "group normalisation": {
    op: "GroupNormalization",
    sample: [4, 3, 2],
    attributes: { num_groups: 2, epsilon: 0.01 },
    others: [weights("w", 4), weights("b", 4)],
    opset: 21,
  },
  product: { op: "MatMul", sample: [2, 4, 4], others: ["itself"] },
  ...Object.fromEntries(
    ["reflect", "edge"].map((mode): [string, OnnxCase] => [
      `pad by ${mode}`,
      { op: "Pad", sample: [2, 3, 4], attributes: { mode }, others: [whole("pads", 0, 0, 2, 1, 0, 0, 0, 3)] },
    ]),
  ),
  "depth to space": { op: "DepthToSpace", sample: [8, 2, 3], attributes: { blocksize: 2 } },
  "depth to space, grouped": { op: "DepthToSpace", sample: [8, 2, 3], attributes: { blocksize: 2, mode: "CRD" } },
  "space to depth": { op: "SpaceToDepth", sample: [2, 4, 6], attributes: { blocksize: 2 } },
  "one position": { op: "Gather", sample: [2, 3], attributes: { axis: 2 }, others: [tensor("at", "int64", [], [-2])] },
  expand: { op: "Expand", sample: [2, 1, 3], others: [whole("shape", 4, 3)] },
  sum: { op: "ReduceSum", sample: [2, 3], attributes: { keepdims: 0 }, others: [whole("axes", -1)] },
  largest: { op: "ReduceMax", sample: [2, 3], attributes: { axes: [1] } },
  ...Object.fromEntries(
    ["Erf", "Exp", "Sin", "Cos", "Neg", "Abs", "Reciprocal"].map((op): [string, OnnxCase] => [op, { op, sample: [6] }]),
  ),
};

function onnxCase({ op, sample, attributes = {}, others = [], opset = 17 }: OnnxCase): Uint8Array {
  const [channels = 1, ...rest] = sample;
  const factor = tensor("factor", "float32", [channels, ...rest.map(() => 1)], numbers([channels]));
  const given = others.map((each) => (each === "" ? "" : each === "itself" ? "scaled" : (each.name ?? "")));
  const stored = others.filter((each): each is OnnxTensor => typeof each === "object");
  const body = graph([node("Mul", ["x", "factor"], ["scaled"]), node(op, ["scaled", ...given], ["y"], attributes)], {
    inputs: [value("x", "float32", [1, ...sample])],
    outputs: ["y"],
    initializers: [factor, ...stored],
  });
  return onnxModel({ graph: body, opset });
}

interface TfliteCase {
  readonly op: OperatorSpec["op"];
  /** Channels last. */
  readonly sample: readonly number[];
  readonly output: readonly number[];
  readonly options?: OperatorSpec["options"];
  readonly before?: readonly TensorSpec[];
  readonly others?: readonly TensorSpec[];
  readonly readsTwice?: true;
}

const sizes = (...values: readonly number[]): TensorSpec => ({
  name: "sizes",
  type: "int32",
  shape: [values.length],
  data: [...values],
});

const TFLITE: Readonly<Record<string, TfliteCase>> = {
  ...Object.fromEntries(
    [{}, { alignCorners: true }, { halfPixelCenters: true }].flatMap((options): [string, TfliteCase][] => {
      const [how = "as it first was"] = Object.keys(options);
      const common = { sample: [3, 4, 2], output: [7, 3, 2], others: [sizes(7, 3)] };
      return [
        [
          `bilinear resize, ${how}`,
          { op: "RESIZE_BILINEAR", ...common, options: Object.assign(new ResizeBilinearOptionsT(), options) },
        ],
        [
          `nearest resize, ${how}`,
          {
            op: "RESIZE_NEAREST_NEIGHBOR",
            ...common,
            options: Object.assign(new ResizeNearestNeighborOptionsT(), options),
          },
        ],
      ];
    }),
  ),
  ...Object.fromEntries(
    ([Padding.SAME, Padding.VALID] as const).map((padding): [string, TfliteCase] => {
      const output = padding === Padding.SAME ? [6, 3, 2] : [7, 4, 2];
      const kernel = { name: "w", shape: [2, 3, 2, 3], data: numbers([2, 3, 2, 3]) };
      return [
        `transposed convolution, ${Padding[padding]}`,
        {
          op: "TRANSPOSE_CONV",
          sample: [3, 3, 3],
          output,
          before: [sizes(1, ...output), kernel],
          options: Object.assign(new TransposeConvOptionsT(), { padding, strideW: 1, strideH: 2 }),
        },
      ];
    }),
  ),
  product: {
    op: "BATCH_MATMUL",
    sample: [2, 3, 4],
    output: [2, 3, 3],
    options: Object.assign(new BatchMatMulOptionsT(), { adjX: false, adjY: true }),
    readsTwice: true,
  },
  "pad by mirroring": {
    op: "MIRROR_PAD",
    sample: [3, 4, 2],
    output: [6, 5, 2],
    options: Object.assign(new MirrorPadOptionsT(), { mode: MirrorPadMode.REFLECT }),
    others: [{ name: "pads", type: "int32", shape: [4, 2], data: [0, 0, 1, 2, 0, 1, 0, 0] }],
  },
  "depth to space": {
    op: "DEPTH_TO_SPACE",
    sample: [2, 3, 8],
    output: [4, 6, 2],
    options: Object.assign(new DepthToSpaceOptionsT(), { blockSize: 2 }),
  },
  sum: {
    op: "SUM",
    sample: [3, 4, 2],
    output: [1, 1, 2],
    options: Object.assign(new ReducerOptionsT(), { keepDims: true }),
    others: [{ name: "axes", type: "int32", shape: [2], data: [1, 2] }],
  },
  "local response normalisation": {
    op: "LOCAL_RESPONSE_NORMALIZATION",
    sample: [3, 2, 6],
    output: [3, 2, 6],
    options: new LocalResponseNormalizationOptionsT(2, 1.2, 0.5, 0.6),
  },
  RSQRT: { op: "RSQRT", sample: [3, 2], output: [3, 2] },
};

function tfliteCase({ op, sample, output, options, before = [], others = [], readsTwice }: TfliteCase): Uint8Array {
  const channels = sample.at(-1) ?? 1;
  const names = (specs: readonly TensorSpec[]): string[] => specs.map(({ name = "" }) => name);
  return tfliteModel({
    tensors: [
      { name: "x", shape: [1, ...sample] },
      { name: "factor", shape: [channels], data: numbers([channels]).map((each) => 1 + Math.abs(each)) },
      { name: "scaled", shape: [1, ...sample] },
      ...before,
      ...others,
      { name: "y", shape: [1, ...output] },
    ],
    inputs: ["x"],
    outputs: ["y"],
    operators: [
      { op: "MUL", inputs: ["x", "factor"], outputs: ["scaled"], options: new MulOptionsT() },
      {
        op,
        inputs: [...names(before), "scaled", ...(readsTwice ? ["scaled"] : []), ...names(others)],
        outputs: ["y"],
        ...(options && { options }),
      },
    ],
  });
}

/** Runs the model, and the training graph's forward pass, on one sample of numbers above zero. @returns the error, relative */
async function forwardError(model: Model): Promise<number> {
  const lifted = neutralGraphOf(model);
  const [input] = lifted.tensors.filter(({ isInput, constant }) => isInput && constant === undefined);
  const [output] = lifted.tensors.filter(({ isOutput }) => isOutput);
  assert.ok(input?.shape && output);
  const shape = input.shape.map((size) => (typeof size === "number" ? size : 1));
  const data = Float32Array.from({ length: sizeOf(shape) }, (_, at) => 0.5 + ((at * 7) % 11) / 11);
  const session = await openSession(model);
  const results = await session.run({ [input.name]: { dataType: "float32", shape, data } });
  await session.close();
  const wanted = Float32Array.from(results[output.name]?.data ?? []);
  const planned = { sizes: lifted.sizesFor(new Map([[input.id, shape]])), batch: 1 };
  const plan = await planTraining(lifted, { ...planned, targets: [output.id], roles: "all" });
  assert.deepEqual(plan.stops, []);
  const energy = wanted.reduce((sum, each) => sum + each * each, 0) / wanted.length;
  const built = await errorGraph(lifted, plan, { ...planned, targets: [{ id: output.id, energy, weight: 1 }] });
  const { InferenceSession, Tensor } = await loadOnnxRuntime();
  const runner = await InferenceSession.create(built.bytes, { logSeverityLevel: 3, intraOpNumThreads: 1 });
  const given = new Map([
    [NAMES.fed(input.id), data],
    [NAMES.target(output.id), wanted],
    [NAMES.weights, await parametersOf(plan)],
  ]);
  const feeds = [...built.inputs].map(
    ([name, sizesOf]) => [name, new Tensor("float32", given.get(name) ?? new Float32Array(), sizesOf)] as const,
  );
  const { [NAMES.errors]: errors } = await runner.run(Object.fromEntries(feeds));
  await runner.release();
  return (errors?.data as Float32Array)[0] ?? NaN;
}

async function parametersOf({ parameters }: Awaited<ReturnType<typeof planTraining>>): Promise<Float32Array> {
  const all = new Float32Array(parameters.reduce((sum, { size }) => sum + size, 0));
  for (const { weights: held, offset } of parameters) all.set(await held.read(), offset);
  return all;
}

describe("forward passes of training graphs against the model", () => {
  for (const [name, each] of Object.entries(ONNX))
    it(`ONNX: ${name}`, async () => {
      assert.ok((await forwardError(await modelOfBytes("net.onnx", onnxCase(each)))) < 1e-9);
    });
  for (const [name, each] of Object.entries(TFLITE))
    it(`TFLite: ${name}`, async () => {
      assert.ok((await forwardError(await modelOfBytes("net.tflite", tfliteCase(each)))) < 1e-9);
    });
});
