import type { LayerKind } from "../operators/operation.ts";

/** What a part of a layer's time goes to. */
export type KernelResource = "compute" | "memory";

interface Part {
  /** As formulas name it. */
  readonly title: string;
  readonly resource: KernelResource;
  /** Whose factor stands in where no run told of this part, times how much. */
  readonly like?: { readonly part: string; readonly times: number };
}

/**
 * What a runtime's kernels spend time on, as learned latencies tell it apart: convolutions by the kernels they run in, MACs apart from bytes,
 * and what is left over when channels are cut into blocks and rows into tiles (nn-Meter, Zhang et al., MobiSys 2021, learns kernels too).
 * Layers of all other kinds have one part, their bytes, which goes by the kind's own name.
 */
const PARTS = {
  conv: { title: "Convolution (k×k)", resource: "compute", like: { part: "pointwise", times: 1 } },
  "conv-lone-block": { title: "Lone block of filters", resource: "compute", like: { part: "conv", times: 0.5 } },
  "conv-padded": { title: "Columns at the padding", resource: "compute", like: { part: "conv", times: 0.5 } },
  pointwise: { title: "1×1 convolution", resource: "compute", like: { part: "conv", times: 1 } },
  "pointwise-lone-block": {
    title: "Lone block of filters",
    resource: "compute",
    like: { part: "pointwise", times: 0.5 },
  },
  "few-channels": { title: "Convolution of few channels", resource: "compute", like: { part: "conv", times: 1.5 } },
  depthwise: { title: "Depthwise convolution", resource: "compute", like: { part: "conv", times: 2 } },
  // Alone, of 30 to 90 channels, in one thread of a Xeon (ONNX Runtime 1.27): 24 to 43 times a 1×1 convolution's.
  "depthwise-unaligned": {
    title: "Depthwise convolution in no blocks",
    resource: "compute",
    like: { part: "pointwise", times: 30 },
  },
  grouped: { title: "Grouped convolution", resource: "compute", like: { part: "conv", times: 2 } },
  transposed: { title: "Transposed convolution", resource: "compute", like: { part: "conv", times: 1 } },
  product: { title: "Products", resource: "compute", like: { part: "pointwise", times: 1 } },
  "conv-maps": { title: "Maps of convolutions", resource: "memory" },
  "depthwise-maps": {
    title: "Maps of depthwise convolutions",
    resource: "memory",
    like: { part: "conv-maps", times: 1 },
  },
  "far-weights": { title: "Weights from beyond the caches", resource: "memory" },
  layout: { title: "Changes of layout", resource: "memory", like: { part: "data-movement", times: 1 } },
} as const satisfies Readonly<Record<string, Part>>;

export type KernelPart = keyof typeof PARTS | LayerKind;

/** Seconds by part: in a layer's work at a profile's full rates, in what was learned how many times longer it takes. */
export type ByPart = Readonly<Partial<Record<KernelPart, number>>>;

const KNOWN: Readonly<Record<string, Part>> = PARTS;
const OWN: ReadonlyMap<string, Part> = new Map(Object.entries(KNOWN));

export function partOf(part: KernelPart): Part {
  return OWN.get(part) ?? { title: `Bytes of ${part} layers`, resource: "memory" };
}

export function partsOf(parts: ByPart): readonly (readonly [KernelPart, number])[] {
  return Object.entries(parts) as (readonly [KernelPart, number])[];
}

/** `other` is of parts that are like none that was learned. */
export type KernelFactors = Readonly<Partial<Record<KernelPart | "other", number>>>;

/** How many times longer a part takes than at full rates: as learned, or as what it is most like takes. */
export function factorOf(part: KernelPart, factors: KernelFactors): number {
  const known = new Map(Object.entries(factors));
  let times = 1;
  const seen = new Set<string>();
  for (let at: string = part; !seen.has(at);) {
    seen.add(at);
    const factor = known.get(at);
    if (factor !== undefined) return factor * times;
    const like = OWN.get(at)?.like;
    if (!like) break;
    times *= like.times;
    at = like.part;
  }
  return (factors.other ?? 1) * times;
}
