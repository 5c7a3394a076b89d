/** Characters: a message names the value, it does not hold it. */
const LONGEST = 100;

/** A value of a JSON file in a message: what is not a word is only said to be a list or an object, however deep and long it is. */
export function describeValue(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "[]" : "a list";
  if (typeof value === "object" && value !== null) return "an object";
  const text = JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
