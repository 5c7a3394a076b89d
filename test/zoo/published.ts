/** A figure that a paper prints for a network, in millions. */
export interface Figure {
  /** Operations are two a MAC, and all others. */
  readonly of: "macs" | "parameters" | "operations";
  /**
   * As printed: its last digit says how exact it is. Some authors round and others cut, so ours has to lie less than one unit of that
   * digit away.
   */
  readonly printed: string;
  /** In place of the last digit, where the paper's own arithmetic is coarser than it prints. */
  readonly percent?: number;
  /** Layers whose names it matches; the whole network by default. */
  readonly part?: RegExp;
  /** What the paper leaves out of its parameters. */
  readonly without?: "normalisation" | "biases";
  /** Why, where the paper's own architecture gives another number; the arithmetic. */
  readonly note?: string;
}

type Details = Omit<Figure, "of" | "printed">;

export function macs(printed: string, details: Details = {}): Figure {
  return { of: "macs", printed, ...details };
}

export function parameters(printed: string, details: Details = {}): Figure {
  return { of: "parameters", printed, ...details };
}

/** Parameters without batch normalisation, which older papers did not count: a runtime folds it away. */
export function parametersUnnormalised(printed: string, details: Details = {}): Figure {
  return parameters(printed, { ...details, without: "normalisation" });
}

export function printedValue({ printed }: Figure): number {
  return Number(printed.replaceAll(",", "")) * 1e6;
}

/** How far from the printed value ours may be. */
export function tolerance(figure: Figure): number {
  if (figure.percent !== undefined) return (printedValue(figure) * figure.percent) / 100;
  const decimals = figure.printed.split(".")[1]?.length ?? 0;
  return 1e6 / 10 ** decimals;
}
