import { computeType, type HardwareProfile } from "../hardware/hardware-profile.ts";
import { factor, type Product as SizedProduct } from "../layers/cost-rules-products.ts";
import { macsOf, otherOpsOf } from "../layers/cost-rules.ts";
import { edgesOf } from "../layers/edges.ts";
import type { Layer, LayerTensor } from "../layers/layer.ts";
import type { LayerKind } from "../operators/operation.ts";
import { product, UNKNOWN_SIZE } from "../shapes/dimension.ts";
import type { DataType } from "../model/data-type.ts";
import type { ConstantOrigin } from "../operators/inferred-type.ts";
import { printDimension, type Dimension } from "../model/shape.ts";
import type { LayerProfile, PeakMemory, Product, Structure, TensorProfile, Totals } from "../profile.ts";
import { energyOf, totalEnergy, type Placement, type Work } from "./energy.ts";
import { computedType } from "./layer-width.ts";
import { latencyOf } from "./latency.ts";
import type { EntryKeys } from "./lifetimes.ts";
import { planMemory, type MemoryPlan } from "./memory.ts";
import { assignWeights, weightsOf, type LayerWeights } from "./parameters.ts";
import { activationBytesOf, sumKnown } from "./tensor-bytes.ts";

export interface CostOptions extends EntryKeys {
  readonly fileBytes: number;
  readonly hardware: HardwareProfile;
}

export interface CostedLayers {
  readonly layers: readonly LayerProfile[];
  readonly totals: Totals;
  readonly peak: PeakMemory;
  readonly structure: Structure;
}

/** What every layer costs, and the model as a whole, by the definitions of `columns.ts`. */
export function costLayers(layers: readonly Layer[], options: CostOptions): CostedLayers {
  const { costs, memory } = costsOf(layers, options);
  const structure: Structure = {
    edges: edgesOf(layers),
    memory: memory.timeline,
    computeTypes: costs.map(({ own }) => computeType(own.type ?? DEFAULT_TYPE)),
  };
  const totals = sumUp(costs, memory.bytes, options.fileBytes);
  return { layers: costs.map(profileOf), totals, peak: memory.peak, structure };
}

/** The totals of `costLayers` alone: what comparing many edits of a model takes. */
export function totalsOfLayers(layers: readonly Layer[], options: CostOptions): Totals {
  const { costs, memory } = costsOf(layers, options);
  return sumUp(costs, memory.bytes, options.fileBytes);
}

/** A layer with everything that is counted of it. */
interface LayerCost extends Estimates {
  readonly layer: Layer;
  readonly own: OwnCounts;
  readonly weights: LayerWeights;
}

function costsOf(
  layers: readonly Layer[],
  options: CostOptions,
): { readonly costs: readonly LayerCost[]; readonly memory: MemoryPlan } {
  const own = layers.map(ownCountsOf);
  const origins = own.map((counts) => counts.origins);
  const weights = assignWeights(layers, origins);
  const memory = planMemory(layers, options);
  const placement = place(layers, weights, memory.bytes, options.hardware);
  const costs = layers.map((layer, index): LayerCost => {
    const [counts = NO_COUNTS, weight = NO_WEIGHTS] = [own[index], weights[index]];
    const { energy, latencySeconds } = estimatesOf(layer, counts, weight, placement, options.hardware);
    return { layer, own: counts, weights: weight, energy, latencySeconds };
  });
  return { costs, memory };
}

/** What a layer whose tensors have no known type is taken to compute in. */
const DEFAULT_TYPE = "float32";

const NO_WEIGHTS: LayerWeights = { parameters: 0, weightBytes: 0, notes: [] };
const NO_COST: Estimates = { energy: { arithmetic: 0, weights: 0, activations: 0 }, latencySeconds: 0 };

/** Kinds that hand their tensors on as they are, or whose bodies' rows do the work: they move nothing. */
const MOVES_NOTHING: ReadonlySet<LayerKind> = new Set<LayerKind>(["control", "free", "shape"]);

/** What is not known to fit on the chip is taken to be in DRAM. */
function place(
  layers: readonly Layer[],
  weights: readonly LayerWeights[],
  arenaBytes: number | null,
  { onChipBytes }: HardwareProfile,
): Placement {
  const counted = weights.filter((_, index) => layers[index]?.isCounted === true);
  const weightBytes = sumKnown(counted.map((weight) => weight.weightBytes));
  return {
    weightsOnChip: weightBytes !== null && weightBytes <= onChipBytes,
    activationsOnChip: arenaBytes !== null && arenaBytes <= onChipBytes,
  };
}

function profileOf({ layer, own, weights, energy, latencySeconds }: LayerCost): LayerProfile {
  // Spelled out: a model has thousands of rows, and spreading objects into them took most of the time.
  return {
    index: layer.index,
    name: layer.name,
    op: layer.op,
    kind: layer.operation.kind,
    path: layer.path,
    inputs: tensorProfiles(layer.inputs),
    outputs: tensorProfiles(layer.outputs),
    parameters: weights.parameters,
    macs: own.macs,
    otherOps: own.otherOps,
    weightBytes: weights.weightBytes,
    activationBytes: own.activationBytes,
    energy,
    latencySeconds,
    role: layer.role,
    isCounted: layer.isCounted,
    repeats: layer.repeats,
    macTerms: own.macTerms,
    notes: weights.notes.length === 0 ? layer.notes : [...layer.notes, ...weights.notes],
  };
}

/** What follows from a layer alone, whatever hardware it runs on and layers stand beside it. */
interface OwnCounts extends Pick<LayerProfile, "macs" | "otherOps" | "activationBytes" | "macTerms"> {
  /** Constants it computes with. */
  readonly origins: readonly ConstantOrigin[];
  /** That it computes in. */
  readonly type: DataType | undefined;
}

const NO_COUNTS: OwnCounts = { macs: 0, otherOps: 0, activationBytes: 0, macTerms: [], origins: [], type: undefined };

/** By a row's list of outputs, which is handed on with the row when an edit only moves it. */
const COUNTED = new WeakMap<Layer["outputs"], { readonly layer: Layer; readonly counts: OwnCounts }>();

function isCountedAlike(a: Layer, b: Layer): boolean {
  return a.role === b.role && a.repeats === b.repeats && a.inputs === b.inputs && a.operation === b.operation;
}

function ownCountsOf(layer: Layer): OwnCounts {
  const { outputs } = layer;
  const known = COUNTED.get(outputs);
  if (known && isCountedAlike(known.layer, layer)) return known.counts;
  const origins = weightsOf(layer);
  const counts = { ...countsOf(layer), origins, type: computedType(layer) };
  COUNTED.set(outputs, { layer, counts });
  return counts;
}

function countsOf(layer: Layer): Omit<OwnCounts, "origins" | "type"> {
  if (layer.role !== "compute") return NO_COUNTS;
  const { operation, outputs, repeats } = layer;
  const { terms, total } = macsOf(operation);
  const otherOps = otherOpsOf(operation, { input: elements(firstData(layer)), output: elements(outputs[0]) });
  return {
    macs: times(total, repeats),
    otherOps: times(otherOps, repeats),
    activationBytes: activationBytesOf(layer),
    macTerms: (repeats === 1 ? terms : terms.map((term) => [...term, factor("repeats", repeats)])).map(printed),
  };
}

function printed(term: SizedProduct): Product {
  return term.map(({ name, value }) => ({ name, value: printDimension(value) }));
}

type Estimates = Pick<LayerProfile, "energy" | "latencySeconds">;

function estimatesOf(
  layer: Layer,
  counts: OwnCounts,
  weights: LayerWeights,
  placement: Placement,
  hardware: HardwareProfile,
): Estimates {
  if (layer.role !== "compute" || layer.isView || MOVES_NOTHING.has(layer.operation.kind)) return NO_COST;
  const work = workOf(layer, counts, weights);
  return work
    ? {
        energy: energyOf(work, placement),
        latencySeconds: latencyOf(work, layer.operation.kind, layer.repeats, hardware),
      }
    : { energy: null, latencySeconds: null };
}

/** Work of all runs of a layer; null when a part of it is unknown. Weights are read once an inference, however often a loop runs. */
function workOf(
  { repeats }: Layer,
  { macs, otherOps, activationBytes, type }: OwnCounts,
  { weightBytes }: LayerWeights,
): Work | null {
  if (macs === null || otherOps === null || weightBytes === null || activationBytes === null) return null;
  return { macs, otherOps, type, weightBytes, activationBytes: activationBytes * repeats };
}

function sumUp(costs: readonly LayerCost[], peakMemoryBytes: number | null, fileBytes: number): Totals {
  let [parameters, macs, otherOps, weightBytes, energyPicojoules, latencySeconds, unknownRows] = [0, 0, 0, 0, 0, 0, 0];
  for (const cost of costs) {
    const { layer, own, weights, energy } = cost;
    if (!layer.isCounted) continue;
    parameters += weights.parameters ?? 0;
    macs += own.macs ?? 0;
    otherOps += own.otherOps ?? 0;
    weightBytes += weights.weightBytes ?? 0;
    energyPicojoules += energy ? totalEnergy(energy) : 0;
    latencySeconds += cost.latencySeconds ?? 0;
    if (isUnknown(cost)) unknownRows += 1;
  }
  return {
    parameters,
    macs,
    otherOps,
    weightBytes,
    fileBytes,
    peakMemoryBytes,
    energyPicojoules,
    latencySeconds,
    unknownRows,
  };
}

/** Whether something about a row is unknown, so that it misses from a total. */
function isUnknown({ own, weights, energy, latencySeconds }: LayerCost): boolean {
  if (weights.parameters === null || weights.weightBytes === null || own.activationBytes === null) return true;
  return own.macs === null || own.otherOps === null || energy === null || latencySeconds === null;
}

function firstData({ inputs }: Layer): LayerTensor | undefined {
  return inputs.find(({ use }) => use === "data");
}

function elements(tensor: LayerTensor | undefined): Dimension {
  return tensor?.shape ? product(tensor.shape) : UNKNOWN_SIZE;
}

function times(count: number | null, repeats: number): number | null {
  return count === null ? null : count * repeats;
}

/** Omitted ones are left out. */
function tensorProfiles(tensors: readonly LayerTensor[]): readonly TensorProfile[] {
  const given = tensors.every(({ key }) => key !== "") ? tensors : tensors.filter(({ key }) => key !== "");
  return given.map(tensorProfile);
}

function tensorProfile({ name, dataType, shape, constant }: LayerTensor): TensorProfile {
  return {
    name,
    dtype: dataType ?? null,
    shape: shape?.map(printDimension) ?? null,
    isConstant: constant !== undefined,
  };
}
