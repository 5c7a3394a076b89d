import { Virtualizer, elementScroll, observeElementOffset, observeElementRect } from "@tanstack/virtual-core";
import type { RefObject } from "preact";
import { useLayoutEffect, useReducer, useState } from "preact/hooks";

/** Of a row, as in VS Code's own lists. The style sheet has the same number. */
export const ROW_HEIGHT = 22;

/** Rows drawn above and below the visible ones, so that a quick scroll does not show emptiness. */
const OVERSCAN_ROWS = 10;

export interface VirtualRows {
  readonly virtualizer: Virtualizer<HTMLElement, HTMLElement>;
  /** Positions of the rows to draw. */
  readonly positions: readonly number[];
}

/**
 * The rows of a long list that are on the screen.
 * @param headHeight pixels of the sticky header, which hides what scrolls under it
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
      scrollPaddingStart: headHeight,
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
  return { virtualizer, positions: virtualizer.getVirtualItems().map(({ index }) => index) };
}
