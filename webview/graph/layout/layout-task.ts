import type { Direction } from "./layout.ts";

/** What the worker lays out: numbers alone, so that handing it over costs nothing. */
export interface LayoutTask {
  readonly direction: Direction;
  /** Of a box without drawn boxes in it. */
  readonly width: number;
  readonly height: number;
  readonly headHeight: number;
  /** Parents before what is in them. */
  readonly boxes: readonly TaskBox[];
  /** Boxes at both ends, as places in `boxes`. */
  readonly links: readonly (readonly [from: number, to: number])[];
}

export interface TaskBox {
  /** Place of the box around it; -1 for none. */
  readonly parent: number;
  readonly isOpen: boolean;
  /** What the head of an open box takes. */
  readonly headWidth: number;
}

/** Everything in pixels from the upper left corner of the picture. */
export interface LayoutAnswer {
  readonly width: number;
  readonly height: number;
  /** x, y, width and height of each box. */
  readonly boxes: Float64Array;
  /** x and y of each bend of each link, both ends among them. */
  readonly links: readonly Float64Array[];
}
