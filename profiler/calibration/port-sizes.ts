import { DEFAULT_SIZE } from "../bindings.ts";
import { ownEntry } from "../own-entry.ts";
import type { Port } from "../tensors/port.ts";
import type { PortShape } from "../model/shape.ts";
import { namesIn, symbol } from "../model/size-expression.ts";
import { SizeNames } from "../operators/size-names.ts";
import { evaluate } from "../shapes/dimension.ts";

type Values = Readonly<Record<string, number>>;

/** What the names of the ports' dynamic sizes stand for: themselves, or what follows from others ("past + new"). */
export class PortSizes {
  readonly #names: SizeNames;
  /** Names that can be given a value. */
  readonly names: ReadonlySet<string>;
  /** What they are where nobody says otherwise. */
  readonly defaults: Values;

  constructor(ports: readonly Pick<Port, "shape" | "defaults">[]) {
    const sizes = ports.flatMap(({ shape }) => shape);
    this.#names = new SizeNames(sizes);
    this.names = this.namesOf(sizes);
    const told: Values = Object.fromEntries(ports.flatMap(({ defaults = {} }) => Object.entries(defaults)));
    this.defaults = Object.fromEntries([...this.names].map((name) => [name, ownEntry(told, name) ?? DEFAULT_SIZE]));
  }

  /** Names that the sizes are, or are computed from. */
  namesOf(shape: PortShape): ReadonlySet<string> {
    const texts = shape.filter((size) => typeof size === "string");
    return new Set(texts.flatMap((text) => [...namesIn(this.#names.sizeOf(text))]));
  }

  /** The shape with the values that are known; what follows from them is computed. */
  at(shape: PortShape, values: Values): PortShape {
    return shape.map((size) => {
      if (typeof size === "number") return size;
      const value = ownEntry(values, size) ?? evaluate(this.#names.sizeOf(size), (name) => ownEntry(values, name));
      return typeof value === "number" ? value : size;
    });
  }

  /** Values of names that a tensor of this shape tells. */
  toldBy(shape: PortShape, found: readonly number[]): Values {
    const told = shape.flatMap((size, axis) => {
      const value = found[axis];
      const isName = typeof size === "string" && this.#names.sizeOf(size) === symbol(size);
      return isName && value !== undefined ? [[size, value] as const] : [];
    });
    return Object.fromEntries(told);
  }
}
