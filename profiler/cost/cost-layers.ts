import type { HardwareProfile } from "../hardware/hardware-profile.ts";
import { factor } from "../layers/cost-rules-products.ts";
import { macsOf, otherOpsOf } from "../layers/cost-rules.ts";
import type { Layer, LayerTensor } from "../layers/layer.ts";
import type { LayerKind } from "../layers/operation.ts";
import { product, UNKNOWN_SIZE } from "../shapes/dimension.ts";
import type { Dimension } from "../model/shape.ts";
import type { EnergyParts, LayerProfile, PeakMemory, Product, TensorProfile, Totals } from "../profile.ts";
import { energyOf, totalEnergy, type Placement, type Work } from "./energy.ts";
import { computedType } from "./layer-width.ts";
import { latencyOf } from "./latency.ts";
import type { EntryKeys } from "./lifetimes.ts";
import { planMemory } from "./memory.ts";
import { assignWeights, type LayerWeights } from "./parameters.ts";
import { activationsOf, sumKnown, tensorBytes } from "./tensor-bytes.ts";

export interface CostOptions extends EntryKeys {
  readonly fileBytes: number;
  readonly hardware: HardwareProfile;
}

export interface CostedLayers {
  readonly layers: readonly LayerProfile[];
  readonly totals: Totals;
  readonly peak: PeakMemory;
}

/** What every layer costs, and the model as a whole, by the definitions of `columns.ts`. */
export function costLayers(layers: readonly Layer[], options: CostOptions): CostedLayers {
  const weights = assignWeights(layers);
  const memory = planMemory(layers, options);
  const placement = place(layers, weights, memory.bytes, options.hardware);
  const rows = layers.map((layer, index) =>
    costLayer(layer, weights[index] ?? NO_WEIGHTS, placement, options.hardware),
  );
  return { layers: rows, totals: sumUp(rows, memory.bytes, options.fileBytes), peak: memory.peak };
}

const NO_WEIGHTS: LayerWeights = { parameters: 0, weightBytes: 0, notes: [] };
const NO_ENERGY: EnergyParts = { arithmetic: 0, weights: 0, activations: 0 };

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

function costLayer(layer: Layer, weights: LayerWeights, placement: Placement, hardware: HardwareProfile): LayerProfile {
  const { index, name, op, operation, path, role, isCounted, repeats } = layer;
  const row = {
    index,
    name,
    op,
    kind: operation.kind,
    path,
    inputs: layer.inputs.filter(isGiven).map(tensorProfile),
    outputs: layer.outputs.filter(isGiven).map(tensorProfile),
    role,
    isCounted,
    repeats,
    notes: [...layer.notes, ...weights.notes],
  };
  const { parameters, weightBytes } = weights;
  if (role !== "compute") {
    const nothing = { macs: 0, otherOps: 0, activationBytes: 0, energy: NO_ENERGY, latencySeconds: 0, macTerms: [] };
    return { ...row, ...nothing, parameters, weightBytes };
  }
  const { terms, total } = macsOf(operation);
  const macs = times(total, repeats);
  const otherOps = times(
    otherOpsOf(operation, { input: elements(firstData(layer)), output: elements(layer.outputs[0]) }),
    repeats,
  );
  const activationBytes = sumKnown(activationsOf(layer).map(tensorBytes));
  const counts = { macs, otherOps, parameters, weightBytes, activationBytes };
  const macTerms = repeats === 1 ? terms : terms.map((term): Product => [...term, factor("repeats", repeats)]);
  if (layer.isView || MOVES_NOTHING.has(operation.kind)) {
    return { ...row, ...counts, energy: NO_ENERGY, latencySeconds: 0, macTerms };
  }
  const work = workOf(layer, counts);
  return {
    ...row,
    ...counts,
    energy: work && energyOf(work, placement),
    latencySeconds: work && latencyOf(work, repeats, hardware),
    macTerms,
  };
}

type Counts = Pick<LayerProfile, "macs" | "otherOps" | "weightBytes" | "activationBytes">;

/** Work of all runs of a layer; null when a part of it is unknown. Weights are read once an inference, however often a loop runs. */
function workOf(layer: Layer, { macs, otherOps, weightBytes, activationBytes }: Counts): Work | null {
  if (macs === null || otherOps === null || weightBytes === null || activationBytes === null) return null;
  return { macs, otherOps, type: computedType(layer), weightBytes, activationBytes: activationBytes * layer.repeats };
}

function sumUp(rows: readonly LayerProfile[], peakMemoryBytes: number | null, fileBytes: number): Totals {
  const counted = rows.filter(({ isCounted }) => isCounted);
  const sum = (value: (row: LayerProfile) => number | null): number =>
    counted.reduce((total, row) => total + (value(row) ?? 0), 0);
  return {
    parameters: sum((row) => row.parameters),
    macs: sum((row) => row.macs),
    otherOps: sum((row) => row.otherOps),
    weightBytes: sum((row) => row.weightBytes),
    fileBytes,
    peakMemoryBytes,
    energyPicojoules: sum(({ energy }) => energy && totalEnergy(energy)),
    latencySeconds: sum((row) => row.latencySeconds),
    unknownRows: counted.filter(isUnknown).length,
  };
}

/** Whether something about a row is unknown, so that it misses from a total. */
function isUnknown(row: LayerProfile): boolean {
  const { parameters, macs, otherOps, weightBytes, activationBytes, energy, latencySeconds } = row;
  return [parameters, macs, otherOps, weightBytes, activationBytes, energy, latencySeconds].includes(null);
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

function isGiven({ key }: LayerTensor): boolean {
  return key !== "";
}

function tensorProfile({ name, dataType, shape, constant }: LayerTensor): TensorProfile {
  return { name, dtype: dataType ?? null, shape: shape ?? null, isConstant: constant !== undefined };
}
