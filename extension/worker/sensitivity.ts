import {
  furthestSafe,
  mixedFurthest,
  TECHNIQUES,
  type EditSession,
  type LayerSensitivity as MeasuredLayer,
  type Model,
  type SensitivityPoint as MeasuredPoint,
} from "../../profiler/editing/index.ts";
import type { LayerSensitivity, SensitivityPoint, SensitivityState } from "../../webview/protocol/editing.ts";
import type { SensitivityUpdate } from "./protocol.ts";
import { labelOfEdit } from "./restructuring.ts";

export interface SensitivityContext {
  readonly signal: AbortSignal;
  readonly onUpdate: (update: SensitivityUpdate) => void;
}

/**
 * Measures what each layer bears and tells of each as it is found.
 * @throws {OptionError} when there is no layer that could be stored in another way
 * @throws {CalibrationError} when samples do not fit
 */
export async function measureSensitivity(
  session: EditSession,
  model: Model,
  { signal, onUpdate }: SensitivityContext,
): Promise<void> {
  const found: MeasuredLayer[] = [];
  let update: SensitivityUpdate = { layers: [], fileBytes: null, samples: null, mixed: [], done: 0, what: "" };
  const tell = (change: Partial<SensitivityUpdate>): void => {
    update = { ...update, ...change };
    onUpdate(update);
  };
  const { fileBytes, samples } = await session.sensitivity(
    {
      signal,
      onLayer: (layer) => {
        found.push(layer);
        tell({ layers: [...update.layers, asLayer(layer)], mixed: mixedOf(found) });
      },
      onProgress: (done, what) => tell({ done, what }),
    },
    model,
  );
  const { measured, description, isRandom, hasLabels } = samples;
  tell({ fileBytes, samples: { count: measured, description, isRandom, hasLabels }, done: 1 });
}

function asLayer(layer: MeasuredLayer): LayerSensitivity {
  const furthest = TECHNIQUES.flatMap(({ id }) => {
    const point = furthestSafe(layer, id);
    return point ? [layer.points.indexOf(point)] : [];
  });
  return { layer: layer.layer, points: layer.points.map(asPoint), furthest };
}

/** Plain numbers only: VS Code sends messages as JSON, which has no infinity. */
function asPoint({ technique, amount, edit, fileBytes, error, accuracy }: MeasuredPoint): SensitivityPoint {
  const snr = error > 0 && Number.isFinite(error) ? -10 * Math.log10(error) : null;
  return { technique, amount, edit, label: labelOfEdit(edit), fileBytes, snr, accuracy };
}

function mixedOf(found: readonly MeasuredLayer[]): SensitivityState["mixed"] {
  return TECHNIQUES.flatMap(({ id }) => {
    const edit = mixedFurthest(found, id);
    return edit ? [{ technique: id, edit, label: labelOfEdit(edit) }] : [];
  });
}
