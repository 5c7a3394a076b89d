import { OptionError } from "../../../errors.ts";

/** How the weights of one layer are stored. */
export type LayerStorage =
  | { readonly kind: "quantized"; readonly bits: number }
  | { readonly kind: "table"; readonly bits: number }
  /** Without a table, `bits` is 0: what stays are floats. */
  | { readonly kind: "sparse"; readonly sparsity: number; readonly bits: number };

/** Name of all layers that have none of their own. */
export const OTHERS = "*";

const QUANTIZED_BITS = [8, 7, 6, 4, 3, 2];
/** In names: what parts entries, and the escape itself. */
const SPECIAL = /[%;]/g;

/** "conv1 8; fc1 table3; fc2 sparse0.9/4": a storage for each layer by its name. `;` and `%` of names are written %3B and %25. */
export function formatStorages(storages: Iterable<readonly [string, LayerStorage]>): string {
  return Array.from(storages, ([name, storage]) => `${escaped(name)} ${formatStorage(storage)}`).join("; ");
}

/** "8", "table3", "sparse0.9/4" */
function formatStorage(storage: LayerStorage): string {
  switch (storage.kind) {
    case "quantized":
      return String(storage.bits);
    case "table":
      return `table${storage.bits}`;
    case "sparse":
      return `sparse${storage.sparsity}${storage.bits > 0 ? `/${storage.bits}` : ""}`;
  }
}

/** @throws {OptionError} naming the entry that is none */
export function parseStorages(text: string): ReadonlyMap<string, LayerStorage> {
  const storages = new Map<string, LayerStorage>();
  for (const entry of text.split(";").map((part) => part.trim())) {
    if (entry === "") continue;
    const [, name, storage] = /^(.*\S)\s+(\S+)$/.exec(entry) ?? [];
    const parsed = storage === undefined ? undefined : parseStorage(storage);
    if (name === undefined || parsed === undefined)
      throw new OptionError(
        `"${entry}" does not say how a layer is stored: a layer's name, or * for all others, and one of ${QUANTIZED_BITS.join(", ")} (bits), table1 to table8, sparse0.9 or sparse0.9/4`,
      );
    storages.set(unescaped(name), parsed);
  }
  if (storages.size === 0) throw new OptionError("no layer is named: * stands for all of them");
  return storages;
}

function parseStorage(text: string): LayerStorage | undefined {
  const [, table] = /^table([1-8])$/.exec(text) ?? [];
  if (table !== undefined) return { kind: "table", bits: Number(table) };
  const [, sparsity, bits = "0"] = /^sparse(0?\.\d+)(?:\/([1-8]))?$/.exec(text) ?? [];
  if (sparsity !== undefined) return { kind: "sparse", sparsity: Number(sparsity), bits: Number(bits) };
  return QUANTIZED_BITS.includes(Number(text)) ? { kind: "quantized", bits: Number(text) } : undefined;
}

/** About how many bytes a weight takes. */
export function bytesPerWeight(storage: LayerStorage): number {
  if (storage.kind !== "sparse") return storage.bits / 8;
  return (1 - storage.sparsity) * (storage.bits > 0 ? 1 + storage.bits / 8 : 5);
}

function escaped(name: string): string {
  return name.replace(SPECIAL, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

function unescaped(name: string): string {
  return name.replace(/%(25|3B)/gi, (_, code: string) => String.fromCharCode(parseInt(code, 16)));
}
