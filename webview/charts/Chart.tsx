import { ownEntry } from "../../profiler/own-entry.ts";
import * as l10n from "@vscode/l10n";
import {
  BarController,
  BarElement,
  CategoryScale,
  Chart as CanvasChart,
  Filler,
  LinearScale,
  LineController,
  LineElement,
  LogarithmicScale,
  PointElement,
  ScatterController,
  Tooltip,
  type ChartConfiguration,
} from "chart.js";
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { ChartData, type DataTable } from "./ChartData.tsx";

CanvasChart.register(
  BarController,
  BarElement,
  CategoryScale,
  Filler,
  LinearScale,
  LineController,
  LineElement,
  LogarithmicScale,
  PointElement,
  ScatterController,
  Tooltip,
);

/** A bar or a point: what the arrow keys reach. */
export interface Mark {
  /** Read aloud when it becomes the active one. */
  readonly text: string;
  /** What choosing it selects, by its index: a layer, or what else the chart is about. */
  readonly layer: number | null;
}

interface ChartProps {
  readonly id: string;
  readonly title: string;
  /** What the keys do; left out where they select layers. */
  readonly hint?: string;
  /** One sentence that says what the picture shows to who cannot see it, and to who can. */
  readonly summary: string;
  /** A configuration is drawn anew when it is another object: keep it while nothing changes. */
  readonly config: ChartConfiguration;
  /** Marks of the first dataset, in its order. */
  readonly marks: readonly Mark[];
  readonly table: DataTable;
  /** Pixels. */
  readonly height: number;
  readonly onSelectLayer: (index: number) => void;
  readonly onActive?: (mark: number) => void;
  /** Choices, beside the title. */
  readonly controls?: ComponentChildren;
  /** What the shapes and colours mean, and what belongs below the picture. */
  readonly children?: ComponentChildren;
}

/** A chart with its title, its choices, its summary and its numbers. */
export function Chart(props: ChartProps): JSX.Element {
  const { id, title, hint, summary, marks, table, height, controls, children, onSelectLayer, onActive } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const chart = useChart(canvas, props);
  const [active, setActive] = useState(-1);
  useEffect(() => setActive(-1), [marks]);

  const activate = (mark: number): void => {
    setActive(mark);
    onActive?.(mark);
    if (chart.current) show(chart.current, mark);
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    const layer = marks[active]?.layer;
    if ((event.key === "Enter" || event.key === " ") && layer !== undefined && layer !== null) {
      event.preventDefault();
      onSelectLayer(layer);
      return;
    }
    const next = event.key === "Escape" ? -1 : ownEntry(STEPS, event.key)?.(active, marks.length);
    if (next === undefined || (event.key === "Escape" && active < 0)) return;
    event.preventDefault();
    activate(Math.min(marks.length - 1, Math.max(-1, next)));
  };

  return (
    <section class="chart" aria-labelledby={`${id}-title`} data-testid={id}>
      <header class="chart-head">
        <h2 id={`${id}-title`}>{title}</h2>
        {controls}
      </header>
      <p class="chart-summary" id={`${id}-summary`}>
        {summary}
      </p>
      <div
        class="chart-canvas"
        role="application"
        aria-roledescription={l10n.t("chart")}
        aria-label={
          hint === undefined
            ? l10n.t("{0}: arrow keys go from mark to mark, Enter selects the layer", title)
            : `${title}: ${hint}`
        }
        aria-describedby={`${id}-summary`}
        tabIndex={0}
        style={{ height: `${height}px` }}
        onKeyDown={onKeyDown}
        onBlur={() => activate(-1)}
      >
        <canvas ref={canvas} aria-hidden="true" />
      </div>
      <span class="visually-hidden" role="status">
        {marks[active]?.text}
      </span>
      {children}
      <ChartData title={title} table={table} />
    </section>
  );
}

const STEPS: Readonly<Record<string, (active: number, count: number) => number>> = {
  ArrowRight: (active) => active + 1,
  ArrowDown: (active) => active + 1,
  ArrowLeft: (active) => Math.max(0, active - 1),
  ArrowUp: (active) => Math.max(0, active - 1),
  PageDown: (active) => active + 20,
  PageUp: (active) => Math.max(0, active - 20),
  Home: () => 0,
  End: (_, count) => count - 1,
};

/** The chart on a canvas, drawn anew for each configuration. */
function useChart(
  canvas: { readonly current: HTMLCanvasElement | null },
  { config, marks, onSelectLayer, onActive }: ChartProps,
): { readonly current: CanvasChart | null } {
  const chart = useRef<CanvasChart | null>(null);
  const latest = useRef({ marks, onSelectLayer, onActive });
  latest.current = { marks, onSelectLayer, onActive };

  useLayoutEffect(() => {
    const element = canvas.current;
    if (!element) return undefined;
    const drawn = new CanvasChart(element, {
      ...config,
      options: {
        ...config.options,
        onClick: (_, [hit]) => {
          const layer = hit && latest.current.marks[hit.index]?.layer;
          if (layer !== undefined && layer !== null) latest.current.onSelectLayer(layer);
        },
        onHover: (_, [hit]) => {
          element.style.cursor = hit ? "pointer" : "default";
          if (hit) latest.current.onActive?.(hit.index);
        },
      },
    });
    chart.current = drawn;
    return () => {
      drawn.destroy();
      chart.current = null;
    };
  }, [canvas, config]);

  return chart;
}

/** Marks an element of the first dataset as if the pointer were on it; none for -1. */
function show(chart: CanvasChart, mark: number): void {
  const element = mark < 0 ? undefined : chart.getDatasetMeta(0).data[mark];
  const elements = element ? [{ datasetIndex: 0, index: mark }] : [];
  chart.setActiveElements(elements);
  const { x, y } = element?.getProps(["x", "y"], true) ?? { x: 0, y: 0 };
  chart.tooltip?.setActiveElements(elements, { x: Number(x), y: Number(y) });
  chart.update("none");
}
