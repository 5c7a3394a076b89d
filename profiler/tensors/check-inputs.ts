import { ownEntry } from "../own-entry.ts";
import { RunError } from "../errors.ts";
import type { PortShape } from "../model/shape.ts";
import type { NamedTensors, NumericTensor } from "./numeric-tensor.ts";
import type { Port } from "./port.ts";

/**
 * The tensors of a run in the order of the ports.
 * @throws {RunError} naming the first that is missing, unknown, of another type or of another shape
 */
export function checkInputs(model: string, ports: readonly Port[], given: NamedTensors): readonly NumericTensor[] {
  const unknown = Object.keys(given).find((name) => !ports.some((port) => port.name === name));
  if (unknown !== undefined)
    throw new RunError(`${model}: no input is called "${unknown}": its inputs are ${namesOf(ports)}`);
  return ports.map((port) => {
    const tensor = Object.hasOwn(given, port.name) ? ownEntry(given, port.name) : undefined;
    if (tensor === undefined) throw new RunError(`${model}: a value of input "${port.name}" is missing`);
    const expected = describeShape(port.dataType, port.shape);
    const found = describeShape(tensor.dataType, tensor.shape);
    if (tensor.dataType !== port.dataType || !fits(tensor.shape, port.shape))
      throw new RunError(`${model}: input "${port.name}" takes ${expected}, not ${found}`);
    const elements = tensor.shape.reduce((product, size) => product * size, 1);
    if (tensor.data.length !== elements)
      throw new RunError(
        `${model}: input "${port.name}" of shape ${found} takes ${elements} elements, not ${tensor.data.length}`,
      );
    return tensor;
  });
}

/** "float32 1×3×224×224" */
export function describeShape(type: string, shape: PortShape): string {
  return shape.length === 0 ? `one ${type}` : `${type} ${shape.join("×")}`;
}

function fits(shape: readonly number[], expected: PortShape): boolean {
  return (
    shape.length === expected.length &&
    expected.every((dimension, axis) => typeof dimension === "string" || dimension === shape[axis])
  );
}

function namesOf(ports: readonly Port[]): string {
  return ports.map(({ name }) => `"${name}"`).join(", ");
}
