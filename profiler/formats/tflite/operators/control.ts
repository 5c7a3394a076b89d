import type { Body } from "../../../model/model.ts";
import type { Dimension } from "../../../model/shape.ts";
import { runtimeSize } from "../../../operators/inferred-types.ts";
import { isSameType, mergeBranches, mergeTypes } from "../../../operators/merge-types.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import { UNKNOWN, type InferredType } from "../../../operators/inferred-type.ts";
import type { Rules } from "./common.ts";

const sizeOf =
  (view: NodeView, label: string, output: number) =>
  (axis: number): Dimension =>
    runtimeSize(view, `${label}${axis}`, output);

/** One of the bodies runs, on all inputs but the condition. What they hand out alike is known; the rest is open until the run. */
const CHOICE: OperatorRule = {
  infer: () => [],
  kind: "control",
  configuration: [0],
  control: {
    isChoice: true,
    bodyInputs: (view) => view.inputs.slice(1).map((inferredType) => inferredType ?? UNKNOWN),
    trips: (view, body) => {
      const chosen = chosenBranch(view);
      return chosen === undefined || view.node.bodies[chosen] === body ? 1 : 0;
    },
    outputs: (view, [first = [], ...others]) => {
      const chosen = chosenBranch(view);
      if (chosen !== undefined) {
        view.note(`The condition is a constant: the ${chosen === 0 ? "then" : "else"} branch always runs.`);
        return [first, ...others][chosen] ?? [];
      }
      return first.map((inferredType, output) =>
        others.reduce(
          (merged, branch) => mergeBranches(merged, branch[output] ?? UNKNOWN, sizeOf(view, "if", output)),
          inferredType,
        ),
      );
    },
  },
};

/** Position of the branch that a constant condition always takes. */
function chosenBranch(view: NodeView): number | undefined {
  const condition = view.number(0);
  return condition === undefined || view.op !== "IF" ? undefined : Number(condition === 0);
}

/** The body runs on its own outputs for as long as the condition says so: how often, only the run can tell. */
const LOOP: OperatorRule = {
  infer: () => [],
  kind: "control",
  control: {
    bodyInputs: (view) => view.inputs.map((inferredType) => asCarried(inferredType ?? UNKNOWN)),
    widened: (view, body, inputs, outputs) => (body.role === "loop" ? widened(view, inputs, outputs) : undefined),
    outputs: (view, bodyOutputs) => {
      view.note("How often the loop runs is known only when the model runs: it is counted once.");
      const body = view.node.bodies.findIndex(({ role }) => role === "loop");
      return (bodyOutputs[body] ?? []).map((inferredType, output) =>
        mergeTypes(asCarried(view.input(output)), inferredType, sizeOf(view, "while", output)),
      );
    },
    trips: () => undefined,
  },
};

/** Numbers change from run to run, so of a carried tensor only type and shape go in. */
function asCarried({ dataType, shape }: InferredType): InferredType {
  return { dataType, shape };
}

function widened(
  view: NodeView,
  inputs: readonly InferredType[],
  outputs: readonly InferredType[],
): readonly InferredType[] | undefined {
  const next = inputs.map((input, position) =>
    asCarried(mergeTypes(input, outputs[position] ?? input, sizeOf(view, "while", position))),
  );
  return next.every((inferredType, position) => isSameType(inferredType, inputs[position] ?? UNKNOWN))
    ? undefined
    : next;
}

/** Runs before the first inference and never again. */
const CALL_ONCE: OperatorRule = {
  infer: () => [],
  kind: "control",
  control: {
    bodyInputs: () => [],
    outputs: (view) => {
      view.note("Runs once, when the model is loaded: not counted in an inference.");
      return [];
    },
    trips: () => 0,
  },
};

/**
 * For operators whose bodies say how two elements become one: the operator's own row has that work, so the body is shown and not
 * counted. It works on scalars of the operands' types.
 */
export function withRegion(rule: OperatorRule): OperatorRule {
  return {
    ...rule,
    control: {
      bodyInputs: (view, body: Body) =>
        body.graph.inputs.map((_, index) => ({
          dataType: view.dataType(index % Math.max(1, view.inputs.length)),
          shape: [],
        })),
      trips: () => 0,
    },
  };
}

/** Operators that run subgraphs. CALL and STABLEHLO_COMPOSITE are calls, which inference knows of itself. */
export const CONTROL: Rules = { IF: CHOICE, STABLEHLO_CASE: CHOICE, WHILE: LOOP, STABLEHLO_WHILE: LOOP, CALL_ONCE };
