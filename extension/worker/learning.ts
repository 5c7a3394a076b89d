import {
  describeError,
  learnLatency,
  observe,
  type ModelObservation,
  type RunResult,
} from "../../profiler/device/index.ts";
import { HARDWARE_PROFILES, type AnalysedModel, type HardwareProfile } from "../../profiler/index.ts";
import { RpcError } from "../../webview/protocol/rpc.ts";
import type { KeptObservation, LearnedReply } from "./measuring-types.ts";

/** What a run says of the device's speed; null for a wrong result, whose time says nothing. */
export function observationOf(
  result: RunResult,
  { listing }: Pick<AnalysedModel, "listing">,
  hardware: HardwareProfile,
): KeptObservation | null {
  if (result.outputs.verdict === "differs") return null;
  return { roofline: rooflineOf(hardware), observed: observe(result, listing.layers, hardware) };
}

/**
 * A hardware profile of a device's own speed, from its runs on the roofline of `hardware`.
 * @throws {RpcError} "no-runs" when there are none on it
 */
export function learn(
  hardware: HardwareProfile,
  device: string,
  observations: readonly KeptObservation[],
): LearnedReply {
  const roofline = rooflineOf(hardware);
  const observed: readonly ModelObservation[] = observations.flatMap((each) =>
    each.roofline === roofline ? [each.observed] : [],
  );
  if (observed.length === 0) {
    const message = `Nothing was measured on ${device} beside estimates for ${hardware.name}.`;
    throw new RpcError({ code: "no-runs", message, hint: "Run the model there again, or choose the profile of then." });
  }
  // What was learned before is not a base of its own: it has the roofline of the profile that it was learned on.
  const base = HARDWARE_PROFILES.find((profile) => rooflineOf(profile) === roofline) ?? hardware;
  const learned = learnLatency(base, device, observed);
  return { hardware: learned.hardware, error: describeError(learned.error), models: learned.error.models };
}

/** What observations of one roofline have in common: efficiencies are parts of these rates. */
function rooflineOf({ peakMacsPerSecond, bandwidthBytesPerSecond, onChipBytes }: HardwareProfile): string {
  const { float32, float16, int8 } = peakMacsPerSecond;
  return [float32, float16, int8, bandwidthBytesPerSecond, onChipBytes].join(" ");
}
