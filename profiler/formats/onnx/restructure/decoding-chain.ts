import type { DataType } from "../../../model/data-type.ts";
import type { TensorId } from "../../../model/model.ts";
import { elementsOf } from "../../../model/shape.ts";
import type { LiftScope } from "../../../neutral/adapter.ts";

/** Numbers with the sizes that they have. */
interface Numbers {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Computes one operator of a chain. */
type Evaluate = (inputs: readonly Numbers[], shape: readonly number[], direction: string) => Float32Array;

/** Operators by which a file decodes weights from constants, as they are followed from the decoded tensor back, and computed. */
export class DecodingChain {
  constructor(private readonly scope: LiftScope) {}

  /** The operator that makes a tensor; "" for one that the file holds. */
  op(id: TensorId): string {
    return this.scope.producer(id)?.node.op ?? "";
  }

  inputs(id: TensorId): readonly TensorId[] {
    return this.scope.producer(id)?.node.inputs ?? [];
  }

  /** What the operator reads, where it is this one; else the tensor itself. */
  through(id: TensorId, op: string): TensorId {
    return this.op(id) === op ? (this.inputs(id)[0] ?? id) : id;
  }

  typeOf(id: TensorId): DataType | undefined {
    return this.scope.inferredType(id).dataType;
  }

  count(id: TensorId): number | undefined {
    const { shape } = this.scope.inferredType(id);
    const count = shape && elementsOf(shape);
    return typeof count === "number" ? count : undefined;
  }

  isStored(id: TensorId): boolean {
    return this.op(id) === "" && this.scope.constant(id) !== undefined;
  }

  /** Numbers of a setting. */
  settings(id: TensorId): readonly number[] | undefined {
    return this.scope.constant(id)?.constant?.values;
  }

  /** Bits of whole numbers that are unpacked from bytes; undefined where that is not what a tensor is. */
  bits(id: TensorId): number | undefined {
    const [first = -1, second = -1] = this.inputs(id);
    switch (this.op(id)) {
      case "":
        return this.typeOf(id) === "uint8" && this.isStored(id) ? 8 : undefined;
      case "Add": {
        const [left, right] = [this.bits(first), this.bits(second)];
        return left === undefined || right === undefined ? undefined : left + right;
      }
      case "BitShift": {
        const [shift] = this.settings(second) ?? [];
        if (shift === undefined || this.#direction(id) !== "RIGHT" || this.op(first) !== "BitShift") return undefined;
        return 8 - shift;
      }
      // A byte's upper part less a multiple: the rest of a division.
      case "Sub": {
        const [, divisor = -1] = this.inputs(second);
        const [base] = this.op(second) === "Mul" ? (this.settings(divisor) ?? []) : [];
        return base !== undefined && this.op(first) === "Div" && this.bits(first) === 8 ? Math.log2(base) : undefined;
      }
      case "Div":
      case "Mul":
      case "Cast":
      case "Slice":
      case "Reshape":
        return this.bits(first);
      default:
        return undefined;
    }
  }

  /** @throws {RangeError} for an operator that decodes nothing here */
  async floats(id: TensorId): Promise<Float32Array> {
    return (await this.#evaluated(id)).data;
  }

  #direction(id: TensorId): string {
    return this.scope.producer(id)?.view.text("direction", "") ?? "";
  }

  async #evaluated(id: TensorId): Promise<Numbers> {
    const shape = (this.scope.inferredType(id).shape ?? []).map(Number);
    const op = this.op(id);
    if (op === "") return { shape, data: (await this.scope.constant(id)?.read()) ?? new Float32Array() };
    const evaluate = new Map(Object.entries(EVALUATE)).get(op);
    if (evaluate === undefined) throw new RangeError(`${op} decodes no weights`);
    const inputs: Numbers[] = [];
    for (const input of this.inputs(id)) inputs.push(await this.#evaluated(input));
    return { shape, data: evaluate(inputs, shape, this.#direction(id)) };
  }
}

/** Element by element, operands stretched as NumPy does. */
function stretched(fn: (a: number, b: number) => number): Evaluate {
  return ([left, right], shape) => {
    const [a, b] = [indexing(left, shape), indexing(right, shape)];
    return Float32Array.from({ length: shape.reduce((all, size) => all * size, 1) }, (_, at) => fn(a(at), b(at)));
  };
}

/** Reads an operand by the place of an element of the result. */
function indexing(operand: Numbers | undefined, shape: readonly number[]): (at: number) => number {
  const { data, shape: own } = operand ?? { data: new Float32Array(), shape: [] };
  if (data.length === 1) return () => data[0] ?? 0;
  const missing = shape.length - own.length;
  let stride = 1;
  const steps = shape
    .map((_, axis) => own[axis - missing] ?? 1)
    .toReversed()
    .map((size) => {
      const step = size === 1 ? 0 : stride;
      stride *= size;
      return step;
    });
  const sizes = shape.toReversed();
  return (at) => {
    let [rest, place] = [at, 0];
    for (const [axis, size] of sizes.entries()) {
      place += (rest % size) * (steps[axis] ?? 0);
      rest = Math.floor(rest / size);
    }
    return data[place] ?? 0;
  };
}

const same: Evaluate = ([input]) => input?.data ?? new Float32Array();
const BYTE = 0xff;

const EVALUATE: Readonly<Record<string, Evaluate>> = {
  Cast: same,
  Reshape: same,
  // From the first element on.
  Slice: ([input], shape) =>
    input?.data.slice(
      0,
      shape.reduce((all, size) => all * size, 1),
    ) ?? new Float32Array(),
  BitShift: (inputs, shape, direction) =>
    stretched(direction === "LEFT" ? (a, b) => (a << b) & BYTE : (a, b) => a >> b)(inputs, shape, direction),
  Add: stretched((a, b) => a + b),
  Sub: stretched((a, b) => a - b),
  // Of whole numbers.
  Div: stretched((a, b) => Math.floor(a / b)),
  Mul: stretched((a, b) => Math.fround(a * b)),
  Gather: ([table, places]) => Float32Array.from(places?.data ?? [], (place) => table?.data[place] ?? 0),
  CumSum: ([steps]) => {
    let sum = 0;
    return Float32Array.from(steps?.data ?? [], (step) => (sum += step));
  },
  ConstantOfShape: (_, shape) => new Float32Array(shape.reduce((all, size) => all * size, 1)),
  ScatterElements: ([background, places, updates]) => {
    const result = Float32Array.from(background?.data ?? []);
    places?.data.forEach((place, at) => (result[place] = updates?.data[at] ?? 0));
    return result;
  },
};
