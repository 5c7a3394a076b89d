import { isFloat } from "../../model/data-type.ts";
import type { NeutralGraph, NeutralLayer } from "../../neutral/neutral-graph.ts";

/**
 * Why a layer cannot become several, one behind the other; undefined where it can. What is new between them would need a range when the
 * layer computes in integers, and only the float model can tell one that is right.
 */
export function whyNoInnerRange(graph: NeutralGraph, { inputs: [input = -1] }: NeutralLayer): string | undefined {
  const { dataType: ownType, standsFor } = graph.tensors[input] ?? {};
  const dataType = standsFor ?? ownType;
  if (dataType === undefined || isFloat(dataType)) return undefined;
  return `it computes in ${dataType}, and nothing tells the range of what would be new inside: edit the float model, then quantize it`;
}
