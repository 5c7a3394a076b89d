import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

/** As VS Code's own hovers. */
const DELAY_MILLISECONDS = 500;

/** Between the pointer or the element and the text, and between the text and the window's edge. */
const GAP = 6;

interface Tip {
  readonly text: string;
  readonly anchor: DOMRect;
}

/**
 * One hover for the whole page: shows the text of the nearest `data-tip` under the pointer, or of the focused element. Escape hides it.
 * With `data-tip-when="cut"` only where there is no room for the element's own text. Unlike a `title` it is there for the keyboard too and looks like the editor's own.
 */
export function Tooltips(): JSX.Element | null {
  const [tip, setTip] = useState<Tip | null>(null);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => followPointerAndFocus(setTip), []);
  useLayoutEffect(() => {
    if (tip && box.current) place(box.current, tip.anchor);
  }, [tip]);
  if (tip === null) return null;
  return (
    <div class="tooltip" role="tooltip" id="tooltip" ref={box}>
      {tip.text}
    </div>
  );
}

function followPointerAndFocus(show: (tip: Tip | null) => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let current: Element | null = null;

  const hide = (): void => {
    clearTimeout(timer);
    current?.removeAttribute("aria-describedby");
    current = null;
    show(null);
  };
  const aim = (target: EventTarget | null, delay: number): void => {
    const element = target instanceof Element ? target.closest("[data-tip]") : null;
    if (element === current) return;
    hide();
    const text = element?.getAttribute("data-tip");
    if (!element || text === null || text === undefined || text === "") return;
    current = element;
    timer = setTimeout(() => {
      if (!element.isConnected || (element.getAttribute("data-tip-when") === "cut" && !isCut(element))) return;
      element.setAttribute("aria-describedby", "tooltip");
      show({ text, anchor: element.getBoundingClientRect() });
    }, delay);
  };

  const listeners = new AbortController();
  const on = { signal: listeners.signal, capture: true };
  document.addEventListener("pointerover", ({ target }) => aim(target, DELAY_MILLISECONDS), on);
  document.addEventListener(
    "focusin",
    ({ target }) => {
      if (target instanceof Element && target.matches(":focus-visible")) aim(target, DELAY_MILLISECONDS);
    },
    on,
  );
  document.addEventListener("focusout", hide, on);
  document.addEventListener("pointerdown", hide, on);
  document.addEventListener("scroll", hide, on);
  document.documentElement.addEventListener("pointerleave", hide, { signal: listeners.signal });
  document.addEventListener("keydown", ({ key }) => key === "Escape" && hide(), on);
  return () => {
    hide();
    listeners.abort();
  };
}

function isCut(element: Element): boolean {
  return [element, ...element.children].some(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth);
}

/** Below the anchor, above it where there is no room, always inside the window. */
function place(box: HTMLElement, anchor: DOMRect): void {
  const { width, height } = box.getBoundingClientRect();
  const below = anchor.bottom + GAP;
  const top = below + height + GAP > innerHeight ? Math.max(GAP, anchor.top - height - GAP) : below;
  const left = Math.max(GAP, Math.min(anchor.left, innerWidth - width - GAP));
  box.style.transform = `translate(${left}px, ${top}px)`;
}
