import { isDeepStrictEqual } from "node:util";
import * as v from "valibot";
import { OBSERVATION, type ModelObservation, type RuntimeIdentity } from "../../../device/index.ts";
import { OptionError } from "../../../errors.ts";
import { fitting, parseJson } from "../../../outside-data.ts";
import { EDIT } from "../../edit-list.ts";
import type { BudgetedTotal, FitBudget, FitSamples } from "../fit-point.ts";
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

const total = v.nullable(v.number());
const someObject = v.record(v.string(), v.unknown());

const POINT = v.looseObject({
  edits: v.array(EDIT),
  totals: v.looseObject({
    parameters: total,
    macs: total,
    fileBytes: total,
    peakMemoryBytes: total,
    latencySeconds: total,
  } satisfies Record<BudgetedTotal, unknown>),
  error: total,
  maxRelative: total,
});

/** What the search goes by is checked; the rest of a point is told as it was kept. */
const SEARCH = v.looseObject({
  version: v.literal(2),
  file: v.string(),
  sha256: v.string(),
  // As it is: valibot would leave out a dimension that is called "constructor".
  dimensions: v.custom<SearchIdentity["dimensions"]>((value) => v.is(v.record(v.string(), v.number()), value)),
  device: v.string(),
  hardware: v.string(),
  samples: someObject,
  budget: someObject,
  points: v.array(POINT),
  standing: v.number(),
  observations: v.array(OBSERVATION),
} satisfies Partial<Record<keyof DeviceSearch, unknown>>);

/**
 * The search of a text of `formatDeviceSearch`.
 * @param file what messages call it
 * @throws {OptionError}
 */
export function parseDeviceSearch(text: string, file: string): DeviceSearch {
  const none = (cause?: unknown): OptionError =>
    new OptionError(`${file}: expected a search that \`edgewise fit --device\` kept`, { cause });
  const search = fitting(
    SEARCH,
    parseJson(text, (_, cause) => none(cause)),
  );
  if (search === undefined || !Object.hasOwn(search.points, search.standing)) throw none();
  return search as unknown as DeviceSearch;
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
