/** Things that are tied together become one: which one each belongs to (Tarjan 1975, with path halving). */
export class UnionFind {
  readonly #parents: number[] = [];

  get size(): number {
    return this.#parents.length;
  }

  /** New things, each by itself. */
  add(count: number): readonly number[] {
    const first = this.size;
    const added = Array.from({ length: count }, (_, index) => first + index);
    for (const thing of added) this.#parents.push(thing);
    return added;
  }

  /** What a thing belongs to. The first of those tied together stands for all, so that numbering does not depend on who was tied when. */
  find(thing: number): number {
    let root = thing;
    for (;;) {
      const parent = this.#parents[root] ?? root;
      if (parent === root) return root;
      const next = this.#parents[parent] ?? parent;
      this.#parents[root] = next;
      root = next;
    }
  }

  tie(a: number, b: number): void {
    const [first, second] = [this.find(a), this.find(b)];
    this.#parents[Math.max(first, second)] = Math.min(first, second);
  }
}
