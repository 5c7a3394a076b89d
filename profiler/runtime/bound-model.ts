import { dynamicNames, type Bindings } from "../bindings.ts";
import { PortSizes } from "../calibration/port-sizes.ts";
import { formatOf } from "../formats/formats.ts";
import type { Model } from "../model/model.ts";
import { withFixedSizes } from "../translation/fixed-sizes.ts";
import { inputPorts } from "./model-ports.ts";
import type { NamedTensors } from "./numeric-tensor.ts";

/** Whether a runtime that takes fixed sizes alone has to be given a model of its own for each size of the inputs. */
export function hasOpenSizes(model: Model): boolean {
  return formatOf(model).fixesSizesToRun && dynamicNames(model).length > 0;
}

/**
 * The model that the runtime is given for inputs of these shapes: with the sizes in it that they say, and those that follow. It is the
 * model itself where its runtime binds sizes while it runs, or the file leaves none open.
 */
export function boundTo(model: Model, inputs: NamedTensors): Model {
  return formatOf(model).fixesSizesToRun && leavesOpen(model) ? withFixedSizes(model, sizesOf(model, inputs)) : model;
}

function sizesOf(model: Model, inputs: NamedTensors): Bindings {
  const ports = inputPorts(model);
  const sizes = new PortSizes(ports);
  const told = ports.map(({ name, shape }) => sizes.toldBy(shape, inputs[name]?.shape ?? []));
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
