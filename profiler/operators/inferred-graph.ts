import type { Body, Graph, Node } from "../model/model.ts";
import type { Runs } from "../model/runs.ts";
import type { InferredType } from "./inferred-type.ts";
import type { NodeView } from "./node-view.ts";
import type { Operation } from "./operation.ts";
import type { OperatorRule } from "./operator-rule.ts";

/** What inference found of one run of a graph. A body that runs at two places is inferred at each. */
export interface InferredGraph {
  readonly graph: Graph;
  /** By tensor id. */
  readonly inferredTypes: readonly InferredType[];
  /** Identity of each tensor over the whole run, by tensor id. */
  readonly keys: readonly string[];
  /** In file order. */
  readonly nodes: readonly InferredNode[];
  /** Where only what an edit touched was looked at. */
  readonly edit?: InferredEdit;
}

/** How a graph that was inferred after an edit is made of what was found before it. */
export interface InferredEdit {
  readonly before: InferredGraph;
  /** Of `InferredGraph.nodes`, by their positions before. */
  readonly runs: Runs<InferredNode>;
}

export interface InferredNode {
  readonly node: Node;
  /** undefined for an operator that the table does not know. */
  readonly rule: OperatorRule | undefined;
  readonly view: NodeView;
  readonly operation: Operation;
  readonly bodies: readonly InferredBody[];
  /** Disagreements and failures, for the list of warnings. */
  readonly problems: readonly Problem[];
}

export interface InferredBody {
  readonly body: Body;
  readonly graph: InferredGraph;
  /** Runs for each run of the node; undefined when only the run can tell. */
  readonly trips: number | undefined;
}

export interface Problem {
  readonly code: "unknown-operator" | "shape-disagrees" | "shape-error" | "internal-error";
  readonly message: string;
  /** The message says what an unknown operator is, and not only that there is no rule. */
  readonly isExplained?: true;
}
