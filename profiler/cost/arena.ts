/** A block of memory and the steps, both included, during which it is needed. */
export interface Block {
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

/**
 * Offsets of blocks in one arena, so that no two that are needed at the same time overlap: the largest block first, each in the
 * smallest gap that holds it (greedy by size, Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference", 2020;
 * the planner of TFLite). Without the alignment that runtimes add: the number is the model's, not theirs.
 * @returns offsets in the blocks' order
 */
export function placeBlocks(blocks: readonly Block[]): readonly number[] {
  const parts = blocks.map(({ bytes, first, last }): Placed => ({ bytes, first, last, offset: 0 }));
  const placed = new PlacedBlocks(parts);
  for (const part of parts.toSorted((a, b) => b.bytes - a.bytes || a.first - b.first)) {
    part.offset = bestGap(part, placed.around(part));
    placed.add(part);
  }
  return parts.map(({ offset }) => offset);
}

interface Placed extends Block {
  offset: number;
}

/** Size of the arena that a placement needs. */
export function arenaBytes(blocks: readonly Block[], offsets: readonly number[]): number {
  return blocks.reduce((bytes, block, index) => Math.max(bytes, (offsets[index] ?? 0) + block.bytes), 0);
}

/** @param taken by their offsets, all that share a step with it among them */
function bestGap({ bytes, first, last }: Block, taken: readonly Placed[]): number {
  let end = 0;
  let best: number | undefined;
  let smallest = Infinity;
  for (const block of taken) {
    if (block.first > last || block.last < first) continue;
    const size = block.offset - end;
    if (size >= bytes && size < smallest) {
      best = end;
      smallest = size;
    }
    end = Math.max(end, block.offset + block.bytes);
  }
  return best ?? end;
}

/** Finds the placed blocks that share a step with another in about as many moves as there are such blocks: a segment tree over steps. */
class PlacedBlocks {
  readonly #leaves: number;
  /** Of each tree node: blocks that span all steps below it, but not all below its parent. */
  readonly #spanning: (Placed[] | undefined)[];
  readonly #startingAt: (Placed[] | undefined)[];
  /** All, by their offsets. */
  readonly #sorted: Placed[] = [];

  constructor(blocks: readonly Block[]) {
    const steps = 1 + blocks.reduce((latest, { last }) => Math.max(latest, last), 0);
    this.#leaves = 2 ** Math.ceil(Math.log2(steps));
    this.#spanning = new Array<undefined>(2 * this.#leaves).fill(undefined);
    this.#startingAt = new Array<undefined>(steps).fill(undefined);
  }

  add(block: Placed): void {
    this.#sorted.splice(this.#placeBehind(block.offset), 0, block);
    append(this.#startingAt, block.first, block);
    let left = block.first + this.#leaves;
    let right = block.last + 1 + this.#leaves;
    for (; left < right; left >>= 1, right >>= 1) {
      if (left % 2 === 1) append(this.#spanning, left++, block);
      if (right % 2 === 1) append(this.#spanning, --right, block);
    }
  }

  /** By their offsets. Where most share a step these are all blocks: sorting thousands anew for each of them would take seconds. */
  around(block: Block): readonly Placed[] {
    const lists = this.#sharing(block);
    const count = lists.reduce((sum, { length }) => sum + length, 0);
    if (count * Math.log2(count) >= this.#sorted.length) return this.#sorted;
    return lists.flat().sort((a, b) => a.offset - b.offset);
  }

  #placeBehind(offset: number): number {
    let [from, to] = [0, this.#sorted.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if ((this.#sorted[middle]?.offset ?? 0) <= offset) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  /** The lists that hold those that share a step with it, each in one of them. */
  #sharing({ first, last }: Block): readonly (readonly Placed[])[] {
    const lists: (readonly Placed[])[] = [];
    for (let node = first + this.#leaves; node >= 1; node >>= 1) lists.push(this.#spanning[node] ?? NONE);
    for (let step = first + 1; step <= last; step++) {
      const starting = this.#startingAt[step];
      if (starting) lists.push(starting);
    }
    return lists;
  }
}

const NONE: readonly Placed[] = [];

/** Lists are made when first needed: most tree nodes never get one. */
function append(lists: (Placed[] | undefined)[], at: number, block: Placed): void {
  const list = lists[at];
  if (list === undefined) lists[at] = [block];
  else list.push(block);
}
