import type { LayerProfile, Product } from "../profile.ts";

/** How far estimates of rows are from what was measured: the points of a calibration plot. */
export interface Calibration {
  /** By what is predicted, the least first. */
  readonly points: readonly CalibrationPoint[];
  /** Rows with a measured time and no estimate, or none that a logarithmic axis has a place for. */
  readonly unknown: number;
  /** Part of the points' measured time whose points are within the band. */
  readonly shareWithin: number;
  /** Seconds of all points together. */
  readonly predicted: number;
  readonly measured: number;
}

export interface CalibrationPoint {
  readonly layer: LayerProfile;
  readonly family: LayerFamily;
  /** Seconds, of the row and those fused into it. */
  readonly predicted: number;
  /** Seconds, brought to the latency: of the profiled run the row's part, of the latency the same part. */
  readonly measured: number;
  readonly isWithin: boolean;
}

/** What runtimes have kernels of their own for: each is as fast as it is. */
export const LAYER_FAMILIES = ["depthwise", "pointwise", "spatial", "grouped", "dense", "other"] as const;
export type LayerFamily = (typeof LAYER_FAMILIES)[number];

/** Of the prediction, to either side (nn-Meter, Zhang et al., MobiSys 2021, counts kernels within ±10 %). */
export const CALIBRATION_BAND = 0.1;

/**
 * @param layers with the times of a run; of those without, nothing is told
 * @param latency seconds an inference takes in that run with nothing traced, which is what estimates are of
 */
export function calibrationOf(layers: readonly LayerProfile[], latency: number): Calibration {
  const timed = layers.flatMap((layer) => (layer.measured?.fusedInto === null ? [{ layer, ...layer.measured }] : []));
  const profiled = timed.reduce((sum, { seconds }) => sum + seconds, 0);
  const scale = profiled > 0 ? latency / profiled : 0;
  const points = timed
    .flatMap(({ layer, seconds, estimate }) => pointOf(layer, estimate ?? 0, seconds * scale))
    .sort((a, b) => a.predicted - b.predicted);
  const sum = (of: readonly CalibrationPoint[], which: "measured" | "predicted"): number =>
    of.reduce((total, point) => total + point[which], 0);
  const measured = sum(points, "measured");
  const within = points.filter(({ isWithin }) => isWithin);
  return {
    points,
    unknown: timed.length - points.length,
    shareWithin: measured > 0 ? sum(within, "measured") / measured : 0,
    predicted: sum(points, "predicted"),
    measured,
  };
}

function pointOf(layer: LayerProfile, predicted: number, measured: number): readonly CalibrationPoint[] {
  if (!(predicted > 0 && measured > 0)) return [];
  const isWithin = Math.abs(measured / predicted - 1) <= CALIBRATION_BAND;
  return [{ layer, family: familyOf(layer), predicted, measured, isWithin }];
}

/** By the factors of its MACs, which name what a convolution sums over. */
export function familyOf({ kind, macTerms: [factors = []] }: LayerProfile): LayerFamily {
  if (kind === "dense" || kind === "matmul") return "dense";
  if (kind !== "conv") return "other";
  const ofGroup = valueOf(factors, / channels per group$/);
  if (ofGroup !== undefined) return ofGroup === 1 ? "depthwise" : "grouped";
  return factors.every(({ name, value }) => !name.startsWith("kernel") || value === 1) ? "pointwise" : "spatial";
}

function valueOf(factors: Product, name: RegExp): Product[number]["value"] | undefined {
  return factors.find((factor) => name.test(factor.name))?.value;
}
