import { computeType, efficiencyOf, type HardwareProfile } from "../hardware/hardware-profile.ts";
import type { LayerKind } from "../operators/operation.ts";
import type { Work } from "./energy.ts";

/**
 * Roofline (Williams et al., CACM 2009): a layer takes as long as its arithmetic at the peak rate of its type or its traffic at the
 * full bandwidth, whichever is longer, by the part of it that the hardware reaches with layers of this kind where that was learned; and
 * what the runtime spends on each run of an operator.
 * @returns seconds of all runs together
 */
export function latencyOf(work: Work, kind: LayerKind, runs: number, hardware: HardwareProfile): number {
  const { peakMacsPerSecond, bandwidthBytesPerSecond, secondsPerOperator } = hardware;
  const arithmetic = work.macs / peakMacsPerSecond[computeType(work.type ?? "float32")];
  const traffic = (work.weightBytes + work.activationBytes) / bandwidthBytesPerSecond;
  return Math.max(arithmetic, traffic) / efficiencyOf(kind, hardware) + runs * secondsPerOperator;
}
