import { ABSENT, isConstant, type Body, type Graph, type TensorId } from "../../../model/model.ts";
import type { Dimension } from "../../../model/shape.ts";
import { isSameType, mergeTypes } from "../../../operators/merge-types.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import { UNKNOWN, type InferredType } from "../../../operators/inferred-type.ts";
import { inferredType, runtimeSize } from "./inferred-types.ts";

/** Inputs of the node before the carried tensors: trip count and condition. The body takes iteration and condition there. */
const BEFORE_CARRIED = 2;
/** Outputs of the body before the carried tensors: the condition. */
const CONDITION_OUTPUT = 1;

/**
 * A body run up to M times while a condition holds. Tensors are carried from one run to the next; what the body hands out beside them
 * is stacked, one slice a run.
 */
export const LOOP: OperatorRule = {
  infer: () => [],
  kind: "control",
  configuration: [0, 1],
  control: {
    bodyInputs: (view) => [
      inferredType("int64", []),
      inferredType("bool", []),
      ...view.inputs.slice(BEFORE_CARRIED).map((carried) => asCarried(carried ?? UNKNOWN)),
    ],
    widened: (view, body, inputs, outputs) => {
      const trips = tripsOf(view, body);
      return trips === 0 || trips === 1 ? undefined : widenCarried(inputs, outputs, view);
    },
    outputs: (view, [outputs = []]) => {
      const [body] = view.node.bodies;
      const trips = body && tripsOf(view, body);
      const carried = Math.max(0, view.inputs.length - BEFORE_CARRIED);
      return outputs.slice(CONDITION_OUTPUT).map((output, position) => {
        if (position >= carried) return stacked(view, output, trips, position);
        const initial = view.input(position + BEFORE_CARRIED);
        if (trips === 0) return asCarried(initial);
        return trips === undefined ? mergeTypes(asCarried(initial), output, sizeOf(view, position)) : output;
      });
    },
    trips: tripsOf,
  },
};

/** Numbers change from run to run, so of a carried tensor only type and shape go in; and that a sequence has nothing in it yet. */
function asCarried({ dataType, shape, container, items }: InferredType): InferredType {
  if (container === undefined) return { dataType, shape };
  return { dataType, shape, container, ...(items?.count === 0 && { items }) };
}

function widenCarried(
  inputs: readonly InferredType[],
  outputs: readonly InferredType[],
  view: NodeView,
): readonly InferredType[] | undefined {
  const next = inputs.map((input, position) => {
    const handedOn = position < BEFORE_CARRIED ? undefined : outputs[position - BEFORE_CARRIED + CONDITION_OUTPUT];
    if (handedOn === undefined) return input;
    const merged = asCarried(mergeTypes(input, handedOn, sizeOf(view, position - BEFORE_CARRIED)));
    const staysEmpty = input.items === undefined || handedOn.items?.count === 0;
    return staysEmpty && isSameType(merged, input) ? input : merged;
  });
  return next.some((input, position) => input !== inputs[position]) ? next : undefined;
}

const sizeOf =
  (view: NodeView, output: number) =>
  (axis: number): Dimension =>
    runtimeSize(view, `loop${axis}`, output);

function stacked(view: NodeView, slice: InferredType, trips: number | undefined, output: number): InferredType {
  return inferredType(slice.dataType, slice.shape && [trips ?? runtimeSize(view, "trips", output), ...slice.shape]);
}

/** Known when the trip count is a constant and the condition can never end the loop early. */
function tripsOf(view: NodeView, body: Body): number | undefined {
  if (view.has(1) && view.number(1) === 0) return 0;
  const limit = view.number(0);
  if (limit === undefined || !Number.isSafeInteger(limit)) return undefined;
  if (limit <= 0) return 0;
  const startsTrue = !view.has(1) || view.number(1) !== undefined;
  const staysTrue = isAlwaysTrue(body.graph, body.graph.outputs[0] ?? ABSENT);
  return startsTrue && staysTrue ? limit : undefined;
}

/** Whether a tensor of the body is the constant true, or the condition that came in, as far as re-typing and renaming go. */
function isAlwaysTrue(graph: Graph, id: TensorId): boolean {
  const seen = new Set<TensorId>();
  for (let current = id; !seen.has(current);) {
    seen.add(current);
    if (current === graph.inputs[1]) return true;
    const constant = graph.tensors[current]?.constant;
    if (constant) return isTrue(constant.values?.[0]);
    const producer = graph.nodes.find(({ outputs }) => outputs.includes(current));
    const value = producer?.attributes.get("value");
    if (producer?.op === "Constant" && value !== undefined && isConstant(value)) return isTrue(value.values?.[0]);
    if (producer?.op !== "Identity" && producer?.op !== "Cast") return false;
    current = producer.inputs[0] ?? ABSENT;
  }
  return false;
}

function isTrue(element: number | undefined): boolean {
  return element !== undefined && element !== 0;
}
