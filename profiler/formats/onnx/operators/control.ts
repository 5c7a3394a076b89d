import type { Dimension } from "../../../model/shape.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import { mergeBranches } from "../../../operators/merge-types.ts";
import { UNKNOWN, type InferredType } from "../../../operators/inferred-type.ts";
import { runtimeSize } from "./inferred-types.ts";
import { LOOP } from "./loop.ts";
import { SCAN } from "./scan.ts";

/** One of two bodies runs. What they hand out alike is known; the rest is open until the run, unless the condition is a constant. */
const IF: OperatorRule = {
  infer: () => [],
  kind: "control",
  configuration: [0],
  control: {
    isChoice: true,
    bodyInputs: () => [],
    trips: (view, { role }) => (role === (chosenBranch(view) ?? role) ? 1 : 0),
    outputs: (view, bodyOutputs) => {
      const roles = view.node.bodies.map(({ role }) => role);
      const branch = (role: "then" | "else"): readonly InferredType[] => bodyOutputs[roles.indexOf(role)] ?? [];
      const chosen = chosenBranch(view);
      if (chosen !== undefined) {
        view.note(`The condition is a constant: the ${chosen} branch always runs.`);
        return branch(chosen);
      }
      return branch("then").map((inferredType, output) =>
        mergeBranches(inferredType, branch("else")[output] ?? UNKNOWN, branchSize(view, output)),
      );
    },
  },
};

/** The branch that a constant condition always takes. */
function chosenBranch(view: NodeView): "then" | "else" | undefined {
  const condition = view.number(0);
  if (condition === undefined) return undefined;
  return condition === 0 ? "else" : "then";
}

const branchSize =
  (view: NodeView, output: number) =>
  (axis: number): Dimension =>
    runtimeSize(view, `if${axis}`, output);

/** The body turns one element of the sequence into one element of each output sequence. */
const SEQUENCE_MAP: OperatorRule = {
  infer: () => [],
  kind: "control",
  control: {
    bodyInputs: (view) =>
      view.inputs.map((inferredType) =>
        inferredType === undefined ? UNKNOWN : { dataType: inferredType.dataType, shape: inferredType.shape },
      ),
    outputs: (view, [outputs = []]) => {
      const items = view.input(0).items;
      return outputs.map(({ dataType, shape }) => ({
        dataType,
        shape,
        container: "sequence" as const,
        ...(items && { items: { count: items.count, totals: undefined } }),
      }));
    },
    trips: (view) => {
      const count = view.input(0).items?.count;
      return typeof count === "number" ? count : undefined;
    },
  },
};

/** Operators that run graphs of their own. */
export const CONTROL: Readonly<Record<string, OperatorRule>> = {
  If: IF,
  Loop: LOOP,
  Scan: SCAN,
  SequenceMap: SEQUENCE_MAP,
};
