import { ABSENT, type Graph, type Node, type TensorId } from "../../../model/model.ts";
import { inferGraph } from "../../../operators/infer.ts";
import { UNKNOWN, type InferredType } from "../../../operators/inferred-type.ts";
import type { OperatorTable } from "../../../operators/operator-rule.ts";
import type { GraphBuilder } from "../../../neutral/graph-builder.ts";

/** Types and shapes of a draft's tensors, new ones among them: padding and targets of reshapes depend on sizes. */
export class DraftTypes {
  static readonly #known = new WeakMap<GraphBuilder, DraftTypes>();
  readonly #inferredTypes = new Map<TensorId, InferredType>();
  /** Nodes of the draft that were looked at. */
  #seen = 0;

  private constructor(
    private readonly draft: GraphBuilder,
    private readonly operators: OperatorTable,
  ) {}

  /** Those of a draft: one object however many layers are lowered to it. */
  static of(draft: GraphBuilder, operators: OperatorTable): DraftTypes {
    const inferredTypes = DraftTypes.#known.get(draft) ?? new DraftTypes(draft, operators);
    DraftTypes.#known.set(draft, inferredTypes);
    return inferredTypes;
  }

  inferredType(id: TensorId): InferredType {
    this.#catchUp();
    const known = this.#inferredTypes.get(id);
    if (known !== undefined || id === ABSENT) return known ?? UNKNOWN;
    const { constant } = this.draft.tensors[id] ?? {};
    if (constant) return { dataType: constant.dataType, shape: constant.shape };
    const { dataType, shape } = this.draft.lifted[id] ?? {};
    return { dataType, shape };
  }

  /** Layers that stay as they are make other sizes of inputs that changed. */
  #catchUp(): void {
    while (this.#seen < this.draft.nodes.length) {
      const node = this.draft.nodes[this.#seen];
      this.#seen += 1;
      const isStale =
        node?.inputs.some((id) => this.#inferredTypes.has(id)) &&
        !node.outputs.some((id) => this.#inferredTypes.has(id));
      if (node && isStale) this.infer(node);
    }
  }

  /** What a new node makes of its inputs. */
  infer(node: Node): void {
    const inputs = node.inputs.filter((id) => id !== ABSENT && this.draft.tensors[id]?.constant === undefined);
    // Files declare types of what is there already, and a changed layer may make another shape of it.
    const graph: Graph = { name: "", tensors: this.draft.tensors, nodes: [node], inputs, outputs: node.outputs };
    const context = { model: this.draft.model, operators: this.operators, checksDeclared: false };
    const inferred = inferGraph(
      context,
      graph,
      inputs.map((id) => this.inferredType(id)),
    );
    for (const id of node.outputs)
      if (id !== ABSENT) this.#inferredTypes.set(id, inferred.inferredTypes[id] ?? UNKNOWN);
  }
}
