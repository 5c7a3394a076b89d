import {
  furthestSafe,
  mixedFurthest,
  TECHNIQUES,
  type EditSession,
  type LayerSensitivity,
  type Model,
} from "../../profiler/editing/index.ts";
import type { ListedSensitivity, SensitivityState } from "../../webview/protocol/editing.ts";
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
  const found: LayerSensitivity[] = [];
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
        tell({ layers: [...update.layers, listed(layer)], mixed: mixedOf(found) });
      },
      onProgress: (done, what) => tell({ done, what }),
    },
    model,
  );
  const { measured, description, isRandom, hasLabels } = samples;
  tell({ fileBytes, samples: { count: measured, description, isRandom, hasLabels }, done: 1 });
}

function listed(layer: LayerSensitivity): ListedSensitivity {
  const furthest = TECHNIQUES.flatMap(({ id }) => {
    const point = furthestSafe(layer, id);
    return point ? [layer.points.indexOf(point)] : [];
  });
  const points = layer.points.map((point) => ({ ...point, label: labelOfEdit(point.edit) }));
  return { ...layer, points, furthest };
}

function mixedOf(found: readonly LayerSensitivity[]): SensitivityState["mixed"] {
  return TECHNIQUES.flatMap(({ id }) => {
    const edit = mixedFurthest(found, id);
    return edit ? [{ technique: id, edit, label: labelOfEdit(edit) }] : [];
  });
}
