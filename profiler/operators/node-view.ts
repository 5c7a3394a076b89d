import {
  isConstant,
  type Attribute,
  type Constant,
  type DeclaredType,
  type Node,
  type Tensor,
} from "../model/model.ts";
import type { DataType } from "../model/data-type.ts";
import type { Dimension, Shape } from "../model/shape.ts";
import { UNKNOWN, type InferredType } from "./inferred-type.ts";

/** A node together with what is known of its inputs: all that an operator rule may look at. */
export class NodeView {
  constructor(
    readonly node: Node,
    /** One for each of the node's inputs; undefined for an omitted optional one. */
    readonly inputs: readonly (InferredType | undefined)[],
    /** What the file says of its outputs, which few rules ask. */
    private readonly made: readonly (Pick<Tensor, "name" | "declared"> | undefined)[],
    /** What the rule wants said beside the row. */
    readonly notes: string[] = [],
  ) {}

  get op(): string {
    return this.node.op;
  }

  get version(): number {
    return this.node.version;
  }

  /** Name of an output, for naming sizes that only the run can tell; "" for none. */
  outputName(index: number): string {
    return this.#output(index)?.name ?? "";
  }

  /** What the file says of an output. TFLite's operators leave their result's element type to it; shapes are computed. */
  declaredOutput(index: number): DeclaredType | undefined {
    return this.#output(index)?.declared;
  }

  #output(index: number): Pick<Tensor, "name" | "declared"> | undefined {
    return this.made[index];
  }

  has(index: number): boolean {
    return this.inputs[index] !== undefined;
  }

  input(index: number): InferredType {
    return this.inputs[index] ?? UNKNOWN;
  }

  shape(index: number): Shape | undefined {
    return this.inputs[index]?.shape;
  }

  dataType(index: number): DataType | undefined {
    return this.inputs[index]?.dataType;
  }

  /** The elements of an input, where they are known; some may be symbolic. */
  value(index: number): readonly Dimension[] | undefined {
    return this.inputs[index]?.value;
  }

  /** The elements of an input, where all of them are known numbers. */
  numbers(index: number): readonly number[] | undefined {
    const value = this.value(index);
    return value?.every((element) => typeof element === "number") === true ? value : undefined;
  }

  /** The only element of an input, where it is a known number. */
  number(index: number): number | undefined {
    const numbers = this.numbers(index);
    return numbers?.length === 1 ? numbers[0] : undefined;
  }

  attribute(name: string): Attribute | undefined {
    return this.node.attributes.get(name);
  }

  int(name: string): number | undefined;
  int(name: string, fallback: number): number;
  int(name: string, fallback?: number): number | undefined {
    const value = this.attribute(name);
    return typeof value === "number" ? value : fallback;
  }

  flag(name: string, fallback = false): boolean {
    const value = this.attribute(name);
    if (typeof value === "boolean") return value;
    return typeof value === "number" ? value !== 0 : fallback;
  }

  text(name: string): string | undefined;
  text(name: string, fallback: string): string;
  text(name: string, fallback?: string): string | undefined {
    const value = this.attribute(name);
    return typeof value === "string" ? value : fallback;
  }

  ints(name: string): readonly number[] | undefined {
    const value = this.attribute(name);
    return Array.isArray(value) && value.every((element) => typeof element === "number") ? value : undefined;
  }

  tensor(name: string): Constant | undefined {
    const value = this.attribute(name);
    return value !== undefined && isConstant(value) ? value : undefined;
  }

  /** Says something beside the row, once. */
  note(text: string): void {
    if (!this.notes.includes(text)) this.notes.push(text);
  }
}
