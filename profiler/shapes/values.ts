import { bitsOf, isFloat, isInteger, type DataType } from "../model/data-type.ts";
import type { Dimension } from "../model/shape.ts";
import { normalizeAxes } from "./axes.ts";
import { add, floorDivide, lowerBound, modulo, multiply, subtract, UNKNOWN_SIZE } from "./dimension.ts";
import { broadcastElement, fill, positionOf, VALUE_ELEMENTS_LIMIT, type KnownTensor } from "./known-tensor.ts";

/**
 * Arithmetic on the small tensors that shapes are computed from, as a runtime does it: integers divide towards zero, 32-bit floats round
 * to 32 bits. What cannot be told of a symbolic element becomes the unknown size "?".
 */

export type UnaryOp = keyof typeof UNARY;
export type BinaryOp = keyof typeof BINARY;
export type Reduction = "sum" | "product" | "max" | "min" | "mean";

const UNARY = {
  neg: (x: number) => -x,
  abs: Math.abs,
  floor: Math.floor,
  ceil: Math.ceil,
  round: roundHalfEven,
  sign: Math.sign,
  sqrt: Math.sqrt,
  rsqrt: (x: number) => 1 / Math.sqrt(x),
  reciprocal: (x: number) => 1 / x,
  square: (x: number) => x * x,
  exp: Math.exp,
  log: Math.log,
  sin: Math.sin,
  cos: Math.cos,
  tanh: Math.tanh,
  sigmoid: (x: number) => 1 / (1 + Math.exp(-x)),
  relu: (x: number) => Math.max(x, 0),
  not: (x: number) => Number(x === 0),
} as const satisfies Record<string, (x: number) => number>;

/** Unary functions that leave a size as it is: sizes are whole and not negative. */
const KEEPS_SIZES: ReadonlySet<UnaryOp> = new Set<UnaryOp>(["abs", "floor", "ceil", "round", "relu"]);

interface BinaryRule {
  readonly numbers: (a: number, b: number, isWhole: boolean) => number;
  /** undefined: cannot be told. */
  readonly symbols?: (a: Dimension, b: Dimension) => Dimension | undefined;
}

const BINARY = {
  add: { numbers: (a, b) => a + b, symbols: add },
  sub: { numbers: (a, b) => a - b, symbols: subtract },
  mul: { numbers: (a, b) => a * b, symbols: multiply },
  div: { numbers: (a, b, isWhole) => (isWhole ? Math.trunc(a / b) : a / b), symbols: floorDivide },
  /** Rounded down, also for negative quotients. */
  floorDiv: { numbers: (a, b) => Math.floor(a / b), symbols: floorDivide },
  /** With the sign of the divisor. */
  mod: { numbers: (a, b) => a - Math.floor(a / b) * b, symbols: modulo },
  /** With the sign of the dividend. */
  fmod: { numbers: (a, b) => a % b },
  pow: { numbers: (a, b) => a ** b, symbols: (a, b) => (b === 1 ? a : b === 2 ? multiply(a, a) : undefined) },
  min: { numbers: (a, b) => Math.min(a, b), symbols: (a, b) => extreme(a, b, false) },
  max: { numbers: (a, b) => Math.max(a, b), symbols: (a, b) => extreme(a, b, true) },
  equal: { numbers: (a, b) => Number(a === b), symbols: (a, b) => truth(equality(a, b)) },
  notEqual: { numbers: (a, b) => Number(a !== b), symbols: (a, b) => truth(not(equality(a, b))) },
  less: { numbers: (a, b) => Number(a < b), symbols: (a, b) => truth(isBelow(a, b)) },
  lessOrEqual: { numbers: (a, b) => Number(a <= b), symbols: (a, b) => truth(not(isBelow(b, a))) },
  greater: { numbers: (a, b) => Number(a > b), symbols: (a, b) => truth(isBelow(b, a)) },
  greaterOrEqual: { numbers: (a, b) => Number(a >= b), symbols: (a, b) => truth(not(isBelow(a, b))) },
  and: { numbers: (a, b) => Number(a !== 0 && b !== 0), symbols: (a, b) => (a === 0 || b === 0 ? 0 : undefined) },
  or: { numbers: (a, b) => Number(a !== 0 || b !== 0), symbols: (a, b) => (a === 1 || b === 1 ? 1 : undefined) },
  xor: { numbers: (a, b) => Number((a !== 0) !== (b !== 0)) },
} as const satisfies Record<string, BinaryRule>;

/**
 * The elements of `op` over operands broadcast to `shape`.
 * @param dataType of the operands: whether division truncates and results round to 32 bits
 */
export function elementwiseValue(
  op: UnaryOp | BinaryOp,
  [first, second]: readonly KnownTensor[],
  shape: readonly number[],
  dataType: DataType,
): Dimension[] | undefined {
  return fill(shape, (place) => {
    const a = first && broadcastElement(first, place);
    if (a === undefined) return undefined;
    if (isUnary(op)) return round(applyUnary(op, a), dataType);
    const b = second && broadcastElement(second, place);
    return b === undefined ? undefined : round(applyBinary(op, a, b, dataType), dataType);
  });
}

/** `condition ? a : b`; an open condition leaves open what the two do not agree on. */
export function whereValue(
  [condition, a, b]: readonly [KnownTensor, KnownTensor, KnownTensor],
  shape: readonly number[],
): Dimension[] | undefined {
  return fill(shape, (place) => {
    const chosen = broadcastElement(condition, place);
    const yes = broadcastElement(a, place);
    const no = broadcastElement(b, place);
    if (typeof chosen === "number") return chosen === 0 ? no : yes;
    return yes === no ? yes : UNKNOWN_SIZE;
  });
}

/** Elements as `dataType` holds them: truncated towards zero, wrapped to its width, or 0 and 1. */
export function castValue(value: readonly Dimension[], dataType: DataType): Dimension[] | undefined {
  if (dataType === "string") return undefined;
  return value.map((element) => castElement(element, dataType));
}

/** start, start + step, … before `limit`; undefined when there are too many to carry along. */
export function rangeValue(start: number, limit: number, step: number): number[] | undefined {
  const count = rangeLength(start, limit, step);
  if (typeof count !== "number" || count > VALUE_ELEMENTS_LIMIT) return undefined;
  return Array.from({ length: count }, (_, place) => start + place * step);
}

/** Elements from `start` before `limit`. */
export function rangeLength(start: Dimension, limit: Dimension, step: Dimension): Dimension {
  if (typeof start === "number" && typeof limit === "number" && typeof step === "number") {
    return step === 0 ? UNKNOWN_SIZE : Math.max(0, Math.ceil((limit - start) / step));
  }
  return step === 1 ? subtract(limit, start) : UNKNOWN_SIZE;
}

/** `tensor` reduced over `axes` (undefined: all), in the order of the kept axes. */
export function reduceValue(
  reduction: Reduction,
  tensor: KnownTensor,
  axes: readonly number[] | undefined,
  dataType: DataType,
): Dimension[] | undefined {
  const rank = tensor.shape.length;
  const reduced = axes === undefined ? tensor.shape.map((_, axis) => axis) : normalizeAxes(axes, rank);
  const kept = tensor.shape.map((_, axis) => axis).filter((axis) => !reduced.includes(axis));
  const inner = reduced.map((axis) => tensor.shape[axis] ?? 1);
  return fill(
    kept.map((axis) => tensor.shape[axis] ?? 1),
    (outerPlace) => {
      const elements = fill(inner, (innerPlace) => {
        const place = tensor.shape.map((_, axis) => {
          const source = reduced.includes(axis) ? innerPlace[reduced.indexOf(axis)] : outerPlace[kept.indexOf(axis)];
          return source ?? 0;
        });
        return tensor.value[positionOf(place, tensor.shape)];
      });
      return elements && round(reduceElements(reduction, elements, dataType), dataType);
    },
  );
}

function reduceElements(reduction: Reduction, elements: readonly Dimension[], dataType: DataType): Dimension {
  const fold = (op: BinaryOp, start: Dimension) =>
    elements.reduce((total, element) => applyBinary(op, total, element, dataType), start);
  const [first] = elements;
  if (reduction === "sum") return fold("add", 0);
  if (reduction === "product") return fold("mul", 1);
  if (first === undefined) return UNKNOWN_SIZE;
  return reduction === "mean"
    ? applyBinary("div", fold("add", 0), elements.length, dataType)
    : fold(reduction === "max" ? "max" : "min", first);
}

function isUnary(op: UnaryOp | BinaryOp): op is UnaryOp {
  return Object.hasOwn(UNARY, op);
}

function applyUnary(op: UnaryOp, a: Dimension): Dimension {
  if (typeof a === "number") return UNARY[op](a);
  if (op === "neg") return subtract(0, a);
  return KEEPS_SIZES.has(op) && isSize(a) ? a : UNKNOWN_SIZE;
}

function applyBinary(op: BinaryOp, a: Dimension, b: Dimension, dataType: DataType): Dimension {
  const rule: BinaryRule = BINARY[op];
  if (typeof a === "number" && typeof b === "number") return rule.numbers(a, b, isInteger(dataType));
  // A size scaled by a fraction is not yet rounded: what follows (a floor, a cast) decides that, so it stays open.
  if (isFraction(a) || isFraction(b) || (op === "div" && isFloat(dataType) && b !== 1)) return UNKNOWN_SIZE;
  return rule.symbols?.(a, b) ?? UNKNOWN_SIZE;
}

/** A result as `dataType` holds it. An integer too large for a number to be exact is not known. */
function round(element: Dimension, dataType: DataType): Dimension {
  if (typeof element !== "number" || !isInteger(dataType)) {
    return typeof element === "number" && dataType === "float32" ? Math.fround(element) : element;
  }
  return Number.isSafeInteger(element) ? castElement(element, dataType) : UNKNOWN_SIZE;
}

function castElement(element: Dimension, dataType: DataType): Dimension {
  if (typeof element !== "number") return dataType === "bool" ? UNKNOWN_SIZE : element;
  if (dataType === "bool") return Number(element !== 0);
  if (dataType === "float32") return Math.fround(element);
  if (!isInteger(dataType)) return element;
  const whole = withoutSign(Math.trunc(element));
  const bits = bitsOf(dataType) ?? 64;
  // Beyond 32 bits a number does not hold every integer, so there is nothing exact to wrap.
  if (bits > 32) return whole;
  const wrapped = ((whole % 2 ** bits) + 2 ** bits) % 2 ** bits;
  return dataType.startsWith("u") || wrapped < 2 ** (bits - 1) ? wrapped : wrapped - 2 ** bits;
}

/** No integer type has a −0. */
function withoutSign(element: number): number {
  return element === 0 ? 0 : element;
}

function isFraction(element: Dimension): boolean {
  return typeof element === "number" && !Number.isInteger(element);
}

/** A symbolic element that is not negative, whatever its names stand for. */
function isSize(element: Dimension): boolean {
  return typeof element !== "number" && lowerBound(element) >= 0;
}

function equality(a: Dimension, b: Dimension): boolean | undefined {
  if (a === b) return a === UNKNOWN_SIZE ? undefined : true;
  return isBelow(a, b) === true || isBelow(b, a) === true ? false : undefined;
}

/** Whether a < b, as far as sizes tell: no size is below 0, and every size is above every negative number. */
function isBelow(a: Dimension, b: Dimension): boolean | undefined {
  if (typeof a === "number" && typeof b === "number") return a < b;
  if (a === b) return a === UNKNOWN_SIZE ? undefined : false;
  if (isSize(b) && typeof a === "number" && a < 0) return true;
  if (isSize(a) && typeof b === "number" && b <= 0) return false;
  return undefined;
}

function extreme(a: Dimension, b: Dimension, isMaximum: boolean): Dimension | undefined {
  if (a === b) return a;
  const aIsBelow = isBelow(a, b) ?? not(isBelow(b, a));
  if (aIsBelow === undefined) return undefined;
  return aIsBelow === isMaximum ? b : a;
}

function not(statement: boolean | undefined): boolean | undefined {
  return statement === undefined ? undefined : !statement;
}

function truth(statement: boolean | undefined): number | undefined {
  return statement === undefined ? undefined : Number(statement);
}

function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}
