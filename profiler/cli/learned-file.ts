import { existsSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import * as v from "valibot";
import { writeAtomically } from "../bytes/atomic-file.ts";
import { readJsonFile } from "../bytes/whole-file.ts";
import {
  learnLatency,
  OBSERVATION,
  observe,
  type LearnedLatency,
  type ModelObservation,
  type RunResult,
} from "../device/index.ts";
import { OptionError } from "../errors.ts";
import { parseHardwareProfile, type HardwareProfile } from "../hardware/hardware-profile.ts";
import type { Layer } from "../layers/layer.ts";
import { fields, fitting } from "../outside-data.ts";

/** What a file of a learned hardware profile holds beside the profile itself: what it was learned from, so that further runs add to it. */
interface LearnedFrom {
  /** "Google Pixel 8, 4 threads" */
  readonly phone: string;
  readonly base: HardwareProfile;
  readonly observations: readonly ModelObservation[];
}

/**
 * Adds a run to a file of a learned hardware profile, which is made when it is not there, and learns anew.
 * @param layers rows of the model
 * @throws {OptionError} when the file is none of these, or of another phone, other settings or another base
 */
export async function learnInFile(
  path: string,
  result: RunResult,
  layers: readonly Layer[],
  hardware: HardwareProfile,
): Promise<LearnedLatency> {
  const phone = phoneOf(result);
  const before = existsSync(path) ? await readLearned(path) : { phone, base: hardware, observations: [] };
  if (before.phone !== phone)
    throw new OptionError(
      `${path} is learned from ${before.phone}, and this run is of ${phone}: give it a file of its own`,
    );
  if (!isDeepStrictEqual(rates(before.base), rates(hardware)))
    throw new OptionError(`${path} is learned on the roofline of ${before.base.name}, and not of ${hardware.name}`, {
      hint: `Name it with --hardware, or learn into another file`,
    });
  const observations = [...before.observations, observe(result, layers, before.base)];
  const learned = learnLatency(before.base, phone, observations);
  const learnedFrom: LearnedFrom = { ...before, observations: lastOfEach(observations) };
  const bytes = new TextEncoder().encode(`${JSON.stringify({ ...learned.hardware, learnedFrom }, undefined, 2)}\n`);
  await writeAtomically(path, (target) => target.write(bytes));
  return learned;
}

/** A phone is another one with other threads, cores or runtimes. */
function phoneOf({ device, runtime, settings }: RunResult): string {
  const { threads, cores, delegate } = settings;
  return [
    device.kind === "host" && device.soc !== null ? device.soc : device.name,
    runtime.name,
    `${threads} ${threads === 1 ? "thread" : "threads"}`,
    ...(cores === null ? [] : [`cores ${cores.join("+")}`]),
    ...(delegate === null ? [] : [delegate]),
  ].join(", ");
}

/** What roofs are made of: observations of other ones say nothing. */
function rates({ peakMacsPerSecond, bandwidthBytesPerSecond }: HardwareProfile): unknown {
  return { ...peakMacsPerSecond, bandwidthBytesPerSecond };
}

function lastOfEach(observations: readonly ModelObservation[]): readonly ModelObservation[] {
  return [...new Map(observations.map((each) => [each.sha256, each])).values()];
}

const LEARNED = fields({
  learnedFrom: fields({ phone: v.string(), base: v.unknown(), observations: v.array(OBSERVATION) }),
});

async function readLearned(path: string): Promise<LearnedFrom> {
  const none = (cause?: unknown): OptionError =>
    new OptionError(`${path} exists and is not a learned hardware profile`, { hint: "Name another file", cause });
  const learned = fitting(LEARNED, await readJsonFile(path, none));
  if (learned === undefined) throw none();
  const { phone, base, observations } = learned.learnedFrom;
  return { phone, base: parseHardwareProfile(base, `${path}: learnedFrom.base`), observations };
}
