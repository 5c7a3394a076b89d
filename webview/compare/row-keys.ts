/**
 * Where a key moves the selection in a list of rows.
 * @param position of the selected row; -1 when none is selected
 * @param pageRows rows that fit the screen
 * @returns the new position, or undefined for a key that does not move
 */
export function moveSelection(key: string, position: number, count: number, pageRows: number): number | undefined {
  const step = STEPS[key];
  if (step === undefined || count === 0) return undefined;
  // With nothing selected the first key selects an end of the list.
  if (position < 0) return key === "End" ? count - 1 : 0;
  return Math.min(count - 1, Math.max(0, step({ position, count, pageRows })));
}

interface Place {
  readonly position: number;
  readonly count: number;
  readonly pageRows: number;
}

const STEPS: Readonly<Record<string, (place: Place) => number>> = {
  ArrowDown: ({ position }) => position + 1,
  ArrowUp: ({ position }) => position - 1,
  Home: () => 0,
  End: ({ count }) => count - 1,
  PageDown: ({ position, pageRows }) => position + pageRows,
  PageUp: ({ position, pageRows }) => position - pageRows,
};
