/** How the user looks at a model: kept by VS Code while the page is hidden, and across restarts. */
export interface ViewState {
  readonly sort: Sort | null;
  readonly filter: string;
  /** Show rows of shape arithmetic and constants. */
  readonly showsFolded: boolean;
  readonly showsWarnings: boolean;
  /** Index of the selected layer. */
  readonly selected: number | null;
  /** Widths that the user gave to columns, in pixels. */
  readonly widths: Readonly<Record<string, number>>;
}

export interface Sort {
  readonly column: string;
  readonly isDescending: boolean;
}

export const INITIAL_VIEW: ViewState = {
  sort: null,
  filter: "",
  showsFolded: false,
  showsWarnings: false,
  selected: null,
  widths: {},
};

/** What VS Code keeps for a page. */
export interface KeptState {
  readonly view: ViewState;
  readonly scrollTop: number;
}

export function restoreKept(kept: unknown): KeptState {
  const { view, scrollTop } = isRecord(kept) ? kept : {};
  return { view: restoreView(view), scrollTop: isSize(scrollTop) ? scrollTop : 0 };
}

/** Field by field what still makes sense of a state that an older version may have kept. */
function restoreView(kept: unknown): ViewState {
  if (!isRecord(kept)) return INITIAL_VIEW;
  const { sort, filter, showsFolded, showsWarnings, selected, widths } = kept;
  return {
    sort: isSort(sort) ? { column: sort.column, isDescending: sort.isDescending } : null,
    filter: typeof filter === "string" ? filter : INITIAL_VIEW.filter,
    showsFolded: showsFolded === true,
    showsWarnings: showsWarnings === true,
    selected: Number.isInteger(selected) ? (selected as number) : null,
    widths: isRecord(widths) ? Object.fromEntries(Object.entries(widths).filter(isWidth)) : {},
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function isSort(value: unknown): value is Sort {
  return isRecord(value) && typeof value.column === "string" && typeof value.isDescending === "boolean";
}

function isSize(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

function isWidth(entry: [string, unknown]): entry is [string, number] {
  return isSize(entry[1]);
}
