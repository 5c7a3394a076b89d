import { dynamicNames, openInputs, type Bindings } from "../bindings.ts";
import { PortSizes } from "../calibration/port-sizes.ts";
import { formatOf } from "../formats/formats.ts";
import type { Model } from "../model/model.ts";
import { printDimension, type PortShape } from "../model/shape.ts";
import { withFixedSizes } from "../translation/fixed-sizes.ts";
import { withKnownSettings } from "../translation/known-settings.ts";

/** By what it is with fixed sizes: a model never changes. */
const BOUND = new WeakMap<Model, Model>();

/** Whether a runtime that takes fixed sizes alone has to be given a model of its own for each size of the inputs. */
export function hasOpenSizes(model: Model): boolean {
  return formatOf(model).fixesSizesToRun && dynamicNames(model).length > 0;
}

/**
 * The model that the runtime is given for inputs of these shapes, in their order: with the sizes in it that they say, and those that follow. It is the
 * model itself where its runtime binds sizes while it runs, or the file leaves none open.
 */
export function boundTo(model: Model, inputs: readonly (readonly number[] | undefined)[]): Model {
  if (!formatOf(model).fixesSizesToRun || !leavesOpen(model)) return model;
  const fixed = withFixedSizes(model, sizesOf(model, inputs));
  const known = BOUND.get(fixed) ?? withKnownSettings(fixed);
  BOUND.set(fixed, known);
  return known;
}

/** Sizes of the inputs, in their order; open ones by their names. */
export function openShapes(model: Model): readonly PortShape[] {
  return openInputs(model).inferredTypes.map(({ shape = [] }) => shape.map(printDimension));
}

function sizesOf(model: Model, inputs: readonly (readonly number[] | undefined)[]): Bindings {
  const shapes = openShapes(model);
  const sizes = new PortSizes(shapes.map((shape) => ({ shape })));
  const told = shapes.map((shape, place) => sizes.toldBy(shape, inputs[place] ?? []));
  return Object.assign({}, ...told) as Bindings;
}

function leavesOpen({ entries }: Model): boolean {
  return entries[0].graph.tensors.some(
    ({ declared, constant }) =>
      constant === undefined &&
      declared !== undefined &&
      (declared.shape?.some((size) => typeof size !== "number") ?? true),
  );
}
