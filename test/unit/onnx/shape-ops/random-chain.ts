import type { InferredType } from "../../../../profiler/operators/inferred-type.ts";
import { ShapeError } from "../../../../profiler/shapes/shape-error.ts";
import { elementsOf, isStatic } from "../../../../profiler/model/shape.ts";
import { inferTypes, type CaseAttribute } from "./operator-case.ts";

/** A graph of shape operators that grows one random node at a time, each fitting what inference says of the nodes before. */
export interface Chain {
  readonly tensors: ChainTensor[];
  readonly constants: { readonly name: string; readonly elements: readonly number[]; readonly isScalar: boolean }[];
  readonly nodes: ChainNode[];
}

export interface ChainTensor {
  readonly name: string;
  readonly inferredType: InferredType;
}

export interface ChainNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, CaseAttribute>>;
}

export const OPSET = 17;
/** Keeps a run short: chains of Tile and Concat grow fast. */
const MOST_ELEMENTS = 512;

/** Random choices of one step: whole numbers that each step takes as it needs them. */
export interface Step {
  readonly kind: number;
  readonly picks: readonly number[];
}

class Draft {
  #next = 0;

  constructor(
    readonly chain: Chain,
    readonly picks: readonly number[],
  ) {}

  /** 0 … below `limit`. */
  below(limit: number): number {
    const picked = this.picks[this.#next % this.picks.length] ?? 0;
    this.#next += 1;
    return limit < 1 ? 0 : picked % limit;
  }

  one<T>(candidates: readonly T[]): T | undefined {
    return candidates[this.below(candidates.length)];
  }

  any(accepts: (tensor: Known) => boolean = () => true): Known | undefined {
    const candidates = this.chain.tensors.flatMap(({ name, inferredType }) => {
      const { dataType, shape, value } = inferredType;
      if (!shape || !isStatic(shape) || dataType === undefined) return [];
      const known = { name, dataType, shape, value };
      return accepts(known) ? [known] : [];
    });
    return this.one(candidates);
  }

  ints(elements: readonly number[], isScalar = false): string {
    const name = `c${this.chain.constants.length}`;
    this.chain.constants.push({ name, elements, isScalar });
    const inferredType = { dataType: "int64", shape: isScalar ? [] : [elements.length], value: elements } as const;
    this.chain.tensors.push({ name, inferredType });
    return name;
  }

  node(op: string, inputs: readonly string[], attributes: ChainNode["attributes"] = {}, outputs = 1): void {
    const inferredTypes = inputs.map((name) => this.chain.tensors.find((tensor) => tensor.name === name)?.inferredType);
    const inferred = attempt(() => inferTypes({ op, opset: OPSET, attributes, outputs }, inferredTypes));
    const isSmall = ({ shape = [] }: InferredType) =>
      shape.every((size) => typeof size !== "number" || (size >= 0 && size <= MOST_ELEMENTS)) &&
      (elementsOf(shape) ?? 0) <= MOST_ELEMENTS;
    if (!inferred?.every(isSmall)) return;
    const names = inferred.slice(0, outputs).map((_, index) => `t${this.chain.nodes.length}_${index}`);
    this.chain.nodes.push({ op, inputs, outputs: names, attributes });
    names.forEach((name, index) => {
      const inferredType = inferred[index];
      if (inferredType) this.chain.tensors.push({ name, inferredType });
    });
  }
}

interface Known {
  readonly name: string;
  readonly dataType: string;
  readonly shape: readonly number[];
  readonly value: InferredType["value"];
}

/** A step that contradicts itself is no step. */
function attempt<T>(compute: () => T): T | undefined {
  try {
    return compute();
  } catch (error) {
    if (error instanceof ShapeError) return undefined;
    throw error;
  }
}

const isNumber = ({ dataType }: Known): boolean => dataType === "float32" || dataType === "int64";
const isIndex = ({ dataType, value }: Known): boolean => dataType === "int64" && value !== undefined;
const isList = (tensor: Known): boolean => isIndex(tensor) && tensor.shape.length === 1;
const hasAxes = ({ shape }: Known): boolean => shape.length > 0;

const ARITHMETIC = ["Add", "Sub", "Mul", "Min", "Max", "Less", "Equal", "GreaterOrEqual"];
const REDUCTIONS = ["ReduceMax", "ReduceMin", "ReduceProd", "ReduceMean"];

const STEPS: readonly ((draft: Draft) => void)[] = [
  (draft) => {
    const input = draft.any();
    if (input) draft.node("Shape", [input.name], { start: draft.below(7) - 3 });
  },
  (draft) => {
    const input = draft.any();
    if (input) draft.node("Size", [input.name]);
  },
  (draft) => {
    const input = draft.any(hasAxes);
    if (!input) return;
    const axis = draft.below(input.shape.length);
    const size = input.shape[axis] ?? 0;
    if (size === 0) return;
    const indices = Array.from({ length: 1 + draft.below(3) }, () => draft.below(2 * size) - size);
    draft.node("Gather", [input.name, draft.ints(indices, draft.below(2) === 0 && indices.length === 1)], { axis });
  },
  (draft) => {
    const input = draft.any(hasAxes);
    if (!input) return;
    const [start, end] = [draft.below(12) - 6, draft.below(4) === 0 ? 2 ** 53 : draft.below(12) - 6];
    const step = draft.one([1, 2, -1, -2]) ?? 1;
    const names = [[start], [end], [draft.below(input.shape.length)], [step]].map((held) => draft.ints(held));
    draft.node("Slice", [input.name, ...names]);
  },
  (draft) => {
    const first = draft.any(hasAxes);
    const second =
      first && draft.any((other) => other.dataType === first.dataType && other.shape.length === first.shape.length);
    if (first && second) draft.node("Concat", [first.name, second.name], { axis: draft.below(first.shape.length) });
  },
  (draft) => {
    const input = draft.any();
    const axes = input?.shape
      .map((_, axis) => axis)
      .sort((a, b) => ((draft.picks[a] ?? 0) % 7) - ((draft.picks[b] ?? 0) % 7));
    if (input && axes) draft.node("Transpose", [input.name], { perm: axes });
  },
  (draft) => {
    const input = draft.any();
    if (input) draft.node("Unsqueeze", [input.name, draft.ints([draft.below(input.shape.length + 1)])]);
  },
  (draft) => {
    const input = draft.any(({ shape }) => shape.includes(1));
    if (input) draft.node("Squeeze", [input.name, draft.ints([input.shape.indexOf(1)])]);
  },
  (draft) => {
    const input = draft.any(({ shape }) => shape.length > 1 && !shape.includes(0));
    if (!input) return;
    const kept = draft.below(input.shape.length);
    draft.node("Reshape", [
      input.name,
      draft.ints(
        input.shape
          .slice(0, kept)
          .map(() => 0)
          .concat(-1),
      ),
    ]);
  },
  (draft) => {
    const [input, target] = [draft.any(), draft.any(isList)];
    if (input && target) draft.node("Expand", [input.name, target.name]);
  },
  (draft) => {
    const target = draft.any((tensor) => isList(tensor) && (tensor.value ?? []).every((size) => Number(size) >= 0));
    if (target) draft.node("ConstantOfShape", [target.name]);
  },
  (draft) => {
    const input = draft.any(isNumber);
    const second = input && draft.any((other) => other.dataType === input.dataType);
    const op = draft.one(ARITHMETIC);
    if (input && second && op !== undefined) draft.node(op, [input.name, second.name]);
  },
  (draft) => {
    const input = draft.any(isIndex);
    const divisor = draft.one([2, 3, -2]) ?? 1;
    if (input) draft.node(draft.one(["Div", "Mod"]) ?? "Div", [input.name, draft.ints([divisor])]);
  },
  (draft) => {
    const condition = draft.any(({ dataType }) => dataType === "bool");
    const yes = draft.any(isNumber);
    const no = yes && draft.any((other) => other.dataType === yes.dataType);
    if (condition && yes && no) draft.node("Where", [condition.name, yes.name, no.name]);
  },
  (draft) => {
    const input = draft.any((tensor) => isNumber(tensor) && hasAxes(tensor) && !tensor.shape.includes(0));
    const op = draft.one(REDUCTIONS);
    if (input && op !== undefined) {
      draft.node(op, [input.name], { axes: [draft.below(input.shape.length)], keepdims: draft.below(2) });
    }
  },
  (draft) => {
    const input = draft.any((tensor) => isNumber(tensor) && hasAxes(tensor));
    if (!input) return;
    const attributes = { exclusive: draft.below(2), reverse: draft.below(2) };
    draft.node("CumSum", [input.name, draft.ints([draft.below(input.shape.length)], true)], attributes);
  },
  (draft) => {
    const input = draft.any(hasAxes);
    const repeats = input?.shape.map(() => draft.below(3));
    if (input && repeats) draft.node("Tile", [input.name, draft.ints(repeats)]);
  },
  (draft) => {
    const input = draft.any((tensor) => isNumber(tensor) && hasAxes(tensor));
    const pads = input && [...input.shape, ...input.shape].map(() => draft.below(3));
    if (input && pads) draft.node("Pad", [input.name, draft.ints(pads)]);
  },
  (draft) => {
    const input = draft.any((tensor) => isNumber(tensor) && hasAxes(tensor));
    if (!input) return;
    const axis = draft.below(input.shape.length);
    const size = input.shape[axis] ?? 0;
    const first = draft.below(size + 1);
    draft.node("Split", [input.name, draft.ints([first, size - first])], { axis }, 2);
  },
  (draft) => {
    const input = draft.any();
    if (input) draft.node("Cast", [input.name], { to: draft.one([1, 6, 7, 9]) ?? 7 });
  },
  (draft) => {
    const input = draft.any((tensor) => tensor.value !== undefined && hasAxes(tensor));
    if (input) draft.node("NonZero", [input.name]);
  },
  (draft) => {
    const input = draft.any();
    if (input) draft.node("Flatten", [input.name], { axis: draft.below(input.shape.length + 1) });
  },
];

/** The chain that `steps` make from an input of `shape`. */
export function chainOf(shape: readonly number[], steps: readonly Step[]): Chain {
  const input = { name: "x", inferredType: { dataType: "float32", shape } } as const;
  const chain: Chain = { tensors: [input], constants: [], nodes: [] };
  new Draft(chain, [3]).node("Shape", ["x"]);
  for (const { kind, picks } of steps) STEPS[kind % STEPS.length]?.(new Draft(chain, picks));
  return chain;
}
