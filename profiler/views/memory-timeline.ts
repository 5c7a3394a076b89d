import type { MemoryTimeline } from "../profile.ts";

/** Bytes alive in the arena at each step of a run. */
export function aliveBytes({ layers, buffers }: MemoryTimeline): readonly number[] {
  const changes = new Float64Array(layers.length + 1);
  for (const { bytes, first, last } of buffers) {
    changes[first] = (changes[first] ?? 0) + bytes;
    changes[last + 1] = (changes[last + 1] ?? 0) - bytes;
  }
  let alive = 0;
  return layers.map((_, step) => (alive += changes[step] ?? 0));
}

export interface AliveTensor {
  readonly name: string;
  readonly bytes: number;
  /** Steps, both included, during which its memory is needed. */
  readonly first: number;
  readonly last: number;
}

/** What is in the arena at a step, largest first. */
export function aliveAt({ buffers }: MemoryTimeline, step: number): readonly AliveTensor[] {
  return buffers
    .filter(({ first, last }) => first <= step && step <= last)
    .map(({ bytes, first, last, occupants }) => {
      const occupant = occupants.findLast((candidate) => candidate.step <= step) ?? occupants[0];
      return { name: occupant?.name ?? "", bytes, first, last };
    })
    .sort((a, b) => b.bytes - a.bytes);
}

export interface MemoryMark {
  /** The fullest of the steps behind the mark. */
  readonly step: number;
  readonly bytes: number;
  /** Index of the layer that runs then. */
  readonly layer: number;
  /** Steps behind the mark. */
  readonly steps: number;
}

/** The arena over a run in at most `marks` marks, each the fullest of its steps. */
export function memoryMarks(timeline: MemoryTimeline, marks: number): readonly MemoryMark[] {
  const alive = aliveBytes(timeline);
  const perMark = Math.max(1, Math.ceil(alive.length / marks));
  return Array.from({ length: Math.ceil(alive.length / perMark) }, (_, mark) => {
    const start = mark * perMark;
    const steps = Math.min(perMark, alive.length - start);
    let step = start;
    for (let next = start; next < start + steps; next++) if ((alive[next] ?? 0) > (alive[step] ?? 0)) step = next;
    return { step, bytes: alive[step] ?? 0, layer: timeline.layers[step] ?? 0, steps };
  });
}

/** The fullest mark, the first of equals; undefined without any. */
export function peakMark(marks: readonly MemoryMark[]): MemoryMark | undefined {
  const [first, ...others] = marks;
  return first && others.reduce((fullest, mark) => (mark.bytes > fullest.bytes ? mark : fullest), first);
}
