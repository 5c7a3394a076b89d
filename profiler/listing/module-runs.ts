import type { Row } from "./graph-rows.ts";

/** Neighbouring rows of one module. */
export interface ModuleRun {
  /** Names of modules that hold nothing but one another are joined: "encoder/layer". */
  readonly name: string;
  readonly parts: readonly (ModuleRun | Row)[];
}

/**
 * Rows in their order, neighbours that share a module together. A module whose rows do not stand together has several runs; one of a
 * single row has none, since the row says as much.
 * @param depth names of the rows' paths that stand around all of them
 */
export function moduleRuns(rows: readonly Row[], depth: number): readonly (ModuleRun | Row)[] {
  const parts: (ModuleRun | Row)[] = [];
  for (let from = 0; from < rows.length;) {
    const name = rows[from]?.layer.path[depth];
    let to = from + 1;
    while (to < rows.length && name !== undefined && rows[to]?.layer.path[depth] === name) to += 1;
    const run = rows.slice(from, to);
    if (name === undefined || run.length === 1) parts.push(...run);
    else parts.push(moduleRun(run, depth));
    from = to;
  }
  return parts;
}

/** Names that all rows of a run share are one: a name of thousands of parts is one level. */
function moduleRun(rows: readonly Row[], depth: number): ModuleRun {
  const path = rows[0]?.layer.path ?? [];
  let end = depth + 1;
  while (path[end] !== undefined && rows.every(({ layer }) => layer.path[end] === path[end])) end += 1;
  return { name: path.slice(depth, end).join("/"), parts: moduleRuns(rows, end) };
}

export function isRun(part: ModuleRun | Row): part is ModuleRun {
  return "parts" in part;
}

/** Rows of a run, those of runs within it included; bodies of a row are part of it. */
export function countRows({ parts }: ModuleRun): number {
  return parts.reduce((sum, part) => sum + (isRun(part) ? countRows(part) : 1), 0);
}
