/** Halvings of the interval in which a proportion is sought: to the last digit of a number. */
const BISECTIONS = 60;

/**
 * The proportion that is at least there, with a confidence of 1 − `risk`, when `successes` of `trials` independent ones succeed: the
 * one-sided exact bound (Clopper, Pearson: "The Use of Confidence or Fiducial Limits", Biometrika 1934). It is the proportion with which as many
 * successes or more would still come with a probability of `risk`; all of n succeeding show risk^(1/n).
 */
export function leastProportion(successes: number, trials: number, risk: number): number {
  if (successes <= 0) return 0;
  let [low, high] = [0, 1];
  for (let step = 0; step < BISECTIONS; step += 1) {
    const middle = (low + high) / 2;
    if (atLeast(successes, trials, middle) < risk) low = middle;
    else high = middle;
  }
  return low;
}

/** The fewest trials that could show a proportion, if all of them succeed. */
export function fewestTrials(proportion: number, risk: number): number {
  return Math.ceil(Math.log(risk) / Math.log(proportion));
}

/** Probability of `successes` or more of `trials`: Σ C(n, j) p^j (1 − p)^(n − j). */
function atLeast(successes: number, trials: number, proportion: number): number {
  // From all of them down: each term from the one before.
  let term = proportion ** trials;
  let sum = term;
  for (let count = trials; count > successes; count -= 1) {
    term *= (count / (trials - count + 1)) * ((1 - proportion) / proportion);
    sum += term;
  }
  return Number.isFinite(sum) ? sum : 0;
}
