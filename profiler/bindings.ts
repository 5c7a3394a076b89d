import { OptionError } from "./errors.ts";
import type { DeclaredDimension, Graph, Model, Tensor } from "./model/model.ts";
import type { InferredType } from "./operators/inferred-type.ts";
import type { BoundDimension } from "./profile.ts";

/** Value of a dynamic dimension that nobody has given and that the file has no example for. */
export const DEFAULT_SIZE = 1;

/** Larger sizes come from a typing error; a tensor of that many elements would fit no phone anyway. */
const LARGEST_SIZE = 2 ** 31 - 1;

/** The inputs of one entry with every dynamic dimension given a value. */
export interface BoundInputs {
  /** In the order of the graph's inputs. */
  readonly inferredTypes: readonly InferredType[];
  readonly dimensions: readonly BoundDimension[];
  /** True when a size that the file fixes was given another value: what the file says of later shapes is then void. */
  readonly isResized: boolean;
}

/**
 * Gives each dynamic dimension of a model's inputs its value: the caller's by name, else the example that the file was converted with,
 * else 1. A dimension without a name is called INPUT[AXIS]; a size that the file fixes can be overridden by that name as well.
 * @throws {OptionError} for a name that the model does not have, or a value that is no size
 */
export function bindInputs(model: Model, given: Readonly<Record<string, number>>): BoundInputs {
  const { graph } = model.entries[0];
  const named = new Map<string, { default: number; occurrences: string[]; isFixed: boolean }>();
  const inputNames = distinctNames(graph);
  const names = graph.inputs.map((id, input) => inputDimensions(graph.tensors[id], inputNames[input] ?? ""));
  for (const { name, position, dimension } of names.flat()) {
    const known = named.get(name) ?? { default: exampleOf(dimension), occurrences: [], isFixed: isFixed(dimension) };
    named.set(name, { ...known, occurrences: [...known.occurrences, position] });
  }
  checkGiven(model, given, named);

  const valueOf = (name: string): number => given[name] ?? named.get(name)?.default ?? DEFAULT_SIZE;
  const inferredTypes = graph.inputs.map((id, input): InferredType => {
    const declared = graph.tensors[id]?.declared;
    const shape = declared?.shape && (names[input] ?? []).map(({ name }) => valueOf(name));
    const inferredType = { dataType: declared?.dataType, shape };
    return declared?.container ? { ...inferredType, container: declared.container } : inferredType;
  });
  const dimensions = [...named].flatMap(([name, dimension]): readonly BoundDimension[] => {
    if (dimension.isFixed && given[name] === undefined) return [];
    const source = given[name] === undefined ? "default" : "given";
    return [{ name, value: valueOf(name), default: dimension.default, source, occurrences: dimension.occurrences }];
  });
  const isResized = [...named].some(([name, dimension]) => {
    const keepsExample = dimension.isFixed || model.format === "tflite";
    return keepsExample && valueOf(name) !== dimension.default;
  });
  return { inferredTypes, dimensions, isResized };
}

/**
 * The inputs of the main entry with only the caller's sizes given: what the run decides stays a name.
 * @returns inferred types in the order of the graph's inputs
 */
export function openInputs(model: Model, given: Readonly<Record<string, number>>): readonly InferredType[] {
  const { graph } = model.entries[0];
  const inputNames = distinctNames(graph);
  return graph.inputs.map((id, input): InferredType => {
    const tensor = graph.tensors[id];
    const shape = inputDimensions(tensor, inputNames[input] ?? "").map(({ name, position, dimension }) => {
      const size = given[name] ?? given[position];
      return size ?? (typeof dimension === "number" ? dimension : name);
    });
    const { dataType, container, shape: declared } = tensor?.declared ?? {};
    return { dataType, shape: declared && shape, ...(container && { container }) };
  });
}

interface InputDimension {
  readonly name: string;
  /** INPUT[AXIS] */
  readonly position: string;
  readonly dimension: DeclaredDimension;
}

/** Names of the inputs; TFLite leaves tensors without a name, or gives several the same: those are told apart by their place. */
function distinctNames({ inputs, tensors }: Graph): readonly string[] {
  const names = inputs.map((id) => tensors[id]?.name ?? "");
  return names.map((name, place) => {
    if (name === "") return `input${place}`;
    return names.indexOf(name) === place ? name : `${name}#${place}`;
  });
}

function inputDimensions(tensor: Tensor | undefined, input: string): readonly InputDimension[] {
  return (tensor?.declared?.shape ?? []).map((dimension, axis) => {
    const position = `${input}[${axis}]`;
    return { name: typeof dimension === "string" ? dimension : position, position, dimension };
  });
}

function isFixed(dimension: DeclaredDimension): boolean {
  return typeof dimension === "number";
}

function exampleOf(dimension: DeclaredDimension): number {
  if (typeof dimension === "number") return dimension;
  return dimension !== null && typeof dimension === "object" ? dimension.example : DEFAULT_SIZE;
}

function checkGiven(
  model: Model,
  given: Readonly<Record<string, number>>,
  named: ReadonlyMap<string, { readonly isFixed: boolean }>,
): void {
  for (const [name, value] of Object.entries(given)) {
    if (!named.has(name)) {
      const dynamic = [...named].filter(([, dimension]) => !dimension.isFixed).map(([known]) => known);
      const choice =
        dynamic.length > 0 ? `its dynamic dimensions are ${dynamic.join(", ")}` : "it has no dynamic dimension";
      const example = [...named.keys()].find((known) => known.endsWith("]"));
      const hint = example && `A size that the file fixes can be changed by its place, for example ${example}.`;
      throw new OptionError(`${model.file}: no dimension is called "${name}": ${choice}`, { hint });
    }
    if (!Number.isInteger(value) || value < 0 || value > LARGEST_SIZE) {
      throw new OptionError(
        `${model.file}: ${name}=${value} is no size: expected a whole number from 0 to ${LARGEST_SIZE}`,
      );
    }
  }
}
