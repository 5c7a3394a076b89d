import { Builder, ByteBuffer } from "flatbuffers";
import {
  BuiltinOperator,
  Model,
  type ModelT,
} from "../../profiler/formats/tflite/schema/generated/schema_generated.ts";
import { NAMES, NUMBERS, type Chances } from "./chances.ts";

/** A place in the unpacked model that can be changed. */
interface Site {
  readonly owner: Record<string, unknown> | unknown[];
  readonly key: string | number;
}

const IDENTIFIER = "TFL3";
/** Each operator comes to stand where another stood: its rule meets inputs and options that it does not expect. */
const OPERATORS = Object.values(BuiltinOperator).filter((code) => typeof code === "number");
const OPERATOR_KEYS = new Set<unknown>(["builtinCode", "deprecatedBuiltinCode"]);
/** Of longer lists single elements are not sites of their own: nearly all sites would be weights. */
const MOST_ELEMENTS = 64;

interface Unpacked {
  readonly root: object;
  readonly sites: readonly Site[];
}

/** Files of the corpus, which are changed in copies. */
const unpacked = new WeakMap<Uint8Array, Unpacked>();

function unpackedOnce(bytes: Uint8Array): Unpacked {
  const known = unpacked.get(bytes);
  if (known !== undefined) return known;
  const root = Model.getRootAsModel(new ByteBuffer(bytes)).unpack();
  // Elements as bytes are shared by all copies; as a list of numbers each mutant would copy them.
  for (const buffer of root.buffers) buffer.data = Uint8Array.from(buffer.data) as unknown as number[];
  const made = { root, sites: sitesOf(root) };
  unpacked.set(bytes, made);
  return made;
}

/**
 * Changes a model's structure in a few places, by the schema's own objects: members that go, lists that lose, repeat or swap elements,
 * other options, other numbers and names. Then, sometimes, numbers in the file itself: offsets and lengths.
 */
export function mutateTflite(bytes: Uint8Array, donor: Uint8Array, chances: Chances): Uint8Array {
  const result = chances.happens(0.8) ? restructured(bytes, donor, chances) : bytes;
  return result === bytes || chances.happens(0.3) ? withOtherNumbers(result, chances) : result;
}

function restructured(bytes: Uint8Array, donor: Uint8Array, chances: Chances): Uint8Array {
  const model = copyOf(unpackedOnce(bytes).root) as ModelT;
  const others = unpackedOnce(donor).sites;
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
  if (OPERATOR_KEYS.has(site.key) && chances.happens(0.8)) set(site, chances.of(OPERATORS));
  else if (typeof value === "number") set(site, chances.of(NUMBERS));
  else if (typeof value === "bigint") set(site, BigInt(chances.of(NUMBERS)));
  else if (typeof value === "boolean") set(site, !value);
  else if (typeof value === "string") set(site, chances.of(NAMES));
  else if (value instanceof Uint8Array) set(site, value.subarray(0, chances.below(value.length + 1)));
  else if (Array.isArray(value)) mutateList(value, chances);
  else if (chances.happens(0.3)) set(site, null);
  else {
    const kind = value?.constructor;
    const alike = (chances.happens(0.7) ? own : others)
      .map(valueOf)
      .filter((each) => each !== null && each?.constructor === kind);
    if (alike.length > 0) set(site, copyOf(chances.of(alike)));
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

/** Elements as bytes are shared: nothing changes them in place. */
function copyOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(copyOf);
  const copy = Object.create(Object.getPrototypeOf(value) as object) as Record<string, unknown>;
  for (const [key, member] of Object.entries(value)) copy[key] = copyOf(member);
  return copy;
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
