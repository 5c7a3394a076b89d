import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { formatCell, type Total } from "../../profiler/columns.ts";
import type { Totals } from "../../profiler/profile.ts";
import type { BudgetTexts, Verdict } from "../../profiler/views/budgets.ts";
import { Icon } from "../controls/controls.tsx";
import { TOTALS } from "../definitions.ts";
import { TotalChange } from "../editing/TotalChange.tsx";
import type { MeasuredLatency } from "../runs/run-text.ts";
import { useStore, type Store } from "../state/store.ts";
import { budgetCards, lineText, partText, worstVerdict, type BudgetCard } from "./budget-cards.ts";
import { VERDICT_ICONS } from "./BudgetCards.tsx";

interface TotalsStripProps {
  readonly totals: Totals;
  readonly incomplete: ReadonlyMap<Total["id"], number>;
  /** Stands beside the latency; null without a run. */
  readonly measured: MeasuredLatency | null;
  readonly budgets: Store<BudgetTexts>;
  readonly tipOf: (total: Total) => string;
  /** Leaves the room to what stands below. */
  readonly isCompact: boolean;
}

/** Totals a user looks for first. Unknown rows are a sentence of their own. */
const SHOWN_TOTALS = TOTALS.filter(({ id }) => id !== "unknownRows");

/** The totals in a line where there is no room for cards, each with the worst of its verdicts. */
export function TotalsStrip(props: TotalsStripProps): JSX.Element {
  const { totals, incomplete, measured, budgets, tipOf, isCompact } = props;
  const texts = useStore(budgets);
  const cards = useMemo(
    () => new Map(budgetCards(totals, new Set(incomplete.keys()), texts).map((card) => [card.total.id, card])),
    [totals, incomplete, texts],
  );
  return (
    <dl class={isCompact ? "totals compact" : "totals"} data-testid="totals">
      {SHOWN_TOTALS.map((total) => (
        <TotalItem
          key={total.id}
          total={total}
          totals={totals}
          card={cards.get(total.id)}
          isLowerBound={incomplete.has(total.id)}
          measured={total.id === "latencySeconds" ? measured : null}
          tip={tipOf(total)}
        />
      ))}
    </dl>
  );
}

interface TotalItemProps {
  readonly total: Total;
  readonly totals: Totals;
  /** Of a total with budgets. */
  readonly card: BudgetCard | undefined;
  readonly isLowerBound: boolean;
  readonly measured: MeasuredLatency | null;
  readonly tip: string;
}

function TotalItem({ total, totals, card, isLowerBound, measured, tip }: TotalItemProps): JSX.Element {
  const value = totals[total.id];
  const [digits, unit] = formatCell(total.unit, value).split(" ");
  const lines = card?.lines.filter(({ verdict }) => verdict) ?? [];
  const budgets = lines.map(lineText).join("\n");
  const verdict = worstVerdict(lines);
  const tips = [tip, measured?.text ?? "", budgets].filter((text) => text !== "");
  return (
    <div class="total" data-total={total.id} data-tip={tips.join("\n\n")} tabIndex={0}>
      <dt>{total.title}</dt>
      <dd class={value === null ? "unknown" : undefined}>
        {isLowerBound && <span class="at-least">≥ </span>}
        {digits}
        {unit !== undefined && <span class="unit"> {unit}</span>}
        <TotalChange total={total} totals={totals} />
        {verdict && <VerdictMark verdict={verdict} text={budgets} />}
        {measured && <span class="measured">{measured.short}</span>}
      </dd>
    </div>
  );
}

interface VerdictMarkProps {
  readonly verdict: Verdict;
  /** Read aloud: all there is to say. */
  readonly text: string;
}

/** An icon, and of what is over its budget how much of it. */
function VerdictMark({ verdict, text }: VerdictMarkProps): JSX.Element {
  return (
    <span class={`verdict ${verdict.kind}`}>
      <Icon name={VERDICT_ICONS[verdict.kind]} />
      {verdict.kind === "over" && <span aria-hidden="true">{partText(verdict)}</span>}
      <span class="visually-hidden">{l10n.t("Budget: {0}", text)}</span>
    </span>
  );
}
