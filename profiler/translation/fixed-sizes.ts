import { fixedSizesIn, openInputs, type Bindings } from "../bindings.ts";
import { formatOf } from "../formats/formats.ts";
import type { DeclaredDimension, Graph, Model, Tensor } from "../model/model.ts";
import { isStatic, type Dimension } from "../model/shape.ts";
import { inferGraph } from "../operators/infer.ts";
import { UNKNOWN_SIZE } from "../shapes/dimension.ts";
import { inferOpen } from "./lift-model.ts";

const FIXED = new WeakMap<Model, Map<string, Model>>();

/** The same model with these sizes declared as numbers, in all tensors of its main graph that have them; those of fixed inputs too, by INPUT[AXIS]. */
export function withFixedSizes(model: Model, fixes: Bindings): Model {
  const known = FIXED.get(model) ?? new Map<string, Model>();
  FIXED.set(model, known);
  const key = JSON.stringify(Object.entries(fixes).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const found = known.get(key);
  if (found) return found;
  const fixed = fix(model, fixes);
  known.set(key, fixed);
  return fixed;
}

/** The model as it is run at sizes that were asked for: see `bindInputs`. Open ones are what the runtime is given; those that the file fixes have to be declared. */
export function atSizes(model: Model, asked: Bindings = {}): Model {
  const fixes = fixedSizesIn(model, asked);
  return Object.keys(fixes).length === 0 ? model : withFixedSizes(model, fixes);
}

function fix(model: Model, fixes: Bindings): Model {
  const [first, ...others] = model.entries;
  const { graph } = first;
  const { inferredTypes, sizeOf } = openInputs(model, fixes);
  const inputs = new Map(graph.inputs.map((id, place) => [id, inferredTypes[place]?.shape]));
  const format = formatOf(model);
  const isResized = graph.inputs.some((id) => isOther(graph.tensors[id], inputs.get(id)));
  const context = { model, operators: format.operators, checksDeclared: false, sizeOf };
  const made = inferGraph(context, graph, inferredTypes, "entry0").inferredTypes;
  const open = format.declaresEveryTensor ? inferOpen(model).inferredTypes : [];
  const tensors = graph.tensors.map((tensor): Tensor => {
    const { declared, constant } = tensor;
    const shape = inputs.get(tensor.id) ?? made[tensor.id]?.shape;
    if (constant || declared === undefined || shape === undefined) return tensor;
    // Where the file does not even say the rank, what is inferred stands for it.
    if (declared.shape === undefined && format.declaresEveryTensor && isStatic(shape))
      return { ...tensor, declared: { ...declared, shape, isEdited: true } };
    if (declared.shape?.length !== shape.length) return tensor;
    const sizes = declared.shape.map((size, axis): DeclaredDimension => {
      const now = shape[axis];
      const isOpen = typeof size !== "number" || isResized || followsOpenSize(open[tensor.id]?.shape?.[axis]);
      return isOpen && typeof now === "number" ? now : size;
    });
    const isSame = sizes.every((size, axis) => size === declared.shape?.[axis]);
    return isSame ? tensor : { ...tensor, declared: { ...declared, shape: sizes, isEdited: true } };
  });
  const changed: Graph = { ...graph, tensors };
  const replaced = others.map((entry) => (entry.graph === graph ? { ...entry, graph: changed } : entry));
  return { ...model, entries: [{ ...first, graph: changed }, ...replaced] };
}

/** Whether a size that the file fixes was given another value: what it says of later ones is then void. */
function isOther(tensor: Tensor | undefined, shape: readonly Dimension[] | undefined): boolean {
  const declared = tensor?.declared?.shape ?? [];
  return declared.some((size, axis) => typeof size === "number" && shape?.[axis] !== size);
}

/**
 * Whether a size of a tensor behind an input with open sizes is another where they are. Files declare it as a number all the same; LiteRT.js 2.5.3
 * makes room for so many elements, and fails or cuts what is computed.
 */
function followsOpenSize(size: Dimension | undefined): boolean {
  return size !== undefined && size !== UNKNOWN_SIZE && typeof size !== "number";
}
