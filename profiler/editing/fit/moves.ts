import type { Model } from "../../model/model.ts";
import { formatEdit, type Edit } from "../edit.ts";
import { neutralGraphOf } from "../../translation/known-graph.ts";
import { RESTRUCTURINGS } from "../../restructure/registry.ts";
import { isRefusal, type Restructuring } from "../../restructure/restructuring.ts";
import { strengthsAt } from "./strengths.ts";

/** An edit that could come next. */
export interface Move {
  /** The same as long as the model has the place. */
  readonly key: string;
  readonly edit: Edit;
  /** Keys of the same edit on milder values, the next one first. */
  readonly milder: readonly string[];
}

/** Whether a search weighs it by its error. @param allowsTraining those too that are of use behind training alone */
export function changesAnswers({ guarantee }: Restructuring, allowsTraining = false): boolean {
  return guarantee === "approximate" || (guarantee === "needs training" && allowsTraining);
}

/** All edits of a model by some of the restructurings, at every strength, the mildest of a place first. */
export function movesOn(
  model: Model,
  isWanted: (restructuring: Restructuring) => boolean,
  bindings?: Readonly<Record<string, number>>,
): readonly Move[] {
  const graph = neutralGraphOf(model, bindings);
  const places = RESTRUCTURINGS.filter(isWanted).flatMap((restructuring) =>
    restructuring.find(graph).flatMap((finding) => (isRefusal(finding) ? [] : [{ restructuring, finding }])),
  );
  return places.flatMap(({ restructuring, finding }) => {
    const edits = strengthsAt(restructuring, finding).map((options) => ({
      restructuring: restructuring.id,
      target: finding.target,
      options,
    }));
    const keys = edits.map(formatEdit);
    return edits.map((edit, strength) => ({
      key: keys[strength] ?? "",
      edit,
      milder: keys.slice(0, strength).reverse(),
    }));
  });
}
