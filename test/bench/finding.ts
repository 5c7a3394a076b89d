/** One number against what it may be at most. */
export interface Finding {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly limit?: number;
}
