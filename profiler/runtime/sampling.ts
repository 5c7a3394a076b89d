import { BATCH_NAME } from "../calibration/input-layout.ts";
import { openInputs } from "../bindings.ts";
import { formatOf } from "../formats/formats.ts";
import type { Model } from "../model/model.ts";
import type { Dimension } from "../model/shape.ts";
import { namesIn } from "../model/size-expression.ts";
import { inferGraph, type InferredGraph, type InferredNode } from "../operators/infer.ts";
import type { Port, Sampling } from "../tensors/port.ts";

/** A model never changes: what is found of it stays true. */
const KNOWN = new WeakMap<Model, Sampling | undefined>();

export function withSampling(ports: readonly Port[], sampling: Sampling | undefined): readonly Port[] {
  return sampling === undefined ? ports : ports.map((port) => ({ ...port, sampling }));
}

/**
 * How samples are given to a model whose first dimensions are open; undefined where they may lie side by side along these. They may not
 * where the answers to one depend on the others: a range taken over the whole batch (DynamicQuantizeLinear), statistics of it, a softmax
 * or a sum along it, and where the first dimension is no batch but the steps of a sequence. What one run mixes, a batch of Edgewise's own
 * making would mix otherwise than the user's program does.
 */
export function samplingOf(model: Model): Sampling | undefined {
  if (KNOWN.has(model)) return KNOWN.get(model);
  const found = findSampling(model);
  KNOWN.set(model, found);
  return found;
}

function findSampling(model: Model): Sampling | undefined {
  // Where a batch has to have a size before anything runs, one sample is what it is sized for.
  if (formatOf(model).fixesSizesToRun) return undefined;
  const { graph } = model.entries[0];
  const open = openInputs(model);
  const shapes = open.inferredTypes.flatMap(({ shape }) => (shape === undefined ? [] : [shape]));
  const firsts = shapes.map(([first = 1]) => first);
  const [batch] = firsts;
  if (batch === undefined || firsts.some((size) => typeof size === "number")) return undefined;
  if (shapes.some(isBatchElsewhere)) return "whole";
  const names = new Set(firsts.flatMap((size) => [...namesIn(size)]));
  const isAlong = (size: Dimension | undefined): boolean =>
    size !== undefined && [...namesIn(size)].some((name) => names.has(name));
  const context = { model, operators: formatOf(model).operators, checksDeclared: false, sizeOf: open.sizeOf };
  const nodes = [...nodesIn(inferGraph(context, graph, open.inferredTypes, "entry0"))];
  const isSequence = nodes.some(({ operation }) => operation.kind === "recurrent" && isAlong(operation.geometry.steps));
  if (isSequence) return "whole";
  return nodes.some((node) => mixes(node, isAlong)) ? "alone" : undefined;
}

/** Another dimension is called a batch, and the first one is not. */
function isBatchElsewhere([first, ...others]: readonly Dimension[]): boolean {
  const isBatch = (size: Dimension): boolean => [...namesIn(size)].some((name) => BATCH_NAME.test(name));
  return first !== undefined && !isBatch(first) && others.some(isBatch);
}

function* nodesIn(graph: InferredGraph): Iterable<InferredNode> {
  for (const node of graph.nodes) {
    yield node;
    for (const { graph: body } of node.bodies) yield* nodesIn(body);
  }
}

function mixes({ rule, view }: InferredNode, isAlong: (size: Dimension | undefined) => boolean): boolean {
  const shape = view.shape(0);
  if (rule?.mixesAlong === undefined || shape === undefined) return false;
  return rule.mixesAlong(view).some((axis) => isAlong(shape.at(axis)));
}
