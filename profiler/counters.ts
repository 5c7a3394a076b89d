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
  /** Models made ready to run on this machine. */
  readonly sessions: number;
  /** Batches that went through a session. */
  readonly runs: number;
}

const counts: { -readonly [Key in keyof Counts]: number } = {
  parses: 0,
  inferences: 0,
  inferredNodes: 0,
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
  const { parses, inferences, inferredNodes, sessions, runs } = counts;
  return {
    parses: parses - before.parses,
    inferences: inferences - before.inferences,
    inferredNodes: inferredNodes - before.inferredNodes,
    sessions: sessions - before.sessions,
    runs: runs - before.runs,
  };
}
