import * as l10n from "@vscode/l10n";
import type { ComponentChildren, JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { Total } from "../../profiler/columns.ts";
import type { Totals } from "../../profiler/profile.ts";
import type { BudgetId, BudgetTexts, Verdict } from "../../profiler/views/budgets.ts";
import { Icon } from "../controls/controls.tsx";
import { TotalChange } from "../editing/TotalChange.tsx";
import type { MeasuredLatency } from "../runs/run-text.ts";
import { useStore, type Store } from "../state/store.ts";
import { budgetCards, lineText, valueParts, type BudgetCard, type BudgetLine } from "./budget-cards.ts";
import { BudgetEditor } from "./BudgetEditor.tsx";

interface BudgetCardsProps {
  readonly totals: Totals;
  readonly incomplete: ReadonlyMap<Total["id"], number>;
  /** Stands beside the latency; null without a run. */
  readonly measured: MeasuredLatency | null;
  readonly budgets: Store<BudgetTexts>;
  readonly tipOf: (total: Total) => string;
  readonly onSetBudget: (id: BudgetId, text: string) => Promise<void>;
  /** Stands below the size of the file. */
  readonly download: ComponentChildren;
}

/** The totals, each with how it stands to the user's budgets, which are changed in place. */
export function BudgetCards(props: BudgetCardsProps): JSX.Element {
  const { totals, incomplete, measured, budgets, tipOf, onSetBudget, download } = props;
  const texts = useStore(budgets);
  const [edited, setEdited] = useState<BudgetId | null>(null);
  const cards = useMemo(() => budgetCards(totals, new Set(incomplete.keys()), texts), [totals, incomplete, texts]);

  const commit = async (id: BudgetId, text: string): Promise<void> => {
    await onSetBudget(id, text);
    setEdited(null);
  };

  return (
    <dl class="cards" data-testid="totals">
      {cards.map((card) => (
        <div class="card total" key={card.total.id} data-total={card.total.id}>
          <CardHead
            card={card}
            totals={totals}
            tip={tipOf(card.total)}
            measured={card.total.id === "latencySeconds" ? measured : null}
          />
          {card.total.id === "fileBytes" && download}
          {card.lines.map((line) => (
            <dd class="budget" key={line.budget.id} data-budget={line.budget.id}>
              <BudgetRow line={line} onEdit={() => setEdited(line.budget.id)} />
              {edited === line.budget.id && (
                <BudgetEditor
                  budget={line.budget}
                  text={line.text}
                  onCommit={(text) => commit(line.budget.id, text)}
                  onClose={() => setEdited(null)}
                />
              )}
            </dd>
          ))}
        </div>
      ))}
    </dl>
  );
}

interface CardHeadProps {
  readonly card: BudgetCard;
  readonly totals: Totals;
  readonly tip: string;
  readonly measured: MeasuredLatency | null;
}

function CardHead({ card, totals, tip, measured }: CardHeadProps): JSX.Element {
  const [digits, unit] = valueParts(card);
  return (
    <>
      <dt data-tip={tip} tabIndex={0}>
        {card.total.title}
      </dt>
      <dd class={card.value === null ? "value unknown" : "value"} data-tip={tip}>
        {card.isLowerBound && <span class="at-least">≥ </span>}
        {digits}
        {unit !== undefined && <span class="unit"> {unit}</span>}
        <TotalChange total={card.total} totals={totals} />
        {card.remark !== null && <span class="card-remark">{card.remark}</span>}
        {measured && (
          <span class="card-remark" data-testid="measured-latency">
            {measured.text}
          </span>
        )}
      </dd>
    </>
  );
}

/** An icon of its own for each verdict: colour alone tells nothing to many. */
export const VERDICT_ICONS: Readonly<Record<Verdict["kind"], string>> = {
  within: "pass",
  over: "error",
  unknown: "question",
};

function BudgetRow({ line, onEdit }: { readonly line: BudgetLine; readonly onEdit: () => void }): JSX.Element {
  const { budget, verdict } = line;
  const text = lineText(line);
  return (
    <button
      type="button"
      class={`budget-line ${verdict?.kind ?? "none"}`}
      aria-label={l10n.t("{0}: {1}. Change the budget", l10n.t(budget.title), text)}
      data-tip={l10n.t("{0}\nChoose to change it.", l10n.t(budget.reason))}
      onClick={onEdit}
    >
      <Icon name={verdict ? VERDICT_ICONS[verdict.kind] : "dash"} />
      <span>{text}</span>
      <Icon name="edit" />
    </button>
  );
}
