import { useEffect, useState } from "preact/hooks";

/** The colours that VS Code gives the page just now, for what cannot use a style sheet: a canvas. */
export interface ChartTheme {
  readonly foreground: string;
  readonly muted: string;
  readonly grid: string;
  readonly background: string;
  readonly focus: string;
  readonly hover: { readonly background: string; readonly foreground: string; readonly border: string };
  readonly hues: Readonly<Record<Hue, string>>;
  readonly font: { readonly family: string; readonly size: number };
  readonly isHighContrast: boolean;
}

/** Without VS Code's orange, which is a faint brown on dark themes. */
export type Hue = "blue" | "green" | "purple" | "yellow" | "red";

const HUES: readonly Hue[] = ["blue", "green", "purple", "yellow", "red"];

/** Of the lines behind a chart, which must not outshine it. */
const GRID_OPACITY = 0.18;

function readTheme(): ChartTheme {
  const style = getComputedStyle(document.documentElement);
  const color = (...names: readonly string[]): string =>
    names.map((name) => style.getPropertyValue(`--vscode-${name}`).trim()).find((value) => value !== "") ?? "gray";
  const isHighContrast = ["vscode-high-contrast", "vscode-high-contrast-light"].some((name) =>
    document.body.classList.contains(name),
  );
  const foreground = color("foreground", "editor-foreground");
  return {
    foreground,
    muted: isHighContrast ? foreground : color("descriptionForeground", "foreground"),
    grid: faded(foreground, isHighContrast ? 2 * GRID_OPACITY : GRID_OPACITY),
    background: color("editor-background"),
    focus: color("focusBorder"),
    hover: {
      background: color("editorHoverWidget-background", "editor-background"),
      foreground: color("editorHoverWidget-foreground", "foreground"),
      border: color("editorHoverWidget-border", "contrastBorder", "foreground"),
    },
    hues: Object.fromEntries(HUES.map((hue) => [hue, color(`charts-${hue}`, "foreground")])) as Record<Hue, string>,
    font: {
      family: color("font-family"),
      size: Math.max(10, Math.round(Number.parseFloat(style.getPropertyValue("--vscode-font-size")) * 0.85) || 11),
    },
    isHighContrast,
  };
}

/** The theme, anew whenever the user or VS Code changes it. */
export function useTheme(): ChartTheme {
  const [theme, setTheme] = useState(readTheme);
  useEffect(() => {
    const observer = new MutationObserver(() => setTheme(readTheme()));
    observer.observe(document.body, { attributes: true, attributeFilter: ["class"] });
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ["style"] });
    return () => observer.disconnect();
  }, []);
  return theme;
}

/** `color` at an opacity between 0 and 1. */
export function faded(color: string, opacity: number): string {
  return `color-mix(in srgb, ${color} ${Math.round(opacity * 100)}%, transparent)`;
}

/** Pixels of one repeat of the stripes. */
const STRIPE = 6;

/** What an area is filled with: a colour, or in high contrast stripes of it, which no colour blindness hides. */
export function fillOf(theme: ChartTheme, hue: Hue): string | CanvasPattern {
  const color = theme.hues[hue];
  if (!theme.isHighContrast) return faded(color, 0.75);
  const tile = new OffscreenCanvas(STRIPE, STRIPE);
  const context = tile.getContext("2d");
  if (!context) return color;
  context.strokeStyle = color;
  context.lineWidth = 2;
  context.beginPath();
  for (const shift of [-STRIPE, 0, STRIPE]) {
    context.moveTo(shift, STRIPE);
    context.lineTo(shift + STRIPE, 0);
  }
  context.stroke();
  return context.createPattern(tile, "repeat") ?? color;
}
