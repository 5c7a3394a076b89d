import { ownEntry } from "./own-entry.ts";
import { OptionError } from "./errors.ts";
import { formatOf } from "./formats/formats.ts";
import { isEdited } from "./model/edited.ts";
import type { DeclaredDimension, Entry, Graph, Model } from "./model/model.ts";
import type { Dimension } from "./model/shape.ts";
import { namesIn, symbol } from "./model/size-expression.ts";
import { SizeNames } from "./operators/size-names.ts";
import type { InferredType } from "./operators/inferred-type.ts";
import type { BoundDimension } from "./profile.ts";
import { evaluate, exactDivide, subtract } from "./shapes/dimension.ts";

/** Value of a dynamic dimension that nobody has given and that the file has no example for. */
export const DEFAULT_SIZE = 1;

/** Larger sizes come from a typing error; a tensor of that many elements would fit no phone anyway. */
const LARGEST_SIZE = 2 ** 31 - 1;

export type Bindings = Readonly<Record<string, number>>;

/** Inputs of an entry as inference takes them. */
export interface SizedInputs {
  /** In the order of the graph's inputs. */
  readonly inferredTypes: readonly InferredType[];
  /** What the name of a dynamic dimension in the file stands for. */
  readonly sizeOf: (declared: string) => Dimension;
}

/** The inputs of one entry with every dynamic dimension given a value. */
export interface BoundInputs extends SizedInputs {
  readonly dimensions: readonly BoundDimension[];
  /** True when a size that the file fixes was given another value: what the file says of later shapes is then void. */
  readonly isResized: boolean;
}

/**
 * Gives each dynamic dimension of a model's inputs its value: the caller's by name, else the example that the file was converted with,
 * else 1. A dimension without a name is called INPUT[AXIS]; a size that the file fixes can be overridden by that name as well. One that
 * the file computes from others ("2*s0") follows from them.
 * @throws {OptionError} for a name that the model does not have and no edit took away, or a value that is no size
 */
export function bindInputs(model: Model, asked: Bindings, entry: Entry = model.entries[0]): BoundInputs {
  const inputs = InputSizes.of(entry.graph);
  const given = isEdited(model) ? inputs.known(asked) : asked;
  const values = inputs.valuesOf(given, model.file);
  const defaults = inputs.valuesOf({}, model.file);
  const isFixed = (name: string): boolean => inputs.names.get(name)?.isFixed === true;
  const dimensions = [...inputs.names].flatMap(([name, { occurrences }]): readonly BoundDimension[] => {
    if (isFixed(name) && ownEntry(given, name) === undefined) return [];
    const [value, usual] = [values.get(name) ?? DEFAULT_SIZE, defaults.get(name) ?? DEFAULT_SIZE];
    const isGiven = ownEntry(given, name) !== undefined || inputs.impliedBy(given).has(name);
    return [{ name, value, default: usual, source: isGiven ? "given" : "default", occurrences }];
  });
  const isResized = [...inputs.names].some(([name]) => {
    const keepsExample = isFixed(name) || formatOf(model).declaresEveryTensor;
    return keepsExample && values.get(name) !== defaults.get(name);
  });
  return { ...inputs.sized((name) => values.get(name)), dimensions, isResized };
}

/** The inputs of the main entry with only the caller's sizes given: what the run decides stays a name. */
export function openInputs(model: Model, given: Bindings = {}): SizedInputs {
  const inputs = InputSizes.of(model.entries[0].graph);
  return inputs.sized((name) => ownEntry(given, name));
}

/** Sizes that the dynamic dimensions of the main entry's inputs have where nobody says otherwise, by name. */
export function defaultSizes(model: Model): Bindings {
  const inputs = InputSizes.of(model.entries[0].graph);
  const values = inputs.grownValues({});
  return Object.fromEntries([...values].filter(([name]) => inputs.names.get(name)?.isFixed === false));
}

/** Names of dynamic dimensions of the main entry's inputs that can be given a value. */
export function dynamicNames(model: Model): readonly string[] {
  return [...InputSizes.of(model.entries[0].graph).names].flatMap(([name, { isFixed: is }]) => (is ? [] : [name]));
}

/** Of sizes that were asked for, those that the main entry's inputs fix in the file. */
export function fixedSizesIn(model: Model, asked: Bindings): Bindings {
  const { names } = InputSizes.of(model.entries[0].graph);
  return Object.fromEntries(Object.entries(asked).filter(([name]) => names.get(name)?.isFixed === true));
}

/** What a size over names of the inputs comes to when they have these values, or their defaults; undefined for what only the run can tell. */
export function sizeAt(model: Model, asked: Bindings = {}): (size: Dimension) => number | undefined {
  const inputs = InputSizes.of(model.entries[0].graph);
  const values = inputs.valuesOf(isEdited(model) ? inputs.known(asked) : asked, model.file);
  return (size) => {
    const value = valueAt(size, values);
    return Number.isNaN(value) ? undefined : value;
  };
}

interface SizeName {
  readonly default: number;
  /** INPUT[AXIS], of dimensions that follow from this one too. */
  readonly occurrences: readonly string[];
  readonly isFixed: boolean;
}

/** The sizes of an entry's inputs, each over names that can be given a value. */
class InputSizes {
  /** In the order in which they occur. */
  readonly names: ReadonlyMap<string, SizeName>;
  readonly #texts: SizeNames;
  /** By input, by axis. */
  readonly #sizes: readonly (readonly Dimension[])[];
  /** Sizes that follow from others, by their text in the file. */
  readonly #computed = new Map<string, Dimension>();

  /** Edits that leave a graph's inputs as they are leave their sizes too. */
  static of(graph: Graph): InputSizes {
    const known = SIZES.get(graph.inputs);
    if (known?.graph.inputs.every((id) => known.graph.tensors[id] === graph.tensors[id]) === true) return known;
    const sizes = new InputSizes(graph);
    SIZES.set(graph.inputs, sizes);
    return sizes;
  }

  private constructor(private readonly graph: Graph) {
    const inputNames = distinctNames(graph);
    const shapes = graph.inputs.map((id) => graph.tensors[id]?.declared?.shape ?? []);
    this.#texts = new SizeNames(shapes.flat());
    const names = new Map<string, { default: number; occurrences: string[]; isFixed: boolean }>();
    this.#sizes = shapes.map((shape, input) =>
      shape.map((declared, axis) => {
        const position = `${inputNames[input] ?? ""}[${axis}]`;
        const size = typeof declared === "string" ? this.#texts.sizeOf(declared) : symbol(position);
        if (typeof declared === "string" && size !== symbol(declared)) this.#computed.set(declared, size);
        for (const name of namesIn(size)) {
          const known = names.get(name);
          if (known) known.occurrences.push(position);
          else names.set(name, { default: exampleOf(declared), occurrences: [position], isFixed: isFixed(declared) });
        }
        return size;
      }),
    );
    this.names = names;
  }

  sized(valueOf: (name: string) => number | undefined): SizedInputs {
    const value = (name: string): number | undefined => {
      const known = this.names.get(name);
      return valueOf(name) ?? (known?.isFixed === true ? known.default : undefined);
    };
    const inferredTypes = this.graph.inputs.map((id, input): InferredType => {
      const { dataType, shape, container } = this.graph.tensors[id]?.declared ?? {};
      const sizes = shape && (this.#sizes[input] ?? []).map((size) => evaluate(size, value));
      return { dataType, shape: sizes, ...(container && { container }) };
    });
    return { inferredTypes, sizeOf: (declared) => evaluate(this.#texts.sizeOf(declared), value) };
  }

  /** Those that the model has: an edit may have fixed a size that the model before it was told. */
  known(given: Bindings): Bindings {
    return Object.fromEntries(
      Object.entries(given).filter(([name]) => this.names.has(name) || this.#computed.has(name)),
    );
  }

  /** A value for each name. @throws {OptionError} */
  valuesOf(given: Bindings, file: string): ReadonlyMap<string, number> {
    this.#check(given, file);
    const values = this.grownValues(given);
    for (const [text, size] of this.#computed) {
      const wanted = ownEntry(given, text);
      const value = valueAt(size, values);
      const names = [...namesIn(size)].join(", ");
      if (wanted !== undefined && wanted !== value)
        throw new OptionError(`${file}: ${text} is computed from ${names}: it is ${value}, not ${wanted}`);
      if (!(value >= 0)) throw new OptionError(`${file}: ${text} comes to ${value}: give ${names} other sizes`);
    }
    return values;
  }

  /** The same, whether or not all that is computed from it comes to a size. */
  grownValues(given: Bindings): ReadonlyMap<string, number> {
    const asked = new Map([
      ...Object.entries(given).filter(([name]) => this.names.has(name)),
      ...this.impliedBy(given),
    ]);
    const values = new Map([...this.names].map(([name, { default: usual }]) => [name, asked.get(name) ?? usual]));
    // What is computed from sizes of 1 may come to nothing, height/32 for one: those grow until it is something.
    for (const size of this.#computed.values()) {
      const growing = [...namesIn(size)].filter((name) => !asked.has(name));
      const isTooSmall = (): boolean => valueAt(size, values) < 1;
      for (let step = 0; step < MOST_DOUBLINGS && growing.length > 0 && isTooSmall(); step += 1)
        for (const name of growing) values.set(name, 2 * (values.get(name) ?? DEFAULT_SIZE));
    }
    return values;
  }

  /** Names whose value follows from that of a computed size: 2*s0 = 8 says that s0 is 4. */
  impliedBy(given: Bindings): ReadonlyMap<string, number> {
    const implied = new Map<string, number>();
    for (const [text, size] of this.#computed) {
      const wanted = ownEntry(given, text);
      if (wanted === undefined) continue;
      const rest = evaluate(size, (name) => ownEntry(given, name) ?? implied.get(name));
      const [open, another] = [...namesIn(rest)];
      const solved = open === undefined || another !== undefined ? undefined : solve(rest, open, wanted);
      if (open !== undefined && solved !== undefined) implied.set(open, solved);
    }
    return implied;
  }

  #check(given: Bindings, file: string): void {
    for (const [name, value] of Object.entries(given)) {
      if (!this.names.has(name) && !this.#computed.has(name)) {
        const dynamic = [...this.names].filter(([, { isFixed: is }]) => !is).map(([known]) => known);
        const choice =
          dynamic.length > 0 ? `its dynamic dimensions are ${dynamic.join(", ")}` : "it has no dynamic dimension";
        const [example] = [...this.names].flatMap(([known, { isFixed: is }]) => (is ? [known] : []));
        const hint = example && `A size that the file fixes can be changed by its place, for example ${example}.`;
        throw new OptionError(`${file}: no dimension is called "${name}": ${choice}`, { hint });
      }
      if (!Number.isInteger(value) || value < 0 || value > LARGEST_SIZE) {
        throw new OptionError(
          `${file}: ${name}=${value} is not a size: expected a whole number from 0 to ${LARGEST_SIZE}`,
        );
      }
    }
  }
}

const SIZES = new WeakMap<Graph["inputs"], InputSizes>();

/** Defaults are doubled no oftener: 2^16 elements along an axis are enough for any rule. */
const MOST_DOUBLINGS = 16;

function valueAt(size: Dimension, values: ReadonlyMap<string, number>): number {
  const value = evaluate(size, (name) => values.get(name));
  return typeof value === "number" ? value : NaN;
}

/** The value of the only name in `size` that makes it `wanted`; undefined where a name occurs otherwise than once and multiplied. */
function solve(size: Dimension, name: string, wanted: number): number | undefined {
  const rest = evaluate(size, (known) => (known === name ? 0 : undefined));
  const factor = exactDivide(subtract(size, rest), symbol(name));
  if (typeof rest !== "number" || typeof factor !== "number") return undefined;
  const value = (wanted - rest) / factor;
  return Number.isInteger(value) && value >= 0 ? value : undefined;
}

/** Names of the inputs; TFLite leaves tensors without a name, or gives several the same: those are told apart by their place. */
function distinctNames({ inputs, tensors }: Graph): readonly string[] {
  const seen = new Set<string>();
  return inputs.map((id, place) => {
    const name = tensors[id]?.name ?? "";
    if (name === "") return `input${place}`;
    const isFirst = !seen.has(name);
    seen.add(name);
    return isFirst ? name : `${name}#${place}`;
  });
}

function isFixed(dimension: DeclaredDimension): boolean {
  return typeof dimension === "number";
}

function exampleOf(dimension: DeclaredDimension): number {
  if (typeof dimension === "number") return dimension;
  return dimension !== null && typeof dimension === "object" ? dimension.example : DEFAULT_SIZE;
}
