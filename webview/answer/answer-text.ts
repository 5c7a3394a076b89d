import * as l10n from "@vscode/l10n";
import type { Dominant, DominatedTotal, MeetingEdit, Miss } from "../../profiler/editing/answer.ts";
import { formatShare } from "../../profiler/format-numbers.ts";
import type { LayerProfile } from "../../profiler/profile.ts";
import { BUDGETS, type BudgetTexts } from "../../profiler/views/budgets.ts";
import type { FitTexts } from "../editing/fit-points.ts";

/** What the parts of the answer say, and where they lead. */

/** Segments of a name that tell a layer from its neighbours. */
const NAMED_SEGMENTS = 2;

/** The operator and the end of a layer's name, which need not repeat it: "Gemm classifier/classifier.1". */
export function layerText({ name, op }: Pick<LayerProfile, "name" | "op">): string {
  const segments = name.split("/").filter((segment) => segment !== "");
  const own = segments.at(-1) === op ? segments.slice(0, -1) : segments;
  return [op, own.slice(-NAMED_SEGMENTS).join("/")].filter(Boolean).join(" ");
}

/** "93.0 % of the time, 91.2 % of the energy" */
export function partsText({ parts }: Dominant): string {
  return parts.map(({ of, share }) => partOf(of, formatShare(share))).join(", ");
}

function partOf(of: DominatedTotal, share: string): string {
  switch (of) {
    case "weightBytes":
      return l10n.t("{0} of the size", share);
    case "latencySeconds":
      return l10n.t("{0} of the time", share);
    case "energyPicojoules":
      return l10n.t("{0} of the energy", share);
  }
}

/** Column of the charts and of the table for a total that somebody dominates. */
export const COLUMN_OF: Readonly<Record<DominatedTotal, string>> = {
  weightBytes: "weightBytes",
  latencySeconds: "latency",
  energyPicojoules: "energy",
};

/** All layers of a kind. */
export function kindText({ kind }: Pick<Dominant, "kind">): string {
  return l10n.t("{0} layers", kind);
}

export function editText({ title, edit }: MeetingEdit): string {
  return edit.target === "" ? l10n.t(title) : l10n.t("{0} of {1}", l10n.t(title), edit.target);
}

/** The fields of Fit that ask for a missed budget; null where a search knows no such goal. */
export function fitTextsOf({ budget, total, most }: Miss, texts: BudgetTexts): FitTexts | null {
  if (total === "energyPicojoules") return null;
  const isAsWritten = BUDGETS.some(({ id, unit }) => id === budget && unit !== "rate");
  return { [total]: isAsWritten ? texts[budget].trim() : `${Number((1000 * most).toPrecision(4))} ms` };
}
