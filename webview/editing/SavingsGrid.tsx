import type { JSX } from "preact";
import type { Totals } from "../../profiler/profile.ts";
import type { Savings } from "../protocol/editing.ts";
import { savingsOf } from "./savings.ts";

interface SavingsGridProps {
  readonly before: Totals;
  readonly after: Totals;
  readonly saves: Savings;
}

/** What a change saves of every total: its part of the model's, and as an amount. */
export function SavingsGrid({ before, after, saves }: SavingsGridProps): JSX.Element {
  return (
    <dl class="savings" data-testid="savings">
      {savingsOf(before, after, saves).map(({ id, title, share, amount, exact, tone }) => (
        <div key={id} class={`saving ${tone}`} data-saving={id} data-tip={`${title}: ${exact}`}>
          <dt>{title}</dt>
          <dd>
            <span class="saving-share">{share}</span>
            <span class="saving-amount">{amount}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}
