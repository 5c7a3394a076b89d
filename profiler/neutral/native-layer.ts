import { isFloat } from "../model/data-type.ts";
import type { TensorId } from "../model/model.ts";
import type { Dimension, Shape } from "../model/shape.ts";
import type { InferredNode } from "../operators/infer.ts";
import type { LayerKind, Operation } from "../operators/operation.ts";
import type { NodeView } from "../operators/node-view.ts";
import type { InferredType } from "../operators/inferred-type.ts";
import { UNKNOWN_SIZE } from "../shapes/dimension.ts";
import type { Lifted, LiftScope } from "./adapter.ts";
import type { Form } from "./forms.ts";
import type { Weights } from "./weights.ts";

/** A table of words has a million rows. What the file makes of one number can have more than memory holds. */
const MOST_ALONG_AXIS = 2 ** 24;

/** Thrown while a node is lifted, and caught there: why the vocabulary cannot say it. */
export class NotLiftable extends Error {}

/** A native node as lifting looks at it. */
export class NativeLayer {
  readonly view: NodeView;

  constructor(
    protected readonly inferred: InferredNode,
    protected readonly scope: LiftScope,
  ) {
    this.view = inferred.view;
  }

  /** What the operator's rule describes. @throws {NotLiftable} where it could not */
  operation<Kind extends LayerKind>(kind: Kind): Extract<Operation, { readonly kind: Kind }> {
    const { operation } = this.inferred;
    if (isOfKind(operation, kind)) return operation;
    throw new NotLiftable("the rank of its input is unknown");
  }

  /** See `LiftScope.decodes`. */
  get decodesWeights(): boolean {
    return this.scope.decodes;
  }

  id(position: number): TensorId {
    return this.inferred.node.inputs[position] ?? -1;
  }

  isConstant(position: number): boolean {
    return this.view.has(position) && this.view.input(position).constant !== undefined;
  }

  /** What is known of an output. */
  output(position = 0): InferredType {
    return this.scope.inferredType(this.inferred.node.outputs[position] ?? -1);
  }

  isOutputUsed(position: number): boolean {
    return this.scope.isUsed(this.inferred.node.outputs[position] ?? -1);
  }

  /** Real numbers of an input that is given. @throws {NotLiftable} when it is no constant of floats */
  weights(position: number): Weights {
    const { constant, dataType } = this.view.input(position);
    const weights = this.scope.constant(this.id(position));
    // Integers that come as floats are real numbers, and are to be stored as integers again.
    if (weights?.shape.some((size) => size > MOST_ALONG_AXIS) === true)
      throw new NotLiftable(`its weights have more than ${MOST_ALONG_AXIS} elements along one axis (MOST_ALONG_AXIS)`);
    if (weights && (isFloat(weights.dataType) || (dataType !== undefined && isFloat(dataType)))) return weights;
    if (dataType !== undefined && !isFloat(dataType)) throw new NotLiftable("it does not compute with floats");
    if (constant !== undefined && !isFloat(constant.dataType))
      throw new NotLiftable(`its weights are stored in ${constant.dataType}, in a way that is not written again`);
    if (constant !== undefined)
      throw new NotLiftable(
        "operators make its weights from others of the file in ways that are not followed: fold the model's constants first",
      );
    throw new NotLiftable("its weights are computed while the model runs");
  }

  /** Numbers of an input, of whatever type; undefined for one that is no constant. */
  constant(position: number): Weights | undefined {
    return this.scope.constant(this.id(position));
  }

  optionalWeights(position: number): Weights | undefined {
    return this.view.has(position) ? this.weights(position) : undefined;
  }

  /** Numbers that an attribute holds in old versions and an input in newer ones. @throws {NotLiftable} when only the run can tell */
  settings(attribute: string, position: number): readonly number[] | undefined {
    if (!this.view.has(position)) return this.view.ints(attribute);
    const numbers = this.view.numbers(position);
    if (numbers === undefined) throw new NotLiftable(`its ${attribute} are computed while the model runs`);
    return numbers;
  }

  /** @throws {NotLiftable} without a known rank */
  shape(position = 0): Shape {
    const shape = this.view.shape(position);
    if (shape === undefined) throw new NotLiftable("the rank of its input is unknown");
    return shape;
  }

  /** Not negative. */
  axis(axis: number, rank: number = this.shape().length): number {
    return axis < 0 ? axis + rank : axis;
  }

  /** The layer with the form, reading the inputs at these positions. */
  lifted(form: Form, positions: readonly number[] = [0]): Lifted {
    return { form, inputs: positions.map((position) => this.id(position)) };
  }
}

function isOfKind<Kind extends LayerKind>(
  operation: Operation,
  kind: Kind,
): operation is Extract<Operation, { readonly kind: Kind }> {
  return operation.kind === kind;
}

/** A size that must be a number. @throws {NotLiftable} */
export function fixed(size: Dimension | undefined, what: string): number {
  if (typeof size === "number") return size;
  throw new NotLiftable(`${what} is only known while the model runs`);
}

/** Sizes to reshape to; those that only the run can tell by reference to the input, undefined where that does not do. */
export function reshapeTarget(input: Shape, output: Shape | undefined): readonly number[] | undefined {
  if (output === undefined || input.includes(0)) return undefined;
  const target = output.map((size, axis) => {
    if (typeof size === "number") return size;
    return size !== UNKNOWN_SIZE && size === input[axis] ? 0 : -1;
  });
  return target.filter((size) => size === -1).length > 1 ? undefined : target;
}
