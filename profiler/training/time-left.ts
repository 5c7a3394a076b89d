/** Of all work: before that the time tells nothing of the rest. */
const FIRST_SHARE = 0.02;
/** From here on in minutes. */
const MOST_SECONDS = 100;

/**
 * "12 s left", "3 min left", by how long the part that is done took; "" while too little is done.
 * @param done share of the work, 0 to 1
 * @param seconds that it took
 */
export function timeLeft(done: number, seconds: number): string {
  if (done < FIRST_SHARE) return "";
  const left = (seconds * Math.max(0, 1 - done)) / done;
  return left < MOST_SECONDS ? `${Math.ceil(left)} s left` : `${Math.round(left / 60)} min left`;
}
