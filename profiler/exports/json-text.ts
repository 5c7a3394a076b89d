/** What JSON leaves as it is and a terminal obeys, or reads backwards. */
const STEERS = /[\u{7f}-\u{9f}\u{61c}\u{200e}\u{200f}\u{2028}-\u{202e}\u{2066}-\u{2069}]/gu;

/** A line of JSON that can be shown on a terminal too: inside its texts alone stands what could steer one, and there as \uXXXX. */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value);
  return `${text.replaceAll(STEERS, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`)}\n`;
}
