import { computeType, type HardwareProfile } from "../hardware/hardware-profile.ts";
import { factor } from "../layers/cost-rules-products.ts";
import { macsOf, otherOpsOf } from "../layers/cost-rules.ts";
import { edgesOf } from "../layers/edges.ts";
import type { Layer, LayerTensor } from "../layers/layer.ts";
import type { LayerKind } from "../layers/operation.ts";
import { product, UNKNOWN_SIZE } from "../shapes/dimension.ts";
import type { DataType } from "../model/data-type.ts";
import type { Dimension } from "../model/shape.ts";
import type { LayerProfile, PeakMemory, Product, Structure, TensorProfile, Totals } from "../profile.ts";
import { energyOf, totalEnergy, type Placement, type Work } from "./energy.ts";
import { computedType } from "./layer-width.ts";
import { latencyOf } from "./latency.ts";
import type { EntryKeys } from "./lifetimes.ts";
import { planMemory } from "./memory.ts";
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
  const origins = layers.map(weightsOf);
  const weights = assignWeights(layers, origins);
  const memory = planMemory(layers, options);
  const placement = place(layers, weights, memory.bytes, options.hardware);
  const types = layers.map((layer) => computedType(layer));
  const rows = layers.map((layer, index) =>
    costLayer({ layer, weights: weights[index] ?? NO_WEIGHTS, type: types[index] }, placement, options.hardware),
  );
  const structure: Structure = {
    edges: edgesOf(layers),
    memory: memory.timeline,
    computeTypes: types.map((type) => computeType(type ?? DEFAULT_TYPE)),
  };
  return { layers: rows, totals: sumUp(rows, memory.bytes, options.fileBytes), peak: memory.peak, structure };
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

/** A layer with what is known of it before it is counted. */
interface Uncounted {
  readonly layer: Layer;
  readonly weights: LayerWeights;
  /** That it computes in. */
  readonly type: DataType | undefined;
}

function costLayer({ layer, weights, type }: Uncounted, placement: Placement, hardware: HardwareProfile): LayerProfile {
  const counts = countsOf(layer, weights);
  const { energy, latencySeconds } = estimatesOf(layer, type, counts, placement, hardware);
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
    macs: counts.macs,
    otherOps: counts.otherOps,
    weightBytes: weights.weightBytes,
    activationBytes: counts.activationBytes,
    energy,
    latencySeconds,
    role: layer.role,
    isCounted: layer.isCounted,
    repeats: layer.repeats,
    macTerms: counts.macTerms,
    notes: weights.notes.length === 0 ? layer.notes : [...layer.notes, ...weights.notes],
  };
}

type Counts = Pick<LayerProfile, "macs" | "otherOps" | "weightBytes" | "activationBytes" | "macTerms">;

function countsOf(layer: Layer, { weightBytes }: LayerWeights): Counts {
  if (layer.role !== "compute") return { macs: 0, otherOps: 0, weightBytes, activationBytes: 0, macTerms: [] };
  const { operation, outputs, repeats } = layer;
  const { terms, total } = macsOf(operation);
  const otherOps = otherOpsOf(operation, { input: elements(firstData(layer)), output: elements(outputs[0]) });
  return {
    macs: times(total, repeats),
    otherOps: times(otherOps, repeats),
    weightBytes,
    activationBytes: activationBytesOf(layer),
    macTerms: repeats === 1 ? terms : terms.map((term): Product => [...term, factor("repeats", repeats)]),
  };
}

type Estimates = Pick<LayerProfile, "energy" | "latencySeconds">;

function estimatesOf(
  layer: Layer,
  type: DataType | undefined,
  counts: Counts,
  placement: Placement,
  hardware: HardwareProfile,
): Estimates {
  if (layer.role !== "compute" || layer.isView || MOVES_NOTHING.has(layer.operation.kind)) return NO_COST;
  const work = workOf(layer, type, counts);
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
  type: DataType | undefined,
  { macs, otherOps, weightBytes, activationBytes }: Counts,
): Work | null {
  if (macs === null || otherOps === null || weightBytes === null || activationBytes === null) return null;
  return { macs, otherOps, type, weightBytes, activationBytes: activationBytes * repeats };
}

function sumUp(rows: readonly LayerProfile[], peakMemoryBytes: number | null, fileBytes: number): Totals {
  let [parameters, macs, otherOps, weightBytes, energyPicojoules, latencySeconds, unknownRows] = [0, 0, 0, 0, 0, 0, 0];
  for (const row of rows) {
    if (!row.isCounted) continue;
    parameters += row.parameters ?? 0;
    macs += row.macs ?? 0;
    otherOps += row.otherOps ?? 0;
    weightBytes += row.weightBytes ?? 0;
    energyPicojoules += row.energy ? totalEnergy(row.energy) : 0;
    latencySeconds += row.latencySeconds ?? 0;
    if (isUnknown(row)) unknownRows += 1;
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
function isUnknown(row: LayerProfile): boolean {
  if (row.parameters === null || row.weightBytes === null || row.activationBytes === null) return true;
  return row.macs === null || row.otherOps === null || row.energy === null || row.latencySeconds === null;
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
  return { name, dtype: dataType ?? null, shape: shape ?? null, isConstant: constant !== undefined };
}
