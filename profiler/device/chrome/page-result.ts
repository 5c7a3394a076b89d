/** What the page tells of its runs, which anything on the phone may have written. */
export interface PageResult {
  readonly loadSeconds: number;
  readonly firstSeconds: number;
  readonly runSeconds: readonly number[];
  readonly threads: number;
  /** Of the outputs, in the runtime's order. */
  readonly shapes: readonly (readonly number[])[];
  /** Whether something else was in front of the page for a while. */
  readonly wasHidden: boolean;
  readonly browser: string;
  /** The GPU, where one was asked for. */
  readonly adapter: string | null;
}

/** @returns undefined for anything else */
export function readPageResult(text: string): PageResult | undefined {
  const value = parse(text);
  if (value === undefined) return undefined;
  const { loadSeconds, firstSeconds, runSeconds, threads, shapes, wasHidden, browser, adapter = null } = value;
  if (!isTime(loadSeconds) || !isTime(firstSeconds) || typeof wasHidden !== "boolean") return undefined;
  if (!isListOf(isTime, runSeconds) || runSeconds.length === 0) return undefined;
  if (!isSize(threads) || typeof browser !== "string") return undefined;
  if (adapter !== null && typeof adapter !== "string") return undefined;
  if (!isListOf((shape) => isListOf(isSize, shape), shapes)) return undefined;
  return { loadSeconds, firstSeconds, runSeconds, threads, shapes, wasHidden, browser, adapter };
}

export function readPageProgress(text: string): { readonly done: number; readonly total: number } | undefined {
  const { done, total } = parse(text) ?? {};
  return isSize(done) && isSize(total) ? { done, total } : undefined;
}

/** "Chrome 126.0.6478.50"; null where the browser says otherwise. */
export function chromeVersion(browser: string): string | null {
  return /Chrome\/([\d.]+)/.exec(browser)?.[1] ?? null;
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value)) : undefined;
  } catch {
    return undefined;
  }
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isListOf<T>(is: (value: unknown) => value is T, list: unknown): list is readonly T[];
function isListOf(is: (value: unknown) => boolean, list: unknown): list is readonly (readonly number[])[];
function isListOf(is: (value: unknown) => boolean, list: unknown): boolean {
  return Array.isArray(list) && list.every(is);
}
