import type { LayerProfile } from "../profile.ts";
import type { OptimizedOperator } from "./optimized-graph.ts";

/**
 * The rows of operators that give no tensor of the model: a Concat of blocked tensors, what runs on integers in another layout. By their
 * names, else as the rows that read the most of what they read: weights by their names, what other operators give by those operators' rows.
 */
export function findRenamed(
  layers: readonly LayerProfile[],
  optimized: readonly OptimizedOperator[],
  byOutput: ReadonlyMap<string, LayerProfile>,
): ReadonlyMap<OptimizedOperator, LayerProfile> {
  const computing = layers.filter(({ role }) => role === "compute");
  const byName = new Map<string, LayerProfile[]>();
  const byInput = new Map<string, Set<LayerProfile>>();
  for (const row of computing) {
    byName.set(row.name, [...(byName.get(row.name) ?? []), row]);
    for (const { name } of row.inputs) byInput.set(name, (byInput.get(name) ?? new Set()).add(row));
  }
  const givers = new Map(optimized.flatMap((each) => each.outputs.map((name) => [name, each] as const)));
  const found = new Map<OptimizedOperator, LayerProfile>();
  const taken = new Set<LayerProfile>();
  const isFree = (row: LayerProfile, op: string): boolean =>
    !taken.has(row) && isFormOf(row, op) && row.outputs.every(({ name }) => !isFormOf(row, givers.get(name)?.op ?? ""));
  /** Of tensors of ONNX Runtime's own, those of the model that hold the same. */
  const inModel = new Map<string, readonly string[]>();
  const modelNames = (input: string): readonly string[] => inModel.get(input) ?? [input];
  for (const operator of optimized) {
    if (givenBy(operator).some((name) => byOutput.has(name))) continue;
    const called = (byName.get(plainName(operator.name)) ?? []).filter((row) => isFree(row, operator.op));
    const read = operator.inputs.flatMap(modelNames);
    const readers = read.flatMap((name) => [...(byInput.get(name) ?? [])]).filter((row) => isFree(row, operator.op));
    const row = called.length === 1 ? called[0] : mostFrequent(readers);
    // What is no row only brings what it reads into another layout.
    for (const output of operator.outputs) inModel.set(output, row?.outputs.map(({ name }) => name) ?? read);
    if (row === undefined) continue;
    found.set(operator, row);
    taken.add(row);
  }
  return found;
}

/** The first of those that are there most often. */
function mostFrequent<T>(items: readonly T[]): T | undefined {
  const counts = new Map<T, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  return [...counts].reduce<readonly [T, number] | undefined>(
    (best, each) => (best === undefined || each[1] > best[1] ? each : best),
    undefined,
  )?.[0];
}

/** ONNX Runtime's marks of blocked layouts and of nodes that it made. */
const MARKS = /(?:_nchwc|_nhwc|_token_\d+)+$/;

/** Where an operator has no kernel for half precision it runs in float32, on tensors that are named after the model's. */
const CAST = /^(?:Inserted(?:PrecisionFree)?Cast_)+/;

/** The model's tensors that an operator gives: what runs on a blocked layout gives one of ONNX Runtime's own, and is named after the model's. */
export function givenBy({ name, outputs }: OptimizedOperator): readonly string[] {
  const plain = plainName(name);
  const given = outputs.map((output) => output.replace(CAST, ""));
  return plain === name ? given : [plain, ...given];
}

export function plainName(name: string): string {
  return name.replace(MARKS, "").replace(CAST, "");
}

/** As QLinearConv is of a Conv between pairs of Q and DQ. */
export function isFormOf(row: LayerProfile, op: string): boolean {
  return op.includes(row.op.split(".").at(-1) ?? row.op);
}
