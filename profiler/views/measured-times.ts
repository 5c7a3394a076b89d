import type { Cell, Column } from "../columns.ts";
import { isMeasured, type RunResult } from "../device/run-result.ts";
import type { LayerProfile, MeasuredTime, Parts, Totals } from "../profile.ts";

/** Times of a run beside the estimates of the same rows. */

/**
 * The rows with what a run took for them. A run without layers, as of a runtime that does not tell them, leaves them as they are.
 * @param result of the same model: rows are told by their index
 */
export function withMeasuredTimes(layers: readonly LayerProfile[], result: RunResult): readonly LayerProfile[] {
  const { layers: times } = result;
  if (!isMeasured(times)) return layers;
  const measured = new Map<number, MeasuredTime>();
  for (const { layer, seconds, fused } of times.rows) {
    const estimates = [layer, ...fused].map((index) => layers[index]?.latencySeconds ?? null);
    measured.set(layer, {
      seconds,
      share: times.totalSeconds > 0 ? seconds / times.totalSeconds : 0,
      estimate: estimates.reduce((sum, each) => (sum === null || each === null ? null : sum + each), 0),
      fusedInto: null,
    });
    for (const index of fused) measured.set(index, { seconds: 0, share: 0, estimate: 0, fusedInto: layer });
  }
  return layers.map((layer) => {
    const time = measured.get(layer.index);
    return time ? { ...layer, measured: time } : layer;
  });
}

/** Which version of a model a run was of. */
export interface MeasuredVersion {
  readonly result: Pick<RunResult, "model">;
  /** Labels of the edits that were in force, in order. */
  readonly edits: readonly string[];
}

/** What is shown now. */
export interface ShownVersion {
  /** Of the file as it is now. */
  readonly totals: Pick<Totals, "fileBytes">;
  readonly parts: Pick<Parts, "part">;
}

/**
 * Whether a run measured the model as it is now: rows are told by their place, so that those of another version are others.
 * @param edits labels of those in force now
 */
export function isOfVersion(run: MeasuredVersion, edits: readonly string[], { totals, parts }: ShownVersion): boolean {
  if ((run.result.model.part ?? null) !== parts.part) return false;
  if (edits.length !== run.edits.length || edits.some((label, place) => label !== run.edits[place])) return false;
  return edits.length > 0 || totals.fileBytes === run.result.model.fileBytes;
}

export const MEASURED_COLUMNS: readonly Column[] = [
  {
    id: "measured",
    title: "Measured",
    unit: "s",
    definition:
      "Time of the row's operators in one inference on the device, with the runtime's profiler on and the optimizations that the latency has; of TFLite one operator at a time: for its share, not for the latency a user gets. Rows that the runtime fused into another one say into which.",
    align: "right",
    value: ({ measured }) => measuredCell(measured, ({ seconds }) => seconds),
    shownIn: ["page"],
  },
  {
    id: "measuredShare",
    title: "Measured share",
    unit: "share",
    definition: "The row's part of the profiled inference.",
    align: "right",
    value: ({ measured }) => measured?.share ?? null,
    shownIn: ["page"],
  },
  {
    id: "measuredRatio",
    title: "× estimate",
    unit: "ratio",
    definition:
      "Measured time over the latency estimate of the row and of those fused into it: 2.00× took twice as long as the roofline of the chosen hardware profile says. A run on this machine is divided by the estimate of another device, unless the profile is of this machine: then compare layers with each other, not with 1.",
    align: "right",
    value: ({ measured }) => (measured ? ratioOf(measured) : null),
    shownIn: ["page"],
  },
];

/** A fused row has no time of its own: it names the row that has it. */
function measuredCell(measured: MeasuredTime | undefined, value: (measured: MeasuredTime) => number): Cell {
  if (measured === undefined) return null;
  return measured.fusedInto === null ? value(measured) : `in #${measured.fusedInto}`;
}

/** Of a fused row there is nothing to tell: its estimate is in the ratio of the row that has its time. */
function ratioOf({ seconds, estimate, fusedInto }: MeasuredTime): Cell {
  if (fusedInto !== null) return "";
  return estimate === null || estimate === 0 ? null : seconds / estimate;
}
