/**
 * How often this process did what takes long: tests hold it against the size of their task, and benchmarks print it. Differences of two
 * readings mean something; the numbers themselves go up for as long as the process lives.
 */
export interface Counts {
  /** Model files read and understood. */
  readonly parses: number;
  /** Graphs that were gone through to find their shapes, however little of them was new. */
  readonly inferences: number;
  /** Nodes whose operator's rule was asked for that: all of a graph's, or those that an edit changed the meaning of. */
  readonly inferredNodes: number;
  /** Rows of the table that were made anew, and not taken over from the model before an edit. */
  readonly describedRows: number;
  /** Rows whose energy and latency were computed. */
  readonly costedRows: number;
  /** Memory plans of all tensors of a model. */
  readonly memoryPlans: number;
  /** Layers that were written as nodes of a file's format: those of edits, computed or predicted. */
  readonly loweredLayers: number;
  /** Models made ready to run on this machine. */
  readonly sessions: number;
  /** Batches that went through a session. */
  readonly runs: number;
}

const counts: { -readonly [Key in keyof Counts]: number } = {
  parses: 0,
  inferences: 0,
  inferredNodes: 0,
  describedRows: 0,
  costedRows: 0,
  memoryPlans: 0,
  loweredLayers: 0,
  sessions: 0,
  runs: 0,
};

export function count(what: keyof Counts): void {
  counts[what] += 1;
}

/** The counts so far. */
export function countsSoFar(): Counts {
  return { ...counts };
}

/** What was done since a reading. */
export function countsSince(before: Counts): Counts {
  const names = Object.keys(counts) as (keyof Counts)[];
  return Object.fromEntries(names.map((name) => [name, counts[name] - before[name]])) as unknown as Counts;
}
