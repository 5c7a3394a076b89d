import type { BatteryState, Energy, NotMeasured } from "../run-result.ts";
import type { RunnerResult } from "../runner/runner-answer.ts";
import type { AdbDevice } from "./adb-device.ts";
import { energyOf, whyNoEnergy, type RailsReading } from "./energy.ts";
import { parsePowerRails, POWER_RAILS_COMMAND } from "./phone-facts/power-rails.ts";
import { pause } from "./pause.ts";
import { askAll } from "./phone-facts/sections.ts";

/** Enough for rails that are counted once a second. */
export interface EnergyTimes {
  readonly idleSeconds: number;
  readonly loopSeconds: number;
}
const ENERGY_TIMES: EnergyTimes = { idleSeconds: 10, loopSeconds: 10 };
/** The loop goes on for so much longer than it is looked at, so that both readings are inside it. */
const MARGIN_SECONDS = 3;

/** Runs the model for so many seconds; `onStart` is called when the loop, behind loading and warm-up, has begun. */
export type LoopRun = (seconds: number, onStart: () => void) => Promise<Pick<RunnerResult, "runs" | "loopSeconds">>;

/**
 * Energy of one inference above idle, from the phone's power rails.
 * @param delegate what layers are handed to
 * @throws {DeviceError} when the phone is gone
 */
export async function measureEnergy(
  device: AdbDevice,
  battery: BatteryState | null,
  loop: LoopRun,
  signal: AbortSignal | undefined,
  { idleSeconds, loopSeconds } = ENERGY_TIMES,
  delegate: string | null = null,
): Promise<Energy | NotMeasured> {
  const start = await readRails(device, signal);
  if (start.rails.length === 0) return whyNoEnergy(battery);
  await pause(idleSeconds, signal);
  const idle = [start, await readRails(device, signal)] as const;
  const readings: Promise<RailsReading>[] = [];
  const result = await loop(loopSeconds + MARGIN_SECONDS, () => {
    if (readings.length > 0) return;
    const first = readRails(device, signal);
    const second = first.then(() => pause(loopSeconds, signal)).then(() => readRails(device, signal));
    // Whoever waits for the loop hears of its failure first.
    for (const reading of [first, second]) reading.catch(() => undefined);
    readings.push(first, second);
  });
  const [first, second] = await Promise.all(readings);
  if (first === undefined || second === undefined)
    return { reason: "The loop was over before energy could be measured." };
  return energyOf(idle, [first, second], result.runs / result.loopSeconds, delegate);
}

async function readRails(device: AdbDevice, signal: AbortSignal | undefined): Promise<RailsReading> {
  const { rails } = await askAll(device, { rails: POWER_RAILS_COMMAND }, signal);
  return { seconds: performance.now() / 1000, rails: parsePowerRails(rails) };
}
