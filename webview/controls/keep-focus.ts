/**
 * An action may take away the control that it was asked by: an edit is removed, a task ends with its Cancel. The browser then gives the focus
 * to nobody, and who works by keyboard or hears the page is back at its start. Here it goes to the control that follows.
 */

/** Controls in front of the one with the focus that are remembered: one of them is still there when a whole row of buttons goes. */
const REMEMBERED = 12;

/** Views that know better where the focus belongs have put it there within this. */
export const FOCUS_GRACE_MILLISECONDS = 100;

/** They take the focus for what is inside of them. */
const TOOLKIT = "vscode-button, vscode-checkbox, vscode-text-field";
const FOCUSABLE = `a[href], button, input, select, textarea, summary, [tabindex], ${TOOLKIT}`;

/** Watches the page for the focus that is lost; for the whole life of the page. */
export function keepFocus(): void {
  let last: HTMLElement | null = null;
  let before: readonly HTMLElement[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;

  document.addEventListener("focusin", ({ target }) => {
    if (!(target instanceof HTMLElement)) return;
    last = target;
    before = controlsBefore(target);
  });
  // Who clicks where nothing takes the focus wants it nowhere.
  document.addEventListener("pointerup", () => {
    if (hasFocus()) last = null;
  });
  new MutationObserver(() => {
    if (last === null || timer !== undefined || !hasFocus()) return;
    timer = setTimeout(() => {
      timer = undefined;
      if (last !== null && hasFocus()) next(last, before)?.focus();
    }, FOCUS_GRACE_MILLISECONDS);
  }).observe(document.body, { childList: true, subtree: true, attributeFilter: ["disabled", "hidden"] });
}

/** Whether this document has the focus, and nothing in it. */
function hasFocus(): boolean {
  return document.hasFocus() && (document.activeElement === null || document.activeElement === document.body);
}

/** The control itself where it was only moved, else that behind the nearest one before it that is still there, else that one. */
function next(last: HTMLElement, before: readonly HTMLElement[]): HTMLElement | undefined {
  if (takesFocus(last)) return last;
  const left = before.find(takesFocus);
  if (left === undefined) return undefined;
  const controls = [...document.querySelectorAll<HTMLElement>(FOCUSABLE)].filter(takesFocus);
  return controls[controls.indexOf(left) + 1] ?? left;
}

/** The nearest first. */
function controlsBefore(element: HTMLElement): readonly HTMLElement[] {
  const controls = [...document.querySelectorAll<HTMLElement>(FOCUSABLE)];
  const place = controls.indexOf(element);
  return place < 0 ? [] : controls.slice(Math.max(0, place - REMEMBERED), place).toReversed();
}

function takesFocus(element: HTMLElement): boolean {
  const isStop = element.tabIndex >= 0 || element.matches(TOOLKIT);
  return isStop && element.isConnected && !element.matches(":disabled, [disabled]") && element.checkVisibility();
}
