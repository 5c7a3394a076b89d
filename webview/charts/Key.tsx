import type { ComponentChildren, JSX } from "preact";
import type { Hue } from "./theme.ts";

/** Those of points are called as chart.js calls them. */
export type PointShape = "circle" | "triangle" | "rect" | "rectRot" | "cross" | "crossRot";
export type KeyShape = PointShape | "bar" | "line" | "dash";

const PATHS: Readonly<Record<KeyShape, string>> = {
  bar: "M2 2h4v10h-4z M8 5h4v7h-4z",
  line: "M0 10L5 4L9 8L14 3",
  dash: "M0 7h4M6 7h4M12 7h2",
  circle: "M7 2.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 1 1 0 -9z",
  triangle: "M7 2L12.5 12h-11z",
  rect: "M3 3h8v8h-8z",
  rectRot: "M7 1.5L12.5 7L7 12.5L1.5 7z",
  cross: "M7 2v10M2 7h10",
  crossRot: "M3 3L11 11M11 3L3 11",
};

/** Shapes of lines, which have nothing inside. */
const OPEN: ReadonlySet<KeyShape> = new Set(["line", "dash", "cross", "crossRot"]);

/** The shape and colour of a series, with what it means. */
export function Key(props: {
  readonly shape: KeyShape;
  readonly hue: Hue;
  readonly children?: ComponentChildren;
}): JSX.Element {
  const { shape, hue, children } = props;
  return (
    <span class="key">
      <svg viewBox="0 0 14 14" class={`key-shape ${hue} ${OPEN.has(shape) ? "open" : "closed"}`} aria-hidden="true">
        <path d={PATHS[shape]} />
      </svg>
      {children}
    </span>
  );
}

/** One of those of a list below a chart. */
export function KeyItem(props: Parameters<typeof Key>[0]): JSX.Element {
  return (
    <li>
      <Key {...props} />
    </li>
  );
}
