import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { formatShare } from "../../profiler/format-numbers.ts";
import { bestOf } from "../../profiler/training/best-point.ts";
import type { TrainingPoint } from "../protocol/editing.ts";

const WIDTH = 240;
const HEIGHT = 64;
/** Room for a line's thickness at the ends. */
const MARGIN = 3;

/**
 * How errors go while a model is trained: on its samples, and on those held out. In decibels, since they fall by orders of magnitude. Where the samples'
 * classes are known, how often it is right goes beside them, from 0 to 100 %: the few that are held out jump by much.
 */
export function TrainingChart({ points }: { readonly points: readonly TrainingPoint[] }): JSX.Element | null {
  const last = points.at(-1);
  const first = points[0];
  if (last === undefined || first === undefined) return null;
  const best = points[bestOf(points)] ?? first;
  const lines = [
    {
      name: "on-samples",
      title: l10n.t("its samples"),
      values: points.flatMap(({ step, training }) => (training === null ? [] : [{ step, value: decibels(training) }])),
    },
    {
      name: "held-out",
      title: l10n.t("samples held out"),
      values: points.map(({ step, heldOut }) => ({ step, value: decibels(heldOut) })),
    },
  ];
  const right = {
    name: "right",
    title: l10n.t("right of those held out, 0 to 100 %"),
    values: points.flatMap(({ step, accuracy }) => (accuracy ? [{ step, value: accuracy.now }] : [])),
  };
  const drawn = [
    ...lines.map((line) => ({ ...line, scale: lines.flatMap(({ values }) => values.map(({ value }) => value)) })),
    { ...right, scale: [0, 1] },
  ].map(({ name, values, scale }) => {
    const [low, high] = [Math.min(...scale), Math.max(...scale)];
    const place = ({ step, value }: Placed): string => {
      const x = MARGIN + ((WIDTH - 2 * MARGIN) * step) / Math.max(1, last.step);
      const y = HEIGHT - MARGIN - ((HEIGHT - 2 * MARGIN) * (value - low)) / Math.max(1e-3, high - low);
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    };
    return { name, line: values.map(place).join(" ") };
  });
  const summary = l10n.t(
    "Step {0}: {1} dB on samples held out, {2} dB before training, {3} dB of the weights that are kept so far.",
    last.step,
    decibels(last.heldOut).toFixed(1),
    decibels(first.heldOut).toFixed(1),
    decibels(best.heldOut).toFixed(1),
  );
  return (
    <figure class="training" data-testid="training">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        {drawn.map(({ name, line }) => (
          <polyline key={name} class={`training-line ${name}`} points={line} />
        ))}
      </svg>
      <figcaption class="remark">
        <span>
          {summary}
          {last.accuracy && first.accuracy && (
            <>
              {" "}
              {l10n.t(
                "Right of those: {0}, {1} before training, {2} the original.",
                unbroken(last.accuracy.now),
                unbroken(first.accuracy.now),
                unbroken(last.accuracy.original),
              )}
            </>
          )}
        </span>
        <span class="keys" aria-hidden="true">
          {[...lines, right].map(
            ({ name, title, values }) =>
              values.length > 0 && (
                <span key={name} class="key">
                  <svg viewBox="0 0 22 8" class="training-key">
                    <path class={`training-line ${name}`} d="M0 4h22" />
                  </svg>
                  {title}
                </span>
              ),
          )}
        </span>
      </figcaption>
    </figure>
  );
}

interface Placed {
  readonly step: number;
  readonly value: number;
}

/** The sign stays with its number. */
function unbroken(share: number): string {
  return formatShare(share).replace(" ", "\u00a0");
}

function decibels(error: number): number {
  return -10 * Math.log10(Math.max(error, 1e-12));
}
