import type { LayerProfile } from "../../profile.ts";
import { FEWEST_RUNS, middleHalfOf } from "../latency-statistics.ts";
import type { LayerTimes, NotMeasured, RowTime, UnmappedTime } from "../run-result.ts";
import type { RunnerLayer, RunnerResult } from "../runner/runner-answer.ts";

/** How layers are measured, as a run says it. */
const ONE_AT_A_TIME = "one operator at a time";

const BETWEEN: Pick<UnmappedTime, "name" | "op" | "reason"> = {
  name: "TFLite between operators",
  op: null,
  reason: "The runtime's own work, and the clock around each operator.",
};

/**
 * Each row's time, of a run whose operators were clocked one by one: found by the names of the tensors that they give, of several by their
 * place in the file. The quicker half of the runs counts, for what disturbs a run only ever adds to it.
 */
export function mapNativeLayers(
  { layers: operators, runSeconds }: RunnerResult,
  rows: readonly LayerProfile[],
): LayerTimes | NotMeasured {
  if (operators.length === 0 || runSeconds.length === 0) return { reason: "TFLite clocked no operator." };
  const order = [...runSeconds.keys()].sort((a, b) => (runSeconds[a] ?? 0) - (runSeconds[b] ?? 0));
  const counted = order.slice(0, Math.ceil(order.length / 2));
  const mean = (times: readonly number[]): number =>
    counted.reduce((sum, run) => sum + (times[run] ?? 0), 0) / counted.length;
  const finder = new RowFinder(rows);
  const times: RowTime[] = [];
  const unmapped: UnmappedTime[] = [];
  for (const operator of operators) {
    const seconds = mean(operator.runSeconds);
    const row = finder.of(operator);
    const by = operator.isXnnpack ? "XNNPACK" : "TFLite";
    const name = operator.outputs.join(", ");
    if (row === undefined) unmapped.push({ name, op: by, seconds, reason: "It gives nothing that a layer gives." });
    else {
      const { low, high } = middleHalfOf(operator.runSeconds);
      const spread = runSeconds.length < FEWEST_RUNS ? null : (high - low) / 2;
      const { index: layer, name: title, op } = row;
      times.push({ layer, name: title, op, seconds, spread, fused: [], operators: [`${by}: ${name}`] });
    }
  }
  const spent = [...times, ...unmapped].reduce((sum, { seconds }) => sum + seconds, 0);
  const whole = Math.max(spent, mean(runSeconds));
  if (whole > spent) unmapped.push({ ...BETWEEN, seconds: whole - spent });
  return {
    optimization: ONE_AT_A_TIME,
    runs: counted.length,
    totalSeconds: whole,
    rows: times.sort((a, b) => a.layer - b.layer),
    unmapped,
  };
}

class RowFinder {
  readonly #byOutputs = new Map<string, LayerProfile[]>();

  constructor(private readonly rows: readonly LayerProfile[]) {
    for (const row of rows) {
      const key = keyOf(row.outputs.map(({ name }) => name));
      this.#byOutputs.set(key, [...(this.#byOutputs.get(key) ?? []), row]);
    }
  }

  of({ outputs, node }: RunnerLayer): LayerProfile | undefined {
    const called = this.#byOutputs.get(keyOf(outputs)) ?? [];
    const placed = called.find(({ index }) => index === node) ?? called[0];
    // Tensors need no names.
    return placed ?? (outputs.every((name) => name === "") ? this.rows[node] : undefined);
  }
}

function keyOf(names: readonly string[]): string {
  return JSON.stringify(names);
}
