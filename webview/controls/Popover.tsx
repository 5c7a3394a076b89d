import type { ComponentChildren, JSX } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

interface PopoverProps {
  readonly id: string;
  readonly label: string;
  readonly role: "dialog" | "menu";
  /** Where it opens: below this rectangle, inside the window. */
  readonly anchor: DOMRect;
  /** Escape, a click elsewhere, or the focus has left. */
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** Between the anchor and the box, and between the box and the window's edge. */
const GAP = 2;

/** A box over the page that takes the focus, and gives it back when it closes. */
export function Popover({ id, label, role, anchor, onClose, children }: PopoverProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);

  useLayoutEffect(() => {
    const place = (): void => {
      if (!box.current) return;
      const { width, height } = box.current.getBoundingClientRect();
      const below = anchor.bottom + GAP;
      const top = below + height + GAP > innerHeight ? Math.max(GAP, innerHeight - height - GAP) : below;
      const left = Math.max(GAP, Math.min(anchor.left, innerWidth - width - GAP));
      box.current.style.transform = `translate(${left}px, ${top}px)`;
    };
    place();
    addEventListener("resize", place);
    return () => removeEventListener("resize", place);
  }, [anchor]);

  useEffect(() => {
    const before = document.activeElement;
    const first = box.current?.querySelector<HTMLElement>("[role=menuitemcheckbox], button, input");
    (first ?? box.current)?.focus({ preventScroll: true });
    const closeOutside = ({ target }: Event): void => {
      if (target instanceof Node && !box.current?.contains(target)) onClose();
    };
    document.addEventListener("pointerdown", closeOutside, true);
    return () => {
      document.removeEventListener("pointerdown", closeOutside, true);
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
    // The box is made anew each time it opens.
  }, []);

  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== "Escape" && event.key !== "Tab") return;
    event.preventDefault();
    event.stopPropagation();
    onClose();
  };

  return (
    <div class="popover" id={id} role={role} aria-label={label} tabIndex={-1} ref={box} onKeyDown={onKeyDown}>
      {children}
    </div>
  );
}
