import { COMPUTE_TYPES, efficiencyOf, type ComputeType, type HardwareProfile } from "../hardware/hardware-profile.ts";
import { partOf, type KernelResource } from "../hardware/kernel-parts.ts";
import type { LatencyPart, LayerProfile, Structure } from "../profile.ts";

/**
 * The roofline picture (Williams et al., CACM 2009): what each layer computes for each byte it moves, against how fast it computes. By
 * the same numbers as the latency estimate, see `latencyOf`.
 */
export interface Roofline {
  readonly roofs: readonly Roof[];
  readonly points: readonly RooflinePoint[];
  /** Layers that compute but have no place in the picture, because something about them is unknown. */
  readonly unknown: number;
}

export interface Roof {
  readonly type: ComputeType;
  readonly peak: number;
  /** MACs per byte at which memory and arithmetic take equally long. */
  readonly ridge: number;
}

export interface RooflinePoint {
  readonly layer: LayerProfile;
  readonly type: ComputeType;
  /** MACs per byte moved. */
  readonly intensity: number;
  /** MACs per second by the latency estimate, which the cost of starting an operator keeps below the roof. */
  readonly rate: number;
  /** MACs per second that the roof allows at this intensity. */
  readonly attainable: number;
  readonly bound: Bound;
}

/** What the largest part of the estimated time goes to. */
export type Bound = "compute" | "memory" | "overhead";

export function roofline(
  layers: readonly LayerProfile[],
  { computeTypes }: Pick<Structure, "computeTypes">,
  hardware: HardwareProfile,
): Roofline {
  const counted = layers.filter(({ isCounted, role, macs }) => isCounted && role === "compute" && macs !== 0);
  const points = counted.flatMap((layer) => pointOf(layer, computeTypes[layer.index] ?? "float32", hardware) ?? []);
  const used = new Set(points.map(({ type }) => type));
  const roofs = COMPUTE_TYPES.filter((type) => used.has(type)).map((type) => roofOf(type, hardware));
  return { roofs, points, unknown: counted.length - points.length };
}

/** MACs per second that the hardware allows at an intensity. */
export function attainableRate(intensity: number, type: ComputeType, hardware: HardwareProfile): number {
  return Math.min(hardware.peakMacsPerSecond[type], intensity * hardware.bandwidthBytesPerSecond);
}

function roofOf(type: ComputeType, { peakMacsPerSecond, bandwidthBytesPerSecond }: HardwareProfile): Roof {
  const peak = peakMacsPerSecond[type];
  return { type, peak, ridge: peak / bandwidthBytesPerSecond };
}

function pointOf(layer: LayerProfile, type: ComputeType, hardware: HardwareProfile): RooflinePoint | null {
  const { macs, weightBytes, activationBytes, latencySeconds, repeats } = layer;
  if (macs === null || weightBytes === null || activationBytes === null || latencySeconds === null) return null;
  const bytes = weightBytes + activationBytes * repeats;
  if (bytes === 0 || latencySeconds === 0) return null;
  const intensity = macs / bytes;
  return {
    layer,
    type,
    intensity,
    rate: macs / latencySeconds,
    attainable: attainableRate(intensity, type, hardware),
    bound: longestOf(timesOf({ ...layer, macs, bytes, repeats }, type, hardware)),
  };
}

/** Seconds by what they go to. Arithmetic and traffic run side by side: only the longer one counts, but where kernels' times were learned. */
export type Times = Readonly<Record<Bound, number>>;

/** @param work of all runs of a layer; bytes of weights and activations */
export function timesOf(
  {
    kind,
    macs,
    bytes,
    repeats,
    latencySeconds,
    latencyParts,
  }: Pick<LayerProfile, "kind" | "repeats" | "latencySeconds" | "latencyParts"> & {
    readonly macs: number;
    readonly bytes: number;
  },
  type: ComputeType,
  hardware: HardwareProfile,
): Times {
  if (latencyParts) return learnedTimes(latencyParts, latencySeconds ?? 0);
  const efficiency = efficiencyOf(kind, hardware);
  return {
    compute: macs / hardware.peakMacsPerSecond[type] / efficiency,
    memory: bytes / hardware.bandwidthBytesPerSecond / efficiency,
    overhead: hardware.secondsPerOperator * repeats,
  };
}

function learnedTimes(parts: readonly LatencyPart[], latencySeconds: number): Times {
  const sumOf = (resource: KernelResource): number =>
    parts.reduce(
      (sum, { part, seconds, factor }) => sum + (partOf(part).resource === resource ? seconds * factor : 0),
      0,
    );
  const [compute, memory] = [sumOf("compute"), sumOf("memory")];
  return { compute, memory, overhead: Math.max(0, latencySeconds - compute - memory) };
}

export function longestOf({ compute, memory, overhead }: Times): Bound {
  if (overhead > Math.max(compute, memory)) return "overhead";
  return compute >= memory ? "compute" : "memory";
}
