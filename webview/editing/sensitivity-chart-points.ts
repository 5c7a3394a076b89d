import * as l10n from "@vscode/l10n";
import { formatShare } from "../../profiler/format-numbers.ts";
import { formatDecibels } from "../../profiler/numeric/decibels.ts";
import type { TechniqueId } from "../../profiler/editing/sensitivity/sensitivity-points.ts";
import type { LabelledSensitivityPoint, ListedSensitivity } from "../protocol/editing.ts";

/** What a model bears of a technique, as points of a chart. */

export interface ChartPoint extends LabelledSensitivityPoint {
  readonly layer: string;
  /** Position of the layer. */
  readonly line: number;
  /** The furthest of its layer at which the answers stay as they are. */
  readonly isFurthest: boolean;
}

/** Points of a technique, layer by layer. */
export function chartPoints(layers: readonly ListedSensitivity[], technique: TechniqueId): readonly ChartPoint[] {
  return layers.flatMap(({ layer, points, furthest }, line) =>
    points.flatMap((point, position): readonly ChartPoint[] =>
      point.technique === technique ? [{ ...point, layer, line, isFurthest: furthest.includes(position) }] : [],
    ),
  );
}

/** "4 bits", "80.0 % pruned" */
export function amountText({ technique, amount }: Pick<LabelledSensitivityPoint, "technique" | "amount">): string {
  return technique === "prune" ? l10n.t("{0} pruned", formatShare(amount)) : l10n.t("{0} bits", amount);
}

/** "46.1 dB"; "∞ dB" of the same answers to the last digit. */
export function decibelText({ error }: Pick<LabelledSensitivityPoint, "error">): string {
  return `${formatDecibels(error)} dB`;
}
