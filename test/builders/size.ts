import type { Dimension } from "../../profiler/model/shape.ts";
import { symbol } from "../../profiler/model/size-expression.ts";
import { UNKNOWN_SIZE } from "../../profiler/shapes/dimension.ts";
import { parseSize } from "../../profiler/shapes/parse-size.ts";

/** The size that a test writes as text: a name, arithmetic on names ("2*n+1", "ceil(n/2)"), or "?" for the unknown one. */
export function size(text: string): Dimension {
  return text === "?" ? UNKNOWN_SIZE : (parseSize(text)?.size ?? symbol(text));
}
