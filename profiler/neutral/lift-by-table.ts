import { ownEntry } from "../own-entry.ts";
import type { InferredNode } from "../operators/infer.ts";
import type { FormatAdapter, Lifted, LiftScope } from "./adapter.ts";
import { NotLiftable } from "./native-layer.ts";
import type { Operator, Operators } from "./operator.ts";

const DEFAULT_DOMAIN: ReadonlySet<string> = new Set([""]);

/**
 * Lifting by a format's operators of the default domain; `opaque` with the reason where they do not say what a node is.
 * @param domains that the operators may be of
 * @param layerOf what the operators' `lift` sees of a node
 */
export function liftByTable<Layer>(
  operators: Readonly<Record<string, Pick<Operator<Layer>, "lift" | "form">>>,
  layerOf: (inferred: InferredNode, scope: LiftScope) => Layer,
  domains: ReadonlySet<string> = DEFAULT_DOMAIN,
): FormatAdapter["lift"] {
  return (inferred, scope) => {
    const { node, problems } = inferred;
    const inputs = node.inputs.filter((id) => id >= 0);
    const { lift, form } =
      (domains.has(node.domain) && Object.hasOwn(operators, node.op) ? ownEntry(operators, node.op) : undefined) ?? {};
    const opaque = (why: string): Lifted => {
      const would = { would: inferred.operation.kind, ...(form && { form }) };
      return { form: { kind: "opaque", why, ...would }, inputs };
    };
    if (node.bodies.length > 0) return opaque(`${node.op} runs graphs of its own`);
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

/** Folding by a format's operators of the default domain. */
export function foldByTable<Layer>(operators: Operators<Layer>): NonNullable<FormatAdapter["fold"]> {
  return (inferred, scope, type) => {
    const { node } = inferred;
    if (node.domain !== "" || !Object.hasOwn(operators, node.op)) return undefined;
    return ownEntry(operators, node.op)?.fold?.(inferred, type, (position = 0) =>
      scope.constant(node.inputs[position]),
    );
  };
}
