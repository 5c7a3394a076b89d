import type { EditSession, FitPoint as FoundPoint, FitResult, Model } from "../../profiler/editing/index.ts";
import type { FitBudget, FitPoint, SearchWay } from "../../webview/protocol/editing.ts";
import type { FitUpdate } from "./protocol.ts";
import { describeEdits } from "./restructuring.ts";

export interface FitContext {
  readonly signal: AbortSignal;
  readonly onUpdate: (update: FitUpdate) => void;
}

/**
 * Searches for a model that keeps a budget and tells of each point as it is found.
 * @throws {OptionError} for a budget without limits
 * @throws {CalibrationError} when samples do not fit, or an accuracy is asked for without labels
 */
export async function fitEdits(
  session: EditSession,
  model: Model,
  { budget, way }: { readonly budget: FitBudget; readonly way: SearchWay },
  { onUpdate, signal }: FitContext,
): Promise<void> {
  const found: FoundPoint[] = [];
  let update: FitUpdate = { samples: null, points: [], best: null, done: 0, what: "" };
  const tell = (change: Partial<FitUpdate>): void => {
    update = { ...update, ...change };
    onUpdate(update);
  };
  const options = {
    signal,
    budget,
    onPoint: (point: FoundPoint) => {
      found.push(point);
      tell({ points: [...update.points, asPoint(point)], best: bestOf(found) });
    },
    onProgress: (done: number, what: string) => tell({ done, what }),
  };
  const { result } = await (way === "weights" ? session.compress(options, model) : session.fit(options, model));
  tell({ samples: samplesOf(result), points: result.points.map(asPoint), best: result.best, done: 1 });
}

/** As `FitResult.best`, while the search goes on. */
export function bestOf(points: readonly FoundPoint[]): number {
  const within = points.some(({ isWithinBudget }) => isWithinBudget);
  const worth = ({ isWithinBudget, error, excess }: FoundPoint): number =>
    within ? (isWithinBudget ? error : Infinity) : excess;
  return points.reduce((best, point, place) => {
    const current = points[best];
    return current && worth(current) <= worth(point) ? best : place;
  }, 0);
}

/** Plain numbers only: VS Code sends messages as JSON, which has no infinity. */
function asPoint(point: FoundPoint): FitPoint {
  const { edits, totals, downloadBytes, error, maxRelative, accuracy, isWithinBudget } = point;
  return {
    edits,
    labels: describeEdits(edits).map(({ label }) => label),
    totals,
    downloadBytes,
    error: Number.isFinite(maxRelative) ? maxRelative : null,
    snr: error > 0 && Number.isFinite(error) ? -10 * Math.log10(error) : null,
    accuracy,
    isWithinBudget,
  };
}

function samplesOf({ samples: { measured, description, isRandom, hasLabels } }: FitResult): FitUpdate["samples"] {
  return { count: measured, description, isRandom, hasLabels };
}
