import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { bestOf } from "../../profiler/training/best-point.ts";
import type { TrainingPoint } from "../protocol/editing.ts";

const WIDTH = 240;
const HEIGHT = 64;
/** Room for a line's thickness at the ends. */
const MARGIN = 3;

/** How errors go while a model is trained: on its samples, and on those held out. In decibels, since they fall by orders of magnitude. */
export function TrainingChart({ points }: { readonly points: readonly TrainingPoint[] }): JSX.Element | null {
  const last = points.at(-1);
  const first = points[0];
  if (last === undefined || first === undefined) return null;
  const best = points[bestOf(points)] ?? first;
  const lines = [
    {
      name: "on-samples",
      title: l10n.t("its samples"),
      values: points.flatMap(({ step, training }) => (training === null ? [] : [{ step, error: training }])),
    },
    {
      name: "held-out",
      title: l10n.t("samples held out"),
      values: points.map(({ step, heldOut }) => ({ step, error: heldOut })),
    },
  ];
  const all = lines.flatMap(({ values }) => values.map(({ error }) => decibels(error)));
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const place = ({ step, error }: { readonly step: number; readonly error: number }): string => {
    const x = MARGIN + ((WIDTH - 2 * MARGIN) * step) / Math.max(1, last.step);
    const y = HEIGHT - MARGIN - ((HEIGHT - 2 * MARGIN) * (decibels(error) - low)) / Math.max(0.1, high - low);
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  };
  const summary = l10n.t(
    "Step {0}: {1} dB on samples held out, {2} dB before training, {3} dB at best.",
    last.step,
    decibels(last.heldOut).toFixed(1),
    decibels(first.heldOut).toFixed(1),
    decibels(best.heldOut).toFixed(1),
  );
  return (
    <figure class="training" data-testid="training">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        {lines.map(({ name, values }) => (
          <polyline key={name} class={`training-line ${name}`} points={values.map(place).join(" ")} />
        ))}
      </svg>
      <figcaption class="remark">
        {summary}
        <span class="keys" aria-hidden="true">
          {lines.map(
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

function decibels(error: number): number {
  return -10 * Math.log10(Math.max(error, 1e-12));
}
