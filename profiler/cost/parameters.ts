import type { Layer } from "../layers/layer.ts";
import { partsOf } from "../operators/folded-constant.ts";
import type { ConstantOrigin } from "../operators/inferred-type.ts";
import { sumKnown } from "./tensor-bytes.ts";

/** Constants that a layer computes with, as far as no earlier layer has counted them. */
export interface LayerWeights {
  readonly parameters: number | null;
  /** As stored. */
  readonly weightBytes: number | null;
  readonly notes: readonly string[];
}

const NOTHING: readonly never[] = [];
const HIDDEN_WEIGHTS: LayerWeights = { parameters: null, weightBytes: null, notes: [] };
const NO_WEIGHTS: LayerWeights = { parameters: 0, weightBytes: 0, notes: [] };
export const NO_CLAIM: WeightClaim = { origins: [], parts: [], whole: NO_WEIGHTS };

/** What a layer computes with, whoever else does. */
export interface WeightClaim {
  /** Distinct constants. */
  readonly origins: readonly ConstantOrigin[];
  /** The stored numbers that they are or stand for. */
  readonly parts: readonly ConstantOrigin[];
  /** What is the layer's when all of them are. */
  readonly whole: LayerWeights;
}

export function weightClaim(layer: Layer): WeightClaim {
  const origins = weightsOf(layer);
  const parts = [...new Set(origins.flatMap((origin) => [identityOf(origin), ...storedOf(origin)]))];
  return { origins, parts, whole: shareOf(layer, origins, () => layer) };
}

/**
 * Gives every constant to one layer: the first counted one that computes with it, else the first that is shown. Later users of the
 * same constant show 0 and say whose weights they share. Of constants that are decoded, what is stored is given away.
 * @param claims of each layer, where the caller has them already
 * @returns weights by the layers' positions
 */
export function assignWeights(
  layers: readonly Layer[],
  claims: readonly WeightClaim[] = layers.map(weightClaim),
): readonly LayerWeights[] {
  const carriers = new Map<ConstantOrigin, Layer>();
  for (const isCounted of [true, false]) {
    layers.forEach((layer, index) => {
      if (layer.isCounted !== isCounted) return;
      for (const part of claims[index]?.parts ?? NOTHING) if (!carriers.has(part)) carriers.set(part, layer);
    });
  }
  return layers.map((layer, index) => weightsOfClaim(layer, claims[index] ?? NO_CLAIM, (part) => carriers.get(part)));
}

/** What a layer has of what it computes with. */
export function weightsOfClaim(
  layer: Layer,
  { origins, parts, whole }: WeightClaim,
  carrierOf: CarrierOf,
): LayerWeights {
  return parts.every((part) => carrierOf(part) === layer) ? whole : shareOf(layer, origins, carrierOf);
}

/** The layer that has a constant. */
export type CarrierOf = (part: ConstantOrigin) => Layer | undefined;

/** What makes two constants the same weights: the stored numbers that both stand for, one for one. */
function identityOf(origin: ConstantOrigin): ConstantOrigin {
  const [main] = origin.encoding === undefined ? [] : partsOf(origin);
  return main?.elements === origin.elements ? (main ?? origin) : origin;
}

/** Constants whose bytes are a weight's. */
function storedOf(origin: ConstantOrigin): readonly ConstantOrigin[] {
  return origin.encoding === undefined ? [origin] : partsOf(origin);
}

/** Distinct constants that a layer computes with. */
export function weightsOf({ role, inputs }: Layer): readonly ConstantOrigin[] {
  if (role !== "compute") return NOTHING;
  const origins: ConstantOrigin[] = [];
  for (const { use, constant } of inputs) {
    if (use === "data" && constant && !origins.includes(constant)) origins.push(constant);
  }
  return origins;
}

function shareOf(layer: Layer, origins: readonly ConstantOrigin[], carrierOf: CarrierOf): LayerWeights {
  if ("hidesWeights" in layer.operation) return HIDDEN_WEIGHTS;
  if (origins.length === 0) return NO_WEIGHTS;
  const own = origins.filter((origin) => carrierOf(identityOf(origin)) === layer);
  const stored = new Set(origins.flatMap(storedOf).filter((part) => carrierOf(part) === layer));
  return {
    parameters: sumKnown(own.map(({ elements }) => elements ?? null)),
    weightBytes: sumKnown([...stored].map(({ storedBytes }) => storedBytes ?? null)),
    notes: own.length === origins.length ? NO_WEIGHTS.notes : sharingNotes(layer, origins, carrierOf),
  };
}

function sharingNotes(layer: Layer, origins: readonly ConstantOrigin[], carrierOf: CarrierOf): readonly string[] {
  const lenders = origins.flatMap((origin) => carrierOf(identityOf(origin)) ?? []).filter((lender) => lender !== layer);
  return [...new Set(lenders)].map(({ name }) => `Shares weights with ${name}.`);
}
