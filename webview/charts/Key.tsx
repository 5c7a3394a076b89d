import type { ComponentChildren, JSX } from "preact";
import type { Hue } from "./theme.ts";

export type KeyShape = "bar" | "line" | "dash" | "circle" | "triangle" | "rectRot";

const PATHS: Readonly<Record<KeyShape, string>> = {
  bar: "M2 2h4v10h-4z M8 5h4v7h-4z",
  line: "M0 10L5 4L9 8L14 3",
  dash: "M0 7h4M6 7h4M12 7h2",
  circle: "M7 2.5a4.5 4.5 0 1 1 0 9a4.5 4.5 0 1 1 0 -9z",
  triangle: "M7 2L12.5 12h-11z",
  rectRot: "M7 1.5L12.5 7L7 12.5L1.5 7z",
};

/** The shape and colour of a series, with what it means. */
export function Key(props: {
  readonly shape: KeyShape;
  readonly hue: Hue;
  readonly children?: ComponentChildren;
}): JSX.Element {
  const { shape, hue, children } = props;
  return (
    <span class="key">
      <svg
        viewBox="0 0 14 14"
        class={`key-shape ${hue} ${shape === "line" || shape === "dash" ? "open" : "closed"}`}
        aria-hidden="true"
      >
        <path d={PATHS[shape]} />
      </svg>
      {children}
    </span>
  );
}
