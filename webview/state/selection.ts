/**
 * What is selected in the table: lines by their ids, which are those of layers ("#12"), of modules ("encoder/layer.0") and of folded
 * runs. Kept as ids because lines come and go with folding, filters and sorting.
 */
export interface Selection {
  /** Where the keyboard is: the line whose details are shown. */
  readonly active: string | null;
  /** Where a range starts that Shift extends. */
  readonly anchor: string | null;
  readonly lines: readonly string[];
}

export const NOTHING_SELECTED: Selection = { active: null, anchor: null, lines: [] };

export function layerLine(index: number): string {
  return `#${index}`;
}

/** Index of the layer that a line stands for; null for other lines. */
export function layerOfLine(line: string | null): number | null {
  return line !== null && /^#\d+$/.test(line) ? Number(line.slice(1)) : null;
}

/** Layers that are selected, as the pictures show them. */
export interface Selected {
  /** Index of the layer where the keyboard is, which a picture brings into sight. */
  readonly active: number | null;
  /** Indices of all of them. */
  readonly layers: ReadonlySet<number>;
}

export function selectedLayers({ active, lines }: Selection): Selected {
  return { active: layerOfLine(active), layers: new Set(lines.flatMap((line) => layerOfLine(line) ?? [])) };
}

export function only(line: string): Selection {
  return { active: line, anchor: line, lines: [line] };
}

/** Several at once, the first one active. */
export function selectedTogether(lines: readonly string[]): Selection {
  return { active: lines[0] ?? null, anchor: lines[0] ?? null, lines };
}

/** As a click with Ctrl does. */
export function toggled({ lines }: Selection, line: string): Selection {
  const others = lines.filter((other) => other !== line);
  return { active: line, anchor: line, lines: others.length < lines.length ? others : [...lines, line] };
}

/** From the anchor to `line`, as a click with Shift does. @param order ids of all lines from the top */
export function ranged({ anchor, active }: Selection, order: readonly string[], line: string): Selection {
  const start = order.indexOf(anchor ?? active ?? line);
  const end = order.indexOf(line);
  if (start < 0 || end < 0) return only(line);
  const lines = order.slice(Math.min(start, end), Math.max(start, end) + 1);
  return { active: line, anchor: order[start] ?? line, lines };
}

export function everything({ active, anchor }: Selection, order: readonly string[]): Selection {
  return { active: active ?? order[0] ?? null, anchor, lines: order };
}

/** Moves the keyboard without selecting, as Ctrl with an arrow key does. */
export function moved(selection: Selection, line: string): Selection {
  return { ...selection, active: line };
}

/**
 * The selection in a model that was edited: a layer is the one of its name, and of several the one in the same place among them; what
 * is gone is selected no longer.
 */
export function followed(
  { active, anchor, lines }: Selection,
  before: readonly { readonly name: string }[],
  after: readonly { readonly name: string }[],
): Selection {
  const places = new Map<string, number[]>();
  for (const [index, { name }] of after.entries()) {
    const same = places.get(name);
    if (same) same.push(index);
    else places.set(name, [index]);
  }
  const now = before.map(({ name }) => places.get(name)?.shift());
  const moves = (line: string | null): string | null => {
    const index = layerOfLine(line);
    if (index === null || index >= before.length) return line;
    const moved = now[index];
    return moved === undefined ? null : layerLine(moved);
  };
  return { active: moves(active), anchor: moves(anchor), lines: lines.flatMap((line) => moves(line) ?? []) };
}
