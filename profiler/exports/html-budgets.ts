import { missingRows } from "../columns.ts";
import type { Profile } from "../profile.ts";
import {
  BUDGETED_TOTALS,
  BUDGETS,
  judgeBudget,
  type Budget,
  type BudgetTexts,
  type Verdict,
} from "../views/budgets.ts";
import { markup, type Markup } from "./html-markup.ts";

/** The report's table of budgets: what each allows, and whether the model keeps to it. Nothing without any budget. */
export function budgetTable(profile: Profile, texts: BudgetTexts): Markup | undefined {
  const judged = BUDGETS.flatMap((budget) => {
    const isLowerBound = missingRows(BUDGETED_TOTALS[budget.id], profile) > 0;
    const verdict = judgeBudget(budget.id, profile.totals, texts, isLowerBound);
    return verdict === null ? [] : [{ budget, verdict }];
  });
  if (judged.length === 0) return undefined;
  return markup`<h2>Budgets</h2>
    <div class="scroll">
      <table class="budgets">
        <thead>
          <tr>
            <th scope="col">Budget</th>
            <th scope="col" class="number">Limit</th>
            <th scope="col">Verdict</th>
            <th scope="col">What it stands for</th>
          </tr>
        </thead>
        <tbody>
          ${judged.map(
            ({ budget, verdict }) =>
              markup`<tr>
                <th scope="row">${budget.title}</th>
                <td class="number">${limitText(budget, texts)}</td>
                <td class="verdict ${verdict.kind}">${verdictText(verdict)}</td>
                <td class="reason">${budget.reason}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
}

/** As the user wrote it; a bare number of inferences with what it counts. */
function limitText({ id, unit }: Budget, texts: BudgetTexts): string {
  const text = texts[id].trim();
  return unit === "rate" && /^[\d.]+$/.test(text) ? `${text} fps` : text;
}

/** "within, 44.7 % of the limit"; "over by 130 MB, 2.3× of the limit"; "unknown, at least 12.0 % of the limit". */
function verdictText({ kind, part, isAtLeast, excess }: Verdict): string {
  const share = part === "" ? "" : `, ${isAtLeast ? "at least " : ""}${part} of the limit`;
  if (kind === "over") return `✕ over by ${isAtLeast ? "at least " : ""}${excess}${share}`;
  return kind === "within" ? `✓ within${share}` : `? unknown${share}`;
}
