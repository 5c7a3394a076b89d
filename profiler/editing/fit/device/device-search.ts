import { isDeepStrictEqual } from "node:util";
import { isObservation, type ModelObservation, type RuntimeIdentity } from "../../../device/index.ts";
import { OptionError } from "../../../errors.ts";
import type { Totals } from "../../../profile.ts";
import { readEdit } from "../../edit-list.ts";
import type { FitBudget, FitPoint, FitSamples } from "../fit-point.ts";
import type { Progress } from "../progress.ts";

/** What a search is of: one of something else does not go on with it. */
export interface SearchIdentity {
  /** Of this shape. */
  readonly version: 2;
  readonly file: string;
  /** Of the model with its data files: one trained anew has the same name and size. */
  readonly sha256: string;
  /** Sizes that were bound by name. */
  readonly dimensions: Readonly<Record<string, number>>;
  /** What measured: "Google Pixel 8, 4 threads". */
  readonly device: string;
  /** The profile on whose roofline latencies are learned. */
  readonly hardware: string;
  readonly samples: FitSamples;
  readonly seed: number | null;
}

/** A search with a device in the loop as far as it came. Plain JSON: it is kept in a file. */
export interface DeviceSearch extends SearchIdentity, Progress {
  readonly budget: FitBudget;
  /** What measured; left out in searches that older versions kept. */
  readonly runtime?: RuntimeIdentity | undefined;
  readonly observations: readonly ModelObservation[];
}

/**
 * What a search has to go on with: another budget goes on from the same model, with steps of its own.
 * @throws {OptionError} when it is another's, saying what differs
 */
export function continuable(search: DeviceSearch, identity: SearchIdentity, budget: FitBudget): Progress {
  const difference = differenceOf(search, identity);
  if (difference !== undefined)
    throw new OptionError(`the search that was kept is of ${difference}`, {
      hint: "Go on with it as it was begun, or begin another one: name another file, or remove this one.",
    });
  const { points, standing, step, pilots } = search;
  if (!isDeepStrictEqual(search.budget, budget)) return { points, standing };
  return { points, standing, ...(step !== undefined && { step }), ...(pilots !== undefined && { pilots }) };
}

/** @returns of what else a search is, in words; undefined: of the same */
export function differenceOf(search: SearchIdentity, identity: SearchIdentity): string | undefined {
  const different = Object.entries(IDENTITY).find(
    ([key]) => !isDeepStrictEqual(Reflect.get(search, key), Reflect.get(identity, key)),
  );
  return different?.[1];
}

const IDENTITY: Readonly<Record<Exclude<keyof SearchIdentity, "version">, string>> = {
  file: "another model",
  sha256: "another model of that name",
  dimensions: "other sizes of the inputs",
  device: "another device, other threads or another runtime",
  hardware: "another hardware profile",
  samples: "other samples",
  seed: "another seed",
};

export function formatDeviceSearch(search: DeviceSearch): string {
  return `${JSON.stringify(search)}\n`;
}

/**
 * The search of a text of `formatDeviceSearch`.
 * @param file what messages call it
 * @throws {OptionError}
 */
export function parseDeviceSearch(text: string, file: string): DeviceSearch {
  const none = (cause?: unknown): OptionError =>
    new OptionError(`${file}: expected a search that \`edgewise fit --device\` kept`, { cause });
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (cause) {
    throw none(cause);
  }
  if (!isSearch(data)) throw none();
  const points = data.points.map((point, place) => ({
    ...point,
    error: (point.error as number | null) ?? Infinity,
    maxRelative: (point.maxRelative as number | null) ?? Infinity,
    edits: point.edits.map((edit, at) => readEdit(edit, `${file}: point ${place + 1}, edit ${at + 1}`)),
  }));
  return { ...data, points };
}

/** The search of such a text; undefined for one that was cut off while it was written, or is of another version. */
export function keptSearch(text: string): DeviceSearch | undefined {
  try {
    return parseDeviceSearch(text, "the search that was kept");
  } catch (error) {
    if (error instanceof OptionError) return undefined;
    throw error;
  }
}

function isSearch(data: unknown): data is DeviceSearch {
  if (!isObject(data)) return false;
  const { version, file, sha256, dimensions, device, samples, points, standing, observations, budget } = data;
  return (
    version === 2 &&
    typeof file === "string" &&
    typeof sha256 === "string" &&
    isObject(dimensions) &&
    typeof device === "string" &&
    typeof data.hardware === "string" &&
    isObject(samples) &&
    isObject(budget) &&
    Array.isArray(points) &&
    points.every(isPoint) &&
    typeof standing === "number" &&
    Object.hasOwn(points, standing) &&
    Array.isArray(observations) &&
    observations.every(isObservation)
  );
}

/** JSON has no infinity: null stands for it. */
function isPoint(point: unknown): point is FitPoint {
  if (!isObject(point) || !Array.isArray(point.edits) || !isObject(point.totals)) return false;
  const { totals, error, maxRelative } = point;
  const isAmount = (value: unknown): boolean => value === null || typeof value === "number";
  return TOTALS.every((total) => isAmount(totals[total])) && isAmount(error) && isAmount(maxRelative);
}

const TOTALS: readonly (keyof Totals)[] = ["parameters", "macs", "fileBytes", "peakMemoryBytes", "latencySeconds"];

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
