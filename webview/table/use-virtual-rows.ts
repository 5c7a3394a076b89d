import { Virtualizer, elementScroll, observeElementOffset, observeElementRect } from "@tanstack/virtual-core";
import type { RefObject } from "preact";
import { useLayoutEffect, useReducer, useState } from "preact/hooks";

/** Of a row, as in VS Code's own lists. The style sheet has the same number. */
export const ROW_HEIGHT = 22;

/** Rows drawn above and below the visible ones, so that a quick scroll does not show emptiness. */
const OVERSCAN_ROWS = 10;

export interface VirtualRows {
  readonly virtualizer: Virtualizer<HTMLElement, HTMLElement>;
  /**
   * Positions of the rows to draw, by slots: a row that stays on the screen keeps its slot, and one that comes takes the slot, and with it
   * the elements, of one that has gone.
   */
  readonly positions: readonly number[];
}

/**
 * The rows of a long list that are on the screen.
 * @param headHeight pixels of the sticky header, which the rows begin below
 */
export function useVirtualRows(
  scroller: RefObject<HTMLElement>,
  count: number,
  headHeight: number,
  initialOffset: number,
): VirtualRows {
  const [, redraw] = useReducer((draws: number) => draws + 1, 0);
  const [virtualizer] = useState(() => new Virtualizer<HTMLElement, HTMLElement>(options(0)));

  function options(rows: number): ConstructorParameters<typeof Virtualizer<HTMLElement, HTMLElement>>[0] {
    return {
      count: rows,
      getScrollElement: () => scroller.current,
      estimateSize: () => ROW_HEIGHT,
      overscan: OVERSCAN_ROWS,
      initialOffset,
      scrollPaddingEnd: headHeight,
      paddingStart: 0,
      observeElementRect,
      observeElementOffset,
      scrollToFn: elementScroll,
      onChange: () => redraw(undefined),
    };
  }

  virtualizer.setOptions(options(count));
  useLayoutEffect(() => virtualizer._didMount(), [virtualizer]);
  useLayoutEffect(() => virtualizer._willUpdate());
  const shown = Math.ceil((virtualizer.scrollRect?.height ?? 0) / ROW_HEIGHT) + 1;
  const first = Math.floor((virtualizer.scrollOffset ?? initialOffset) / ROW_HEIGHT) - OVERSCAN_ROWS;
  return { virtualizer, positions: slots(first, shown + 2 * OVERSCAN_ROWS, count) };
}

/** The positions from `first` on, as many as are drawn of `count`, each in the slot that is its remainder. */
export function slots(first: number, drawn: number, count: number): readonly number[] {
  const length = Math.min(drawn, count);
  const start = Math.max(0, Math.min(first, count - length));
  return Array.from({ length }, (_, slot) => start + ((((slot - start) % length) + length) % length));
}
