import { Builder, ByteBuffer } from "flatbuffers";
import { Model } from "../../profiler/formats/tflite/schema/generated/schema_generated.ts";
import { NAMES, NUMBERS, type Chances } from "./chances.ts";

/** A place in the unpacked model that can be changed. */
interface Site {
  readonly owner: Record<string, unknown> | unknown[];
  readonly key: string | number;
}

const IDENTIFIER = "TFL3";
/** Longer lists are weights, whose numbers nobody reads to show a model. */
const MOST_ELEMENTS = 4096;

/**
 * Changes a model's structure in a few places, by the schema's own objects: members that go, lists that lose, repeat or swap elements,
 * other options, other numbers and names. Then, sometimes, numbers in the file itself: offsets and lengths.
 */
export function mutateTflite(bytes: Uint8Array, donor: Uint8Array, chances: Chances): Uint8Array {
  const result = chances.happens(0.8) ? restructured(bytes, donor, chances) : bytes;
  return result === bytes || chances.happens(0.3) ? withOtherNumbers(result, chances) : result;
}

function restructured(bytes: Uint8Array, donor: Uint8Array, chances: Chances): Uint8Array {
  const model = Model.getRootAsModel(new ByteBuffer(bytes)).unpack();
  const others = sitesOf(Model.getRootAsModel(new ByteBuffer(donor)).unpack());
  const changes = 1 + chances.below(chances.happens(0.2) ? 20 : 4);
  for (let change = 0; change < changes; change += 1) {
    const sites = sitesOf(model);
    if (sites.length > 0) mutateSite(chances.of(sites), sites, others, chances);
  }
  try {
    const builder = new Builder(bytes.length * 2);
    builder.finish(model.pack(builder), IDENTIFIER);
    return builder.asUint8Array().slice();
  } catch {
    // Not every object has a place in a file.
    return bytes;
  }
}

function mutateSite(site: Site, own: readonly Site[], others: readonly Site[], chances: Chances): void {
  const value = valueOf(site);
  if (typeof value === "number") set(site, chances.of(NUMBERS));
  else if (typeof value === "bigint") set(site, BigInt(chances.of(NUMBERS)));
  else if (typeof value === "boolean") set(site, !value);
  else if (typeof value === "string" || value instanceof Uint8Array) set(site, chances.of(NAMES));
  else if (Array.isArray(value)) mutateList(value, chances);
  else if (chances.happens(0.3)) set(site, null);
  else {
    const kind = value?.constructor;
    const alike = (chances.happens(0.7) ? own : others)
      .map(valueOf)
      .filter((each) => each !== null && each?.constructor === kind);
    if (alike.length > 0) set(site, chances.of(alike));
  }
}

function mutateList(list: unknown[], chances: Chances): void {
  const at = chances.below(list.length + 1);
  switch (chances.below(5)) {
    case 0:
      list.splice(at, 1);
      return;
    case 1:
      if (list.length > 0) list.splice(at, 0, chances.of(list));
      return;
    case 2:
      list.length = chances.below(list.length + 1);
      return;
    case 3:
      if (list.length > 0) list.push(...Array.from({ length: chances.of([2, 8, 50]) }, () => chances.of(list)));
      return;
    default:
      if (list.length > 0 && typeof list[0] === "number") list[chances.below(list.length)] = chances.of(NUMBERS);
  }
}

function valueOf({ owner, key }: Site): unknown {
  return (owner as Record<string | number, unknown>)[key];
}

function set({ owner, key }: Site, value: unknown): void {
  (owner as Record<string | number, unknown>)[key] = value;
}

function sitesOf(root: object): readonly Site[] {
  const sites: Site[] = [];
  const seen = new Set<object>();
  const walk = (owner: object): void => {
    if (seen.has(owner)) return;
    seen.add(owner);
    for (const key of Object.keys(owner)) {
      const site = { owner: owner as Record<string, unknown>, key };
      const value = valueOf(site);
      if (typeof value === "function") continue;
      if (Array.isArray(value) && value.length > MOST_ELEMENTS) continue;
      sites.push(site);
      if (typeof value === "object" && value !== null && !(value instanceof Uint8Array)) walk(value);
    }
  };
  walk(root);
  return sites;
}

function withOtherNumbers(bytes: Uint8Array, chances: Chances): Uint8Array {
  const result = Uint8Array.from(bytes);
  const view = new DataView(result.buffer);
  for (let change = 1 + chances.below(6); change > 0; change -= 1) {
    const at = chances.below(Math.max(1, result.length - 4)) & ~3;
    if (at + 4 > result.length) continue;
    if (chances.happens(0.5)) view.setInt32(at, chances.of(NUMBERS), true);
    else view.setUint8(at + chances.below(4), chances.below(256));
  }
  return chances.happens(0.05) ? result.subarray(0, chances.below(result.length)) : result;
}
