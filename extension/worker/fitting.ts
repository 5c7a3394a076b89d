import {
  clockOn,
  inOrder,
  keptSearch,
  type DeviceSearch,
  type Edit,
  type EditSession,
  type FitOptions,
  type FitPoint,
  type FitResult,
  type Fitted,
  type Model,
} from "../../profiler/editing/index.ts";
import type { FitBudget, LabelledFitPoint, SearchWay } from "../../webview/protocol/editing.ts";
import { targetOf, told } from "./measuring.ts";
import type { FitDevice, FitUpdate } from "./protocol.ts";
import { labelOfEdit } from "./restructuring.ts";

export interface FitContext {
  readonly signal: AbortSignal;
  readonly onUpdate: (update: FitUpdate) => void;
  readonly onSearch: (search: DeviceSearch) => void;
}

interface Wanted {
  readonly budget: FitBudget;
  readonly way: SearchWay;
  readonly recovers: boolean;
  readonly device: FitDevice | null;
}

/**
 * Searches for a model that keeps a budget and tells of each point as it is found.
 * @returns what edits of the point to take learned, by its hash
 * @throws {OptionError} for a budget without limits
 * @throws {CalibrationError} when samples do not fit, or an accuracy is asked for without labels
 * @throws {RpcError} when the device that is to measure cannot be reached
 */
export async function fitEdits(
  session: EditSession,
  model: Model,
  { budget, way, recovers, device }: Wanted,
  { onUpdate, onSearch, signal }: FitContext,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const found: FitPoint[] = [];
  let update: FitUpdate = {
    measuredOn: null,
    isContinued: false,
    samples: null,
    points: [],
    best: null,
    notRecovered: null,
    done: 0,
    what: "",
  };
  const tell = (change: Partial<FitUpdate>): void => {
    update = { ...update, ...change };
    onUpdate(update);
  };
  const options = {
    signal,
    budget,
    ...(recovers && { recovery: {} }),
    onPoint: (point: FitPoint) => {
      found.push(point);
      tell({ points: [...update.points, labelled(point)], best: bestOf(found) });
    },
    onProgress: (done: number, what: string, edit?: Edit) => tell({ done, what: edit ? labelOfEdit(edit) : what }),
  };
  const searched = async (): Promise<Fitted> => {
    if (way === "weights") return session.compress(options, model);
    if (!device) return session.fit(options, model);
    const measuring = await deviceOf(session, device, signal);
    tell({ measuredOn: measuring.name });
    const onResumed = (): void => tell({ isContinued: true });
    return session.fit({ ...options, device: { ...measuring, onResumed, onSearch } }, model);
  };
  const { result, learned } = await told(searched());
  const whys = (result.recovery?.models ?? []).flatMap(({ why }) => why ?? []);
  const notRecovered = whys.length === result.recovery?.models.length ? (whys.at(-1) ?? null) : null;
  tell({
    measuredOn: result.device,
    samples: samplesOf(result),
    points: result.points.map(labelled),
    best: result.best,
    notRecovered,
    done: 1,
  });
  return learned;
}

async function deviceOf(
  session: EditSession,
  { address, kept }: FitDevice,
  signal: AbortSignal,
): Promise<NonNullable<FitOptions["device"]>> {
  const { bindings, calibration } = session.settings;
  const options = { ...(bindings && { dimensions: bindings }), ...(calibration && { calibration }) };
  const clock = await clockOn(targetOf(address), options, signal);
  const resume = kept === null ? undefined : keptSearch(kept);
  return { ...clock, ...(resume && { resume }), resumesOnlySame: true };
}

/** As `FitResult.best`, while the search goes on. */
export function bestOf(points: readonly FitPoint[]): number {
  const within = points.some(({ isWithinBudget }) => isWithinBudget);
  const worth = ({ isWithinBudget, error, excess }: FitPoint): number =>
    inOrder(within ? (isWithinBudget ? error : null) : excess);
  return points.reduce((best, point, place) => {
    const current = points[best];
    return current && worth(current) <= worth(point) ? best : place;
  }, 0);
}

function labelled(point: FitPoint): LabelledFitPoint {
  return { ...point, labels: point.edits.map(labelOfEdit) };
}

function samplesOf({ samples: { measured, description, isRandom, hasLabels } }: FitResult): FitUpdate["samples"] {
  return { count: measured, description, isRandom, hasLabels };
}
