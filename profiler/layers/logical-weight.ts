import type { LogicalWeight } from "../operators/operator-rule.ts";
import { partsOf } from "../operators/folded-constant.ts";
import type { ConstantOrigin } from "../operators/inferred-type.ts";

/** One for each stored constant, so that packed weights which two layers share are found to be shared too. */
const logicalOrigins = new WeakMap<ConstantOrigin, ConstantOrigin>();

/** A packed weight as the elements it stands for; its stored bytes stay what they are. */
export function logicalOrigin(stored: ConstantOrigin, { elements, dataType, encoding }: LogicalWeight): ConstantOrigin {
  const known = logicalOrigins.get(stored);
  if (known) return known;
  const { name, storedBytes } = stored;
  const plain = { name, elements, dataType, storedBytes };
  const origin = encoding ? { ...plain, encoding, parts: partsOf(stored) } : plain;
  logicalOrigins.set(stored, origin);
  return origin;
}
