import type { HardwareProfile } from "../hardware/hardware-profile.ts";
import type { LatencyPart } from "../profile.ts";
import { kernelWork, operatorsOf, type KernelContext } from "./kernel-work.ts";
import { latencyParts, learnedLatency } from "./latency.ts";
import { isStartedOnly, takesTime, workOf, type LayerCost, type OwnCounts } from "./layer-cost.ts";
import type { LayerWeights } from "./parameters.ts";

/** What a layer takes by what was learned of a device's kernels. */
export function learnedEstimate(
  cost: LayerCost,
  context: KernelContext,
  hardware: HardwareProfile,
): Pick<LayerCost, "latencySeconds" | "latencyParts"> {
  const latencySeconds = learnedSeconds(cost, context, hardware);
  const { layer, own, weights } = cost;
  if (isStartedOnly(layer)) return { latencyParts: [], latencySeconds };
  const work = takesTime(layer) ? workOf(layer, own, weights) : null;
  if (!work) return { latencySeconds };
  return {
    latencyParts: latencyParts(kernelWork(layer, work, context, hardware), hardware.kernels ?? {}),
    latencySeconds,
  };
}

/** Seconds of a layer, and those of its weights where no cache keeps them, which count by the part of the whole model's that is so. */
interface Seconds {
  readonly near: number;
  readonly far: number;
}

interface Known {
  readonly seconds: Seconds | null;
  readonly weights: LayerWeights;
  readonly hardware: HardwareProfile;
  readonly absorbed: KernelContext["absorbed"];
  readonly layoutBytes: number;
  readonly layoutOperators: number;
}

/** What was last estimated of a layer: an edit changes few layers, and the neighbours of few. */
const KNOWN = new WeakMap<OwnCounts, Known>();

/** @returns null where something about the layer's work is unknown */
export function learnedSeconds(cost: LayerCost, context: KernelContext, hardware: HardwareProfile): number | null {
  const { own, weights } = cost;
  const { absorbed, layout, farShare } = context;
  let known = KNOWN.get(own);
  const isKnown =
    known?.hardware === hardware &&
    known.weights === weights &&
    known.absorbed === absorbed &&
    known.layoutBytes === layout.bytes &&
    known.layoutOperators === layout.operators;
  if (known === undefined || !isKnown) {
    const seconds = secondsOf(cost, context, hardware);
    known = { seconds, weights, hardware, absorbed, layoutBytes: layout.bytes, layoutOperators: layout.operators };
    KNOWN.set(own, known);
  }
  const { seconds } = known;
  return seconds === null ? null : seconds.near + farShare * seconds.far;
}

function secondsOf(
  { layer, own, weights }: LayerCost,
  context: KernelContext,
  hardware: HardwareProfile,
): Seconds | null {
  if (isStartedOnly(layer)) return { near: layer.repeats * hardware.secondsPerOperator, far: 0 };
  if (!takesTime(layer)) return { near: 0, far: 0 };
  const work = workOf(layer, own, weights);
  if (!work) return null;
  const parts = latencyParts(kernelWork(layer, work, { ...context, farShare: 1 }, hardware), hardware.kernels ?? {});
  const isFar = ({ part }: LatencyPart): boolean => part === "far-weights";
  const runs = operatorsOf(layer, context);
  return {
    near: learnedLatency(
      parts.filter((part) => !isFar(part)),
      runs,
      hardware.secondsPerOperator,
    ),
    far: learnedLatency(parts.filter(isFar), 0, 0),
  };
}
