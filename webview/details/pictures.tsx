import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { formatExact } from "../../profiler/format-numbers.ts";
import type { ChannelRanges as Ranges, WeightStatistics } from "../../profiler/views/weight-statistics.ts";

/** Units of the drawings; the style sheet stretches them to the panel's width. */
const WIDTH = 320;
const HEIGHT = 64;

/** Elements by their value, in equally wide bins. */
export function Histogram({ statistics }: { readonly statistics: WeightStatistics }): JSX.Element {
  const { histogram, minimum, maximum } = statistics;
  const most = Math.max(...histogram, 1);
  const width = WIDTH / histogram.length;
  const binWidth = (maximum - minimum) / histogram.length;
  const fullest = histogram.indexOf(most);
  const text = l10n.t(
    "Histogram: {0} bins from {1} to {2}; most elements ({3}) from {4} to {5}.",
    histogram.length,
    short(minimum),
    short(maximum),
    formatExact(most),
    short(minimum + fullest * binWidth),
    short(minimum + (fullest + 1) * binWidth),
  );
  return (
    <figure class="picture">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={text} data-tip={text}>
        {histogram.map((count, bin) => {
          // What is there at all can be seen.
          const height = count === 0 ? 0 : Math.max(1, (count / most) * HEIGHT);
          return <rect key={bin} class="bin" x={bin * width} y={HEIGHT - height} width={width * 0.9} height={height} />;
        })}
      </svg>
      <Scale from={minimum} to={maximum} />
    </figure>
  );
}

function Scale({ from, to }: { readonly from: number; readonly to: number }): JSX.Element {
  return (
    <div class="scale" aria-hidden="true">
      <span>{short(from)}</span>
      <span>{short(to)}</span>
    </div>
  );
}

/** From the smallest to the largest element of each output channel. */
export function ChannelRanges({ channels }: { readonly channels: Ranges }): JSX.Element {
  const { ranges, count, axis, grouped } = channels;
  const low = Math.min(...ranges.map(([minimum]) => minimum));
  const high = Math.max(...ranges.map(([, maximum]) => maximum));
  const extent = high - low || 1;
  const width = WIDTH / ranges.length;
  const widths = ranges.map(([minimum, maximum]) => maximum - minimum);
  const text = l10n.t(
    "Ranges of {0} channels (axis {1}): the widest spans {2}, the narrowest {3}.",
    count,
    axis,
    short(Math.max(...widths)),
    short(Math.min(...widths)),
  );
  const y = (value: number): number => ((high - value) / extent) * HEIGHT;
  return (
    <figure class="picture">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={text} data-tip={text}>
        {low < 0 && high > 0 && <line class="zero-line" x1={0} x2={WIDTH} y1={y(0)} y2={y(0)} />}
        {ranges.map(([minimum, maximum], channel) => (
          <rect
            key={channel}
            class="range"
            x={channel * width}
            y={y(maximum)}
            width={width * 0.8}
            height={Math.max(1, y(minimum) - y(maximum))}
          />
        ))}
      </svg>
      <SpreadRemark
        widest={Math.max(...widths)}
        narrowest={Math.min(...widths.filter((extent) => extent > 0))}
        what="range"
      />
      <figcaption>
        {grouped > 1
          ? l10n.t("Ranges of {0} channels, {1} in each bar", count, grouped)
          : l10n.t("Ranges of {0} channels", count)}
      </figcaption>
    </figure>
  );
}

/** One scale for all leaves a channel of a range so many times narrower less than one of 256 levels in so many. */
const WIDE_SPREAD = 100;

interface SpreadRemarkProps {
  readonly widest: number;
  readonly narrowest: number;
  readonly what: "range" | "scale";
}

/** Said where the ranges of channels are so far apart that quantizing them together loses the narrow ones. */
export function SpreadRemark({ widest, narrowest, what }: SpreadRemarkProps): JSX.Element | null {
  const ratio = widest / narrowest;
  if (!Number.isFinite(ratio) || ratio < WIDE_SPREAD) return null;
  const times = Number(ratio.toPrecision(2)).toLocaleString("en-US");
  return (
    <p class="spread" role="note" data-testid="spread">
      {what === "range"
        ? l10n.t(
            "The widest range is {0} times the narrowest: with one scale for the whole tensor the narrow channels would hardly be told from 0.",
            times,
          )
        : l10n.t("The largest scale is {0} times the smallest: the channels differ a lot.", times)}
    </p>
  );
}

/** Scales in their order, on a logarithmic axis: they are told apart by their ratios. */
export function Scales({ scales }: { readonly scales: readonly number[] }): JSX.Element | null {
  const known = scales.filter((scale) => scale > 0);
  if (known.length < 2) return null;
  const [low, high] = [Math.log(Math.min(...known)), Math.log(Math.max(...known))];
  const width = WIDTH / scales.length;
  const text = l10n.t(
    "{0} scales from {1} to {2}, on a logarithmic axis",
    scales.length,
    short(Math.exp(low)),
    short(Math.exp(high)),
  );
  const heightOf = (scale: number): number =>
    scale <= 0 ? 0 : high === low ? HEIGHT / 2 : 2 + ((Math.log(scale) - low) / (high - low)) * (HEIGHT - 2);
  return (
    <figure class="picture">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={text} data-tip={text}>
        {scales.map((scale, place) => (
          <rect
            key={place}
            class="range"
            x={place * width}
            y={HEIGHT - heightOf(scale)}
            width={width * 0.8}
            height={heightOf(scale)}
          />
        ))}
      </svg>
    </figure>
  );
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
