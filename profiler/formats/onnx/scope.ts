import { ABSENT, type Constant, type DeclaredType, type Tensor, type TensorId } from "../../model/model.ts";

type Draft = { -readonly [Key in keyof Tensor]: Tensor[Key] };

/** The names of one graph, and through it those of the graphs around it. A name of its own hides the same name outside. */
export class Scope {
  readonly tensors: Draft[] = [];
  readonly #ids = new Map<string, TensorId>();

  constructor(private readonly outer?: Scope) {}

  /** The graph's own tensor of that name. */
  own(name: string): Tensor | undefined {
    return this.tensors[this.#ids.get(name) ?? ABSENT];
  }

  has(name: string): boolean {
    return this.#ids.has(name);
  }

  define(name: string, constant?: Constant): TensorId {
    const id = this.tensors.length;
    const tensor: Draft = { id, name };
    if (constant !== undefined) tensor.constant = constant;
    this.tensors.push(tensor);
    if (name !== "") this.#ids.set(name, id);
    return id;
  }

  /** A type that the file declares for a name of this graph; other names are nobody's. */
  declare(name: string, declared: DeclaredType): void {
    const tensor = this.tensors[this.#ids.get(name) ?? ABSENT];
    if (tensor !== undefined && tensor.outer === undefined) tensor.declared ??= declared;
  }

  /** The tensor of that name here, one that stands for a tensor of a graph around this one if need be; undefined when there is none. */
  resolve(name: string): TensorId | undefined {
    const own = this.#ids.get(name);
    if (own !== undefined) return own;
    const outer = this.outer?.resolve(name);
    if (outer === undefined) return undefined;
    const id = this.define(name);
    const tensor = this.tensors[id];
    if (tensor !== undefined) tensor.outer = outer;
    return id;
  }
}
