import { basename } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { isObservation, type ModelObservation } from "../../../device/index.ts";
import { OptionError } from "../../../errors.ts";
import type { Totals } from "../../../profile.ts";
import { readEdit } from "../../edit-list.ts";
import type { FitBudget, FitPoint, FitSamples } from "../fit-point.ts";
import type { Progress } from "../progress.ts";

/** What a search is of: one of something else does not go on with it. */
export interface SearchIdentity {
  /** Of this shape. */
  readonly version: 1;
  readonly file: string;
  readonly fileBytes: number;
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
  readonly observations: readonly ModelObservation[];
}

/**
 * What a search has to go on with: another budget goes on from the same model, with steps of its own.
 * @throws {OptionError} when it is another's, saying what differs
 */
export function continuable(search: DeviceSearch, identity: SearchIdentity, budget: FitBudget): Progress {
  for (const [key, title] of Object.entries(IDENTITY))
    if (!isDeepStrictEqual(Reflect.get(search, key), Reflect.get(identity, key)))
      throw new OptionError(`the search that was kept is of ${title}`, {
        hint: "Go on with it as it was begun, or begin another one: name another file, or remove this one.",
      });
  const { points, standing, step, pilots } = search;
  if (!isDeepStrictEqual(search.budget, budget)) return { points, standing };
  return { points, standing, ...(step !== undefined && { step }), ...(pilots !== undefined && { pilots }) };
}

/** Whether it is of the same model on the same device: samples and seed are known only when they are read. */
export function isContinuable(
  search: DeviceSearch,
  { file, fileBytes, device, hardware }: Pick<SearchIdentity, "file" | "fileBytes" | "device" | "hardware">,
): boolean {
  return isDeepStrictEqual(
    [search.file, search.fileBytes, search.device, search.hardware],
    [basename(file), fileBytes, device, hardware],
  );
}

const IDENTITY: Readonly<Record<Exclude<keyof SearchIdentity, "version">, string>> = {
  file: "another model",
  fileBytes: "another model",
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

function isSearch(data: unknown): data is DeviceSearch {
  if (!isObject(data)) return false;
  const { version, file, fileBytes, device, samples, points, standing, observations, budget } = data;
  return (
    version === 1 &&
    typeof file === "string" &&
    typeof fileBytes === "number" &&
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
