import { isConstant, type Node } from "../../model/model.ts";
import type { StoredSource } from "../../model/stored-source.ts";

const SAME_AXES: ReadonlySet<string> = new Set(["Identity", "Cast"]);
const OTHER_AXES: ReadonlySet<string> = new Set(["Reshape", "Squeeze", "Unsqueeze", "Transpose"]);

/** See `Format.storedSource`. */
export function storedSource({ op, attributes }: Node): StoredSource | undefined {
  if (SAME_AXES.has(op)) return {};
  if (OTHER_AXES.has(op)) return { isRearranged: true };
  if (op === "Constant") {
    const value = attributes.get("value");
    return value !== undefined && isConstant(value) ? { constant: value } : undefined;
  }
  if (op !== "DequantizeLinear") return undefined;
  const [axis, blockSize] = [attributes.get("axis"), attributes.get("block_size")];
  const isBlocks = typeof blockSize === "number" && blockSize > 0;
  return { scaling: { axis: typeof axis === "number" ? axis : 1, ...(isBlocks && { blockSize }) } };
}
