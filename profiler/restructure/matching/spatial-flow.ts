import type { TensorId } from "../../model/model.ts";
import type { Dimension, Shape } from "../../model/shape.ts";
import { ABSENT } from "../../model/model.ts";
import type { ConvForm, Form, FormKind, FormOf, PoolForm, ResizeForm, SlidingWindow } from "../../neutral/forms.ts";
import type { Weights } from "../../neutral/weights.ts";
import type { LayerId, NeutralGraph, NeutralLayer, NeutralSizes } from "../../neutral/neutral-graph.ts";
import { padsAt } from "../../neutral/window-forms.ts";
import { reshapeSegments } from "./reshape-axes.ts";
import { product, UNKNOWN_SIZE } from "../../shapes/dimension.ts";

/** What other sizes of the inputs make of the tensors behind. */
export interface SpatialFlow {
  /** New sizes of tensors that change. */
  readonly shapes: ReadonlyMap<TensorId, Shape>;
  /** Layers that must be told of the new sizes. */
  readonly forms: ReadonlyMap<LayerId, Form>;
}

/**
 * Follows new sizes of inputs through the graph.
 * @returns the reason where a layer only fits the sizes that were
 */
export function flowSpatially(graph: NeutralGraph, inputs: ReadonlyMap<TensorId, Shape>): SpatialFlow | string {
  const shapes = new Map(inputs);
  const given = new Set([...inputs.values()].flat().filter((size) => size !== UNKNOWN_SIZE));
  let inferred: NeutralSizes | undefined;
  const computed: ComputedSizes = (tensor) => {
    inferred ??= graph.sizesFor(inputs);
    const sizes = inferred;
    // Behind layers that are told of new sizes, what follows from the old ones is wrong.
    const isTrue = [...shapes].every(([id, shape]) => sizes[id]?.join() === shape.join());
    const found = isTrue ? sizes[tensor] : undefined;
    // A size that only the run can tell may be another one than it was, under the same name.
    return found?.every((size) => typeof size === "number" || given.has(size)) ? found : undefined;
  };
  const forms = new Map<LayerId, Form>();
  for (const layer of graph.layers) {
    if (!layer.inputs.some((input) => shapes.has(input))) continue;
    const passed = pass(layer, new Flow(graph, layer, shapes, computed));
    if (typeof passed === "string") return `${layer.op} "${layer.name}" ${passed}`;
    layer.outputs.forEach((output, index) => {
      const shape = passed.outputs[index] ?? passed.outputs[0];
      // Outputs that are left out are nobody's.
      if (output !== ABSENT && shape !== undefined && shape.join() !== graph.tensors[output]?.shape?.join())
        shapes.set(output, shape);
    });
    if (passed.form) forms.set(layer.id, passed.form);
  }
  const captured = [...shapes.keys()].map((id) => graph.tensor(id)).find(({ isCaptured }) => isCaptured);
  if (captured) return `a graph inside of another layer reads "${captured.name}", and may fit only the original sizes`;
  return { shapes, forms };
}

/** What a tensor's sizes are by what its layers work out themselves; undefined where that is not known for sure. */
type ComputedSizes = (tensor: TensorId) => Shape | undefined;

/** Sizes around one layer. */
class Flow {
  constructor(
    readonly graph: NeutralGraph,
    readonly layer: NeutralLayer,
    private readonly shapes: ReadonlyMap<TensorId, Shape>,
    private readonly computed: ComputedSizes,
  ) {}

  before(place = 0): Shape {
    return this.graph.tensors[this.layer.inputs[place] ?? ABSENT]?.shape ?? [];
  }

  now(place = 0): Shape {
    return this.shapes.get(this.layer.inputs[place] ?? ABSENT) ?? this.before(place);
  }

  outputBefore(): Shape {
    return this.graph.tensors[this.layer.outputs[0] ?? ABSENT]?.shape ?? [];
  }

  /** Where the layer works its sizes out while it runs: what that comes to, if arithmetic on sizes tells. */
  outputComputed(): Shape | undefined {
    return this.computed(this.layer.outputs[0] ?? ABSENT);
  }

  /** Axes along which the first input changes. */
  changed(): readonly number[] {
    const before = this.before();
    return this.now().flatMap((size, axis) => (size === before[axis] ? [] : [axis]));
  }

  /** Spatial axes of the first input, outermost first. */
  spatial(): readonly number[] {
    const channelAxis = this.graph.tensors[this.layer.inputs[0] ?? ABSENT]?.channelAxis;
    return this.before().flatMap((_, axis) => (axis === 0 || axis === channelAxis ? [] : [axis]));
  }
}

interface Passed {
  /** The last stands for all that follow. */
  readonly outputs: readonly Shape[];
  readonly form?: Form;
}

type Rule<F extends Form> = (form: F, flow: Flow) => Passed | string;

const FIXED = "fits only the original sizes";

const RULES: { readonly [K in FormKind]: Rule<FormOf<K>> } = {
  conv: passConv,
  "conv-transpose": () => "makes a larger map, whose size stays as its operator says it",
  pool: passPool,
  dense: (_, flow) => {
    const output = flow.outputBefore();
    if (flow.changed().includes(flow.before().length - 1))
      return "reads a feature map of a fixed size: give it a pooled head first";
    return { outputs: [[...flow.now().slice(0, -1), ...output.slice(-1)]] };
  },
  "batch-norm": same,
  unary: same,
  "local-response-norm": same,
  identity: same,
  softmax: same,
  activation: (form, flow) => (form.slopes && !fitsChanged(form.slopes, flow) ? FIXED : same(form, flow)),
  elementwise: passElementwise,
  concat: ({ axis }, flow) => {
    const inputs = flow.layer.inputs.map((_, place) => flow.now(place));
    const [first = []] = inputs;
    const isAlike = inputs.every((shape) => shape.every((size, index) => index === axis || size === first[index]));
    const sizes = inputs.map((shape) => shape[axis]).filter((size) => typeof size === "number");
    if (!isAlike || sizes.length < inputs.length) return FIXED;
    const joined = sizes.reduce((sum, size) => sum + size, 0);
    return { outputs: [first.map((size, index) => (index === axis ? joined : size))] };
  },
  split: ({ axis, sizes }, flow) => {
    if (flow.changed().includes(axis)) return FIXED;
    return { outputs: sizes.map((part) => flow.now().map((size, index) => (index === axis ? part : size))) };
  },
  slice: ({ axis, begin, end }, flow) => {
    if (flow.changed().includes(axis)) return FIXED;
    return { outputs: [flow.now().map((size, index) => (index === axis ? end - begin : size))] };
  },
  pad: ({ begin, end }, flow) => ({
    outputs: [
      flow.now().map((size, axis) => (typeof size === "number" ? size + (begin[axis] ?? 0) + (end[axis] ?? 0) : size)),
    ],
  }),
  reshape: passReshape,
  transpose: ({ permutation }, flow) => ({ outputs: [permutation.map((axis) => flow.now()[axis] ?? 1)] }),
  "reduce-mean": ({ axes, keepsAxes }, flow) => {
    const sizes = flow.now().map((size, axis) => (axes.includes(axis) ? 1 : size));
    return { outputs: [keepsAxes ? sizes : sizes.filter((_, axis) => !axes.includes(axis))] };
  },
  reduce: () => FIXED,
  resize: passResize,
  "instance-norm": same,
  "group-norm": same,
  "layer-norm": ({ axes }, flow) =>
    flow.changed().some((axis) => axes.includes(axis)) ? FIXED : same(undefined, flow),
  expand: () => FIXED,
  "depth-to-space": () => FIXED,
  "space-to-depth": () => FIXED,
  select: ({ axis }, flow) =>
    flow.changed().includes(axis) ? FIXED : { outputs: [flow.now().filter((_, index) => index !== axis)] },
  recurrent: () => "steps through sizes that may fit only the original ones",
  product: () => "multiplies maps that may fit only the original sizes",
  "channel-shuffle": same,
  constant: same,
  // What follows from sizes follows from the new ones.
  shape: () => ({ outputs: [] }),
  opaque: ({ why }) => `may fit only the original sizes: ${why}`,
};

function pass<K extends FormKind>(layer: NeutralLayer<FormOf<K>>, flow: Flow): Passed | string {
  const rule: Rule<FormOf<K>> = RULES[layer.form.kind];
  return rule(layer.form, flow);
}

function same(_: unknown, flow: Flow): Passed {
  return { outputs: [flow.now()] };
}

function passConv(form: ConvForm, flow: Flow): Passed | string {
  const window = { ...form, kernel: form.weight.shape.slice(2), ceils: false };
  const sizes = windowSizes(window, flow);
  const channelAxis = flow.graph.tensors[flow.layer.outputs[0] ?? ABSENT]?.channelAxis;
  if (typeof sizes === "string") return sizes;
  return { outputs: [sizes.map((size, axis) => (axis === channelAxis ? (form.weight.shape[0] ?? size) : size))] };
}

/** What was as many times as large as its input still is. */
function passResize({ to, sampling }: ResizeForm, flow: Flow): Passed | string {
  const spatial = flow.spatial();
  if (!to) return passComputed(flow) ?? "may resize to a fixed size";
  if (flow.changed().some((axis) => !spatial.includes(axis))) return FIXED;
  const [before, after] = [flow.before(), flow.outputBefore()];
  const sizes = spatial.map((axis, place) => {
    const now = Number(flow.now()[axis]);
    if ("factors" in to) return Math.floor(now * (to.factors[place] ?? 1));
    return Math.max(1, Math.round((now * Number(after[axis])) / Number(before[axis])));
  });
  if (!sizes.every(Number.isFinite)) return "resizes maps whose size the run decides";
  const output = after.map((size, axis) => (spatial.includes(axis) ? (sizes[spatial.indexOf(axis)] ?? size) : size));
  return { outputs: [output], ...("sizes" in to && { form: { kind: "resize", to: { sizes }, sampling } }) };
}

function passComputed(flow: Flow): Passed | undefined {
  const output = flow.outputComputed();
  return output && { outputs: [output] };
}

/** A window over the whole of the map stays one over the whole. */
function passPool(form: PoolForm, flow: Flow): Passed | string {
  const spatial = flow.spatial();
  const now = flow.now();
  const before = flow.before();
  if (
    !coversMap(
      form,
      spatial.map((axis) => before[axis]),
    )
  ) {
    const sizes = windowSizes(form, flow);
    return typeof sizes === "string" ? sizes : { outputs: [sizes] };
  }
  const outputs = [now.map((size, axis) => (spatial.includes(axis) ? 1 : size))];
  if (form.isGlobal) return { outputs };
  const sizes = spatial.map((axis) => now[axis]);
  const kernel = spatial.map((_, place) => padded(form, place, sizes));
  return { outputs, form: { ...form, ...padsOn(sizes, form, form.kernel), kernel, strides: kernel.map(() => 1) } };
}

/**
 * Whether a pool has one window, over the whole of its padded map.
 * @param sizes of the map's spatial axes
 */
export function coversMap(form: PoolForm, sizes: readonly (Dimension | undefined)[]): boolean {
  return form.isGlobal || sizes.every((_, place) => padded(form, place, sizes) === form.kernel[place]);
}

/** NaN for a size that the run decides. */
function padded(form: PoolForm, place: number, sizes: readonly (Dimension | undefined)[]): number {
  const { padsBegin = [], padsEnd = [] } = padsOn(sizes, form, form.kernel) ?? {};
  return Number(sizes[place]) + (padsBegin[place] ?? 0) + (padsEnd[place] ?? 0);
}

function padsOn(
  sizes: readonly (Dimension | undefined)[],
  window: SlidingWindow,
  kernel: readonly number[],
): ReturnType<typeof padsAt> {
  return padsAt(
    window,
    kernel,
    sizes.map((size) => (typeof size === "number" ? size : undefined)),
  );
}

type Window = Pick<PoolForm, "kernel" | "ceils"> & SlidingWindow;

/** The input's sizes with those that a window leaves of the spatial ones. */
function windowSizes(window: Window, flow: Flow): Shape | string {
  const sizes = [...flow.now()];
  for (const [place, axis] of flow.spatial().entries()) {
    const size = sizes[axis];
    if (typeof size !== "number") continue;
    if (window.autoPad !== undefined) {
      sizes[axis] = Math.ceil(size / (window.strides[place] ?? 1));
      continue;
    }
    const reach = ((window.kernel[place] ?? 1) - 1) * (window.dilations[place] ?? 1) + 1;
    const room = size + (window.padsBegin[place] ?? 0) + (window.padsEnd[place] ?? 0) - reach;
    if (room < 0) return `has a window of ${reach} for a map of ${size}`;
    const steps = room / (window.strides[place] ?? 1);
    sizes[axis] = (window.ceils ? Math.ceil(steps) : Math.floor(steps)) + 1;
  }
  return sizes;
}

function passElementwise(form: FormOf<"elementwise">, flow: Flow): Passed | string {
  if (form.constant) return fitsChanged(form.constant, flow) ? same(form, flow) : FIXED;
  const [left, right] = [flow.now(0), flow.now(1)];
  const rank = Math.max(left.length, right.length);
  const output: Dimension[] = [];
  for (let axis = 0; axis < rank; axis += 1) {
    const [a, b] = [left[axis - rank + left.length] ?? 1, right[axis - rank + right.length] ?? 1];
    if (a !== b && a !== 1 && b !== 1) return "combines maps of sizes that no longer agree";
    output.push(a === 1 ? b : a);
  }
  return { outputs: [output] };
}

/** Whether a constant operand has one element along every axis that changes. */
function fitsChanged({ shape }: Weights, flow: Flow): boolean {
  const missing = flow.before().length - shape.length;
  return flow.changed().every((axis) => (shape[axis - missing] ?? 1) === 1);
}

/** Sizes that the layer names follow, where those that change end in one axis. */
function passReshape({ target }: FormOf<"reshape">, flow: Flow): Passed | string {
  const output = flow.outputBefore();
  const segments = reshapeSegments(flow.before(), output);
  if (!target || !segments) return passComputed(flow) ?? "has a shape that only the run knows";
  const sizes = [...output];
  for (const { from, to } of segments) {
    const now = flow.now().slice(from.begin, from.end);
    if (now.join() === flow.before().slice(from.begin, from.end).join()) continue;
    const [axis, ...others] = [...output.keys()].slice(to.begin, to.end).filter((each) => output[each] !== 1);
    if (axis === undefined || others.length > 0) return FIXED;
    const size = product(now);
    if (typeof size !== "number") return passComputed(flow) ?? FIXED;
    sizes[axis] = size;
  }
  const told = target.map((size, axis) => (size > 0 ? Number(sizes[axis]) : size));
  return told.join() === target.join()
    ? { outputs: [sizes] }
    : { outputs: [sizes], form: { kind: "reshape", target: told } };
}
