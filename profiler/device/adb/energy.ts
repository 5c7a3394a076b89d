import { ownEntry } from "../../own-entry.ts";
import type { BatteryState, Energy, NotMeasured, RailEnergy } from "../run-result.ts";
import type { RailReading } from "./phone-facts/power-rails.ts";

/** One reading of all rails, by the host's clock. */
export interface RailsReading {
  readonly seconds: number;
  readonly rails: readonly RailReading[];
}

/** Rails of processor and memory, as Pixels name them; displays, radios and cameras do what they like. */
const COMPUTING = /cpu|ddr|dram|mem|mif|soc|slc|vdd_int/i;

/** Rails of what delegates hand layers to, which count then too. */
const ACCELERATING: Readonly<Record<string, RegExp>> = {
  gpu: /gpu|g3d/i,
  nnapi: /tpu|npu|dsp|gpu|g3d/i,
  npu: /tpu|npu|dsp/i,
  qnn: /npu|dsp|gpu/i,
};

/** Less energy than this above idle is lost in the noise of the phone's other work. */
const LEAST_SHARE = 0.02;

/**
 * Energy above idle of each inference. The rails count up for ever: what counts is their growth while the model runs in a loop, less what
 * the same time takes at idle.
 *
 * @param idle before and behind a time of waiting
 * @param loop two readings within the loop
 * @param inferencesPerSecond of the loop
 * @param delegate what layers were handed to
 */
export function energyOf(
  idle: readonly [RailsReading, RailsReading],
  loop: readonly [RailsReading, RailsReading],
  inferencesPerSecond: number,
  delegate: string | null = null,
): Energy | NotMeasured {
  const idleSeconds = idle[1].seconds - idle[0].seconds;
  const seconds = loop[1].seconds - loop[0].seconds;
  const inferences = Math.round(inferencesPerSecond * seconds);
  if (inferences < 1 || idleSeconds <= 0 || seconds <= 0)
    return { reason: "The loop was over before energy could be measured." };
  const idleWatts = wattsByRail(idle, idleSeconds);
  const loadedWatts = wattsByRail(loop, seconds);
  const rails = loop[1].rails.flatMap(({ name, subsystem }): readonly RailEnergy[] => {
    const [before, loaded] = [idleWatts.get(name), loadedWatts.get(name)];
    if (before === undefined || loaded === undefined || !isComputing(`${name} ${subsystem ?? ""}`, delegate)) return [];
    const joulesPerInference = (loaded - before) / inferencesPerSecond;
    return [{ name, subsystem, idleWatts: before, loadedWatts: loaded, joulesPerInference }];
  });
  if (rails.length === 0) return { reason: "The phone's power rails name none of the processor or the memory." };
  const watts = rails.reduce((sum, rail) => sum + rail.loadedWatts, 0);
  const joulesPerInference = rails.reduce((sum, rail) => sum + rail.joulesPerInference, 0);
  if (joulesPerInference * inferencesPerSecond < LEAST_SHARE * watts)
    return { reason: "The power rails show no more than the phone's idle noise while the model runs." };
  return { joulesPerInference, rails, seconds, inferences, idleSeconds };
}

function isComputing(rail: string, delegate: string | null): boolean {
  return COMPUTING.test(rail) || (delegate !== null && ownEntry(ACCELERATING, delegate)?.test(rail) === true);
}

/** Why there is no number, on a phone without rails. */
export function whyNoEnergy(battery: BatteryState | null): NotMeasured {
  const rails = "This phone has no power rails that can be read (Pixel 6 and newer have)";
  if (battery === null) return { reason: `${rails}.` };
  return {
    reason:
      battery.isPluggedIn === true
        ? `${rails}, and its battery's counters read the charger: not measurable while plugged in.`
        : `${rails}, and its battery's counters are too coarse for single inferences.`,
  };
}

function wattsByRail(
  [before, after]: readonly [RailsReading, RailsReading],
  seconds: number,
): ReadonlyMap<string, number> {
  const start = new Map(before.rails.map(({ name, joules }) => [name, joules] as const));
  return new Map(
    after.rails.flatMap(({ name, joules }) => {
      const first = start.get(name);
      // A counter that went back was reset meanwhile.
      return first === undefined || joules < first ? [] : [[name, (joules - first) / seconds] as const];
    }),
  );
}
