import { formatCell, type Column } from "../columns.ts";
import { formatBytes, formatCount } from "../format-numbers.ts";
import { COMPUTE_TYPES, type ComputeType } from "../hardware/hardware-profile.ts";
import type { LayerProfile, MemoryTimeline, Profile } from "../profile.ts";
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

/** A cost of each layer, in the order of the file. Long networks have several layers to a bar. */
export function costChart(column: Column, { layers, totals }: Profile): Markup | undefined {
  const costs = layers
    .filter(({ isCounted, role }) => isCounted && role === "compute")
    .map((layer) => ({ layer, cost: numberOf(column.value(layer, totals)) }));
  const each = Math.max(1, Math.ceil(costs.length / MOST_BARS));
  const bars = Array.from({ length: Math.ceil(costs.length / each) }, (_, bar) => {
    const group = costs.slice(bar * each, (bar + 1) * each);
    return { group, cost: group.reduce((sum, { cost }) => sum + cost, 0) };
  });
  const largest = Math.max(0, ...bars.map(({ cost }) => cost));
  const dearest = costs.reduce<(typeof costs)[number] | undefined>(
    (best, next) => (best === undefined || next.cost > best.cost ? next : best),
    undefined,
  );
  if (dearest === undefined || largest === 0) return undefined;
  const step = PLOT_WIDTH / bars.length;
  const text = (value: number): string => formatCell(column.unit, value);
  return figure(
    `${column.title} along the network`,
    `Most in ${dearest.layer.name} (#${dearest.layer.index}): ${text(dearest.cost)}.${each > 1 ? ` Each bar is ${each} layers.` : ""}`,
    markup`${valueAxis(text(largest))}
    ${bars.map(({ group, cost }, index) => {
      const height = (PLOT_HEIGHT * cost) / largest;
      const [first, last] = [group.at(0)?.layer, group.at(-1)?.layer];
      const name = first === last ? (first?.name ?? "") : `#${first?.index ?? 0} to #${last?.index ?? 0}`;
      const top = TOP + PLOT_HEIGHT - height;
      return rectangle("bar", LEFT + index * step, top, Math.max(1, step - 1), height, `${name}: ${text(cost)}`);
    })}
    ${endLabels("first layer", "last layer")}`,
  );
}

/** What is in the arena at each step, with the step at which it is fullest. */
export function memoryChart({ structure: { memory }, peak, layers }: Profile): Markup | undefined {
  if (memory === null || memory.layers.length === 0) return undefined;
  const heights = bytesAtSteps(memory);
  const largest = Math.max(...heights);
  if (largest === 0) return undefined;
  const step = PLOT_WIDTH / heights.length;
  const x = (position: number): string => fixed(LEFT + position * step);
  const y = (bytes: number): string => fixed(TOP + PLOT_HEIGHT * (1 - bytes / largest));
  const outline = heights.map((bytes, index) => `L${x(index)},${y(bytes)} L${x(index + 1)},${y(bytes)}`).join(" ");
  const at = heights.indexOf(largest);
  const layer = layers.find(({ index }) => index === (peak.layer ?? memory.layers[at]));
  const alive = peak.tensors.slice(0, 3).map(({ name, bytes }) => `${name} (${formatBytes(bytes)})`);
  return figure(
    "Activation memory over time",
    `Fullest at ${layer?.name ?? "an unnamed layer"}: ${formatBytes(largest)}${alive.length > 0 ? `, with ${alive.join(", ")}` : ""}.`,
    markup`${valueAxis(formatBytes(largest))}
      <path class="area" d="M${LEFT},${TOP + PLOT_HEIGHT} ${outline} L${x(heights.length)},${TOP + PLOT_HEIGHT} Z" />
      <line class="peak" x1="${x(at + 0.5)}" x2="${x(at + 0.5)}" y1="${TOP}" y2="${TOP + PLOT_HEIGHT}" />
      ${endLabels("first step", "last step")}`,
  );
}

/** Sum of the live buffers of each step. */
export function bytesAtSteps({ layers, buffers }: MemoryTimeline): readonly number[] {
  const changes = Array.from({ length: layers.length + 1 }, () => 0);
  for (const { bytes, first, last } of buffers) {
    changes[first] = (changes[first] ?? 0) + bytes;
    changes[last + 1] = (changes[last + 1] ?? 0) - bytes;
  }
  let sum = 0;
  return changes.slice(0, layers.length).map((change) => (sum += change));
}

interface RooflinePoint {
  readonly layer: LayerProfile;
  /** MACs for each byte moved. */
  readonly intensity: number;
  /** MACs per second that the estimate comes to. */
  readonly rate: number;
  readonly isComputeBound: boolean;
}

/** Each layer with MACs against the roofs of the hardware: what bounds it, and how far under the roof it stays. */
export function rooflineChart(profile: Profile): Markup | undefined {
  const points = rooflinePoints(profile);
  if (points.length === 0) return undefined;
  const { hardwareProfile: hardware } = profile;
  const used = COMPUTE_TYPES.filter((type) => profile.structure.computeTypes.includes(type));
  const intensities = points.map(({ intensity }) => intensity);
  const ridges = used.map((type) => hardware.peakMacsPerSecond[type] / hardware.bandwidthBytesPerSecond);
  const [left, right] = decades([...intensities, ...ridges]);
  const [low, high] = decades([
    ...points.map(({ rate }) => rate),
    ...used.map((type) => hardware.peakMacsPerSecond[type]),
  ]);
  const x = (value: number): number => LEFT + (PLOT_WIDTH * (Math.log10(value) - left)) / (right - left);
  const y = (value: number): number => TOP + (PLOT_HEIGHT * (high - Math.log10(value))) / (high - low);
  const roof = (type: ComputeType): Markup => {
    const peak = hardware.peakMacsPerSecond[type];
    const ridge = peak / hardware.bandwidthBytesPerSecond;
    const start = Math.max(10 ** left, 10 ** low / hardware.bandwidthBytesPerSecond);
    const path = `M${fixed(x(start))},${fixed(y(start * hardware.bandwidthBytesPerSecond))} L${fixed(x(ridge))},${fixed(y(peak))} H${LEFT + PLOT_WIDTH}`;
    return markup`<path class="roof" d="${path}"><title>${type}: ${formatCount(peak)} MACs/s</title></path>`;
  };
  const computeBound = points.filter(({ isComputeBound }) => isComputeBound).length;
  return figure(
    "Roofline",
    `MACs per second against MACs per byte, both logarithmic, on ${hardware.name}. ${computeBound} of ${points.length} layers with MACs are bound by arithmetic (squares), ${points.length - computeBound} by memory (circles).`,
    markup`${valueAxis(`${formatCount(10 ** high)}/s`, `${formatCount(10 ** low)}/s`)} ${used.map(roof)}
    ${points.map((point) => rooflineMark(point, x(point.intensity), y(point.rate)))}
    ${endLabels(`${10 ** left} MACs/B`, `${formatCount(10 ** right)} MACs/B`)}`,
  );
}

const MARK = 3;

/** Told apart by shape as well as by colour. */
function rooflineMark({ layer, rate, isComputeBound }: RooflinePoint, x: number, y: number): Markup {
  const tip = `${layer.name}: ${formatCount(rate)} MACs/s`;
  return isComputeBound
    ? rectangle("compute-bound", x - MARK, y - MARK, 2 * MARK, 2 * MARK, tip)
    : markup`<circle class="memory-bound" cx="${fixed(x)}" cy="${fixed(y)}" r="${MARK}"><title>${tip}</title></circle>`;
}

function rectangle(style: string, x: number, y: number, width: number, height: number, tip: string): Markup {
  const size = markup`width="${fixed(width)}" height="${fixed(height)}"`;
  return markup`<rect class="${style}" x="${fixed(x)}" y="${fixed(y)}" ${size}><title>${tip}</title></rect>`;
}

function rooflinePoints({ layers, structure, hardwareProfile: hardware }: Profile): readonly RooflinePoint[] {
  return layers.flatMap((layer, row): readonly RooflinePoint[] => {
    const { macs, weightBytes, activationBytes, latencySeconds, repeats } = layer;
    const bytes = weightBytes === null || activationBytes === null ? 0 : weightBytes + activationBytes * repeats;
    const type = structure.computeTypes[row];
    if (!layer.isCounted || !macs || !latencySeconds || bytes === 0 || type === undefined) return [];
    const isComputeBound = macs / hardware.peakMacsPerSecond[type] >= bytes / hardware.bandwidthBytesPerSecond;
    return [{ layer, intensity: macs / bytes, rate: macs / latencySeconds, isComputeBound }];
  });
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

function numberOf(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

/** Coordinates to a tenth of a unit: finer ones are not seen and make the file large. */
function fixed(value: number): string {
  return value.toFixed(1).replace(/\.0$/, "");
}
