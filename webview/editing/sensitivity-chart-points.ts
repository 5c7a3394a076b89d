import * as l10n from "@vscode/l10n";
import { formatShare } from "../../profiler/format-numbers.ts";
import type { TechniqueId } from "../../profiler/editing/sensitivity/sensitivity-points.ts";
import type { LayerSensitivity, SensitivityPoint } from "../protocol/editing.ts";

/** What a model bears of a technique, as points of a chart. */

export interface ChartPoint extends SensitivityPoint {
  readonly layer: string;
  /** Position of the layer. */
  readonly line: number;
  /** The furthest of its layer at which the answers stay as they are. */
  readonly isFurthest: boolean;
}

/** Points of a technique, layer by layer. */
export function chartPoints(layers: readonly LayerSensitivity[], technique: TechniqueId): readonly ChartPoint[] {
  return layers.flatMap(({ layer, points, furthest }, line) =>
    points.flatMap((point, position): readonly ChartPoint[] =>
      point.technique === technique ? [{ ...point, layer, line, isFurthest: furthest.includes(position) }] : [],
    ),
  );
}

/** "4 bits", "80.0 % pruned" */
export function amountText({ technique, amount }: Pick<SensitivityPoint, "technique" | "amount">): string {
  return technique === "prune" ? l10n.t("{0} pruned", formatShare(amount)) : l10n.t("{0} bits", amount);
}

/** "46.1 dB"; the same answers to the last digit have no decibels. */
export function decibelText({ snr }: Pick<SensitivityPoint, "snr">): string {
  return snr === null ? "∞ dB" : `${snr.toFixed(1)} dB`;
}
