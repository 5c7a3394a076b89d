import { ABSENT, type Graph, type Node, type Tensor, type TensorId } from "../../../model/model.ts";
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
    const { graph, ids } = this.#alone(node);
    // Files declare types of what is there already, and a changed layer may make another shape of it.
    const context = { model: this.draft.model, operators: this.operators, checksDeclared: false };
    const inputs = graph.inputs.map((place) => this.inferredType(ids[place] ?? ABSENT));
    const { inferredTypes } = inferGraph(context, graph, inputs);
    for (const place of graph.outputs) this.#inferredTypes.set(ids[place] ?? ABSENT, inferredTypes[place] ?? UNKNOWN);
  }

  /**
   * A graph of a node and its own tensors: that of the whole draft would be looked through anew for each new node. Subgraphs of TFLite
   * see no tensors from around them.
   * @returns with the draft's id of each of its tensors
   */
  #alone(node: Node): { readonly graph: Graph; readonly ids: readonly TensorId[] } {
    const ids = [...new Set([...node.inputs, ...node.outputs])].filter((id) => id !== ABSENT);
    const places = new Map(ids.map((id, place) => [id, place]));
    const placesOf = (list: readonly TensorId[]): TensorId[] => list.map((id) => places.get(id) ?? ABSENT);
    const tensors = ids.map((id, place): Tensor => ({ name: "", ...this.draft.tensors[id], id: place }));
    const isGiven = (place: TensorId): boolean => place !== ABSENT && tensors[place]?.constant === undefined;
    const [inputs, outputs] = [placesOf(node.inputs), placesOf(node.outputs)];
    const nodes = [{ ...node, inputs, outputs }];
    const made = outputs.filter((place) => place !== ABSENT);
    return { graph: { name: "", tensors, nodes, inputs: inputs.filter(isGiven), outputs: made }, ids };
  }
}
