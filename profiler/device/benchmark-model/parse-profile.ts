/** One operator of a `benchmark_model` profile. */
export interface BenchmarkedOperator {
  /** "CONV_2D", "TfLiteXNNPackDelegate" */
  readonly type: string;
  /** Names of its output tensors, "[a, b]" without the brackets; as they are for what is no operator of the file. */
  readonly name: string;
  /** Its place in the subgraph; null in old outputs. */
  readonly node: number | null;
  /** Of one inference. */
  readonly seconds: number;
  /** How often that ran in it: several operators of a delegate's parts may be told as one. */
  readonly calls: number;
}

export interface BenchmarkProfile {
  /** Of the main graph, in run order. Their times add up. */
  readonly operators: readonly BenchmarkedOperator[];
  /** What delegates ran inside of operators of theirs: their time is in those already. */
  readonly delegated: readonly BenchmarkedOperator[];
  /** Of one inference, as the summary has it; null where there is none. */
  readonly totalSeconds: number | null;
  /** Profiled inferences; null where that is not told. */
  readonly runs: number | null;
}

/** Logs go through Android's or TensorFlow's logger. */
const LOG_PREFIX = /^(?:[\d-]+ [\d:.]+ +\d+ +\d+ I tflite +: |INFO: )/;
/** The other phases: what they hold is no inference, or is in a row of the main graph already. */
const INITIALIZATION = "Profiling Info for Benchmark Initialization:";
const RUNS = "Operator-wise Profiling Info for Regular Benchmark Runs:";
const MAIN_GRAPH = /^Primary graph\b.*:$/;
const SUBGRAPH = /^Subgraph \(index: \d+.*:$/;
const DELEGATE = "Delegate internal:";
const TITLE = /^=+ (.+?) =+$/;
/** The other tables have the same rows in another order. */
const RUN_ORDER = "Run Order";
const SUMMARY = /^Timings \(microseconds\): count=(\d+)\b.*$/;
/** Of a single run only its own time is told. */
const AVERAGE = /\bavg=(\S+)|\bcount=1 curr=(\S+)/;
/** The tag of a delegate's own operators in versions that list them among the others. */
const DELEGATE_OPERATOR = "DelegateOpInvoke";
const INSIDE = "Delegate/";
/** The whole inference, in versions that list it among its operators. */
const WHOLE = "Invoke/";
const OPERATOR_NAME = /^\[(.*)\](?::(\d+))?$/s;

const MILLISECOND = 1e-3;
const MICROSECOND = 1e-6;

/**
 * Reads the operator profile that `benchmark_model` writes with `enable_op_profiling`, as CSV or as a table for people, of any version:
 * columns by their header, sections by their titles. Lines that are no part of it are passed over.
 */
export function parseBenchmarkProfile(text: string): BenchmarkProfile {
  const operators: BenchmarkedOperator[] = [];
  const delegated: BenchmarkedOperator[] = [];
  let summary: { readonly runs: number; readonly seconds: number } | undefined;
  let part: "operators" | "delegated" | "other" = "operators";
  let title = "";
  let columns: readonly string[] | undefined;
  for (const raw of text.split("\n")) {
    const line = raw.replace(LOG_PREFIX, "").trimEnd();
    part = partOf(line) ?? part;
    const heading = TITLE.exec(line.trim())?.[1];
    if (heading !== undefined) [title, columns] = [heading, undefined];
    else if (line.trim() === "") columns = undefined;
    else if (/^\s*(?:node type,|\[node type\])/i.test(line)) columns = columnsOf(line);
    else if (columns !== undefined && title === RUN_ORDER && part !== "other") {
      const row = readRow(line, columns);
      if (row === undefined || row.name.startsWith(WHOLE)) continue;
      (part === "delegated" || row.type === DELEGATE_OPERATOR ? delegated : operators).push(row);
    }
    if (part === "operators") summary = readSummary(line.trim()) ?? summary;
  }
  const whole = { totalSeconds: summary?.seconds ?? null, runs: summary?.runs ?? null };
  const isInside = ({ name }: BenchmarkedOperator): boolean => name.startsWith(INSIDE);
  // Beside a row of the delegate itself they are inside it; alone they are all there is.
  if (!operators.some((each) => isDelegate(each.type) && !isInside(each))) return { operators, delegated, ...whole };
  return {
    operators: operators.filter((each) => !isInside(each)),
    delegated: [...delegated, ...operators.filter(isInside)],
    ...whole,
  };
}

/** "TfLiteXNNPackDelegate", "Delegate/TfLiteGpuDelegateV2" */
export function isDelegate(type: string): boolean {
  return /delegate/i.test(type);
}

function readSummary(line: string): { readonly runs: number; readonly seconds: number } | undefined {
  const runs = SUMMARY.exec(line)?.[1];
  const [, average, only] = AVERAGE.exec(line) ?? [];
  const seconds = Number(average ?? only) * MICROSECOND;
  return runs === undefined || !Number.isFinite(seconds) ? undefined : { runs: Number(runs), seconds };
}

function partOf(line: string): "operators" | "delegated" | "other" | undefined {
  if (line.startsWith(RUNS) || MAIN_GRAPH.test(line)) return "operators";
  if (line.startsWith(DELEGATE)) return "delegated";
  return line.startsWith(INITIALIZATION) || SUBGRAPH.test(line) ? "other" : undefined;
}

/** Of a table the cells stand between tabs, of CSV between commas. */
function cellsOf(line: string): readonly string[] {
  const isTable = line.startsWith("\t");
  return (isTable ? line.slice(1).split("\t") : line.split(",")).map((cell) => cell.trim());
}

/** "avg_ms" and "[avg ms]" alike. */
function columnsOf(line: string): readonly string[] {
  return cellsOf(line).map((cell) => cell.replaceAll(/[[\]]/g, "").replaceAll("_", " ").trim().toLowerCase());
}

/** Neither the type in front of the numbers nor the name behind them is quoted, and both may hold commas. */
function readRow(line: string, columns: readonly string[]): BenchmarkedOperator | undefined {
  const cells = cellsOf(line);
  const numbers = columns.length - 2;
  const isNumber = (cell: string | undefined): boolean => /^-?[\d.]+(?:e[-+]?\d+)?%?$/i.test(cell ?? "");
  const start = cells.findIndex(
    (_, at) => at > 0 && cells.length > at + numbers && cells.slice(at, at + numbers).every(isNumber),
  );
  if (start < 0 || numbers < 1) return undefined;
  const valueOf = (column: string): number | undefined => {
    const at = columns.indexOf(column);
    return at < 1 ? undefined : Number.parseFloat(cells[start + at - 1] ?? "");
  };
  const milliseconds = valueOf("avg ms");
  if (milliseconds === undefined || !Number.isFinite(milliseconds)) return undefined;
  // Some versions count 0 calls of what they ran once.
  const calls = Math.max(1, valueOf("times called") ?? 1);
  const name = cells.slice(start + numbers).join(", ");
  const [, outputs, node] = OPERATOR_NAME.exec(name) ?? [];
  return {
    type: cells.slice(0, start).join(", "),
    name: outputs ?? name,
    node: node === undefined ? null : Number(node),
    seconds: milliseconds * calls * MILLISECOND,
    calls,
  };
}
