import type { LayerProfile } from "../profile.ts";

/** Optimizations of ONNX Runtime under which layers are profiled. */
export type ProfiledLevel = "basic" | "extended";

/**
 * *basic*, where nearly every operator still runs by itself. A quantized model only becomes one on integers at *extended*: below, what
 * stands between Q and DQ runs in float, and the pairs take time that they do not take in use.
 */
export function profiledLevel(layers: readonly LayerProfile[]): ProfiledLevel {
  return layers.some(({ role, isCounted }) => role === "fused" && isCounted) ? "extended" : "basic";
}
