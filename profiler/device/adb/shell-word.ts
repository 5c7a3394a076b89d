/** Needs no quotes in any shell: nothing of it is expanded, split or an operator. */
const PLAIN = /^[\w@%+=:,./-]+$/;

/**
 * One word of a POSIX shell command, whatever it holds: the only way of a name, path or value into a command.
 * @throws {RangeError} for a NUL, which no shell can hold
 */
export function shellWord(text: string): string {
  if (text.includes("\0")) throw new RangeError("a word of a shell cannot hold a NUL");
  return PLAIN.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** A command of words that each stay one word. */
export function shellCommand(...words: readonly string[]): string {
  return words.map(shellWord).join(" ");
}
