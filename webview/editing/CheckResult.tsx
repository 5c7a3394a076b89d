import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { announce } from "../controls/Announcements.tsx";
import { Icon } from "../controls/controls.tsx";
import type { Difference } from "../../profiler/runtime/difference.ts";
import type { Check, SampleNote } from "../protocol/editing.ts";
import { checkFacts, samplesText, triedText, type CheckFact } from "./check-text.ts";

interface CheckResultProps {
  readonly check: Check;
  /** Weights would have been fitted to samples, and there were none. */
  readonly isUnfitted: boolean;
  readonly onChooseData: () => void;
}

/** What a run of both models on the same samples measured, output by output. */
export function CheckResult({ check, isUnfitted, onChooseData }: CheckResultProps): JSX.Element {
  useEffect(() => {
    const tried = triedText(check);
    if (tried) announce(l10n.t("Measured error: {0}", tried.text));
  }, [check]);
  return (
    <section class="check" aria-label={l10n.t("Measured error")} data-testid="check">
      <CheckedOutputs check={check} factsOf={checkFacts} />
      {isUnfitted && (
        <p class="remark" data-testid="check-unfitted">
          <Icon name="warning" />{" "}
          {l10n.t(
            "Not fitted to data: without calibration data no layer was fitted to what is left. Compare the model on data of your own before you use it.",
          )}
        </p>
      )}
      <CheckedSamples samples={check.samples} onChooseData={onChooseData} />
    </section>
  );
}

interface CheckedOutputsProps {
  readonly check: Check;
  readonly factsOf: (difference: Difference) => readonly CheckFact[];
}

/** How far each output is off, or why that cannot be told, and what makes it doubtful. */
export function CheckedOutputs({ check, factsOf }: CheckedOutputsProps): JSX.Element {
  const { outputs, unmatched, doubts } = check;
  return (
    <>
      {outputs.map(({ name, difference, reason }) => (
        <div class="check-output" key={name} data-output={name}>
          {outputs.length > 1 && <h4>{name}</h4>}
          {difference === null ? (
            <p class="remark">{reason}</p>
          ) : (
            <dl class="facts">
              {factsOf(difference).map(({ id, title, value, tip }) => (
                <div key={id} data-fact={id} data-tip={tip}>
                  <dt>{title}</dt>
                  <dd>{value}</dd>
                </div>
              ))}
            </dl>
          )}
        </div>
      ))}
      {unmatched.length > 0 && (
        <p class="remark">
          {l10n.t("Not compared, since the other model has no such output: {0}.", unmatched.join(", "))}
        </p>
      )}
      {doubts.map((doubt) => (
        <p class="remark" key={doubt}>
          <Icon name="warning" /> {doubt}
        </p>
      ))}
    </>
  );
}

interface CheckedSamplesProps {
  readonly samples: SampleNote;
  readonly onChooseData: () => void;
}

/** What the errors were measured on, and the way to better samples where those are synthetic. */
export function CheckedSamples({ samples, onChooseData }: CheckedSamplesProps): JSX.Element {
  return (
    <p class="remark" data-testid="check-samples">
      {samples.isRandom && <Icon name="warning" />} {samplesText(samples)}{" "}
      {samples.isRandom && (
        <button type="button" class="link" onClick={onChooseData}>
          {l10n.t("Choose calibration data…")}
        </button>
      )}
    </p>
  );
}
