import { RUN_WITHIN_NEXT } from "../../formats/tflite/xnnpack-kernels.ts";
import type { LayerProfile } from "../../profile.ts";
import { mostExpensive } from "../map-times.ts";
import type { LayerTimes, RowTime, UnmappedTime } from "../run-result.ts";
import { alignXnnpack, isXnnpackOperator, type Alignment } from "./align-xnnpack.ts";
import { isDelegate, type BenchmarkedOperator, type BenchmarkProfile } from "./parse-profile.ts";

const ROUNDING: Pick<UnmappedTime, "name" | "op" | "reason"> = {
  name: "benchmark_model between operators",
  op: null,
  reason: "What its summary has more than its rows.",
};
/** Times are printed with so many seconds. */
const RESOLUTION = 1e-6;

/**
 * Each row's time, by the names of the tensors that operators give. A delegate's operator stands for all rows that it replaced: those that
 * give its outputs, and those in front of them that no other operator gives. XNNPACK's own operators, where they are listed alone, are found
 * by the graph's order.
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
  for (const [place, operator] of operators.entries()) {
    const { type, name, seconds, calls } = operator;
    const isOneOfSeveral = isXnnpackOperator(operator) && calls > 1;
    const group = isOneOfSeveral ? [] : rows.of(place);
    const main = mostExpensive(group);
    if (main === undefined) unmapped.push({ name, op: type, seconds, reason: reasonOf(operator) });
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

function reasonOf(operator: BenchmarkedOperator): string {
  if (!isXnnpackOperator(operator)) return "It gives nothing that a layer gives.";
  return operator.calls > 1
    ? `The profile tells ${operator.calls} operators, of as many parts of the model, as one.`
    : "XNNPACK's own: it does what no single layer does.";
}

class RowFinder {
  readonly #byOutputs = new Map<string, LayerProfile>();
  readonly #byOutput = new Map<string, LayerProfile>();
  /** Given by an operator's own output, by the operator's place: no delegate's inner row. */
  readonly #rows: readonly (readonly LayerProfile[])[];
  readonly #isRow: ReadonlySet<LayerProfile>;
  readonly #taken = new Set<LayerProfile>();

  constructor(
    private readonly layers: readonly LayerProfile[],
    private readonly operators: readonly BenchmarkedOperator[],
  ) {
    for (const layer of layers) {
      const names = layer.outputs.map(({ name }) => name);
      const key = comparable(names.join(", "));
      if (!this.#byOutputs.has(key)) this.#byOutputs.set(key, layer);
      for (const name of names) if (!this.#byOutput.has(name)) this.#byOutput.set(name, layer);
    }
    const named = (operator: BenchmarkedOperator): LayerProfile | undefined =>
      isDelegate(operator.type) ? undefined : this.#named(operator)[0];
    const aligned: Alignment = operators.some(isXnnpackOperator)
      ? alignXnnpack(operators, layers, named)
      : new Map<number, LayerProfile>();
    this.#rows = operators.map((operator, place) => {
      if (isXnnpackOperator(operator)) return [aligned.get(place) ?? []].flat();
      return isNameless(operator) ? this.#between(place) : this.#named(operator);
    });
    this.#isRow = new Set(this.#rows.flat());
  }

  /** The rows of the operator at a place of the profile. */
  of(place: number): readonly LayerProfile[] {
    const operator = this.operators[place];
    const group = new Set((this.#rows[place] ?? []).filter((row) => !this.#taken.has(row)));
    const isXnnpack = operator !== undefined && isXnnpackOperator(operator);
    if (isXnnpack || isDelegate(operator?.type ?? "")) {
      for (const row of group) {
        for (const { name, isConstant } of row.inputs) {
          const giver = isConstant ? undefined : this.#byOutput.get(name);
          if (giver?.role !== "compute" || this.#isRow.has(giver) || this.#taken.has(giver)) continue;
          if (!isXnnpack || RUN_WITHIN_NEXT.has(giver.op)) group.add(giver);
        }
      }
    }
    for (const row of group) this.#taken.add(row);
    return [...group];
  }

  /** By all its outputs; a delegate's come from several rows; else by its place in the file. */
  #named({ type, name, node }: BenchmarkedOperator): readonly LayerProfile[] {
    const whole = name === "" ? undefined : this.#byOutputs.get(comparable(name));
    if (whole !== undefined) return [whole];
    if (isDelegate(type)) {
      const given = comparable(name)
        .split(",")
        .flatMap((part) => (part.trim() === "" ? [] : [part.trim()]));
      return this.layers.filter(({ outputs }) => outputs.some((output) => given.includes(comparable(output.name))));
    }
    const placed = node === null ? undefined : this.layers[node];
    return placed !== undefined && type.split("/")[0] === placed.op ? [placed] : [];
  }

  /** Of a delegate whose tensors have no names: the rows between those that the operators before and behind it ran. */
  #between(place: number): readonly LayerProfile[] {
    const rowsOf = (operators: readonly BenchmarkedOperator[]): readonly number[] =>
      operators.filter((each) => !isDelegate(each.type)).flatMap((each) => this.#named(each).map(({ index }) => index));
    const others = new Set(rowsOf(this.operators));
    const from = Math.max(-1, ...rowsOf(this.operators.slice(0, place)));
    const later = rowsOf(this.operators.slice(place + 1)).filter((index) => index > from);
    const to = Math.min(this.layers.length, ...later);
    return this.layers.filter(
      ({ index, role }) => role === "compute" && index > from && index < to && !others.has(index),
    );
  }
}

function isNameless({ type, name }: BenchmarkedOperator): boolean {
  return isDelegate(type) && name.replaceAll(/[,\s]/g, "") === "";
}

/** New versions write tabs for the commas of names. */
function comparable(name: string): string {
  return name.replaceAll(/\s*[,\t]\s*/g, ",").trim();
}
