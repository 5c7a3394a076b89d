import { bytesOf, isFloat } from "../model/data-type.ts";
import { elementsOf } from "../model/shape.ts";
import type { NodeView } from "./node-view.ts";
import type { Decoding, OperatorRule } from "./operator-rule.ts";
import type { ConstantOrigin, InferredType } from "./inferred-type.ts";

/** A weight is decoded from a handful of stored constants; a file that joins more into one tensor just makes a tensor of its own. */
const MOST_PARTS = 64;

/**
 * Which constant the result of constants alone is: the same numbers re-typed or re-ordered keep their origin, what an operator decodes
 * stays what is stored, all else are numbers of their own. undefined where the result is none.
 */
export function foldedConstant(
  rule: OperatorRule,
  view: NodeView,
  name: string,
  position: number,
  inferredType: InferredType,
): ConstantOrigin | undefined {
  if (rule.isNondeterministic === true || !isGivenConstantsAlone(view)) return undefined;
  if (position === 0) {
    const decoding = rule.decodes?.(view, inferredType);
    const decoded = decoding && decodedOrigin(view, decoding, inferredType, name);
    if (decoded) return decoded;
    if (rule.carries !== undefined) {
      const carried = view.input(rule.carries).constant;
      if (carried) return carried;
    }
  }
  return ownOrigin(rule, view, name, inferredType);
}

/** The constants that the file holds of one. */
export function partsOf(origin: ConstantOrigin): readonly ConstantOrigin[] {
  return origin.parts ?? [origin];
}

/** Bytes of constants as they are stored, each once; undefined when one is unknown. */
export function storedBytesOf(parts: readonly ConstantOrigin[]): number | undefined {
  let sum = 0;
  for (const { storedBytes } of new Set(parts)) {
    if (storedBytes === undefined) return undefined;
    sum += storedBytes;
  }
  return sum;
}

/**
 * By the stored constant and how it is decoded: two operators that decode the same bytes give the same weight. Only of what is decoded from one
 * constant: of several, single numbers are left out, and with them what tells two weights apart.
 */
const decodedOrigins = new WeakMap<ConstantOrigin, Map<string, ConstantOrigin>>();

function decodedOrigin(
  view: NodeView,
  { encoding, parts: positions, dataType }: Decoding,
  inferredType: InferredType,
  name: string,
): ConstantOrigin | undefined {
  const inputs = positions.flatMap((position) => view.input(position).constant ?? []);
  const [main] = inputs;
  if (main === undefined) return undefined;
  const parts = joined(inputs);
  if (parts === undefined) return undefined;
  const elements = inferredType.shape && elementsOf(inferredType.shape);
  const [stored, ...others] = parts;
  const origin: ConstantOrigin = {
    name: stored && stored.elements === elements ? stored.name : name,
    elements,
    dataType: dataType ?? main.dataType,
    storedBytes: storedBytesOf(parts),
    encoding,
    parts,
  };
  if (stored === undefined || others.length > 0 || inputs.length > 1) return origin;
  const known = decodedOrigins.get(stored) ?? new Map<string, ConstantOrigin>();
  decodedOrigins.set(stored, known);
  const key = JSON.stringify([encoding, elements]);
  const same = known.get(key) ?? origin;
  known.set(key, same);
  return same;
}

/** Numbers that the file does not hold; what is computed from a decoded weight (a slice, a sum) is stored as that one is. */
function ownOrigin(
  rule: OperatorRule,
  view: NodeView,
  name: string,
  inferredType: InferredType,
): ConstantOrigin | undefined {
  const { dataType, shape } = inferredType;
  if (dataType === undefined) return undefined;
  const elements = shape && elementsOf(shape);
  const inputs = dataConstants(rule, view);
  const parts = joined(inputs);
  const encoded = isFloat(dataType) ? inputs.reduce(larger, undefined) : undefined;
  if (parts !== undefined && encoded?.encoding !== undefined) {
    const { encoding } = encoded;
    return { name, elements, dataType: encoded.dataType, storedBytes: storedBytesOf(parts), encoding, parts };
  }
  const storedBytes = elements === undefined ? undefined : bytesOf(dataType, elements);
  const own = { name, elements, dataType, storedBytes };
  return parts === undefined ? own : { ...own, parts };
}

function larger(a: ConstantOrigin | undefined, b: ConstantOrigin): ConstantOrigin {
  return a === undefined || (b.elements ?? 0) > (a.elements ?? 0) ? b : a;
}

function dataConstants(rule: OperatorRule, view: NodeView): readonly ConstantOrigin[] {
  const { configuration = [] } = rule;
  const told = typeof configuration === "function" ? configuration(view) : configuration;
  return view.inputs.flatMap((input, position) =>
    input?.constant === undefined || told.includes(position) ? [] : [input.constant],
  );
}

/** What several constants are made of, single numbers left out: offsets and sizes. undefined for more than any weight is. */
function joined(origins: readonly ConstantOrigin[]): readonly ConstantOrigin[] | undefined {
  const parts = new Set(origins.flatMap(partsOf).filter(({ elements }) => elements !== 1));
  return parts.size > MOST_PARTS ? undefined : [...parts];
}

function isGivenConstantsAlone({ inputs }: NodeView): boolean {
  let isGiven = false;
  for (const input of inputs) {
    if (input === undefined) continue;
    if (input.constant === undefined) return false;
    isGiven = true;
  }
  return isGiven;
}
