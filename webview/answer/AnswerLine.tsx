import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import type { Dominant, MeetingEdit, Miss } from "../../profiler/editing/answer.ts";
import type { Totals } from "../../profiler/profile.ts";
import type { BudgetTexts } from "../../profiler/views/budgets.ts";
import { overText } from "../cards/over-text.ts";
import { Icon } from "../controls/controls.tsx";
import type { FitTexts } from "../editing/fit-points.ts";
import type { ShownAnswer } from "./use-answer.ts";
import { COLUMN_OF, editText, fitTextsOf, kindText, layerText, partsText } from "./answer-text.ts";

interface AnswerLineProps {
  readonly answer: ShownAnswer;
  readonly totals: Totals;
  readonly budgets: BudgetTexts;
  readonly onSelectLayer: (index: number) => void;
  /** Shows how kinds share a column. */
  readonly onShares: (column: string) => void;
  /** Shows an edit among the suggestions. */
  readonly onEdit: (edit: MeetingEdit) => void;
  /** Shows the search for edits, asking for this. */
  readonly onFit: (texts: FitTexts) => void;
}

/** What matters of a model, in words: each part leads to where there is more of it. */
export function AnswerLine(props: AnswerLineProps): JSX.Element | null {
  const { answer } = props;
  const { misses, isWithinAll, dominants } = answer;
  if (misses.length === 0 && !isWithinAll && dominants.length === 0) return null;
  return (
    <ul class="answer" aria-label={l10n.t("What matters")} data-testid="answer">
      {misses.map((miss) => (
        <MissPart key={miss.total} miss={miss} {...props} />
      ))}
      {isWithinAll && (
        <li class="within">
          <Icon name="pass" />
          {l10n.t("Within every budget.")}
        </li>
      )}
      {dominants.map((dominant) => (
        <DominantPart key={`${dominant.isLayer}${dominant.layer.index}`} dominant={dominant} {...props} />
      ))}
    </ul>
  );
}

/** By how much a budget is missed, and what would meet it. */
function MissPart({ miss, ...props }: AnswerLineProps & { readonly miss: Miss }): JSX.Element {
  const { answer, totals, budgets, onEdit, onFit, onShares } = props;
  const { budget, verdict, edit } = miss;
  const fit = fitTextsOf(miss, budgets);
  const search = (): void => (fit ? onFit(fit) : onShares("energy"));
  return (
    <li class="over" data-miss={budget}>
      <Icon name="error" />
      <span>
        <Link onClick={search}>{overText(budget, verdict, totals, budgets)}</Link>
        {edit && (
          <>
            {l10n.t(", met by ")}
            <Link onClick={() => onEdit(edit)}>{editText(edit)}</Link>
          </>
        )}
        {edit === undefined && answer.isLooking && (
          // As long as what will stand here: the page below it need not move then.
          <span class="looking">{l10n.t(", looking for an edit that meets it…")}</span>
        )}
        {edit === null && !fit && l10n.t(", met by no single edit")}
        {edit === null && fit && (
          <>
            {l10n.t(", met by no single edit: ")}
            <Link onClick={search}>{l10n.t("look for several")}</Link>
          </>
        )}
      </span>
    </li>
  );
}

function DominantPart({ dominant, ...props }: AnswerLineProps & { readonly dominant: Dominant }): JSX.Element {
  const { onSelectLayer, onShares } = props;
  const { layer, isLayer, parts } = dominant;
  const [first] = parts;
  const show = (): void => {
    if (isLayer) onSelectLayer(layer.index);
    else if (first) onShares(COLUMN_OF[first.of]);
  };
  return (
    <li class="dominant" data-tip={isLayer ? layer.name : l10n.t("Most of it: {0}", layer.name)}>
      <Icon name="pie-chart" />
      <span>
        <Link onClick={show}>{isLayer ? layerText(layer) : kindText(dominant)}</Link>
        {`: ${partsText(dominant)}`}
      </span>
    </li>
  );
}

function Link({ onClick, children }: { readonly onClick: () => void; readonly children: string }): JSX.Element {
  return (
    <button type="button" class="link" onClick={onClick}>
      {children}
    </button>
  );
}
