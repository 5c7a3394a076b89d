import type { Random } from "../../../profiler/numeric/random.ts";
import type { Activation } from "../../../profiler/operators/operation.ts";
import type {
  ConvForm,
  CubicSampling,
  ElementwiseForm,
  Form,
  PoolForm,
  ResizeForm,
  Sampling,
  UnaryFunction,
} from "../../../profiler/neutral/forms.ts";
import { newWeights } from "../../../profiler/neutral/weights.ts";
import { checkGradient, randomWeights, type GradientCase } from "./check-gradient.ts";

/** Away from the kinks of activations and pools at whole numbers: no difference reaches across one. */
function offKinks(random: Random): number {
  const value = 3 * random.normal();
  return Math.floor(value) + 0.1 + 0.8 * (value - Math.floor(value));
}

function positive(random: Random): number {
  return 1 + random.uniform();
}

const NO_ACTIVATION = { activation: undefined };

interface Window {
  readonly strides?: readonly number[];
  readonly dilations?: readonly number[];
  readonly padsBegin?: readonly number[];
  readonly padsEnd?: readonly number[];
}

function moving(rank: number, { strides, dilations, padsBegin, padsEnd }: Window): Required<Window> {
  const all = (value: number): readonly number[] => Array.from({ length: rank }, () => value);
  return {
    strides: strides ?? all(1),
    dilations: dilations ?? all(1),
    padsBegin: padsBegin ?? all(0),
    padsEnd: padsEnd ?? padsBegin ?? all(0),
  };
}

function conv(weight: readonly number[], window: Window = {}, groups = 1, activation?: Activation): ConvForm {
  return {
    kind: "conv",
    weight: randomWeights(weight, 1),
    bias: randomWeights(weight.slice(0, 1), 2),
    groups,
    ...moving(weight.length - 2, window),
    activation,
  };
}

function convTranspose(
  weight: readonly number[],
  window: Window = {},
  groups = 1,
  outputPadding?: readonly number[],
): Form {
  const moved = { ...moving(weight.length - 2, window), outputPadding: outputPadding ?? weight.slice(2).map(() => 0) };
  return {
    kind: "conv-transpose",
    weight: randomWeights(weight, 1),
    bias: randomWeights([(weight[1] ?? 1) * groups], 2),
    groups,
    keepsChannels: undefined,
    window: moved,
    ...NO_ACTIVATION,
  };
}

function resize(
  to: ResizeForm["to"],
  sampling: Partial<Omit<Sampling, "mode">> & ({ readonly mode?: "nearest" | "linear" } | CubicSampling),
): Form {
  return {
    kind: "resize",
    to,
    sampling: { mode: "linear", coordinates: "half-pixel", rounding: "half-down", ...sampling },
  };
}

function pool(
  mode: PoolForm["mode"],
  kernel: readonly number[],
  window: Window = {},
  more: Partial<PoolForm> = {},
): PoolForm {
  const fixed = { isGlobal: false, countsPadding: false, ceils: false, activation: undefined };
  return { kind: "pool", mode, kernel, ...moving(kernel.length, window), ...fixed, ...more };
}

function elementwise(fn: ElementwiseForm["fn"], constant?: readonly number[], isConstantFirst = false): Form {
  const numbers = constant && newWeights(constant, randomWeightsOf(constant));
  return { kind: "elementwise", fn, constant: numbers, isConstantFirst, ...NO_ACTIVATION };
}

/** Between 1 and 2, all apart from each other. */
function randomWeightsOf(shape: readonly number[]): Float32Array {
  const count = shape.reduce((product, size) => product * size, 1);
  return Float32Array.from({ length: count }, (_, index) => 1 + ((index * 7) % count) / count);
}

const MAP = [2, 3, 5, 4];

const UNARY_FUNCTIONS: readonly UnaryFunction[] = [
  ...(["absolute", "cosine", "error", "exponential", "logarithm", "negative"] as const),
  ...(["reciprocal", "root", "root-reciprocal", "sine", "square"] as const),
];

function layerNorm(
  axes: readonly number[],
  sizes: readonly number[],
  deviation: "from-mean" | "from-zero",
  shifts = true,
): Form {
  const shift = shifts ? { shift: randomWeights(sizes, 2) } : {};
  return { kind: "layer-norm", axes, by: { deviation, epsilon: 1e-3 }, scale: randomWeights(sizes, 1), ...shift };
}

const CASES: Readonly<Record<string, GradientCase>> = {
  "conv 3×3, padded": { form: conv([4, 3, 3, 3], { padsBegin: [1, 1] }), inputs: [MAP] },
  "conv 3×2, padded unevenly": { form: conv([4, 3, 3, 2], { padsBegin: [0, 1], padsEnd: [2, 0] }), inputs: [MAP] },
  "conv 3×3, strided": { form: conv([2, 3, 3, 3], { strides: [2, 2], padsBegin: [1, 1] }), inputs: [MAP] },
  "conv 2×2, strides that leave a rest": { form: conv([2, 3, 2, 2], { strides: [2, 3] }), inputs: [MAP] },
  "conv 3×3, dilated": { form: conv([2, 3, 3, 3], { dilations: [2, 1], padsBegin: [2, 1] }), inputs: [MAP] },
  "conv 1×1": { form: conv([4, 3, 1, 1]), inputs: [MAP] },
  "conv 1×1, strided": { form: conv([4, 3, 1, 1], { strides: [2, 2] }), inputs: [MAP] },
  "conv of many channels": { form: conv([2, 24, 2, 2], { strides: [1, 2] }), inputs: [[1, 24, 3, 4]] },
  "conv, grouped": { form: conv([6, 2, 3, 3], { padsBegin: [1, 1] }, 2), inputs: [[2, 4, 4, 3]] },
  "conv, depthwise, of maps larger than the batch": {
    form: conv([2, 1, 3, 2], { padsBegin: [1, 0], padsEnd: [0, 1] }, 2),
    inputs: [[1, 2, 4, 5]],
  },
  "conv, depthwise, strided and dilated, of large maps": {
    form: conv([2, 1, 2, 3], { strides: [2, 1], dilations: [1, 2], padsBegin: [1, 1] }, 2),
    inputs: [[1, 2, 5, 6]],
  },
  "conv, depthwise, of maps that are small beside the batch": {
    form: conv([2, 1, 3, 2], { strides: [2, 1], dilations: [1, 2], padsBegin: [1, 1] }, 2),
    inputs: [[3, 2, 4, 3]],
  },
  "conv, depthwise, over one axis": { form: conv([2, 1, 3], { padsBegin: [1] }, 2), inputs: [[1, 2, 6]] },
  "conv, depthwise": { form: conv([3, 1, 3, 3], { padsBegin: [1, 1] }, 3), inputs: [MAP] },
  "conv, depthwise, strided": { form: conv([3, 1, 3, 3], { strides: [2, 2], padsEnd: [1, 1] }, 3), inputs: [MAP] },
  "conv, depthwise with a multiplier": { form: conv([6, 1, 3, 3], { padsBegin: [1, 1] }, 3), inputs: [MAP] },
  "conv over one axis": { form: conv([4, 3, 3], { strides: [2], padsBegin: [1] }), inputs: [[2, 3, 7]] },
  "conv over three axes": { form: conv([2, 2, 2, 2, 2], { padsBegin: [1, 0, 1] }), inputs: [[1, 2, 3, 3, 2]] },
  "conv with a fused activation": { form: conv([4, 3, 1, 1], {}, 1, { fn: "tanh" }), inputs: [MAP] },
  "transposed conv, strided": { form: convTranspose([3, 4, 3, 2], { strides: [2, 2] }), inputs: [[2, 3, 3, 2]] },
  "transposed conv, padded, that no window reaches the end of": {
    form: convTranspose([3, 2, 3, 3], { strides: [2, 2], padsBegin: [1, 0], padsEnd: [0, 1] }, 1, [1, 0]),
    inputs: [[1, 3, 3, 2]],
  },
  "transposed conv, dilated": { form: convTranspose([2, 2, 2, 2], { dilations: [1, 2] }), inputs: [[1, 2, 3, 3]] },
  "transposed conv, grouped": { form: convTranspose([4, 3, 2, 2], { strides: [2, 1] }, 2), inputs: [[1, 4, 2, 3]] },
  "transposed conv, depthwise": { form: convTranspose([3, 1, 3, 3], { padsBegin: [1, 1] }, 3), inputs: [[1, 3, 3, 3]] },
  "transposed conv over one axis": { form: convTranspose([2, 3, 4], { strides: [3] }), inputs: [[2, 2, 3]] },
  "product of activations": {
    form: { kind: "product", isLeftTransposed: false, isRightTransposed: false },
    inputs: [
      [2, 2, 3, 4],
      [2, 2, 4, 2],
    ],
  },
  "product of activations, both transposed": {
    form: { kind: "product", isLeftTransposed: true, isRightTransposed: true },
    inputs: [
      [2, 4, 3],
      [2, 2, 4],
    ],
  },
  "product of activations, one transposed, outer axes stretched": {
    form: { kind: "product", isLeftTransposed: false, isRightTransposed: true },
    inputs: [
      [2, 2, 3, 4],
      [2, 1, 2, 4],
    ],
  },
  "layer normalisation": { form: layerNorm([2], [4], "from-mean"), inputs: [[2, 2, 4]] },
  "layer normalisation over two axes, without a shift": {
    form: layerNorm([1, 2], [2, 3], "from-mean", false),
    inputs: [[2, 2, 3]],
  },
  "RMS normalisation": { form: layerNorm([1], [4], "from-zero", false), inputs: [[3, 4]] },
  "instance normalisation": {
    form: { kind: "instance-norm", scale: randomWeights([3], 1), shift: randomWeights([3], 2), epsilon: 1e-3 },
    inputs: [[2, 3, 2, 3]],
  },
  "group normalisation": {
    form: { kind: "group-norm", groups: 2, scale: randomWeights([4], 1), shift: randomWeights([4], 2), epsilon: 1e-3 },
    inputs: [[2, 4, 2, 2]],
  },
  "group normalisation by numbers of groups": {
    form: { kind: "group-norm", groups: 2, scale: randomWeights([2], 1), shift: randomWeights([2], 2), epsilon: 1e-3 },
    inputs: [[1, 4, 2, 2]],
  },
  "resize linearly, larger": { form: resize({ sizes: [5, 7] }, {}), inputs: [[1, 2, 3, 4]] },
  "resize linearly, smaller, corners aligned": {
    form: resize({ sizes: [3, 2] }, { coordinates: "align-corners" }),
    inputs: [[2, 1, 5, 4]],
  },
  "resize to the nearest, by factors": {
    form: resize({ factors: [2, 1.5] }, { mode: "nearest", coordinates: "asymmetric", rounding: "floor" }),
    inputs: [[1, 2, 2, 4]],
  },
  "resize by cubics": {
    form: resize({ sizes: [5, 7] }, { mode: "cubic", coefficient: -0.5, excludesOutside: true }),
    inputs: [[1, 2, 3, 4]],
  },
  "local response normalisation": {
    form: { kind: "local-response-norm", before: 1, after: 2, alpha: 0.3, beta: 0.75, bias: 1.5 },
    inputs: [[2, 5, 2, 3]],
  },
  dense: {
    form: { kind: "dense", weight: randomWeights([4, 6], 1), bias: randomWeights([4], 2), ...NO_ACTIVATION },
    inputs: [[3, 6]],
  },
  "dense over the last of three axes": {
    form: { kind: "dense", weight: randomWeights([4, 6], 1), bias: undefined, ...NO_ACTIVATION },
    inputs: [[2, 3, 6]],
  },
  "batch normalisation": {
    form: {
      kind: "batch-norm",
      scale: randomWeights([3], 1),
      shift: randomWeights([3], 2),
      mean: newWeights([3], Float32Array.of(0.5, -1, 2)),
      variance: newWeights([3], Float32Array.of(0.5, 1, 2)),
      epsilon: 1e-3,
    },
    inputs: [MAP],
  },
  softmax: { form: { kind: "softmax", axes: [1], isLog: false }, inputs: [[3, 5]] },
  "log softmax": { form: { kind: "softmax", axes: [2], isLog: true }, inputs: [[2, 2, 4]] },
  "softmax over the last axes": { form: { kind: "softmax", axes: [1, 2], isLog: false }, inputs: [[2, 2, 3]] },
  "max pool": { form: pool("max", [2, 2], { strides: [2, 2] }), inputs: [MAP], sample: apart() },
  "max pool, overlapping": {
    form: pool("max", [3, 3], { strides: [2, 2], padsBegin: [1, 1] }),
    inputs: [MAP],
    sample: apart(),
  },
  "max pool, rounded up": {
    form: pool("max", [2, 2], { strides: [2, 2] }, { ceils: true }),
    inputs: [MAP],
    sample: apart(),
  },
  "max pool, global": { form: pool("max", [], {}, { isGlobal: true }), inputs: [MAP], sample: apart() },
  "average pool": { form: pool("average", [2, 2], { strides: [2, 2] }), inputs: [MAP] },
  "average pool, padded": { form: pool("average", [3, 3], { padsBegin: [1, 1] }), inputs: [MAP] },
  "average pool, counting what pads": {
    form: pool("average", [3, 3], { strides: [2, 1], padsBegin: [1, 1] }, { countsPadding: true }),
    inputs: [MAP],
  },
  "average pool, rounded up": { form: pool("average", [3, 2], { strides: [3, 3] }, { ceils: true }), inputs: [MAP] },
  "average pool, global": { form: pool("average", [], {}, { isGlobal: true }), inputs: [MAP] },
  "mean over axes that go": {
    form: { kind: "reduce-mean", axes: [1, 3], keepsAxes: false, ...NO_ACTIVATION },
    inputs: [MAP],
  },
  "mean over axes that stay": {
    form: { kind: "reduce-mean", axes: [2], keepsAxes: true, ...NO_ACTIVATION },
    inputs: [MAP],
  },
  "sum over axes that go": { form: { kind: "reduce", fn: "sum", axes: [1, 2], keepsAxes: false }, inputs: [[2, 3, 2]] },
  "largest over an axis": {
    form: { kind: "reduce", fn: "maximum", axes: [2], keepsAxes: true },
    inputs: [[2, 3, 4]],
    sample: apart(),
  },
  "smallest over an axis that goes": {
    form: { kind: "reduce", fn: "minimum", axes: [0], keepsAxes: false },
    inputs: [[3, 4]],
    sample: apart(),
  },
  add: { form: elementwise("add"), inputs: [MAP, MAP] },
  "add, stretched": { form: elementwise("add"), inputs: [MAP, [3, 1, 1]] },
  "add a constant": { form: elementwise("add", [3, 1, 1]), inputs: [MAP] },
  subtract: {
    form: elementwise("subtract"),
    inputs: [
      [2, 3],
      [1, 3],
    ],
  },
  "subtract from a constant": { form: elementwise("subtract", [3], true), inputs: [[2, 3]] },
  multiply: { form: elementwise("multiply"), inputs: [MAP, [2, 3, 1, 1]] },
  divide: {
    form: elementwise("divide"),
    inputs: [
      [2, 3],
      [2, 3],
    ],
    sample: positive,
  },
  minimum: {
    form: elementwise("minimum"),
    inputs: [
      [3, 4],
      [3, 4],
    ],
  },
  maximum: { form: elementwise("maximum"), inputs: [[3, 4], [4]] },
  power: {
    form: elementwise("power"),
    inputs: [
      [2, 3],
      [2, 3],
    ],
    sample: positive,
  },
  reshape: { form: { kind: "reshape", target: [0, -1] }, inputs: [MAP] },
  transpose: { form: { kind: "transpose", permutation: [0, 2, 3, 1] }, inputs: [MAP] },
  concat: { form: { kind: "concat", axis: 1, ...NO_ACTIVATION }, inputs: [MAP, [2, 1, 5, 4]] },
  split: { form: { kind: "split", axis: 1, sizes: [1, 2] }, inputs: [MAP] },
  slice: { form: { kind: "slice", axis: 3, begin: 1, end: 3 }, inputs: [MAP] },
  pad: { form: { kind: "pad", mode: "constant", begin: [0, 0, 1, 0], end: [0, 1, 0, 2], value: 3 }, inputs: [MAP] },
  ...Object.fromEntries(
    (["reflect", "edge", "wrap"] as const).map((mode): [string, GradientCase] => [
      `pad by ${mode}`,
      { form: { kind: "pad", mode, begin: [0, 0, 2, 1], end: [0, 0, 0, 2], value: 0 }, inputs: [[1, 2, 3, 4]] },
    ]),
  ),
  "one position along an axis": { form: { kind: "select", axis: 1, index: 2 }, inputs: [[2, 3, 2]] },
  expand: { form: { kind: "expand", target: [1, 3, 4] }, inputs: [[2, 1, 4]] },
  "depth to space": { form: { kind: "depth-to-space", block: 2, isGrouped: false }, inputs: [[1, 8, 2, 1]] },
  "depth to space, grouped": { form: { kind: "depth-to-space", block: 2, isGrouped: true }, inputs: [[1, 8, 2, 1]] },
  "space to depth": { form: { kind: "space-to-depth", block: 2, isGrouped: false }, inputs: [[1, 2, 4, 2]] },
  "channel shuffle": { form: { kind: "channel-shuffle", groups: 2 }, inputs: [[2, 4, 2, 2]] },
  identity: { form: { kind: "identity" }, inputs: [MAP] },
  PReLU: { form: { kind: "activation", fn: "pRelu", slopes: randomWeights([3], 1) }, inputs: [MAP], sample: offKinks },
  ...Object.fromEntries(
    UNARY_FUNCTIONS.map((fn): [string, GradientCase] => [
      fn,
      { form: { kind: "unary", fn }, inputs: [[3, 4]], sample: positive },
    ]),
  ),
  ...Object.fromEntries(
    activations().map((activation): [string, GradientCase] => [
      activation.fn,
      { form: { kind: "activation", ...activation }, inputs: [[4, 6]], sample: offKinks },
    ]),
  ),
};

function activations(): readonly Activation[] {
  return [
    ...(["relu", "relu6", "selu", "sigmoid", "hardSwish", "mish", "softplus", "tanh", "gelu", "geluTanh"] as const).map(
      (fn): Activation => ({ fn }),
    ),
    ...(["abs", "softsign", "silu"] as const).map((fn): Activation => ({ fn })),
    { fn: "clip", minimum: -1, maximum: 2 },
    { fn: "leakyRelu", alpha: 0.2 },
    { fn: "elu", alpha: 0.7 },
    { fn: "celu", alpha: 0.7 },
    { fn: "thresholdedRelu", alpha: 1 },
    { fn: "hardSigmoid", alpha: 0.25, beta: 0.5 },
  ];
}

/** Numbers that lie a tenth apart at least, so that the largest of a window stays the largest. */
function apart(): (random: Random) => number {
  let count = 0;
  return () => ((count++ * 37) % 101) / 10 - 5;
}

describe("gradient rules against finite differences", () => {
  for (const [name, each] of Object.entries(CASES)) it(name, () => checkGradient(each));
});
