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
  const offsets = blocks.map(() => 0);
  const placed = new PlacedBlocks(blocks);
  const bySize = [...blocks.entries()].sort(([i, a], [j, b]) => b.bytes - a.bytes || a.first - b.first || i - j);
  for (const [index, block] of bySize) {
    offsets[index] = bestGap(
      block.bytes,
      placed
        .during(block)
        .map((other) => ({ start: offsets[other] ?? 0, bytes: blocks[other]?.bytes ?? 0 }))
        .sort((a, b) => a.start - b.start),
    );
    placed.add(index);
  }
  return offsets;
}

/** Size of the arena that a placement needs. */
export function arenaBytes(blocks: readonly Block[], offsets: readonly number[]): number {
  return blocks.reduce((bytes, block, index) => Math.max(bytes, (offsets[index] ?? 0) + block.bytes), 0);
}

function bestGap(bytes: number, taken: readonly { readonly start: number; readonly bytes: number }[]): number {
  let end = 0;
  let best: { readonly start: number; readonly size: number } | undefined;
  for (const block of taken) {
    const size = block.start - end;
    if (size >= bytes && (best === undefined || size < best.size)) best = { start: end, size };
    end = Math.max(end, block.start + block.bytes);
  }
  return best?.start ?? end;
}

/** Finds the placed blocks that share a step with another in about as many moves as there are such blocks: a segment tree over steps. */
class PlacedBlocks {
  readonly #leaves: number;
  /** Of each tree node: blocks that span all steps below it, but not all below its parent. */
  readonly #spanning: (number[] | undefined)[];
  readonly #startingAt: (number[] | undefined)[];

  constructor(readonly blocks: readonly Block[]) {
    const steps = 1 + blocks.reduce((latest, { last }) => Math.max(latest, last), 0);
    this.#leaves = 2 ** Math.ceil(Math.log2(steps));
    this.#spanning = new Array<undefined>(2 * this.#leaves).fill(undefined);
    this.#startingAt = new Array<undefined>(steps).fill(undefined);
  }

  add(index: number): void {
    const block = this.blocks[index];
    if (!block) return;
    append(this.#startingAt, block.first, index);
    let left = block.first + this.#leaves;
    let right = block.last + 1 + this.#leaves;
    for (; left < right; left >>= 1, right >>= 1) {
      if (left % 2 === 1) append(this.#spanning, left++, index);
      if (right % 2 === 1) append(this.#spanning, --right, index);
    }
  }

  during({ first, last }: Block): number[] {
    const found: number[] = [];
    for (let node = first + this.#leaves; node >= 1; node >>= 1) {
      for (const index of this.#spanning[node] ?? []) found.push(index);
    }
    for (let step = first + 1; step <= last; step++) {
      for (const index of this.#startingAt[step] ?? []) found.push(index);
    }
    return found;
  }
}

/** Lists are made when first needed: most tree nodes never get one. */
function append(lists: (number[] | undefined)[], at: number, index: number): void {
  const list = lists[at];
  if (list === undefined) lists[at] = [index];
  else list.push(index);
}
