import type { InferredNode } from "../operators/infer.ts";
import type { FormatAdapter, Lifted, LiftScope } from "./adapter.ts";
import { NotLiftable } from "./native-layer.ts";

/**
 * Lifting by a format's table of native operators; `opaque` with the reason where it does not say what a node is.
 * @param lifts by operator; they throw NotLiftable with the reason why a node is none
 * @param layerOf what the table's functions see of a node
 */
export function liftByTable<Layer>(
  lifts: Readonly<Record<string, (layer: Layer) => Lifted>>,
  layerOf: (inferred: InferredNode, scope: LiftScope) => Layer,
): FormatAdapter["lift"] {
  return (inferred, scope) => {
    const { node, problems } = inferred;
    const inputs = node.inputs.filter((id) => id >= 0);
    const opaque = (why: string): Lifted => ({ form: { kind: "opaque", why, would: inferred.operation.kind }, inputs });
    if (node.bodies.length > 0) return opaque(`${node.op} runs graphs of its own`);
    const lift = node.domain === "" && Object.hasOwn(lifts, node.op) ? lifts[node.op] : undefined;
    if (lift === undefined) return opaque(`${node.op} is not one of the layers that are restructured`);
    if (problems.some(({ code }) => code === "shape-error")) return opaque("its shapes do not fit together");
    try {
      return lift(layerOf(inferred, scope));
    } catch (error) {
      if (error instanceof NotLiftable) return opaque(error.message);
      throw error;
    }
  };
}
