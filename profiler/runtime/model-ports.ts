import { DEFAULT_SIZE, defaultSizes, openInputs } from "../bindings.ts";
import { formatOf } from "../formats/formats.ts";
import type { Model } from "../model/model.ts";
import { printDimension } from "../model/shape.ts";
import { inputRanges } from "./input-ranges.ts";
import { isNumericType } from "../tensors/numeric-tensor.ts";
import { samplingOf, withSampling } from "./sampling.ts";
import { withRange, type Port } from "../tensors/port.ts";

/**
 * The inputs that a session of the model would take, told without loading a runtime: what samples are chosen for. Inputs that are no
 * tensors of numbers of known rank are left out, as no session takes them.
 */
export function inputPorts(model: Model): readonly Port[] {
  const { inputs, tensors } = model.entries[0].graph;
  const ranges = inputRanges(model);
  const { takesRealNumbers } = formatOf(model);
  const ports = openInputs(model).inferredTypes.flatMap(({ dataType, shape, container }, place): readonly Port[] => {
    const tensor = tensors[inputs[place] ?? -1];
    if (container !== undefined || shape === undefined || tensor === undefined || !isNumericType(dataType)) return [];
    const name = tensor.name === "" ? `input${place}` : tensor.name;
    const given = takesRealNumbers && tensor.quantization !== undefined ? "float32" : dataType;
    return [withRange({ name, dataType: given, shape: shape.map(printDimension) }, ranges.get(tensor.name))];
  });
  return withDefaults(withSampling(ports, samplingOf(model)), model);
}

/** Ports that tell which sizes the model is shown with. */
export function withDefaults(ports: readonly Port[], model: Model): readonly Port[] {
  const others = Object.entries(defaultSizes(model)).filter(([, size]) => size !== DEFAULT_SIZE);
  if (others.length === 0) return ports;
  const defaults = Object.fromEntries(others);
  return ports.map((port) => ({ ...port, defaults }));
}
