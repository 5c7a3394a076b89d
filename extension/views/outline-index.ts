import { isFolded, layersIn, type LayerNode, type TreeNode } from "../../profiler/presentation.ts";

/** Neighbours that lead nobody through the network, behind one node. */
export interface FoldNode {
  readonly kind: "fold";
  readonly id: string;
  readonly children: readonly TreeNode[];
}

export type OutlineNode = TreeNode | FoldNode;

/** A node that says what it hides must hide more than itself. */
const SHORTEST_RUN = 2;

/** The tree as it is shown, with the ways up and down. */
export class OutlineIndex {
  readonly children = new Map<OutlineNode, readonly OutlineNode[]>();
  readonly parents = new Map<OutlineNode, OutlineNode>();
  readonly layers = new Map<number, LayerNode>();

  /** @returns the nodes with what is folded behind one of them */
  add(nodes: readonly TreeNode[], parent: OutlineNode | undefined): readonly OutlineNode[] {
    const shown = withFolds(nodes);
    for (const node of shown) {
      if (parent) this.parents.set(node, parent);
      if (node.kind === "layer") this.layers.set(node.layer.index, node);
      else if (node.kind === "module") this.children.set(node, this.add(node.children, node));
      else this.children.set(node, this.#inside(node.children, node));
    }
    return shown;
  }

  /** What is folded as a whole is not folded once more inside. */
  #inside(nodes: readonly TreeNode[], parent: OutlineNode): readonly OutlineNode[] {
    for (const node of nodes) {
      this.parents.set(node, parent);
      if (node.kind === "layer") this.layers.set(node.layer.index, node);
      else this.children.set(node, this.#inside(node.children, node));
    }
    return nodes;
  }
}

/** Runs of neighbours that are sizes and constants, or computed from these alone, behind one node each. */
function withFolds(nodes: readonly TreeNode[]): readonly OutlineNode[] {
  const shown: OutlineNode[] = [];
  let run: TreeNode[] = [];
  const end = (): void => {
    const [first] = layersIn(run);
    if (first && layersIn(run).length >= SHORTEST_RUN)
      shown.push({ kind: "fold", id: `fold#${first.index}`, children: run });
    else shown.push(...run);
    run = [];
  };
  for (const node of nodes) {
    if (layersIn([node]).every(isFolded)) run.push(node);
    else {
      end();
      shown.push(node);
    }
  }
  end();
  return shown;
}
