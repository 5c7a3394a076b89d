import { isFloat } from "../../model/data-type.ts";
import type { TensorId } from "../../model/model.ts";
import type { Shape } from "../../model/shape.ts";
import { UNKNOWN_SIZE } from "../../shapes/dimension.ts";
import type { ConstantForm, Form } from "../../neutral/forms.ts";
import type { Weights } from "../../neutral/weights.ts";
import type { NeutralGraph, NeutralLayer } from "../../neutral/neutral-graph.ts";
import { matched, type Finding, defineRestructuring } from "../restructuring.ts";
import type { Rewrite } from "../../neutral/rewrite.ts";

const ID = "remove-no-ops";

/**
 * Takes out layers that hand their input on as it is (Identity, Dropout in inference, Reshape, Transpose, Pad, Cast, Concat, Split and
 * pools that change nothing), and puts numbers in place of layers that make a constant of a constant (a weight reshaped or transposed
 * when the model loads). Without a target all of them at once.
 *
 * Copy propagation and constant folding: Aho, Lam, Sethi and Ullman, "Compilers", 2006, section 9.1; on network graphs Jia et al.,
 * "TASO", SOSP 2019.
 */
export const REMOVE_NO_OPS = defineRestructuring({
  id: ID,
  title: "Remove layers without effect",
  summary: "Removes layers that pass their input on unchanged, and stores what layers compute from constants alone.",
  guarantee: "exact",
  literature: ["Aho, Lam, Sethi and Ullman, Compilers, 2006, section 9.1", "Jia et al., TASO, SOSP 2019"],
  answers: { "no-effect": 1, "data-movement": 1 },
  options: [],
  find,
  predict: (graph, target) => rewritten(graph, target),
  rewrite: (graph, target) => Promise.resolve(rewritten(graph, target)),
});

/** What becomes of a layer. */
type Removal =
  | { readonly from: TensorId; readonly to: TensorId }
  | { readonly from: TensorId; readonly weights: Weights };

function find(graph: NeutralGraph): readonly Finding[] {
  const found = graph.layers.flatMap((layer): readonly Finding[] => {
    const removal = removalOf(graph, layer);
    if (removal === undefined) return [];
    if (typeof removal === "string") return [{ target: layer.name, reason: removal }];
    const why = "to" in removal ? `${layer.op} that changes nothing` : `${layer.op} of a constant: a constant itself`;
    return [{ target: layer.name, layers: [layer.id], why }];
  });
  const layers = found.flatMap((finding) => ("layers" in finding ? finding.layers : []));
  if (layers.length < 2) return found;
  return [{ target: "", layers, why: `${layers.length} layers without effect` }, ...found];
}

function rewritten(graph: NeutralGraph, target: string): Rewrite {
  if (target !== "") return together(graph, [matched(ID, target, matchTarget(graph, target))]);
  const layers = graph.layers.filter((layer) => typeof (removalOf(graph, layer) ?? "") !== "string");
  return together(graph, matched(ID, target, layers.length === 0 ? "every layer has an effect" : layers));
}

function matchTarget(graph: NeutralGraph, target: string): NeutralLayer | string {
  const layer = graph.layer(target);
  if (layer === undefined) return "there is no such layer";
  const removal = removalOf(graph, layer) ?? `this ${layer.op} has an effect`;
  return typeof removal === "string" ? removal : layer;
}

function together(graph: NeutralGraph, layers: readonly NeutralLayer[]): Rewrite {
  const remove: number[] = [];
  const rewire = new Map<TensorId, TensorId>();
  const fold = new Map<TensorId, Weights>();
  const renamed = new Set<TensorId>();
  for (const layer of layers) {
    const removal = removalOf(graph, layer);
    if (removal === undefined || typeof removal === "string") continue;
    if ("weights" in removal) {
      fold.set(removal.from, removal.weights);
      continue;
    }
    // Of two copies of one tensor that both leave the graph, the second must stay: a tensor has one name.
    const origin = rewire.get(removal.to) ?? removal.to;
    if (leaves(graph, removal.from)) {
      if (renamed.has(origin) || isFixed(graph, origin)) continue;
      renamed.add(origin);
    }
    remove.push(layer.id);
    rewire.set(removal.from, origin);
  }
  return { remove, rewire, fold };
}

/** What would become of a layer; the reason why nothing can, where it is without effect; undefined where it has one. */
function removalOf(graph: NeutralGraph, layer: NeutralLayer): Removal | string | undefined {
  const [from] = layer.outputs;
  if (from === undefined) return undefined;
  if (layer.form.kind === "constant") return foldOf(graph, layer, layer.form, from);
  const [to] = layer.inputs;
  if (to === undefined || !isNoOp(graph, layer, to, from)) return undefined;
  if (leaves(graph, from) && isFixed(graph, to))
    return "it gives an input, an output or a constant of the graph a second name that is needed";
  return { from, to };
}

/** Only the last of a chain of constant layers is folded; those before it are dead then. */
function foldOf(
  graph: NeutralGraph,
  layer: NeutralLayer,
  { isSource }: ConstantForm,
  from: TensorId,
): Removal | string | undefined {
  const isUsed =
    graph.consumers(from).length === 0 || graph.consumers(from).some(({ form }) => form.kind !== "constant");
  if (isSource || !isUsed || layer.outputs.length > 1) return undefined;
  const { constant, isOutput, isCaptured } = graph.tensor(from);
  if (isOutput || isCaptured) return "the constant it makes leaves the graph under its name";
  if (constant === undefined || !isFloat(constant.dataType)) return undefined;
  if (constant.dataType !== graph.tensor(from).dataType)
    return `the file stores its numbers as ${constant.dataType}: what it makes of them would take more bytes`;
  const stored = layer.inputs.find((input) => graph.tensor(input).constant === constant);
  return stored === undefined ? { from, weights: constant } : { from, to: stored };
}

function leaves(graph: NeutralGraph, tensor: TensorId): boolean {
  const { isOutput, isCaptured } = graph.tensor(tensor);
  return isOutput || isCaptured;
}

/** A tensor whose own name must stay. */
function isFixed(graph: NeutralGraph, tensor: TensorId): boolean {
  return graph.tensor(tensor).isInput || graph.tensor(tensor).constant !== undefined || leaves(graph, tensor);
}

function isNoOp(
  graph: NeutralGraph,
  { form, inputs, outputs }: NeutralLayer,
  input: TensorId,
  output: TensorId,
): boolean {
  if ("activation" in form && form.activation) return false;
  switch (form.kind) {
    case "identity":
      return true;
    case "reshape":
      return haveSameSizes(graph.tensor(input).shape, graph.tensor(output).shape);
    case "transpose":
      return form.permutation.every((axis, index) => axis === index);
    case "pad":
      return [...form.begin, ...form.end].every((size) => size === 0);
    case "concat":
      return inputs.length === 1;
    case "split":
      return outputs.length === 1;
    case "pool":
      return isPointPool(form);
    default:
      return false;
  }
}

function isPointPool({
  isGlobal,
  kernel,
  strides,
  padsBegin,
  padsEnd,
  autoPad,
}: Extract<Form, { kind: "pool" }>): boolean {
  return (
    !isGlobal &&
    autoPad === undefined &&
    [...kernel, ...strides].every((size) => size === 1) &&
    [...padsBegin, ...padsEnd].every((pad) => pad === 0)
  );
}

/** Sizes of which nothing is known equal nothing. */
function haveSameSizes(a: Shape | undefined, b: Shape | undefined): boolean {
  if (a === undefined || b?.length !== a.length) return false;
  return a.every((size, axis) => size === b[axis] && size !== UNKNOWN_SIZE);
}
