import type { OptionSpec, OptionsOf } from "../../options.ts";
import type { Form } from "../../../neutral/forms.ts";
import type { LayerId, NeutralGraph } from "../../../neutral/neutral-graph.ts";
import {
  matched,
  NotApplicableError,
  type Finding,
  defineRestructuring,
  type RewriteContext,
} from "../../restructuring.ts";
import type { Rewrite } from "../../../neutral/rewrite.ts";
import { countsByError } from "./allocate.ts";
import type { ChannelMap, Unit } from "./channel-map.ts";
import { findChannels, type ChannelGroup, type Channels } from "./groups.ts";
import { expectedValues, type ExpectedValues } from "./expected-values.ts";
import { batchNormScales, expectedLosses, filterNorms, type Importance } from "./importance.ts";
import { outputsOf } from "./linear-layer.ts";
import { momentCorrected } from "./moment-correction.ts";
import { pruned } from "./prune.ts";
import { greedyOrder, measureHarm, type Harms } from "./reconstruction.ts";
import { refitted } from "./refit.ts";
import { countsAt, countsForMacs, leastImportant, type StepOf } from "./select.ts";
import type { KeptCounts } from "./sizes.ts";

const ID = "reduce-channels";

const OPTIONS = [
  {
    id: "ratio",
    title: "Width multiplier",
    description:
      "Share of the channels that stays, the same in each group. Default: half, where neither channels nor a share of MACs is given.",
    type: "number",
    minimum: 0,
    maximum: 1,
  },
  {
    id: "keep",
    title: "Channels to keep",
    description: "Output channels that the layer keeps. For one layer only.",
    type: "integer",
    minimum: 1,
  },
  {
    id: "macs",
    title: "Share of MACs",
    description:
      "Finds the largest width multiplier with which convolutions and dense layers need at most this share of their multiply-accumulates: those of the model, or those that the layer's channels reach.",
    type: "number",
    minimum: 0,
    maximum: 1,
  },
  {
    id: "allocation",
    title: "Allocation",
    description: "How the MACs that are left are divided among the layers of the whole model.",
    type: "choice",
    choices: [
      { value: "auto", title: "By error with calibration data, one width multiplier without it" },
      { value: "uniform", title: "One width multiplier for all" },
      { value: "error", title: "Narrower where the next layers lose least for what is saved; needs calibration data" },
    ],
    default: "auto",
  },
  {
    id: "multiple",
    title: "Multiple of",
    description:
      "Widths are rounded to multiples of so many channels, which kernels compute at a time: 8 on most phones. A layer with fewer stays as it is, and so does a number of channels that is given.",
    type: "integer",
    minimum: 1,
    default: 1,
  },
  {
    id: "importance",
    title: "Importance",
    description:
      "How the channels that stay are chosen. By what the next layers lose without them: measured on calibration data, or expected of what batch normalisation says of the channels. Or by absolute weights or scales. Absolute weights decide where nothing else is known.",
    type: "choice",
    choices: [
      { value: "auto", title: "Measured losses, else expected ones" },
      { value: "l1", title: "Absolute weights (Li 2017)" },
      { value: "batch-norm", title: "Batch normalisation's scales (Liu 2017)" },
      { value: "expected", title: "Expected losses of the next layers" },
      { value: "reconstruction", title: "Measured losses (ThiNet, Luo 2017)" },
    ],
    default: "auto",
  },
  {
    id: "refit",
    title: "Refit the next layers",
    description:
      "Layers that lost input channels get the weights that bring their outputs nearest to what they were, by least squares on the calibration data (He 2017). Without samples they keep the mean and variance of their outputs, where batch normalisation tells these.",
    type: "boolean",
    default: true,
  },
] as const satisfies readonly OptionSpec[];

type Options = OptionsOf<typeof OPTIONS>;

/** Of the options those that say how many channels stay. */
type Extent = Partial<Pick<Options, "ratio" | "keep" | "macs" | "allocation" | "multiple">>;

/**
 * Filter and neuron pruning. A channel goes with everything that hangs on it: filters and biases that make it, what batch normalization,
 * depthwise convolutions and constants do to it, its weights in the layers that read it, and the channels that it is added to.
 */
export const REDUCE_CHANNELS = defineRestructuring({
  id: ID,
  title: "Reduce channels",
  summary:
    "Removes the least important channels of a layer, or of the whole network, and fits the layers behind to what is left.",
  guarantee: "approximate",
  literature: [
    "Li, Kadav, Durdanovic, Samet, Graf: Pruning Filters for Efficient ConvNets. ICLR 2017",
    "Liu, Li, Shen, Huang, Yan, Zhang: Learning Efficient Convolutional Networks through Network Slimming. ICCV 2017",
    "Luo, Wu, Lin: ThiNet: A Filter Level Pruning Method for Deep Neural Network Compression. ICCV 2017",
    "He, Zhang, Sun: Channel Pruning for Accelerating Very Deep Neural Networks. ICCV 2017",
    "Fang, Ma, Song, Mi, Wang: DepGraph: Towards Any Structural Pruning. CVPR 2023",
  ],
  answers: { "parameters-share": 3, "macs-share": 4, "energy-share": 4, "peak-memory": 2, "dead-channels": 1 },
  fitsToSamples: true,
  options: OPTIONS,
  // The first width multiplier of MobileNet.
  suggested: { ratio: 0.75 },
  strengths: { option: "ratio", values: [0.9, 0.75, 0.5, 0.25], isShare: true },
  find,
  predict: (graph, target, options) => {
    const { channels, kept } = plan(graph, target, options);
    // With samples the widths are by error, which only the weights tell.
    if (isSharedOut(target, options) && options.allocation !== "uniform") return undefined;
    // Which units of a class go is all one to the sizes.
    return { replace: without(channels, leastImportant(kept, new Map()), options) };
  },
  rewrite,
});

function find(graph: NeutralGraph): readonly Finding[] {
  const { groups, map } = findChannels(graph);
  const prunable = groups.filter(isPrunable);
  const singles = groups.map((group): Finding => {
    const [first] = group.layers;
    const target = first?.name ?? "";
    if (!isPrunable(group)) return { target, reason: refusalOf(group) };
    const others = group.layers.length - 1;
    const why = `${sizeOf(map, group)}${others > 0 ? `, tied to those of ${others} more ${others === 1 ? "layer" : "layers"}` : ""}`;
    return { target, layers: changedLayers(graph, target), why };
  });
  if (prunable.length < 2) return singles;
  const why = `one width multiplier for ${prunable.length} groups of channels`;
  return [{ target: "", layers: changedLayers(graph, ""), why }, ...singles];
}

function changedLayers(graph: NeutralGraph, target: string): readonly LayerId[] {
  const { channels, kept } = plan(graph, target, {});
  return [...without(channels, leastImportant(kept, new Map()), { refit: true }).keys()];
}

async function rewrite(
  graph: NeutralGraph,
  target: string,
  options: Options,
  context: RewriteContext,
): Promise<Rewrite> {
  const { channels, groups, kept } = plan(graph, target, options);
  const isAllocated =
    options.allocation === "error" ||
    (options.allocation === "auto" && isSharedOut(target, options) && context.activations !== undefined);
  if (isAllocated && context.activations === undefined)
    throw new NotApplicableError(ID, target, "allocation by error needs calibration data");
  const isReconstructed =
    options.importance === "reconstruction" || (options.importance === "auto" && context.activations !== undefined);
  const harms = isAllocated || isReconstructed ? await measureHarm(channels, groups, context) : NOT_MEASURED;
  const ranking = isReconstructed ? harms : NOT_MEASURED;
  const expected = expectedOnce(channels.map);
  const importance = await importanceOf(channels, groups, target, options, ranking, expected, context.signal);
  const { macs: share = 1 } = options;
  const byError = isAllocated
    ? await countsByError(channels, harms, importance, share, stepsOf(channels, options), context.signal)
    : undefined;
  const counts = byError ?? (options.allocation === "error" ? undefined : kept);
  const tooNarrow = `allocation by error does not get down to ${share} of the multiply-accumulates: allocation=uniform may`;
  const removed = leastImportant(matched(ID, target, counts ?? tooNarrow), importance);
  if (!options.refit || context.activations === undefined)
    return { replace: without(channels, removed, options, expected) };
  return { replace: await refitted(channels.map, removed, pruned(channels, removed), context) };
}

/** What is left, and written without samples: least squares write the same layers anew. */
function without(
  channels: Channels,
  removed: ReadonlySet<Unit>,
  { refit }: Pick<Options, "refit">,
  expected = expectedOnce(channels.map),
): ReadonlyMap<LayerId, Form> {
  const forms = pruned(channels, removed);
  return refit ? momentCorrected(channels.map, removed, forms, expected) : forms;
}

/** Reads nothing until it is asked, and then once. */
function expectedOnce(map: ChannelMap): () => Promise<ExpectedValues> {
  let expected: Promise<ExpectedValues> | undefined;
  return () => (expected ??= expectedValues(map));
}

/** Whether layers get widths of their own: for a share of the whole model's MACs there is something to share out. */
function isSharedOut(target: string, { macs }: Extent): boolean {
  return target === "" && macs !== undefined;
}

interface Plan {
  readonly channels: Channels;
  readonly groups: readonly ChannelGroup[];
  readonly kept: KeptCounts;
}

/** @throws {NotApplicableError} */
function plan(graph: NeutralGraph, target: string, options: Extent): Plan {
  const channels = findChannels(graph);
  const groups = matched(ID, target, groupsAt(graph, channels, target));
  return { channels, groups, kept: matched(ID, target, countsOf(graph, channels, groups, target, options)) };
}

function groupsAt(graph: NeutralGraph, { groups }: Channels, target: string): readonly ChannelGroup[] | string {
  if (target === "") {
    const prunable = groups.filter(isPrunable);
    return prunable.length > 0 ? prunable : "there is no layer whose channels could be taken out";
  }
  const layer = graph.layer(target);
  if (layer === undefined) return "there is no such layer";
  const own = groups.filter(({ layers }) => layers.some(({ id }) => id === layer.id));
  const [first] = own;
  if (first === undefined) return `${layer.op} makes no channels: choose the convolution or dense layer that does`;
  const prunable = own.filter(isPrunable);
  return prunable.length > 0 ? prunable : refusalOf(first);
}

function isPrunable({ classes }: ChannelGroup): boolean {
  return classes.some(({ units }) => units.length > 1);
}

function refusalOf({ blocked }: ChannelGroup): string {
  return blocked === undefined ? "it has one channel only" : `its channels must stay: ${blocked}`;
}

/** "16 channels", or "4 units of 8 channels" where they go together, as those of a head do. */
function sizeOf(map: ChannelMap, group: ChannelGroup): string {
  const units = group.classes.reduce((sum, each) => sum + each.units.length, 0);
  const sizes = unitSizes(map, group);
  const [size = 1] = sizes;
  return sizes.size === 1 && size > 1 ? `${units} units of ${size} channels` : `${units} channels`;
}

/** Channels of the group's first layer that each unit is. */
function unitSizes(map: ChannelMap, { classes, layers: [first] }: ChannelGroup): ReadonlySet<number> {
  const labels = map.labels(first?.outputs[0]);
  const counts = new Map<number, number>();
  for (const unit of labels === undefined ? [] : map.units(labels)) counts.set(unit, (counts.get(unit) ?? 0) + 1);
  return new Set(classes.flatMap(({ units }) => units.map((unit) => counts.get(unit) ?? 0)));
}

function countsOf(
  graph: NeutralGraph,
  channels: Channels,
  groups: readonly ChannelGroup[],
  target: string,
  options: Extent,
): KeptCounts | string {
  const { ratio, keep, macs } = options;
  const given = [ratio, keep, macs].filter((value) => value !== undefined);
  if (given.length > 1) return "give one of ratio, keep and macs";
  if (options.allocation === "error" && (target !== "" || macs === undefined))
    return "allocation by error is for a share of the whole model's MACs: give macs, and no layer";
  const stepOf = stepsOf(channels, options);
  if (macs !== undefined) return countsForMacs(channels, groups, macs, stepOf) ?? tooFew(macs, options);
  if (keep === undefined) return countsAt(groups, ratio ?? 0.5, stepOf);
  const width = graph.layer(target)?.form;
  if (width?.kind !== "conv" && width?.kind !== "dense" && width?.kind !== "conv-transpose")
    return "keep is for one layer: give ratio or macs for the model";
  return countsAt(groups, keep / Math.max(1, outputsOf(width)));
}

function tooFew(macs: number, { multiple = 1 }: Extent): string {
  const least = multiple === 1 ? "one channel each needs" : `${multiple} channels each need`;
  return `even ${least} more than ${macs} of the multiply-accumulates`;
}

/** Units that make the multiple of channels: two heads of 4 channels are one step of 8. */
function stepsOf({ map }: Channels, { multiple = 1 }: Extent): StepOf {
  return (group) => {
    const sizes = unitSizes(map, group);
    const [size = 1] = sizes;
    return sizes.size === 1 ? multiple / commonDivisor(multiple, size) : 1;
  };
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}

const NOT_MEASURED: Harms = new Map();

/** @throws {NotApplicableError} */
async function importanceOf(
  channels: Channels,
  groups: readonly ChannelGroup[],
  target: string,
  { importance }: Options,
  harms: Harms,
  expected: () => Promise<ExpectedValues>,
  signal: AbortSignal | undefined,
): Promise<Importance> {
  // In a whole network some layers have no normalization.
  const fallsBack = importance === "auto" || (importance !== "l1" && target === "");
  const ranked = new Map<number, number>();
  for (const group of groups) {
    signal?.throwIfAborted();
    const harm = harms.get(group);
    const found =
      (typeof harm === "object" ? greedyOrder(harm) : harm) ??
      (await withoutSamples(channels, group, importance, expected));
    const isMissing = found === undefined || (typeof found === "string" && fallsBack);
    const own = isMissing ? await filterNorms(channels, group) : found;
    if (typeof own === "string") throw new NotApplicableError(ID, target, own);
    for (const [unit, value] of own) ranked.set(unit, value);
  }
  return ranked;
}

/** What the file tells without samples; undefined where absolute weights are asked for. */
async function withoutSamples(
  channels: Channels,
  group: ChannelGroup,
  importance: Options["importance"],
  expected: () => Promise<ExpectedValues>,
): Promise<Importance | string | undefined> {
  if (importance === "batch-norm") return batchNormScales(channels, group);
  return importance === "l1" ? undefined : expectedLosses(channels, group, await expected());
}
