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
      <figcaption>
        {grouped > 1
          ? l10n.t("Ranges of {0} channels, {1} in each bar", count, grouped)
          : l10n.t("Ranges of {0} channels", count)}
      </figcaption>
    </figure>
  );
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
