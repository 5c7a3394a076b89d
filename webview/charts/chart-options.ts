import type { ChartOptions } from "chart.js";
import { formatCell, type Unit } from "../../profiler/columns.ts";
import type { ChartTheme } from "./theme.ts";

/** What all charts have in common: the theme's colours, no motion, tooltips like VS Code's hovers. */

type Scale = NonNullable<NonNullable<ChartOptions["scales"]>[string]>;
type Tooltip = NonNullable<NonNullable<ChartOptions["plugins"]>["tooltip"]>;

/** Ticks of an axis: few enough to be read. */
const MOST_TICKS = 6;

/** Pixels between the names of two ticks. */
const TICK_GAP = 12;

export function baseOptions({ font, hover, muted }: ChartTheme): ChartOptions {
  return {
    responsive: true,
    maintainAspectRatio: false,
    animation: false,
    font,
    color: muted,
    layout: { padding: { top: 4, right: 8 } },
    plugins: {
      tooltip: {
        backgroundColor: hover.background,
        titleColor: hover.foreground,
        bodyColor: hover.foreground,
        footerColor: hover.foreground,
        borderColor: hover.border,
        borderWidth: 1,
        cornerRadius: 3,
        padding: 8,
        boxPadding: 4,
        usePointStyle: true,
        titleFont: { ...font, weight: "bold" },
        bodyFont: font,
        footerFont: { ...font, weight: "normal" },
      },
    },
  };
}

interface AxisOptions {
  readonly title: string;
  readonly unit: Unit;
  readonly position?: "left" | "right" | "bottom";
  /** Lines across the chart. */
  readonly hasGrid?: boolean;
  readonly suffix?: string;
  /** Instead of the unit's own: of a number. */
  readonly format?: (value: number) => string;
}

/** An axis of amounts from 0 on, its ticks with their units. */
export function amountAxis(theme: ChartTheme, options: AxisOptions): Scale {
  const { title, unit, position = "left", hasGrid = true, suffix = "" } = options;
  const { format = (value: number) => formatCell(unit, value) } = options;
  return {
    type: "linear",
    position,
    beginAtZero: true,
    title: titleOf(theme, title),
    grid: { color: theme.grid, drawOnChartArea: hasGrid, tickColor: theme.grid },
    border: { color: theme.grid },
    ticks: {
      ...textOf(theme),
      maxTicksLimit: MOST_TICKS,
      callback: (value: string | number) => withoutZeros(format(Number(value))) + suffix,
    },
  };
}

/** "50 M" for what is "50.0 M" in a cell: ticks are round numbers, whose zeros say nothing. */
export function withoutZeros(number: string): string {
  return number.replace(/\.(\d*?)0+(?!\d)/, (_, left: string) => (left === "" ? "" : `.${left}`));
}

/** An axis of layers or groups by name or number. */
export function nameAxis(theme: ChartTheme, title: string): Scale {
  return {
    type: "category",
    title: titleOf(theme, title),
    grid: { display: false },
    border: { color: theme.grid },
    ticks: { ...textOf(theme), autoSkip: true, autoSkipPadding: TICK_GAP, maxRotation: 0 },
  };
}

export interface Range {
  readonly min: number;
  readonly max: number;
}

/** Between the outermost points and the edge: a factor, since the axes are logarithmic. */
const ROOM = 1.15;

/** The whole powers of ten around all values; what is not above zero has no place. */
export function powersAround(values: readonly number[]): Range {
  const known = values.filter((value) => value > 0);
  if (known.length === 0) return { min: 1, max: 10 };
  const least = known.reduce((min, value) => Math.min(min, value), Infinity);
  const most = known.reduce((max, value) => Math.max(max, value), 0);
  return { min: 10 ** Math.floor(Math.log10(least / ROOM)), max: 10 ** Math.ceil(Math.log10(most * ROOM)) };
}

/** A logarithmic axis with a line at each power of ten. */
export function powerAxis(
  theme: ChartTheme,
  title: string,
  range: Range,
  textOfTick: (value: number) => string,
): Scale {
  const isPower = (value: number): boolean => Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-9;
  return {
    type: "logarithmic",
    ...range,
    title: titleOf(theme, title),
    grid: { color: theme.grid, tickColor: theme.grid },
    border: { color: theme.grid },
    afterBuildTicks: (axis) => {
      axis.ticks = axis.ticks.filter(({ value }) => isPower(value));
    },
    ticks: { ...textOf(theme), callback: (value: string | number) => withoutZeros(textOfTick(Number(value))) },
  };
}

interface AxisText {
  readonly color: string;
  readonly font: ChartTheme["font"];
}

function titleOf(theme: ChartTheme, text: string): AxisText & { readonly display: boolean; readonly text: string } {
  return { display: text !== "", text, ...textOf(theme) };
}

function textOf({ font, muted }: ChartTheme): AxisText {
  return { color: muted, font };
}

/** Of a point that stands for something with a name. @param texts of each point: a title, and lines below it */
export function pointTooltip(theme: ChartTheme, texts: readonly (readonly string[])[]): Tooltip {
  return {
    ...baseOptions(theme).plugins?.tooltip,
    callbacks: {
      title: ([item]) => texts[item?.dataIndex ?? -1]?.[0] ?? "",
      label: ({ dataIndex }) => (texts[dataIndex] ?? []).slice(1).map((line) => ` ${line}`),
    },
  };
}
