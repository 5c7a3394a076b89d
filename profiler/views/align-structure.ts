import type { LayerProfile } from "../profile.ts";
import { alignAround, alignLayers, type AlignedLayers } from "./align-layers.ts";

/** What a layer is known by where names differ: between formats, before and after a conversion. */
export type StructuredLayer = Pick<LayerProfile, "name" | "op" | "kind" | "outputs" | "macs" | "parameters">;

/** Cells of a table of scores: 6,000 rows beside 4,000 take a quarter of a second, and more are paired by their operators alone. */
const CELL_LIMIT = 24_000_000;

/**
 * Aligns the layers of two models: those of one name and operator are pairs, and between them the sequences are aligned by kind, output
 * shape, MACs and parameters, so that the sum of what agrees is largest and the order of both models is kept (Needleman & Wunsch, 1970).
 * Layers of different kinds are never a pair; what has no partner stands alone where it stands in its own model.
 */
export function alignStructure<L extends StructuredLayer>(
  before: readonly L[],
  after: readonly L[],
): readonly AlignedLayers<L>[] {
  return alignAround(before, after, alignGap);
}

/** What a step through the table of scores takes: a layer of each model, or of one of them. */
const BOTH = 0;
const BEFORE = 1;
const AFTER = 2;

function alignGap<L extends StructuredLayer>(before: readonly L[], after: readonly L[]): readonly AlignedLayers<L>[] {
  const width = after.length + 1;
  if ((before.length + 1) * width > CELL_LIMIT) return alignLayers(before, after);
  const [old, now] = [before.map(signatureOf), after.map(signatureOf)];
  const steps = new Uint8Array((before.length + 1) * width).fill(AFTER, 0, width);
  let above = new Float64Array(width);
  old.forEach((a, row) => {
    const line = new Float64Array(width);
    const start = (row + 1) * width;
    steps[start] = BEFORE;
    now.forEach((b, column) => {
      const [up, aside] = [at(above, column + 1), at(line, column)];
      const both = a.kind === b.kind ? at(above, column) + likeness(a, b) : -1;
      const best = Math.max(both, up, aside);
      line[column + 1] = best;
      steps[start + column + 1] = best === both ? BOTH : best === aside ? AFTER : BEFORE;
    });
    above = line;
  });
  return trace(before, after, steps);
}

/** Goes back from the end along the steps that made the best score. */
function trace<L>(before: readonly L[], after: readonly L[], steps: Uint8Array): readonly AlignedLayers<L>[] {
  const rows: AlignedLayers<L>[] = [];
  let [a, b] = [before.length, after.length];
  while (a > 0 || b > 0) {
    const step = steps[a * (after.length + 1) + b];
    if (step !== AFTER) a -= 1;
    if (step !== BEFORE) b -= 1;
    rows.push({
      before: step === AFTER ? null : (before[a] ?? null),
      after: step === BEFORE ? null : (after[b] ?? null),
    });
  }
  return rows.reverse();
}

interface Signature {
  readonly kind: string;
  readonly op: string;
  readonly name: string;
  /** Sizes of the first output in falling order, for formats order them differently; ones say nothing. */
  readonly sizes: string;
  readonly macs: number | null;
  readonly parameters: number | null;
}

function signatureOf({ kind, op, name, outputs: [output], macs, parameters }: StructuredLayer): Signature {
  const sizes = (output?.shape ?? []).map(String).filter((size) => size !== "1");
  return { kind: ONE_KIND.get(kind) ?? kind, op, name, sizes: sizes.sort().join("×"), macs, parameters };
}

/** A mean over an image is pooling to some exporters and a reduction to others. */
const ONE_KIND: ReadonlyMap<LayerProfile["kind"], LayerProfile["kind"]> = new Map([["reduce", "pool"]]);

/** How much two layers of one kind agree in: more than 0, so that a pair is better than two that stand alone. */
function likeness(a: Signature, b: Signature): number {
  const isOneName = a.name === b.name ? WEIGHTS.name : 0;
  const isOneOperator = a.op === b.op ? WEIGHTS.operator : 0;
  const isOneShape = a.sizes === b.sizes ? WEIGHTS.shape : 0;
  return (
    WEIGHTS.kind +
    isOneName +
    isOneOperator +
    isOneShape +
    WEIGHTS.macs * closeness(a.macs, b.macs) +
    WEIGHTS.parameters * closeness(a.parameters, b.parameters)
  );
}

/** MACs and shape tell layers of one network apart; a layer that was changed keeps at least one of them more often than not. */
const WEIGHTS = { kind: 1, operator: 0.5, name: 2, shape: 3, macs: 3, parameters: 1 };

/** The smaller part of the larger, 0 to 1; 0 where one is unknown, 1 where neither has any. */
function closeness(a: number | null, b: number | null): number {
  if (a === null || b === null) return 0;
  return a === b ? 1 : Math.min(a, b) / Math.max(a, b);
}

function at(values: Float64Array, index: number): number {
  return values[index] ?? 0;
}
