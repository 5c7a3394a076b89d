import { gridOver, roundedTo, type IntegerGrid } from "../../../neutral/integer-grid.ts";
import type { IntegerSupport } from "../../../neutral/integer-support.ts";
import type { ConvForm, DenseForm, Form } from "../../../neutral/forms.ts";
import type { Weights } from "../../../neutral/weights.ts";
import { isKind, type LayerId, type NeutralGraph, type NeutralLayer } from "../../../neutral/neutral-graph.ts";
import { mergedRewrite, rewrittenGraph } from "../../../neutral/rewritten-graph.ts";
import type { Rewrite } from "../../../neutral/rewrite.ts";
import type { TensorId } from "../../../model/model.ts";
import { followSamples, type LayerInputs } from "../../approximation/follow-samples.ts";
import { defineRestructuring, matched, NotApplicableError, type RewriteContext } from "../../restructuring.ts";
import { whyNoneIsWeighted } from "../../matching/opaque-refusals.ts";
import { sharingWeights } from "../../matching/shared-weights.ts";
import { problemTools } from "../compress-weights/compress-layers.ts";
import type { Activations } from "../../../neutral/activations.ts";
import { weightProblem } from "../compress-weights/weight-problem.ts";
import { everyFold } from "../fold-batch-norm.ts";
import { equalization } from "../equalize-channels/equalization.ts";
import { integerPlan, type GridGroup, type IntegerPlan, type ProductLayer } from "./integer-plan.ts";
import { integerForm, plannedIntegers, sharedIntegerForm, type Scales, type WeightBits } from "./integer-weights.ts";
import { gridsOf, NARROW, WIDE } from "./ranges.ts";

const ID = "quantize-model";

/**
 * Weights and activations as 8-bit integers, in the form that the format's runtime computes with. Ranges of activations and scales of
 * weights are those of least squared error; weights are rounded so that each layer makes up for what was rounded before it.
 */
export const QUANTIZE_MODEL = defineRestructuring({
  id: ID,
  title: "Quantize model",
  summary: "Stores weights and activations as 8-bit integers, so that layers compute in integers.",
  guarantee: "approximate",
  keepsMacs: true,
  fitsToSamples: true,
  literature: [
    "Jacob et al., Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference, CVPR 2018",
    "Nagel et al., A White Paper on Neural Network Quantization, 2021",
    "Frantar, Ashkboos, Hoefler, Alistarh, GPTQ: Accurate Post-Training Quantization for Generative Pre-trained Transformers, ICLR 2023",
  ],
  answers: { "int8-weights": 3 },
  isOfWholeModel: true,
  options: [
    {
      id: "weights",
      title: "Weights",
      description: "Bits of each weight. Activations have 8.",
      type: "choice",
      choices: [
        { value: "8", title: "8 bits" },
        { value: "7", title: "7 bits, in a byte each: sums never saturate on x86, and compress better" },
        { value: "4", title: "4 bits, computed with as 8: in half a byte each in ONNX, in a byte in TFLite" },
      ],
      default: "8",
    },
    {
      id: "io",
      title: "Inputs and outputs",
      description:
        "Type of what the model takes and gives. Integers are for TFLite files, as microcontrollers want them.",
      needs: "integer inputs and outputs",
      type: "choice",
      choices: [
        { value: "float", title: "float, converted inside the model" },
        { value: "int8", title: "int8, without a QUANTIZE in front and a DEQUANTIZE behind" },
        { value: "uint8", title: "uint8, as pictures are; converted to int8 inside" },
      ],
      default: "float",
    },
    {
      id: "scales",
      title: "Scales of weights",
      description: "How many scales a layer's weights have. One for all is for runtimes that take no more.",
      type: "choice",
      choices: [
        { value: "output", title: "one for each output, where the runtime takes them" },
        { value: "tensor", title: "one for all of a layer", needs: "one scale for integer products" },
      ],
      default: "output",
    },
    {
      id: "equalize",
      title: "Equalize channels",
      description:
        "Channels are scaled between layers first, exactly, so that one scale for all of a layer's weights is fine enough.",
      type: "choice",
      choices: [
        { value: "auto", title: "where weights have one scale, and there are no samples to fit them to" },
        { value: "always", title: "always" },
        { value: "never", title: "never" },
      ],
      default: "auto",
    },
    {
      id: "ranges",
      title: "Ranges of activations",
      description:
        "How readily numbers that lie far out are cut, so that the others are finer. Narrow ranges help networks whose numbers rarely reach their ends.",
      type: "choice",
      choices: [
        { value: "wide", title: "wide: only where cutting halves the error" },
        { value: "narrow", title: "narrow: wherever cutting errs less" },
      ],
      default: "wide",
    },
  ],
  find: (graph) => {
    const plan = planFor(graph);
    if (typeof plan === "string") return [{ target: "", reason: plan }];
    const layers = [...(plan.fold.remove ?? []), ...plan.integers.products.map(({ id }) => id)];
    return [{ target: "", layers, why: whyOf(plan) }];
  },
  predict: (graph, target, { weights, io, scales }) => {
    const plan = matched(ID, target, planOf(graph, target, io, scales));
    const { groups } = plan.integers;
    const grids = new Map(groups.map((group) => [group, plannedGrid(plan.support, group)]));
    const replace = new Map<LayerId, ConvForm | DenseForm>();
    const sharing = sharedProducts(plan);
    for (const layer of plan.integers.products) {
      const own = plannedIntegers(layer.form, scalesOf(plan, layer, Number(weights) as WeightBits));
      const before = replace.get(sharing.get(layer.id) ?? layer.id);
      replace.set(layer.id, before ? { ...own, weight: before.weight } : own);
    }
    return quantized(plan, replace, grids, io);
  },
  rewrite: async (graph, target, { weights, io, scales, equalize, ranges }, context) => {
    const planned = matched(ID, target, planOf(graph, target, io, scales));
    const { seed, signal } = context;
    const isAsked =
      equalize === "auto" ? context.activations === undefined && hasOneScale(planned) : equalize === "always";
    const plan = isAsked ? equalized(planned) : planned;
    const source = await context.observe?.(plan.fold);
    if (source === undefined)
      throw new NotApplicableError(ID, target, "nothing tells how large activations get", "Give it samples.");
    const cuts = ranges === "narrow" ? NARROW : WIDE;
    const grids = await gridsOf(plan.integers.groups, source, plan.support.dataType, { seed, signal, cuts });
    const layers = await roundedLayers(plan, grids, Number(weights) as WeightBits, context);
    return quantized(plan, layers, grids, io);
  },
});

interface ModelPlan {
  /** What goes into the weights before. */
  readonly fold: Rewrite;
  /** The graph behind that. */
  readonly graph: NeutralGraph;
  readonly support: IntegerSupport;
  readonly integers: IntegerPlan;
}

function planOf(graph: NeutralGraph, target: string, io: string, scales: string): ModelPlan | string {
  if (target !== "") return "activations are quantized in the whole model";
  const plan = planFor(graph);
  if (typeof plan === "string") return plan;
  const reason = whyFloatIo(plan, ioType(io)) ?? (scales === "tensor" ? plan.support.whyChannelScales : undefined);
  if (reason !== undefined) return reason;
  return scales === "tensor" ? { ...plan, support: { ...plan.support, hasChannelScales: () => false } } : plan;
}

function hasOneScale({ support, integers }: ModelPlan): boolean {
  return integers.products.some((layer) => !support.hasChannelScales(layer));
}

/** Weights are rounded anyway: those that are integers in the file are scaled, too. */
function equalized(plan: ModelPlan): ModelPlan {
  const products = new Set(plan.integers.products.map(({ id }) => id));
  const scaled = equalization(plan.graph, ({ id }) => products.has(id));
  const graph = rewrittenGraph(plan.graph, scaled);
  return { ...plan, fold: mergedRewrite(plan.fold, scaled), graph, integers: integerPlan(graph, plan.support) };
}

/** undefined: floats. */
function ioType(io: string): IntegerGrid["dataType"] | undefined {
  return io === "int8" || io === "uint8" ? io : undefined;
}

/** Why the model cannot take and give integers of a type; undefined where it can. */
function whyFloatIo(
  { graph, support, integers }: ModelPlan,
  dataType: IntegerGrid["dataType"] | undefined,
): string | undefined {
  if (dataType === undefined) return undefined;
  if (!support.ioTypes.includes(dataType)) return `inputs and outputs of ${dataType} are written in TFLite files alone`;
  const quantizedIds = new Set(integers.groups.flatMap(({ tensors }) => tensors));
  for (const [id, tensor] of graph.tensors.entries()) {
    const isIo = tensor.isInput || tensor.isOutput;
    if (!isIo || tensor.dataType !== "float32" || tensor.constant || quantizedIds.has(id)) continue;
    const layer = graph.producer(id) ?? graph.layers.find(({ inputs }) => inputs.includes(id));
    const why = layer && integers.floats.get(layer.id);
    return `${tensor.name} stays float${layer ? ` at ${layer.name}` : ""}${why === undefined ? "" : `: ${why}`}`;
  }
  return undefined;
}

function planFor(graph: NeutralGraph): ModelPlan | string {
  const support = graph.integers;
  if (support === undefined) return "nothing is known of how its runtime computes in integers";
  const isInteger = graph.layers.find((layer) => computesInIntegers(graph, layer));
  if (isInteger) return `it is quantized already: ${isInteger.name} computes in integers`;
  const fold = everyFold(graph);
  const folded = rewrittenGraph(graph, fold);
  const integers = integerPlan(folded, support);
  if (integers.products.length > 0) return { fold, graph: folded, support, integers };
  const weighted = folded.layers.find(({ form }) => form.kind === "conv" || form.kind === "dense");
  const reason = weighted && integers.floats.get(weighted.id);
  return reason ?? whyNoneIsWeighted(folded) ?? "it has neither a convolution nor a dense layer";
}

/** ConvInteger: what multiplies by weights, and is not restructured. */
function isOpaqueProduct({ form }: NeutralLayer): boolean {
  return form.kind === "opaque" && (form.would === "conv" || form.would === "dense");
}

/** Activations of integers, or standing for some; weights alone may be integers, and become others. */
function computesInIntegers(graph: NeutralGraph, layer: NeutralLayer): boolean {
  if (!isKind(layer, "conv") && !isKind(layer, "dense") && !isOpaqueProduct(layer))
    return layer.op.startsWith("QLinear");
  return layer.inputs.some((id) => {
    const { dataType, standsFor } = graph.tensor(id);
    return standsFor !== undefined || dataType === "int8" || dataType === "uint8" || dataType === "int16";
  });
}

/** Named of those that stay float for the same reason. */
const MOST_NAMED = 3;

/** "/9/Softmax stays float: ONNX Runtime has no Softmax of integers": by what the runtime fuses, a reason each. */
function floatsOf({ graph, integers: { floats } }: ModelPlan): readonly string[] {
  const named = new Map<string, string[]>();
  for (const { id, name } of graph.layers) {
    const reason = floats.get(id);
    if (reason !== undefined) named.set(reason, [...(named.get(reason) ?? []), name]);
  }
  return Array.from(named, ([reason, names]) => {
    const shown = names.slice(0, MOST_NAMED).join(", ");
    const others = names.length > MOST_NAMED ? ` and ${names.length - MOST_NAMED} more` : "";
    return `${shown}${others} ${names.length === 1 ? "stays" : "stay"} float: ${reason}`;
  });
}

function whyOf(plan: ModelPlan): string {
  const { integers, fold } = plan;
  const { products } = integers;
  const folds = fold.remove?.length ?? 0;
  const parts = [`${products.length} layers compute in integers`];
  if (folds > 0) parts.push(`${folds} normalisations go into the weights before`);
  return [...parts, ...floatsOf(plan)].join("; ");
}

function scalesOf({ support }: ModelPlan, layer: ProductLayer, bits: WeightBits): Scales {
  const { needsBias, packsWeights } = support;
  return { isPerChannel: support.hasChannelScales(layer), needsBias, bits, isPacked: bits === 4 && packsWeights };
}

/** Layers that read the weights of an earlier one, and have the same kinds of scales: they go on sharing them. */
function sharedProducts({ graph, integers, support }: ModelPlan): ReadonlyMap<LayerId, LayerId> {
  const products = new Map(integers.products.map((layer) => [layer.id, layer]));
  return new Map(
    sharingWeights(graph).flatMap((layers) => {
      const [first, ...others] = layers.flatMap(({ id }) => products.get(id) ?? []);
      if (first === undefined) return [];
      const isAlike = (layer: ProductLayer): boolean =>
        support.hasChannelScales(layer) === support.hasChannelScales(first);
      return others.filter(isAlike).map((layer): [LayerId, LayerId] => [layer.id, first.id]);
    }),
  );
}

function plannedGrid({ dataType }: IntegerSupport, { fixed, least, most }: GridGroup): IntegerGrid {
  if (fixed) return { dataType, ...fixed };
  return gridOver(dataType, least === 0 ? 0 : -1, Number.isFinite(most) ? most : 1);
}

function quantized(
  { fold, support, integers: { withConstants } }: ModelPlan,
  products: ReadonlyMap<LayerId, Form>,
  grids: ReadonlyMap<GridGroup, IntegerGrid>,
  io: string,
): Rewrite {
  const integers = new Map<TensorId, IntegerGrid>();
  for (const [{ tensors }, grid] of grids) for (const id of tensors) integers.set(id, grid);
  const replace = new Map<LayerId, Form>(products);
  for (const { id, form } of withConstants) {
    if (form.kind !== "elementwise" || form.constant === undefined) continue;
    const { shape } = form.constant;
    const { constant } = form;
    replace.set(id, { ...form, constant: { shape, dataType: support.dataType, read: () => constant.read() } });
  }
  const dataType = ioType(io);
  return mergedRewrite(fold, { replace, integers, ...(dataType && { ioType: dataType }) });
}

async function roundedLayers(
  plan: ModelPlan,
  grids: ReadonlyMap<GridGroup, IntegerGrid>,
  bits: WeightBits,
  context: RewriteContext,
): Promise<ReadonlyMap<LayerId, ConvForm | DenseForm>> {
  const { fold, graph, integers } = plan;
  const gridOf = new Map<TensorId, IntegerGrid>();
  const stops = new Set<TensorId>();
  for (const [{ tensors, sources }, grid] of grids) {
    for (const id of tensors) gridOf.set(id, grid);
    for (const id of sources) stops.add(id);
  }
  const tools = problemTools(graph, context.seed);
  const sharing = sharedProducts(plan);
  const weightsOf = new Map<LayerId, Weights>();
  const inputScaleOf = ({ inputs: [input = -1] }: ProductLayer): number => gridOf.get(input)?.scale ?? 1;
  const change = async (layer: ProductLayer, inputs: LayerInputs | undefined): Promise<ConvForm | DenseForm> => {
    const problem = await weightProblem(layer, inputs, tools);
    const scale = inputScaleOf(layer);
    const scales = scalesOf(plan, layer, bits);
    const first = sharing.get(layer.id);
    const before = first === undefined ? undefined : weightsOf.get(first);
    if (before) return sharedIntegerForm(layer.form, before, problem, scale, scales);
    const others = integers.products.filter(({ id }) => sharing.get(id) === layer.id);
    const biases = others.map((other) => ({ bias: other.form.bias, inputScale: inputScaleOf(other) }));
    const form = await integerForm(layer.form, problem, scale, scales, biases);
    weightsOf.set(layer.id, form.weight);
    return form;
  };
  const { activations, partAfter, signal, onProgress } = context;
  if (activations && partAfter) {
    return followSamples(
      graph,
      integers.products,
      { ...context, partAfter: (rewrite, from, to) => partAfter(mergedRewrite(fold, rewrite), from, to) },
      change,
      { stops: { tensors: stops, arrive: (id, now) => rounded(gridOf.get(id), now) } },
    );
  }
  const changed = new Map<LayerId, ConvForm | DenseForm>();
  for (const [index, layer] of integers.products.entries()) {
    signal?.throwIfAborted();
    onProgress?.(index / integers.products.length, layer.name);
    changed.set(layer.id, await change(layer, undefined));
  }
  return changed;
}

function rounded(grid: IntegerGrid | undefined, now: Activations): Activations {
  return grid ? { shape: now.shape, data: roundedTo(grid, now.data) } : now;
}
