import type { DataType } from "../model/data-type.ts";
import type { Body } from "../model/model.ts";
import type { WeightEncoding } from "../model/weight-encoding.ts";
import type { Operation, PlainKind } from "./operation.ts";
import type { NodeView } from "./node-view.ts";
import type { InferredType } from "./inferred-type.ts";

/**
 * One row of a format's operator table: everything that inference and costing need to know of one native operator. An operator whose cost
 * follows from its kind and its tensors alone says the kind and infers its outputs; every other one describes both at once.
 */
export type OperatorRule = PlainRule | DescribedRule;

export interface PlainRule extends OperatorTraits {
  readonly kind: PlainKind;
  /** Types, shapes and small values of the outputs, from those of the inputs. Extra outputs may be left out: they are unknown. */
  readonly infer: (view: NodeView) => readonly InferredType[];
  readonly describe?: undefined;
}

interface DescribedRule extends OperatorTraits {
  /** Asked once a node. @throws ShapeError when the inputs contradict each other */
  readonly describe: (view: NodeView) => Description;
  readonly kind?: undefined;
  readonly infer?: undefined;
}

/** What a node makes, and what it computes to make it. */
export interface Description {
  /** See `PlainRule.infer`. */
  readonly outputs: readonly InferredType[];
  readonly operation: Operation;
}

/** What a rule says of a node. @throws ShapeError when its inputs contradict each other */
export function describeNode(rule: OperatorRule, view: NodeView): Description {
  return rule.describe ? rule.describe(view) : { outputs: rule.infer(view), operation: { kind: rule.kind } };
}

interface OperatorTraits {
  /** What it is, where its cost cannot be told whatever its tensors are: said with the rows that are missing from the totals. */
  readonly unknownBecause?: string;
  /**
   * Inputs that say how to compute rather than what: shapes, axes, pads, bounds, scales and zero points. Constants there are no
   * parameters, and what computes them is shape arithmetic.
   */
  readonly configuration?: readonly number[] | ((view: NodeView) => readonly number[]);
  /** The output is the first input's bytes under another shape or name: it needs no memory of its own. */
  readonly isView?: true;
  /** The output may overwrite this input when nobody else needs it. */
  readonly inPlace?: readonly number[];
  /** The output holds the same numbers as this input, re-typed or re-ordered: a constant keeps its identity through it. */
  readonly carries?: number;
  /**
   * How the result of constants alone is stored, where it is a weight that the operator decodes: a quantized one that it widens, indices
   * that it looks up, elements that it puts into their places. undefined where it makes numbers of its own.
   */
  readonly decodes?: (view: NodeView, output: InferredType) => Decoding | undefined;
  /** Type that it computes in, where the types of its weights, as they reach it, do not tell. */
  readonly computesIn?: (view: NodeView) => DataType | undefined;
  /**
   * What a constant input is, where its own shape and type do not say it: weights packed into bytes, two to a byte, are twice as many
   * elements of a 4-bit type. undefined for an input that is what it says. Stored bytes stay those of the file.
   */
  readonly weightElements?: (view: NodeView, input: number) => LogicalWeight | undefined;
  /** It picks rows of the table in one input by the numbers in another. */
  readonly looksUp?: { readonly table: number; readonly rows: number };
  /** It tells whether its two operands are equal, or which is larger. */
  readonly compares?: "equal" | "order";
  /**
   * Axes of the first input along which an element's result depends on others though the shapes do not tell: a range that is taken over
   * the whole tensor, steps of a recurrent layer, a sum or a softmax. What lies along them cannot be other samples'.
   */
  readonly mixesAlong?: (view: NodeView) => readonly number[];
  /** Different at each run (random numbers): never folded, even when all inputs are constant. */
  readonly isNondeterministic?: true;
  /** An input that says whether it draws random numbers, as in training; it does not where that is left out. */
  readonly drawsWhen?: number;
  /** It changes what later runs find: a variable. */
  readonly writesState?: true;
  /** For operators with bodies. */
  readonly control?: ControlRule;
}

export interface LogicalWeight {
  readonly elements: number;
  readonly dataType: DataType;
  readonly encoding?: WeightEncoding;
}

/** A constant that is stored otherwise than it is computed with. */
export interface Decoding {
  readonly encoding: WeightEncoding;
  /** Positions of the inputs that hold what is stored, the main one first. Scales and zero points are left out. */
  readonly parts: readonly number[];
  /** Type of the stored elements; default: that of the main part. */
  readonly dataType?: DataType;
}

/** How an operator with bodies hands tensors in and out. Rules of If, Loop, Scan, calls, WHILE. */
export interface ControlRule {
  /** Facts of the body's inputs, in the body's order. Missing ones are unknown. */
  readonly bodyInputs: (view: NodeView, body: Body) => readonly InferredType[];
  /**
   * What the body's inputs are over all its runs, when the outputs of one run, which the next one starts from, differ from them: sizes
   * that change become symbolic. The body is inferred again with these; undefined when nothing changes.
   */
  readonly widened?: (
    view: NodeView,
    body: Body,
    inputs: readonly InferredType[],
    outputs: readonly InferredType[],
  ) => readonly InferredType[] | undefined;
  /** Facts of the node's outputs from those of the outputs of each body; without it they are those of the rule. */
  readonly outputs?: (view: NodeView, bodyOutputs: readonly (readonly InferredType[])[]) => readonly InferredType[];
  /** How often the body runs; undefined when only the run can tell (then it is counted once and marked). Default 1. */
  readonly trips?: (view: NodeView, body: Body) => number | undefined;
  /** Only one of the bodies runs: the most expensive is counted, the others are shown. */
  readonly isChoice?: true;
}

/** Operator tables by domain, then name. */
export type OperatorTable = ReadonlyMap<string, Readonly<Record<string, OperatorRule>>>;
