import * as l10n from "@vscode/l10n";
import { formatShare } from "../../profiler/format-numbers.ts";
import type { Difference } from "../../profiler/runtime/difference.ts";
import type { Check, SampleNote } from "../protocol/editing.ts";

/** A measured error in words. Each line is one inferred type: a figure and what it is. */
export interface CheckFact {
  readonly id: "error" | "absolute" | "rms" | "snr" | "cosine" | "agreement" | "accuracy" | "identical" | "not-finite";
  readonly title: string;
  readonly value: string;
  readonly tip: string;
}

/** What is shown of an edit; the rest only where models are compared for their own sake. */
export function checkFacts(difference: Difference): readonly CheckFact[] {
  return measuredFacts(difference).filter(({ id }) => id !== "absolute" && id !== "rms");
}

/** All that is measured of an output. */
export function measuredFacts(difference: Difference): readonly CheckFact[] {
  const { elements, alikeNonFinite, isIdentical, maxRelative, maxAbsolute, rms, snr, cosine, top1 } = difference;
  const accuracy = top1?.accuracy;
  const notFinite: CheckFact = {
    id: "not-finite",
    title: l10n.t("Not compared"),
    value: l10n.t("{0} of {1} elements", alikeNonFinite.toLocaleString(), elements.toLocaleString()),
    tip: l10n.t("They are NaN or infinite in both models."),
  };
  // Two models that say nothing differ in nothing.
  if (elements > 0 && alikeNonFinite === elements) return [notFinite];
  const facts: (CheckFact | false)[] = [
    isIdentical && {
      id: "identical",
      title: l10n.t("Difference"),
      value: l10n.t("none"),
      tip: l10n.t("Every element of the output is the same."),
    },
    accuracy !== undefined && {
      id: "accuracy",
      title: l10n.t("Accuracy"),
      value: `${formatShare(accuracy.a)} → ${formatShare(accuracy.b)}`,
      tip: l10n.t("Share of the samples whose class is right, before and after."),
    },
    typeof top1?.agreement === "number" && {
      id: "agreement",
      title: l10n.t("Same class"),
      value: formatShare(top1.agreement),
      tip: l10n.t("Share of the samples ({0} in all) for which both models give the same class.", top1.samples),
    },
    !isIdentical && {
      id: "error",
      title: l10n.t("Largest error"),
      value: maxRelative === null ? l10n.t("not finite") : formatError(maxRelative),
      tip: l10n.t(
        "Relative to the range of the output; {0} as a number.",
        maxAbsolute === null ? "∞" : maxAbsolute.toPrecision(3),
      ),
    },
    !isIdentical && {
      id: "absolute",
      title: l10n.t("Largest difference"),
      value: maxAbsolute === null ? l10n.t("not finite") : maxAbsolute.toPrecision(3),
      tip: l10n.t("Of one element of the output, in the output’s own unit."),
    },
    !isIdentical && {
      id: "rms",
      title: l10n.t("RMS difference"),
      value: rms === null ? l10n.t("not finite") : rms.toPrecision(3),
      tip: l10n.t("Root of the mean square over all elements, in the output’s own unit."),
    },
    !isIdentical &&
      snr !== null && {
        id: "snr",
        title: l10n.t("Signal to noise"),
        value: `${snr.toFixed(1)} dB`,
        tip: l10n.t(
          "10·log₁₀ of the output’s energy over the error’s: 20 dB is an error of a tenth, 40 dB of a hundredth.",
        ),
      },
    !isIdentical && {
      id: "cosine",
      title: l10n.t("Cosine"),
      value: cosine === null ? l10n.t("not finite") : cosine.toFixed(5),
      tip: l10n.t("Of the angle between both outputs: 1 where they point the same way."),
    },
  ];
  return [...facts, alikeNonFinite > 0 && notFinite].filter((fact) => fact !== false);
}

/** What is said of an edit beside its name: how right its answers are, else how far off. */
const SHORT_FACTS: ReadonlySet<CheckFact["id"]> = new Set(["identical", "not-finite", "accuracy", "agreement", "snr"]);

/** "Same class 99.4 %, Signal to noise 38.2 dB", with the rest in a tip; null where no output could be compared. */
export function triedText(check: Check): { readonly text: string; readonly tip: string } | null {
  const worst = worstOutput(check);
  if (worst === null) return null;
  const facts = checkFacts(worst);
  const short = facts.filter(({ id }) => SHORT_FACTS.has(id));
  const line = ({ title, value }: CheckFact): string => l10n.t("{0}: {1}", title, value);
  const phrase = ({ title, value }: CheckFact): string => `${title} ${value}`;
  return {
    text: (short.length > 0 ? short : facts.filter(({ id }) => id === "error")).map(phrase).join(", "),
    tip: [
      l10n.t("What Try measured of this edit alone, on the model that it was then applied to."),
      ...facts.map(line),
      samplesText(check.samples),
    ].join("\n"),
  };
}

/** "12.3 %" of the range, or "2.4e-7" where a share would say nothing. */
export function formatError(relative: number): string {
  if (relative === 0) return "0";
  return relative < 0.001 ? relative.toExponential(1) : formatShare(relative);
}

/** "Measured on 512 samples: digits.npy." */
export function samplesText({ count, description, isRandom }: SampleNote): string {
  if (isRandom)
    return count === 1
      ? l10n.t(
          "Measured on 1 sample, {0}: random numbers show roughly how far the outputs move, never how accurate the model stays.",
          description,
        )
      : l10n.t(
          "Measured on {0} samples, {1}: random numbers show roughly how far the outputs move, never how accurate the model stays.",
          count.toLocaleString(),
          description,
        );
  return count === 1
    ? l10n.t("Measured on 1 sample: {0}.", description)
    : l10n.t("Measured on {0} samples: {1}.", count.toLocaleString(), description);
}

/** The worst output stands for all of them in a line. */
export function worstOutput({ outputs }: Check): Difference | null {
  const error = (difference: Difference): number => difference.maxRelative ?? Infinity;
  return outputs.reduce<Difference | null>(
    (worst, { difference }) =>
      difference && (worst === null || error(difference) > error(worst)) ? difference : worst,
    null,
  );
}
