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

/**
 * Gives every constant to one layer: the first counted one that computes with it, else the first that is shown. Later users of the
 * same constant show 0 and say whose weights they share. Of constants that are decoded, what is stored is given away.
 * @param origins of each layer, where the caller has them already
 * @returns weights by the layers' positions
 */
export function assignWeights(
  layers: readonly Layer[],
  origins: readonly (readonly ConstantOrigin[])[] = layers.map(weightsOf),
): readonly LayerWeights[] {
  const carriers: Carriers = new Map();
  for (const isCounted of [true, false]) {
    layers.forEach((layer, index) => {
      if (layer.isCounted !== isCounted) return;
      for (const origin of origins[index] ?? []) {
        for (const own of [identityOf(origin), ...storedOf(origin)]) if (!carriers.has(own)) carriers.set(own, layer);
      }
    });
  }
  return layers.map((layer, index) => shareOf(layer, origins[index] ?? [], carriers));
}

type Carriers = Map<ConstantOrigin, Layer>;

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

function shareOf(layer: Layer, origins: readonly ConstantOrigin[], carriers: Readonly<Carriers>): LayerWeights {
  if ("hidesWeights" in layer.operation) return HIDDEN_WEIGHTS;
  if (origins.length === 0) return NO_WEIGHTS;
  const own = origins.filter((origin) => carriers.get(identityOf(origin)) === layer);
  const stored = new Set(origins.flatMap(storedOf).filter((part) => carriers.get(part) === layer));
  return {
    parameters: sumKnown(own.map(({ elements }) => elements ?? null)),
    weightBytes: sumKnown([...stored].map(({ storedBytes }) => storedBytes ?? null)),
    notes: own.length === origins.length ? NO_WEIGHTS.notes : sharingNotes(layer, origins, carriers),
  };
}

function sharingNotes(
  layer: Layer,
  origins: readonly ConstantOrigin[],
  carriers: Readonly<Carriers>,
): readonly string[] {
  const lenders = origins
    .flatMap((origin) => carriers.get(identityOf(origin)) ?? [])
    .filter((lender) => lender !== layer);
  return [...new Set(lenders)].map(({ name }) => `Shares weights with ${name}.`);
}
