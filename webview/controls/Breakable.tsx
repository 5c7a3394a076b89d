import type { JSX } from "preact";

/**
 * A name or path that is broken between its segments where it does not fit on a line, and within one only where that alone is too long. A
 * slash that it begins with stays with what follows. What has no slashes has dots.
 */
export function Breakable({ text }: { readonly text: string }): JSX.Element {
  const [first = "", ...others] = text.split(text.includes("/") ? /(?<=[^/\s]\/)(?=[^/\s])/ : /(?<=[:._])(?=[^:._\s])/);
  return (
    <>
      {first}
      {others.map((segment) => [<wbr />, segment])}
    </>
  );
}
