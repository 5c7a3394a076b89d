import type { ComponentChildren, JSX } from "preact";
import { useRef } from "preact/hooks";
import { Icon } from "./controls.tsx";

export interface Tab<Id extends string> {
  readonly id: Id;
  readonly title: string;
  /** Left out where tabs have little room. */
  readonly icon?: string;
}

interface TabListProps<Id extends string> {
  readonly label: string;
  readonly tabs: readonly Tab<Id>[];
  readonly selected: Id;
  readonly onSelect: (id: Id) => void;
}

/** One stop for Tab; the arrow keys go from tab to tab and show it at once. */
export function TabList<Id extends string>({ label, tabs, selected, onSelect }: TabListProps<Id>): JSX.Element {
  const list = useRef<HTMLDivElement>(null);

  const move = (event: KeyboardEvent): void => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const position = tabs.findIndex(({ id }) => id === selected);
    const next = tabs[(position + step + tabs.length) % tabs.length];
    if (step === 0 || !next) return;
    event.preventDefault();
    onSelect(next.id);
    list.current?.querySelector<HTMLElement>(`#tab-${next.id}`)?.focus();
  };

  return (
    <div role="tablist" class="tabs" aria-label={label} ref={list} onKeyDown={move}>
      {tabs.map(({ id, title, icon }) => (
        <button
          key={id}
          type="button"
          role="tab"
          id={`tab-${id}`}
          aria-selected={id === selected}
          aria-controls={`panel-${id}`}
          tabIndex={id === selected ? 0 : -1}
          onClick={() => onSelect(id)}
        >
          {icon !== undefined && <Icon name={icon} />}
          {title}
        </button>
      ))}
    </div>
  );
}

interface TabPanelProps {
  readonly id: string;
  readonly children: ComponentChildren;
}

export function TabPanel({ id, children }: TabPanelProps): JSX.Element {
  return (
    <div role="tabpanel" class="panel" id={`panel-${id}`} aria-labelledby={`tab-${id}`}>
      {children}
    </div>
  );
}
