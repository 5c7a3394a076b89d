import { bindInputs } from "../bindings.ts";
import type { DeclaredDimension, DeclaredType, Model, Tensor } from "../model/model.ts";
import { namesIn } from "../model/size-expression.ts";
import type { Shape } from "../model/shape.ts";
import { GraphEdit } from "../operators/graph-edit.ts";
import { inferGraph } from "../operators/infer.ts";
import { formatOf } from "../formats/formats.ts";
import { UNKNOWN_SIZE } from "../shapes/dimension.ts";
import { inferOpen } from "./lift-model.ts";

/**
 * Declares again what an edit made stale: sizes of tensors that inference now finds to be others. What the file leaves dynamic stays
 * so. TFLite declares every tensor, so new ones get their type there too.
 * @param base the model before the edit
 */
export function refreshDeclared(model: Model, base: Model): Model {
  const { graph } = model.entries[0];
  const old = base.entries[0].graph;
  const { inferredTypes } = inferOpen(model, base);
  const before = inferOpen(base).inferredTypes;
  const { declaresEveryTensor } = formatOf(model);
  const examples = declaresEveryTensor ? boundShapes(model, base) : [];
  const edit = GraphEdit.of(old, graph);
  const tensors = graph.tensors.map((tensor, id): Tensor => {
    const isSame = tensor === old.tensors[id] && inferredTypes[id] === before[id];
    if (isSame || edit.makerOf(id) === undefined) return tensor;
    const { dataType, shape } = inferredTypes[id] ?? {};
    if (shape === undefined) return tensor;
    const example = examples[tensor.id];
    const declared = tensor.declared;
    // A new tensor may stand for one of which the file does not even say the rank.
    if (declared === undefined || (declared.shape === undefined && tensor.isNew === true)) {
      if (!declaresEveryTensor) return tensor;
      return { ...tensor, declared: { dataType, ...declared, shape: newShape(shape, example) } };
    }
    return isStale(declared, shape)
      ? { ...tensor, declared: { ...declared, shape: fresh(declared, shape, example), isEdited: true } }
      : tensor;
  });
  const refreshed = { ...graph, tensors };
  const [first, ...others] = model.entries;
  const isMain = (entry: typeof first): boolean => entry.graph === graph;
  const replaced = others.map((entry) => (isMain(entry) ? { ...entry, graph: refreshed } : entry));
  const entries: Model["entries"] = [{ ...first, graph: refreshed }, ...replaced];
  return { ...model, entries };
}

/** Sizes that a run has by default: TFLite writes them beside the dynamic ones. */
function boundShapes(model: Model, base: Model): readonly (Shape | undefined)[] {
  const { inputs } = model.entries[0].graph;
  const previous = inferOpen(base);
  // Where every size is fixed they are the ones that are left open, too.
  const isFixed = inputs.every((id) => previous.inferredTypes[id]?.shape?.every((size) => typeof size === "number"));
  if (isFixed) return inferOpen(model, base).inferredTypes.map(({ shape }) => shape);
  const context = { model, operators: formatOf(model).operators, checksDeclared: false };
  return inferGraph(context, model.entries[0].graph, bindInputs(model, {}).inferredTypes).inferredTypes.map(
    ({ shape }) => shape,
  );
}

function isStale({ shape: declared }: DeclaredType, shape: Shape): boolean {
  if (declared === undefined) return false;
  if (declared.length !== shape.length) return true;
  return declared.some(
    (size, axis) => typeof size === "number" && typeof shape[axis] === "number" && size !== shape[axis],
  );
}

function fresh(
  { shape: declared = [] }: DeclaredType,
  shape: Shape,
  example: Shape | undefined,
): readonly DeclaredDimension[] {
  if (declared.length !== shape.length) return newShape(shape, example);
  return shape.map((size, axis) => (typeof size === "number" ? size : (declared[axis] ?? null)));
}

function newShape(shape: Shape, example: Shape | undefined): readonly DeclaredDimension[] {
  return shape.map((size, axis): DeclaredDimension => {
    if (typeof size === "number") return size;
    const usual = example?.[axis];
    if (typeof usual === "number") return { dynamic: true, example: usual };
    return size === UNKNOWN_SIZE || [...namesIn(size)].some((name) => /[[(]/.test(name)) ? null : size.toString();
  });
}
