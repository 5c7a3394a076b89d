import type { MarkKind } from "./box-mark.ts";

/** Colours of a picture for what cannot use a style sheet: a canvas, and a file. Read from the page's own elements, so that both look alike. */
export interface GraphColours {
  readonly background: string;
  readonly box: string;
  readonly text: string;
  readonly muted: string;
  readonly line: string;
  readonly border: string;
  readonly cost: string;
  readonly focus: string;
  readonly found: string;
  readonly marks: Readonly<Record<MarkKind, string>>;
  readonly font: string;
}

/** The part of the cost's colour in a box of full heat. */
const FULL_HEAT = 0.3;

/** Of the text's colour in the outline of a box, as in the style sheet. */
const OUTLINE_PERCENT = 35;

export function readColours(): GraphColours {
  const style = getComputedStyle(document.documentElement);
  const colour = (...names: readonly string[]): string =>
    names.map((name) => style.getPropertyValue(`--vscode-${name}`).trim()).find((value) => value !== "") ?? "gray";
  const text = colour("editorWidget-foreground", "foreground", "editor-foreground");
  const background = colour("editor-background");
  const isHighContrast = document.body.classList.contains("vscode-high-contrast");
  return {
    background,
    box: colour("editorWidget-background", "editor-background"),
    text,
    muted: isHighContrast ? text : colour("descriptionForeground", "foreground"),
    line: colour("foreground", "editor-foreground"),
    border: isHighContrast
      ? colour("contrastBorder")
      : `color-mix(in srgb, ${text} ${OUTLINE_PERCENT}%, ${background})`,
    cost: colour("charts-yellow"),
    focus: colour("focusBorder"),
    found: colour("editor-findMatchBorder", "charts-yellow"),
    marks: { added: colour("charts-green"), removed: colour("charts-red"), changed: colour("charts-blue") },
    font: colour("font-family"),
  };
}

/** The part of a mark's colour in a marked box. */
const MARK_SHARE = 0.6;

/** The fill of a marked box. */
export function marked({ box, marks }: Pick<GraphColours, "box" | "marks">, kind: MarkKind): string {
  return `color-mix(in srgb, ${marks[kind]} ${(100 * MARK_SHARE).toFixed(0)}%, ${box})`;
}

/** The fill of a box: as the style sheet mixes it. */
export function heated({ box, cost }: Pick<GraphColours, "box" | "cost">, heat: number): string {
  return heat > 0 ? `color-mix(in srgb, ${cost} ${(100 * FULL_HEAT * heat).toFixed(1)}%, ${box})` : box;
}
