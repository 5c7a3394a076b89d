/**
 * A text of a file as one line that shows and does nothing: control characters, line ends and marks that turn the direction of text
 * become "�", so that a name can neither steer a terminal nor forge another row.
 */
export function printable(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Zl}\p{Zp}\u{200e}\u{200f}\u{202a}-\u{202e}\u{061c}\u{2066}-\u{2069}]/gu,
    "\u{fffd}",
  );
}

/** At most `room` characters, cut from the front: of a module's path the end tells layers apart. */
export function shorten(text: string, room: number): string {
  const characters = Array.from(text);
  return characters.length <= room ? text : `…${characters.slice(characters.length - room + 1).join("")}`;
}
