import { count } from "../counters.ts";
import type { HardwareProfile } from "../hardware/hardware-profile.ts";
import type { ByPart } from "../hardware/kernel-parts.ts";
import { factor, type Product as SizedProduct } from "../layers/cost-rules-products.ts";
import { macsOf, otherOpsOf } from "../layers/cost-rules.ts";
import type { Layer, LayerTensor } from "../layers/layer.ts";
import type { DataType } from "../model/data-type.ts";
import { printDimension, type Dimension } from "../model/shape.ts";
import type { LayerKind } from "../operators/operation.ts";
import type { LayerProfile, Product } from "../profile.ts";
import { product, UNKNOWN_SIZE } from "../shapes/dimension.ts";
import { energyOf, type Placement, type Work } from "./energy.ts";
import { computedType } from "./layer-width.ts";
import { kernelContexts, kernelWork, operatorsOf } from "./kernel-work.ts";
import { latencyOf, rooflineOf } from "./latency.ts";
import { assignWeights, NO_CLAIM, weightClaim, type LayerWeights, type WeightClaim } from "./parameters.ts";
import { activationBytesOf, sumKnown } from "./tensor-bytes.ts";

/** A layer with everything that is counted of it. */
export interface LayerCost extends Estimates {
  readonly layer: Layer;
  readonly own: OwnCounts;
  readonly weights: LayerWeights;
}

/** Costs by what the profile says of all kernels together, and where weights and activations are. */
export interface PlacedCosts {
  readonly costs: readonly LayerCost[];
  readonly placement: Placement;
  /** Of all rows that count; null: unknown. */
  readonly weightBytes: number | null;
}

export function placedCosts(
  layers: readonly Layer[],
  hardware: HardwareProfile,
  arenaBytes: number | null,
): PlacedCosts {
  const counted = countedOf(layers);
  const weightBytes = countedBytes(layers, counted);
  const placement = placementOf(weightBytes, arenaBytes, hardware);
  return { costs: costedOf(layers, counted, placement, hardware), placement, weightBytes };
}

/** As `placedCosts`, with weights and activations where the caller says. */
export function costsAt(
  layers: readonly Layer[],
  hardware: HardwareProfile,
  placement: Placement,
): readonly LayerCost[] {
  return costedOf(layers, countedOf(layers), placement, hardware);
}

interface Counted {
  readonly own: readonly OwnCounts[];
  readonly weights: readonly LayerWeights[];
}

function countedOf(layers: readonly Layer[]): Counted {
  const own = layers.map(ownCountsOf);
  const weights = assignWeights(
    layers,
    own.map(({ claim }) => claim),
  );
  return { own, weights };
}

/** Of the weights of all rows that count; null: unknown. */
function countedBytes(layers: readonly Layer[], { weights }: Counted): number | null {
  return sumKnown(weights.map((weight, row) => (layers[row]?.isCounted === true ? weight.weightBytes : 0)));
}

function costedOf(
  layers: readonly Layer[],
  { own, weights }: Counted,
  placement: Placement,
  hardware: HardwareProfile,
): readonly LayerCost[] {
  return layers.map((layer, index) =>
    costOf(layer, own[index] ?? NO_COUNTS, weights[index] ?? NO_CLAIM.whole, placement, hardware),
  );
}

/** A row as learning sees it: seconds at the full rates of a profile. */
export interface RowWork {
  /** By parts that kernels spend time on; empty for what runs inside another operator. */
  readonly parts: ByPart;
  /** By the roofline. */
  readonly roofline: number;
  /** Runs of its operator. */
  readonly operators: number;
}

/** Of each row that is counted and takes time; null for the others, and where something about one is unknown. */
export function rowWorkOf(layers: readonly Layer[], hardware: HardwareProfile): readonly (RowWork | null)[] {
  const counted = countedOf(layers);
  const contextOf = kernelContexts(layers, countedBytes(layers, counted));
  return layers.map((layer, row) => {
    if (!layer.isCounted) return null;
    if (isStartedOnly(layer)) return { parts: {}, roofline: 0, operators: layer.repeats };
    const [own, weights] = [counted.own[row], counted.weights[row]];
    const work = own && weights && takesTime(layer) ? workOf(layer, own, weights) : null;
    if (!work) return null;
    const context = contextOf(row);
    return {
      parts: kernelWork(layer, work, context, hardware),
      roofline: rooflineOf(work, hardware),
      operators: operatorsOf(layer, context),
    };
  });
}

/** What was last estimated of a layer, by what is counted of it: edits leave most layers as they were, on the same hardware. */
const ESTIMATED = new WeakMap<
  OwnCounts,
  { readonly cost: LayerCost; readonly on: Placement & { hardware: HardwareProfile } }
>();

export function costOf(
  layer: Layer,
  own: OwnCounts,
  weights: LayerWeights,
  { weightsOnChip, activationsOnChip }: Placement,
  hardware: HardwareProfile,
): LayerCost {
  const known = ESTIMATED.get(own);
  const isKnown =
    known?.cost.layer === layer &&
    known.cost.weights === weights &&
    known.on.hardware === hardware &&
    known.on.weightsOnChip === weightsOnChip &&
    known.on.activationsOnChip === activationsOnChip;
  if (isKnown) return known.cost;
  count("costedRows");
  const on = { weightsOnChip, activationsOnChip, hardware };
  const { energy, latencySeconds } = estimatesOf(layer, own, weights, on, hardware);
  const cost = { layer, own, weights, energy, latencySeconds };
  ESTIMATED.set(own, { cost, on });
  return cost;
}

/** What a layer whose tensors have no known type is taken to compute in. */
export const DEFAULT_TYPE = "float32";

const NO_COST: Estimates = { energy: { arithmetic: 0, weights: 0, activations: 0 }, latencySeconds: 0 };

/** Kinds that hand their tensors on as they are, or whose bodies' rows do the work: they move nothing. */
const MOVES_NOTHING: ReadonlySet<LayerKind> = new Set<LayerKind>(["control", "free", "shape"]);

/** What is not known to fit on the chip is taken to be in DRAM. */
export function placementOf(
  weightBytes: number | null,
  arenaBytes: number | null,
  { onChipBytes }: HardwareProfile,
): Placement {
  return {
    weightsOnChip: weightBytes !== null && weightBytes <= onChipBytes,
    activationsOnChip: arenaBytes !== null && arenaBytes <= onChipBytes,
  };
}

/** What follows from a layer alone, whatever hardware it runs on and layers stand beside it. */
export interface OwnCounts extends Pick<LayerProfile, "macs" | "otherOps" | "activationBytes" | "macTerms"> {
  /** Constants it computes with. */
  readonly claim: WeightClaim;
  /** That it computes in. */
  readonly type: DataType | undefined;
}

const NOTHING_DONE = { macs: 0, otherOps: 0, activationBytes: 0, macTerms: [] };
const NO_COUNTS: OwnCounts = { ...NOTHING_DONE, claim: NO_CLAIM, type: undefined };

/** By a row's list of outputs, which is handed on with the row when an edit only moves it. */
const COUNTED = new WeakMap<Layer["outputs"], { readonly layer: Layer; readonly counts: OwnCounts }>();

function isCountedAlike(a: Layer, b: Layer): boolean {
  return a.role === b.role && a.repeats === b.repeats && a.inputs === b.inputs && a.operation === b.operation;
}

export function ownCountsOf(layer: Layer): OwnCounts {
  const { outputs } = layer;
  const known = COUNTED.get(outputs);
  if (known && isCountedAlike(known.layer, layer)) return known.counts;
  const counts = { ...countsOf(layer), claim: weightClaim(layer), type: computedType(layer) };
  COUNTED.set(outputs, { layer, counts });
  return counts;
}

function countsOf(layer: Layer): Omit<OwnCounts, "claim" | "type"> {
  if (layer.role !== "compute") return NOTHING_DONE;
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

type Estimates = Pick<LayerProfile, "energy" | "latencySeconds" | "latencyParts">;

function estimatesOf(
  layer: Layer,
  counts: OwnCounts,
  weights: LayerWeights,
  placement: Placement,
  hardware: HardwareProfile,
): Estimates {
  if (!takesTime(layer)) return NO_COST;
  const work = workOf(layer, counts, weights);
  return work
    ? {
        energy: energyOf(work, placement),
        latencySeconds: latencyOf(work, layer.operation.kind, layer.repeats, hardware),
      }
    : { energy: null, latencySeconds: null };
}

export function takesTime({ role, isView, operation }: Layer): boolean {
  return role === "compute" && !isView && !MOVES_NOTHING.has(operation.kind);
}

/** A runtime starts these operators like others, though they compute sizes alone or hand on what they get. */
export function isStartedOnly({ role, isView, operation }: Layer): boolean {
  return role === "shape" || (role === "compute" && (isView || operation.kind === "shape"));
}

/** Work of all runs of a layer; null when a part of it is unknown. Weights are read once an inference, however often a loop runs. */
export function workOf(
  { repeats }: Layer,
  { macs, otherOps, activationBytes, type }: OwnCounts,
  { weightBytes }: LayerWeights,
): Work | null {
  if (macs === null || otherOps === null || weightBytes === null || activationBytes === null) return null;
  return { macs, otherOps, type, weightBytes, activationBytes: activationBytes * repeats };
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
