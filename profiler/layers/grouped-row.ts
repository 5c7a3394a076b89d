import type { Layer, LayerTensor } from "./layer.ts";
import type { LayerTensors } from "./layer-tensors.ts";
import type { GroupTensor, OperatorGroup } from "./operator-group.ts";
import type { Node } from "../model/model.ts";

/** Rows of nodes that a runtime runs as one operator, put right: the main one reads and makes what that operator does. */
export class Groups {
  readonly #byNode: ReadonlyMap<Node, OperatorGroup>;
  readonly #absorbed = new Map<Node, OperatorGroup>();

  constructor(groups: readonly OperatorGroup[]) {
    this.#byNode = new Map(groups.map((group) => [group.node, group]));
    for (const group of groups)
      for (const node of group.absorbed) if (!this.#absorbed.has(node)) this.#absorbed.set(node, group);
  }

  /** Whether a node is in one of them. */
  has(node: Node): boolean {
    return this.#byNode.has(node) || this.#absorbed.has(node);
  }

  placed(row: Layer, tensors: LayerTensors): Layer {
    const group = this.#byNode.get(row.node);
    if (group) return mainRow(row, group, tensors);
    const absorbing = this.#absorbed.get(row.node);
    if (!absorbing) return row;
    return { ...row, role: "fused", notes: [...row.notes, `Runs inside ${titleOf(absorbing.node)}.`] };
  }
}

function titleOf({ name, op }: Node): string {
  return name === "" ? `the ${op} it belongs to` : name;
}

function mainRow(row: Layer, group: OperatorGroup, tensors: LayerTensors): Layer {
  const { computesIn, isInPlace } = group;
  return {
    ...row,
    inputs: replaced(row.inputs, group.inputs, tensors),
    outputs: replaced(row.outputs, group.outputs, tensors),
    isView: row.isView || group.isView === true,
    inPlace: isInPlace ? row.inPlace : NOTHING,
    ...(computesIn && { computesIn }),
    notes: [...row.notes, noteOf(group)],
  };
}

const NOTHING: readonly never[] = [];

function noteOf({ absorbed, computesIn }: OperatorGroup): string {
  const ops = [...new Set(absorbed.map(({ op }) => op))].join(" and ");
  const where = computesIn === undefined ? "Moves quantized numbers" : `Computes in ${computesIn}`;
  return ops === "" ? `${where}.` : `${where}, as one operator with the ${ops} around it.`;
}

function replaced(
  own: readonly LayerTensor[],
  others: OperatorGroup["inputs"],
  tensors: LayerTensors,
): readonly LayerTensor[] {
  return own.map((tensor, position) => {
    const other = others.get(position);
    return other === undefined ? tensor : groupTensor(tensor, other, tensors);
  });
}

/** A constant keeps what is known of how it is decoded: the float tensor that is replaced says it. */
function groupTensor(replacedTensor: LayerTensor, { id, dataType }: GroupTensor, tensors: LayerTensors): LayerTensor {
  const { constant, use } = replacedTensor;
  const { value, ...tensor } = tensors.data(id);
  return { ...tensor, dataType, use, ...(constant && { constant }), ...(value && { value }) };
}
