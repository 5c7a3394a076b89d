import type { Node } from "../../model/model.ts";
import type { StoredSource } from "../../model/stored-source.ts";

const SAME_AXES: ReadonlySet<string> = new Set(["DEQUANTIZE", "DENSIFY"]);
const OTHER_AXES: ReadonlySet<string> = new Set(["RESHAPE", "TRANSPOSE"]);

/** See `Format.storedSource`. Scales are those of the stored tensor itself. */
export function storedSource({ op }: Node): StoredSource | undefined {
  if (SAME_AXES.has(op)) return {};
  return OTHER_AXES.has(op) ? { isRearranged: true } : undefined;
}
