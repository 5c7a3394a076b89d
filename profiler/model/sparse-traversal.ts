import { ModelFormatError } from "../errors.ts";

/**
 * How the elements of a sparse tensor are found: axis by axis, each with all of its indices or only those where something is stored
 * (compressed sparse rows). Source: TFLite's schema, SparsityParameters, after Chou, Kjolstad, Amarasinghe: Format Abstraction for Sparse
 * Tensor Algebra Compilers. OOPSLA 2018.
 */
export interface SparseTraversal {
  /** The axis of each level; from the tensor's rank on, a place within a block of `blockAxes`. */
  readonly order: readonly number[];
  /** Axes that are cut into blocks. */
  readonly blockAxes: readonly number[];
  readonly levels: readonly TraversalLevel[];
}

export type TraversalLevel =
  | { readonly kind: "dense"; readonly size: number }
  | { readonly kind: "compressed"; readonly segments: PositionType; readonly indices: PositionType };

/** Type of the numbers in a level's lists. */
export type PositionType = "int32" | "uint16" | "uint8";

/** The lists of one compressed level. */
export interface LevelPositions {
  /** Where the indices of each place of the level before begin, and where the last ones end. */
  readonly segments: ArrayLike<number>;
  readonly indices: ArrayLike<number>;
}

/**
 * Calls `visit` with each stored value's number and its position in the tensor, row-major.
 * @param positions of the compressed levels, in order
 * @throws {ModelFormatError} where the lists lead outside the tensor, or to values that there are not
 */
export function eachStored(
  shape: readonly number[],
  { order, blockAxes, levels }: SparseTraversal,
  positions: readonly LevelPositions[],
  values: number,
  file: string,
  visit: (value: number, position: number) => void,
): void {
  const rank = shape.length;
  const refuse = (expected: string): never => {
    throw new ModelFormatError(file, "sparse tensor", expected);
  };
  const places = rank + blockAxes.length;
  const isWhole = order.length === places && new Set(order).size === places && levels.length === places;
  if (
    !isWhole ||
    order.some((axis) => axis < 0 || axis >= places) ||
    blockAxes.some((axis) => !(axis >= 0 && axis < rank))
  )
    refuse("expected each of its axes and blocks once");
  const blockSizes = blockAxes.map((_, block) => {
    const level = levels[order.indexOf(rank + block)];
    return level?.kind === "dense" && level.size > 0 ? level.size : refuse("expected blocks of a dense size");
  });
  order.forEach((axis, at) => {
    const level = levels[at];
    if (axis >= rank || level?.kind !== "dense") return;
    const block = blockAxes.indexOf(axis);
    const size = level.size * (block < 0 ? 1 : (blockSizes[block] ?? 1));
    if (size !== shape[axis]) refuse(`expected ${shape[axis]} elements along axis ${axis}, not ${size}`);
  });
  let compressed = 0;
  let parents = 1;
  const lists = levels.map((level) => {
    if (level.kind === "dense") {
      parents *= level.size;
      return undefined;
    }
    const list = positions[compressed++];
    if (list === undefined || !isRising(list))
      return refuse("expected segments that rise from 0 to the number of its indices");
    // Fewer would leave stored values out, as if they were zero.
    if (list.segments.length !== parents + 1) refuse(`expected ${parents + 1} segments, not ${list.segments.length}`);
    parents = list.indices.length;
    return list;
  });
  const index = order.map(() => 0);
  const place = (value: number): void => {
    if (value >= values) refuse(`expected ${value + 1} stored values or more, but there are ${values}`);
    const axes = shape.map(() => 0);
    order.forEach((axis, level) => {
      if (axis < rank) axes[axis] = index[level] ?? 0;
    });
    order.forEach((axis, level) => {
      const cut = blockAxes[axis - rank];
      if (axis >= rank && cut !== undefined)
        axes[cut] = (axes[cut] ?? 0) * (blockSizes[axis - rank] ?? 1) + (index[level] ?? 0);
    });
    let position = 0;
    shape.forEach((size, axis) => {
      const at = axes[axis] ?? 0;
      if (!(at >= 0 && at < size)) refuse(`expected an index from 0 and below ${size} along axis ${axis}, not ${at}`);
      position = position * size + at;
    });
    visit(value, position);
  };
  const walk = (level: number, parent: number): void => {
    const about = levels[level];
    if (about === undefined) {
      place(parent);
      return;
    }
    const list = lists[level];
    if (about.kind === "dense") {
      for (let at = 0; at < about.size; at += 1) {
        index[level] = at;
        walk(level + 1, parent * about.size + at);
      }
      return;
    }
    const [from = 0, to = 0] = [list?.segments[parent], list?.segments[parent + 1]];
    for (let at = from; at < to; at += 1) {
      index[level] = list?.indices[at] ?? 0;
      walk(level + 1, at);
    }
  };
  walk(0, 0);
}

function isRising({ segments, indices }: LevelPositions): boolean {
  let last = 0;
  if (segments[0] !== 0) return false;
  for (const segment of Array.from(segments)) {
    if (segment < last) return false;
    last = segment;
  }
  return last === indices.length;
}
