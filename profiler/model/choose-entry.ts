import { OptionError } from "../errors.ts";
import type { Entry, Model } from "./model.ts";

/** The model that another one was chosen from, and what was chosen from each: the same question gives the same object. */
const ORIGINS = new WeakMap<Model, Model>();
const CHOSEN = new WeakMap<Model, Map<string, Model>>();

/**
 * The same model looked at from another entry: it comes first, which is the one that is profiled, edited and run. Of a body of control flow the
 * other entries are left out, which run it themselves. Its file is called FILE#ENTRY, as the command line calls it.
 * @param name of an entry, of one of its signatures, or of a body; undefined for the first one of the file
 * @throws {OptionError} naming what there is
 */
export function withEntry(model: Model, name: string | undefined): Model {
  const origin = ORIGINS.get(model) ?? model;
  const wanted = name === undefined ? firstOf(origin) : entryCalled(origin, name);
  if (wanted === undefined) throw new OptionError(`${origin.file}: ${missing(origin, name ?? "")}`);
  if (wanted.name === model.entries[0].name) return model;
  const known = CHOSEN.get(origin) ?? new Map<string, Model>();
  CHOSEN.set(origin, known);
  const found = known.get(wanted.name) ?? (wanted.name === origin.entries[0].name ? origin : chosen(origin, wanted));
  known.set(wanted.name, found);
  return found;
}

/** Every entry and body of a file, in its order. */
export function allEntries(model: Model): readonly Entry[] {
  const { entries, bodies = [] } = ORIGINS.get(model) ?? model;
  return [...entries, ...bodies].toSorted((a, b) => placeOf(a) - placeOf(b));
}

/** Whether what is looked at is what a run of the file starts from by itself. */
export function isMain({ entries: [first] }: Model): boolean {
  return placeOf(first) === 0;
}

/** What the command line calls it behind the file's name; undefined for what the file starts from by itself. */
export function partName(model: Model): string | undefined {
  const { bundle, entries } = model;
  const names = [
    ...(bundle && bundle.models.length > 1 ? [bundle.model] : []),
    ...(isMain(model) ? [] : [entries[0].name]),
  ];
  return names.length === 0 ? undefined : names.join("#");
}

/** Number of an entry's subgraph in the file. */
export function placeOf({ subgraph = 0 }: Entry): number {
  return subgraph;
}

function chosen(origin: Model, wanted: Entry): Model {
  const others = wanted.body ? [] : origin.entries.filter(({ name }) => name !== wanted.name).toSorted(inFileOrder);
  const model: Model = {
    ...origin,
    file: wanted === firstOf(origin) ? fileOf(origin) : `${fileOf(origin)}#${wanted.name}`,
    entries: [wanted, ...others],
  };
  ORIGINS.set(model, origin);
  return model;
}

/** What the file is called without an entry. */
function fileOf({ file, entries: [{ name }] }: Model): string {
  return file.endsWith(`#${name}`) ? file.slice(0, -name.length - 1) : file;
}

function inFileOrder(a: Entry, b: Entry): number {
  return placeOf(a) - placeOf(b);
}

function firstOf({ entries }: Model): Entry {
  const [first, ...others] = entries;
  return others.reduce((least, entry) => (placeOf(entry) < placeOf(least) ? entry : least), first);
}

function entryCalled(model: Model, name: string): Entry | undefined {
  const all = [...model.entries, ...(model.bodies ?? [])];
  return all.find((entry) => entry.name === name) ?? all.find(({ signatures }) => signatures?.includes(name) === true);
}

function missing(model: Model, name: string): string {
  const names = allEntries(model).map((entry) => `"${entry.name}"`);
  return names.length === 1
    ? `it has no entry "${name}": its only one is ${names.join("")}`
    : `it has no entry "${name}": there are ${names.join(", ")}`;
}
