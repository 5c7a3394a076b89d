import * as l10n from "@vscode/l10n";
import type { ComponentChildren, JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { FaultBoundary } from "../page/FaultBoundary.tsx";
import type { ModelClient, ShownProfile } from "../state/model-client.ts";
import type { DetailsPreferences, Preferences } from "../state/preferences.ts";
import { layerOfLine } from "../state/selection.ts";
import { useStore, type Store } from "../state/store.ts";
import type { ViewState } from "../state/view-state.ts";
import { DetailsPanel } from "./DetailsPanel.tsx";

interface DetailsSplitProps {
  readonly client: ModelClient;
  readonly profile: ShownProfile;
  readonly view: Store<ViewState>;
  readonly preferences: Store<Preferences>;
  readonly onSelectLayer: (index: number) => void;
  /** What takes the place of the details while it is open. */
  readonly aside: ComponentChildren | null;
  /** What the details stand beside. */
  readonly children: ComponentChildren;
}

/** From this width on there is room for the panel beside the table; else it stands below. */
const SIDE_BY_SIDE = 820;

/** Pixels. The panel never takes more than its part of the page, nor what the table needs: its toolbar, its head and a few rows. */
const NARROWEST = { width: 260, height: 120 } as const;
const LARGEST_PART = { width: 0.42, height: 0.6 } as const;
const LEFT_TO_TABLE = { width: 440, height: 240 } as const;

/** What is done to the model needs more of little room than the table, which shows where. */
const LEFT_BESIDE_ASIDE = { width: 440, height: 170 } as const;

/** Pixels by which an arrow key moves the border. */
const KEY_STEP = 20;

type Side = "width" | "height";

/** The page's content with the details of the active layer beside or below it, and a border to drag between them. */
export function DetailsSplit(props: DetailsSplitProps): JSX.Element {
  const { client, profile, view, preferences, onSelectLayer, aside, children } = props;
  const { selection } = useStore(view);
  const { details } = useStore(preferences);
  const split = useRef<HTMLDivElement>(null);
  const size = useSize(split);
  const layer = profile.layers[layerOfLine(selection.active) ?? -1];
  const side: Side = size.width >= SIDE_BY_SIDE ? "width" : "height";
  const isShown = aside !== null || (details.isOpen && layer !== undefined);
  const left = (aside === null ? LEFT_TO_TABLE : LEFT_BESIDE_ASIDE)[side];
  const largest = Math.min(size[side] * LARGEST_PART[side], size[side] - left);
  const extent = Math.max(NARROWEST[side], Math.min(details[side], largest));

  const change = (changes: Partial<DetailsPreferences>): void =>
    preferences.update({ details: { ...preferences.value.details, ...changes } });

  return (
    <div class={`split ${side === "width" ? "beside" : "below"} ${isShown ? "with-details" : ""}`} ref={split}>
      <div class="split-main">{children}</div>
      {isShown && (
        <>
          <Sash
            side={side}
            extent={extent}
            largest={largest}
            onResize={(pixels) => change({ [side]: Math.round(pixels) })}
          />
          <div class="split-details" style={{ flexBasis: `${extent}px` }}>
            {aside ??
              (layer && (
                <FaultBoundary subject={`${profile.revision} ${layer.index}`} onFault={(error) => client.report(error)}>
                  <DetailsPanel
                    client={client}
                    profile={profile}
                    layer={layer}
                    onSelectLayer={onSelectLayer}
                    onClose={() => change({ isOpen: false })}
                  />
                </FaultBoundary>
              ))}
          </div>
        </>
      )}
    </div>
  );
}

interface SashProps {
  readonly side: Side;
  readonly extent: number;
  readonly largest: number;
  readonly onResize: (pixels: number) => void;
}

/** The border: dragged, or moved by arrow keys. */
function Sash({ side, extent, largest, onResize }: SashProps): JSX.Element {
  const resize = (pixels: number): void => onResize(Math.max(NARROWEST[side], Math.min(largest, pixels)));

  const drag = (event: PointerEvent): void => {
    if (!(event.currentTarget instanceof HTMLElement)) return;
    const sash = event.currentTarget;
    const at = (moved: PointerEvent): number => (side === "width" ? moved.clientX : moved.clientY);
    const start = at(event);
    sash.setPointerCapture(event.pointerId);
    sash.onpointermove = (moved) => resize(extent + start - at(moved));
    sash.onlostpointercapture = () => (sash.onpointermove = null);
  };

  const onKeyDown = (event: KeyboardEvent): void => {
    const steps = side === "width" ? { ArrowLeft: 1, ArrowRight: -1 } : { ArrowUp: 1, ArrowDown: -1 };
    const step = new Map<string, number>(Object.entries(steps)).get(event.key);
    if (step === undefined) return;
    event.preventDefault();
    resize(extent + step * KEY_STEP);
  };

  return (
    <div
      class="sash"
      role="separator"
      tabIndex={0}
      aria-label={l10n.t("Size of the details")}
      aria-orientation={side === "width" ? "vertical" : "horizontal"}
      aria-valuenow={Math.round(extent)}
      aria-valuemin={NARROWEST[side]}
      aria-valuemax={Math.round(Math.max(largest, NARROWEST[side]))}
      onPointerDown={drag}
      onKeyDown={onKeyDown}
    />
  );
}

function useSize(box: { readonly current: HTMLElement | null }): Readonly<Record<Side, number>> {
  const [size, setSize] = useState({ width: 0, height: 0 });
  useLayoutEffect(() => {
    if (!box.current) return undefined;
    const { width, height } = box.current.getBoundingClientRect();
    setSize({ width, height });
    const observer = new ResizeObserver(([entry]) => {
      if (entry) setSize({ width: entry.contentRect.width, height: entry.contentRect.height });
    });
    observer.observe(box.current);
    return () => observer.disconnect();
  }, [box]);
  return size;
}
