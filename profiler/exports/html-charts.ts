import { formatCell, type Column } from "../columns.ts";
import { formatBytes, formatCount } from "../format-numbers.ts";
import type { Profile } from "../profile.ts";
import { chartedLayers, costSeries, type SeriesPoint } from "../views/cost-series.ts";
import { aliveAt, memoryMarks, peakMark } from "../views/memory-timeline.ts";
import { roofline, type Bound, type Roof, type RooflinePoint } from "../views/roofline.ts";
import { markup, type Markup } from "./html-markup.ts";

/** Pictures of the report, drawn as SVG from a profile: no script draws anything. Each says in words what it shows. */

const WIDTH = 560;
const HEIGHT = 200;
const LEFT = 58;
const BOTTOM = 22;
const TOP = 8;
const PLOT_WIDTH = WIDTH - LEFT - 8;
const PLOT_HEIGHT = HEIGHT - TOP - BOTTOM;

/** Narrower bars than these cannot be told apart: neighbours are drawn as one. */
const MOST_BARS = 160;

/** The largest few tensors explain a full arena. */
const NAMED_TENSORS = 3;

/** A cost along the network. Long networks have several layers to a bar, of which the most expensive is shown. */
export function costChart(column: Column, { layers, totals }: Profile): Markup | undefined {
  const charted = chartedLayers(layers);
  const bars = costSeries(charted, column, totals, MOST_BARS);
  const mostExpensive = bars.reduce<SeriesPoint | undefined>(
    (best, next) => (best === undefined || (next.value ?? 0) > (best.value ?? 0) ? next : best),
    undefined,
  );
  const largest = mostExpensive?.value ?? 0;
  if (mostExpensive === undefined || largest === 0) return undefined;
  const step = PLOT_WIDTH / bars.length;
  const text = (value: number | null): string => formatCell(column.unit, value);
  const perBar = Math.max(...bars.map((bar) => bar.layers));
  return figure(
    `${column.title} along the network`,
    `Most in ${mostExpensive.layer.name} (#${mostExpensive.layer.index}): ${text(largest)}.${perBar > 1 ? ` Each bar is the most expensive of ${perBar} layers.` : ""}`,
    markup`${valueAxis(text(largest))}
    ${bars.map(({ layer, value }, index) => {
      const height = (PLOT_HEIGHT * (value ?? 0)) / largest;
      const tip = `#${layer.index} ${layer.name}: ${text(value)}`;
      return rectangle("bar", LEFT + index * step, TOP + PLOT_HEIGHT - height, Math.max(1, step - 1), height, tip);
    })}
    ${endLabels("first layer", "last layer")}`,
  );
}

/** What is in the arena at each step, with the step at which it is fullest. */
export function memoryChart({ structure: { memory }, layers }: Profile): Markup | undefined {
  const marks = memory === null ? [] : memoryMarks(memory, MOST_BARS);
  const peak = peakMark(marks);
  if (memory === null || peak === undefined || peak.bytes === 0) return undefined;
  const step = PLOT_WIDTH / marks.length;
  const x = (position: number): string => fixed(LEFT + position * step);
  const y = (bytes: number): string => fixed(TOP + PLOT_HEIGHT * (1 - bytes / peak.bytes));
  const outline = marks.map(({ bytes }, mark) => `L${x(mark)},${y(bytes)} L${x(mark + 1)},${y(bytes)}`).join(" ");
  const at = marks.indexOf(peak) + 0.5;
  const layer = layers.find(({ index }) => index === peak.layer);
  const alive = aliveAt(memory, peak.step)
    .slice(0, NAMED_TENSORS)
    .map(({ name, bytes }) => `${name} (${formatBytes(bytes)})`);
  return figure(
    "Activation memory over time",
    `Fullest at ${layer?.name ?? "an unnamed layer"}: ${formatBytes(peak.bytes)}, with ${alive.join(", ")}.`,
    markup`${valueAxis(formatBytes(peak.bytes))}
      <path class="area" d="M${LEFT},${TOP + PLOT_HEIGHT} ${outline} L${x(marks.length)},${TOP + PLOT_HEIGHT} Z" />
      <path class="peak" d="M${x(at)},${TOP} v${PLOT_HEIGHT}" />
      ${endLabels("first step", "last step")}`,
  );
}

/** Each layer with MACs against the roofs of the hardware: what bounds it, and how far under the roof it stays. */
export function rooflineChart({ layers, structure, hardwareProfile: hardware }: Profile): Markup | undefined {
  const { points, roofs } = roofline(layers, structure, hardware);
  if (points.length === 0) return undefined;
  const bandwidth = hardware.bandwidthBytesPerSecond;
  const [left, right] = decades([...points.map(({ intensity }) => intensity), ...roofs.map(({ ridge }) => ridge)]);
  const [low, high] = decades([...points.map(({ rate }) => rate), ...roofs.map(({ peak }) => peak)]);
  const x = (value: number): number => LEFT + (PLOT_WIDTH * (Math.log10(value) - left)) / (right - left);
  const y = (value: number): number => TOP + (PLOT_HEIGHT * (high - Math.log10(value))) / (high - low);
  const drawRoof = ({ type, peak, ridge }: Roof): Markup => {
    const start = Math.max(10 ** left, 10 ** low / bandwidth);
    const path = `M${fixed(x(start))},${fixed(y(start * bandwidth))} L${fixed(x(ridge))},${fixed(y(peak))} H${LEFT + PLOT_WIDTH}`;
    return markup`<path class="roof" d="${path}"><title>${type}: ${formatCount(peak)} MACs/s</title></path>`;
  };
  const bounds = (Object.keys(BOUNDS) as Bound[]).map((bound) => {
    const count = points.filter((point) => point.bound === bound).length;
    return `${count} by ${BOUNDS[bound].what} (${BOUNDS[bound].marks})`;
  });
  return figure(
    "Roofline",
    `MACs per second against MACs per byte, both logarithmic, on ${hardware.name}. Of ${points.length} layers with MACs are bound: ${bounds.join(", ")}.`,
    markup`${valueAxis(`${formatCount(10 ** high)}/s`, `${formatCount(10 ** low)}/s`)} ${roofs.map(drawRoof)}
    ${points.map((point) => rooflineMark(point, x(point.intensity), y(point.rate)))}
    ${endLabels(`${10 ** left} MACs/B`, `${formatCount(10 ** right)} MACs/B`)}`,
  );
}

const BOUNDS: Readonly<Record<Bound, { readonly what: string; readonly marks: string }>> = {
  compute: { what: "arithmetic", marks: "circles" },
  memory: { what: "memory", marks: "triangles" },
  overhead: { what: "the cost of starting an operator", marks: "diamonds" },
};

const MARK = 3;

/** Told apart by shape as well as by colour. */
function rooflineMark({ layer, rate, bound }: RooflinePoint, x: number, y: number): Markup {
  const tip = `${layer.name}: ${formatCount(rate)} MACs/s`;
  const style = `${bound}-bound`;
  const title = markup`<title>${tip}</title>`;
  if (bound === "compute")
    return markup`<circle class="${style}" cx="${fixed(x)}" cy="${fixed(y)}" r="${MARK}">${title}</circle>`;
  const sides = bound === "memory" ? "l4,7 h-8 Z" : "l4,4 l-4,4 l-4,-4 Z";
  return markup`<path class="${style}" d="M${fixed(x)},${fixed(y - MARK - 1)} ${sides}">${title}</path>`;
}

function rectangle(style: string, x: number, y: number, width: number, height: number, tip: string): Markup {
  const size = markup`width="${fixed(width)}" height="${fixed(height)}"`;
  return markup`<rect class="${style}" x="${fixed(x)}" y="${fixed(y)}" ${size}><title>${tip}</title></rect>`;
}

/** Powers of ten that hold all the values between them. */
function decades(values: readonly number[]): readonly [low: number, high: number] {
  const logs = values.map(Math.log10);
  const low = Math.floor(Math.min(...logs));
  return [low, Math.max(low + 1, Math.ceil(Math.max(...logs)))];
}

/** A picture with its title, and with what it shows in words. */
function figure(title: string, summary: string, content: Markup): Markup {
  return markup`<figure>
    <h3>${title}</h3>
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${`${title}. ${summary}`}">${content}</svg>
    <figcaption>${summary}</figcaption>
  </figure>`;
}

function valueAxis(top: string, bottom = "0"): Markup {
  return markup`<path class="axis" d="M${LEFT},${TOP} h${PLOT_WIDTH} M${LEFT},${TOP + PLOT_HEIGHT} h${PLOT_WIDTH}" />
    <text x="${LEFT - 6}" y="${TOP + 8}" text-anchor="end">${top}</text>
    <text x="${LEFT - 6}" y="${TOP + PLOT_HEIGHT}" text-anchor="end">${bottom}</text>`;
}

function endLabels(first: string, last: string): Markup {
  return markup`<text x="${LEFT}" y="${HEIGHT - 6}">${first}</text>
    <text x="${LEFT + PLOT_WIDTH}" y="${HEIGHT - 6}" text-anchor="end">${last}</text>`;
}

/** Coordinates to a tenth of a unit: finer ones are not seen and make the file large. */
function fixed(value: number): string {
  return value.toFixed(1).replace(/\.0$/, "");
}
