import { computeType, type HardwareProfile } from "../hardware/hardware-profile.ts";
import { edgesOf } from "../layers/edges.ts";
import { inputsAndOutputs } from "../layers/inputs-outputs.ts";
import type { Layer, LayerTensor } from "../layers/layer.ts";
import type { ListingEdit } from "../layers/listing.ts";
import { printDimension } from "../model/shape.ts";
import type { LayerProfile, PeakMemory, Structure, TensorProfile, Totals } from "../profile.ts";
import { CostColumns, type CostSums } from "./cost-columns.ts";
import { dataRows } from "./data-rows.ts";
import { editedSums } from "./edited-costs.ts";
import { kernelContexts } from "./kernel-work.ts";
import { DEFAULT_TYPE, placedCosts, type LayerCost } from "./layer-cost.ts";
import { learnedEstimate } from "./learned-costs.ts";
import type { EntryKeys } from "./lifetimes.ts";
import { planMemory, plannedBytes } from "./memory.ts";

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
  const memory = planMemory(layers, options);
  const costs = costsOf(layers, options.hardware, memory.bytes);
  const { inputs, outputs } = inputsAndOutputs(layers, options);
  const structure: Structure = {
    edges: edgesOf(layers),
    inputs: inputs.map(({ tensor, readers }) => ({ tensor: tensorProfile(tensor), readers })),
    outputs,
    memory: memory.timeline,
    computeTypes: costs.map(({ own }) => computeType(own.type ?? DEFAULT_TYPE)),
  };
  const totals = totalsFrom(sumsOf(costs), memory.bytes, options);
  return { layers: withFixed(costs.map(profileOf), structure), totals, peak: memory.peak, structure };
}

/** The rows, those marked that compute the same in every inference. */
function withFixed(layers: readonly LayerProfile[], structure: Structure): readonly LayerProfile[] {
  const data = dataRows(layers, structure);
  return layers.map((layer) =>
    layer.role !== "compute" || data.has(layer.index) ? layer : { ...layer, isFixed: true },
  );
}

/**
 * The totals of `costLayers` alone: what comparing many edits of a model takes.
 * @param edit where the layers are those of an edited model: only what changes with the edit is computed again
 */
export function totalsOfLayers(layers: readonly Layer[], options: CostOptions, edit?: ListingEdit): Totals {
  const { hardware } = options;
  const arenaBytes = plannedBytes(layers, options, edit);
  const edited = edit && editedSums(layers, edit, hardware, arenaBytes, plannedBytes(edit.before, options));
  return totalsFrom(edited ?? sumsOf(costsOf(layers, hardware, arenaBytes)), arenaBytes, options);
}

/** Costs, latencies by what was learned of kernels where the profile has that. */
function costsOf(layers: readonly Layer[], hardware: HardwareProfile, arenaBytes: number | null): readonly LayerCost[] {
  const { costs, weightBytes } = placedCosts(layers, hardware, arenaBytes);
  if (!hardware.kernels) return costs;
  const contextOf = kernelContexts(layers, weightBytes);
  return costs.map((cost, row) => ({ ...cost, ...learnedEstimate(cost, contextOf(row), hardware) }));
}

function sumsOf(costs: readonly LayerCost[]): CostSums {
  return new CostColumns(costs).sum([{ from: 0, to: costs.length, came: [] }]);
}

function totalsFrom(
  { parameters, macs, otherOps, weightBytes, energyPicojoules, latencySeconds, unknownRows }: CostSums,
  peakMemoryBytes: number | null,
  { fileBytes }: CostOptions,
): Totals {
  // In this order in JSON, which programs read.
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

function profileOf(
  { layer, own, weights, energy, latencySeconds, latencyParts }: LayerCost,
  index: number,
): LayerProfile {
  // Spelled out: a model has thousands of rows, and spreading objects into them took most of the time.
  return {
    index,
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
    ...(latencyParts && { latencyParts }),
    role: layer.role,
    isCounted: layer.isCounted,
    repeats: layer.repeats,
    macTerms: own.macTerms,
    notes: weights.notes.length === 0 ? layer.notes : [...layer.notes, ...weights.notes],
  };
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
