import { computeType, efficiencyOf, type HardwareProfile } from "../hardware/hardware-profile.ts";
import { factorOf, partsOf, type ByPart, type KernelFactors } from "../hardware/kernel-parts.ts";
import type { LayerKind } from "../operators/operation.ts";
import type { LatencyPart } from "../profile.ts";
import type { Work } from "./energy.ts";

/**
 * Roofline (Williams et al., CACM 2009): a layer takes as long as its arithmetic at the peak rate of its type or its traffic at the
 * full bandwidth, whichever is longer, by the part of it that the hardware reaches with layers of this kind where that was learned; and
 * what the runtime spends on each run of an operator.
 * @returns seconds of all runs together
 */
export function latencyOf(work: Work, kind: LayerKind, runs: number, hardware: HardwareProfile): number {
  return rooflineOf(work, hardware) / efficiencyOf(kind, hardware) + runs * hardware.secondsPerOperator;
}

/** Seconds at full rates. */
export function rooflineOf(
  work: Work,
  {
    peakMacsPerSecond,
    bandwidthBytesPerSecond,
  }: Pick<HardwareProfile, "peakMacsPerSecond" | "bandwidthBytesPerSecond">,
): number {
  const arithmetic = work.macs / peakMacsPerSecond[computeType(work.type ?? "float32")];
  const traffic = (work.weightBytes + work.activationBytes) / bandwidthBytesPerSecond;
  return Math.max(arithmetic, traffic);
}

/** What each part of a layer's work takes, by what was learned of a device's kernels. @param work seconds at full rates */
export function latencyParts(work: ByPart, kernels: KernelFactors): readonly LatencyPart[] {
  return partsOf(work).flatMap(([part, seconds]) =>
    seconds > 0 ? [{ part, seconds, factor: factorOf(part, kernels) }] : [],
  );
}

/** Seconds of all runs together. @param runs 0 for what runs inside another operator */
export function learnedLatency(parts: readonly LatencyPart[], runs: number, secondsPerOperator: number): number {
  return parts.reduce((sum, { seconds, factor }) => sum + seconds * factor, runs * secondsPerOperator);
}
