import type { Box } from "../../../profiler/views/graph-outline.ts";
import type { Link } from "../../../profiler/views/graph-links.ts";
import type { Area, Point, Size } from "../viewport.ts";

/** Where everything of a picture is, in pixels from its upper left corner. */
export interface Layout extends Size {
  readonly direction: Direction;
  /** Boxes before those in them. */
  readonly boxes: readonly PlacedBox[];
  readonly links: readonly PlacedLink[];
}

export interface PlacedBox extends Point, Size {
  readonly box: Box;
  readonly isOpen: boolean;
  /** Of the head of an open box, in pixels. */
  readonly headWidth: number;
}

export interface PlacedLink {
  readonly link: Link;
  /** At least two: between each pair the link runs straight, or in a curve along the direction of the network. */
  readonly points: readonly Point[];
  /** What it lies in. */
  readonly area: Area;
}

/** Which way the network runs. */
export type Direction = "DOWN" | "RIGHT";

/** Pixels of a layer or a closed box at least; all boxes of a picture are as wide as the widest text in one asks for. */
export const BOX: Size = { width: 176, height: 46 };

/** Of the line above an open box's contents. */
export const HEAD_HEIGHT = 26;
