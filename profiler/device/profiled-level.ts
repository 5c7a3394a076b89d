import type { LayerProfile } from "../profile.ts";

/** Optimizations of ONNX Runtime under which layers are profiled. */
export const PROFILED_LEVELS = ["all", "extended", "basic"] as const;
export type ProfiledLevel = (typeof PROFILED_LEVELS)[number];

/**
 * *all*, as the latency has them, unless *basic* is asked for, where nearly every operator still runs by itself. A quantized model only
 * becomes one on integers at *extended*: below, what stands between Q and DQ runs in float, and the pairs take time that they do not take in
 * use.
 */
export function profiledLevel(layers: readonly LayerProfile[], asked: ProfiledLevel = "all"): ProfiledLevel {
  const isQuantized = layers.some(({ role, isCounted }) => role === "fused" && isCounted);
  return asked === "basic" && isQuantized ? "extended" : asked;
}
