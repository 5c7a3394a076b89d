import type { LayerProfile } from "../../profile.ts";
import { mostExpensive } from "../map-times.ts";
import type { LayerTimes, RowTime, UnmappedTime } from "../run-result.ts";
import type { BenchmarkedOperator, BenchmarkProfile } from "./parse-profile.ts";

const ROUNDING: Pick<UnmappedTime, "name" | "op" | "reason"> = {
  name: "benchmark_model between operators",
  op: null,
  reason: "What its summary has more than its rows.",
};
/** Times are printed with so many seconds. */
const RESOLUTION = 1e-6;

/**
 * Each row's time, by the names of the tensors that operators give. A delegate's operator stands for all rows that it replaced: those that
 * give its outputs, and those in front of them that no other operator gives.
 *
 * @param optimization what the layers were handed to
 */
export function mapOperators(
  { operators, delegated, totalSeconds, runs }: BenchmarkProfile,
  layers: readonly LayerProfile[],
  optimization: string,
): LayerTimes {
  const rows = new RowFinder(layers, operators);
  const times: RowTime[] = [];
  const unmapped: UnmappedTime[] = [];
  for (const operator of operators) {
    const { type, name, seconds } = operator;
    const group = rows.of(operator);
    const main = mostExpensive(group);
    if (main === undefined) unmapped.push({ name, op: type, seconds, reason: "It gives nothing that a layer gives." });
    else {
      const fused = group.filter((row) => row !== main).map(({ index }) => index);
      const inside = isDelegate(type) ? delegated.map((each) => each.name) : [];
      const { index: layer, name: row, op } = main;
      times.push({ layer, name: row, op, seconds, spread: null, fused, operators: [type, ...inside] });
    }
  }
  const spent = operators.reduce((sum, { seconds }) => sum + seconds, 0);
  const whole = Math.max(spent, totalSeconds ?? 0);
  if (whole - spent > RESOLUTION) unmapped.push({ ...ROUNDING, seconds: whole - spent });
  return {
    optimization,
    runs: runs ?? 1,
    totalSeconds: whole - spent > RESOLUTION ? whole : spent,
    rows: times.sort((a, b) => a.layer - b.layer),
    unmapped,
  };
}

/** "TfLiteXNNPackDelegate", "Delegate/TfLiteGpuDelegateV2" */
function isDelegate(type: string): boolean {
  return /delegate/i.test(type);
}

class RowFinder {
  readonly #byOutputs = new Map<string, LayerProfile>();
  readonly #byOutput = new Map<string, LayerProfile>();
  /** Given by an operator's own output: no delegate's inner row. */
  readonly #ends = new Set<LayerProfile>();
  readonly #taken = new Set<LayerProfile>();

  constructor(
    private readonly layers: readonly LayerProfile[],
    operators: readonly BenchmarkedOperator[],
  ) {
    for (const layer of layers) {
      const names = layer.outputs.map(({ name }) => name);
      const key = comparable(names.join(", "));
      if (!this.#byOutputs.has(key)) this.#byOutputs.set(key, layer);
      for (const name of names) if (!this.#byOutput.has(name)) this.#byOutput.set(name, layer);
    }
    for (const operator of operators) for (const row of this.#endsOf(operator)) this.#ends.add(row);
  }

  of(operator: BenchmarkedOperator): readonly LayerProfile[] {
    const ends = this.#endsOf(operator).filter((row) => !this.#taken.has(row));
    const group = new Set(ends);
    if (isDelegate(operator.type)) {
      for (const row of group) {
        for (const { name, isConstant } of row.inputs) {
          const giver = isConstant ? undefined : this.#byOutput.get(name);
          if (giver?.role === "compute" && !this.#ends.has(giver) && !this.#taken.has(giver)) group.add(giver);
        }
      }
    }
    for (const row of group) this.#taken.add(row);
    return [...group];
  }

  /** By all its outputs; a delegate's come from several rows; else by its place in the file. */
  #endsOf({ type, name, node }: BenchmarkedOperator): readonly LayerProfile[] {
    const whole = this.#byOutputs.get(comparable(name));
    if (whole !== undefined) return [whole];
    if (isDelegate(type)) {
      const given = comparable(name)
        .split(",")
        .map((part) => part.trim());
      return this.layers.filter(({ outputs }) => outputs.some((output) => given.includes(comparable(output.name))));
    }
    const placed = node === null ? undefined : this.layers[node];
    return placed !== undefined && type.split("/")[0] === placed.op ? [placed] : [];
  }
}

/** New versions write tabs for the commas of names. */
function comparable(name: string): string {
  return name.replaceAll(/\s*[,\t]\s*/g, ",").trim();
}
