/** What a roofline says of a model at full efficiency and what the model took, both in seconds. */
export interface RoofAndTime {
  readonly estimate: number;
  readonly seconds: number;
}

/**
 * The one factor by which all estimates are multiplied that errs least: the least mean of |factor × estimate ÷ measured − 1|. That sum is
 * piecewise linear in the factor, so that its least value is where one model is predicted exactly.
 * @returns 1 where nothing has an estimate
 */
export function oneFactor(models: readonly RoofAndTime[]): number {
  const known = models.filter(({ estimate, seconds }) => estimate > 0 && seconds > 0);
  const errorOf = (factor: number): number =>
    known.reduce((sum, { estimate, seconds }) => sum + Math.abs((factor * estimate) / seconds - 1), 0);
  const candidates = known.map(({ estimate, seconds }) => seconds / estimate);
  return candidates.reduce((best, each) => (errorOf(each) < errorOf(best) ? each : best), candidates[0] ?? 1);
}
