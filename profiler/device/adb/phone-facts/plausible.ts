/**
 * What a phone's numbers can be. Sensors and drivers that are not there answer with the smallest integer, with 0, or with garbage: such a number
 * is unknown, and none of them reaches a table.
 */
const RANGES = {
  /** Of a phone that runs. */
  celsius: { least: -40, most: 150 },
  /** No processor reaches ten gigahertz. */
  kilohertz: { least: 1, most: 1e7 },
  /** More than a petabyte is none. */
  bytes: { least: 0, most: 2 ** 50 },
  core: { least: 0, most: 4095 },
} as const;

export function plausible(quantity: keyof typeof RANGES, value: number | null): number | null {
  const { least, most } = RANGES[quantity];
  return value !== null && value >= least && value <= most ? value : null;
}
