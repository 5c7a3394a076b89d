import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { formatShare } from "../../profiler/format-numbers.ts";
import { Store, useStore } from "../state/store.ts";

/** What screen readers were last told, each with a number of its own: the same text twice is said twice. */
const SAID = new Store<readonly { readonly number: number; readonly text: string }[]>([]);

/** What is kept of it, so that what comes at once with another is not lost: the quarters of two tasks and what they led to. */
const KEPT = 16;

/** Has screen readers say what the eye sees come about somewhere on the page: a result, the progress of work. Errors are alerts of their own. */
export function announce(text: string): void {
  const number = (SAID.value.at(-1)?.number ?? 0) + 1;
  SAID.set([...SAID.value, { number, text }].slice(-KEPT));
}

/** Where announcements are read from: one place, there from the beginning, since a region that comes with its text is often not read. */
export function Announcements(): JSX.Element {
  const said = useStore(SAID);
  return (
    <div class="visually-hidden" role="log" data-testid="announcements">
      {said.map(({ number, text }) => (
        <p key={number}>{text}</p>
      ))}
    </div>
  );
}

/** Says a text whenever it becomes another one; null and what is there at first are not said. */
export function useAnnounced(text: string | null): void {
  const was = useRef(text);
  useEffect(() => {
    if (text !== null && text !== was.current) announce(text);
    was.current = text;
  }, [text]);
}

/** Says what work has begun, and each quarter of it that is done: every step of it would drown all else. */
export function useAnnouncedProgress(what: string, done: number): void {
  const quarter = quarterOf(done);
  useEffect(() => {
    announce(quarter === 0 ? what : `${what}, ${formatShare(quarter)}`);
  }, [quarter]);
}

/** Of a part of 1, the quarters that are whole; the end of work is said by what it leads to. */
function quarterOf(done: number): number {
  return Math.min(3, Math.max(0, Math.floor(4 * done))) / 4;
}
