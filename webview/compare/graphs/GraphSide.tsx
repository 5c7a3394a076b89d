import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { NoPicture } from "../../graph/graph-notes.tsx";
import { GraphStage } from "../../graph/GraphStage.tsx";
import type { PlacedBox } from "../../graph/layout/layout.ts";
import type { Viewport } from "../../graph/viewport.ts";
import type { SideGraph } from "./use-graph.ts";

interface GraphSideProps {
  readonly graph: SideGraph;
  readonly path: string;
  readonly viewport: Viewport | null;
  readonly onShown: () => void;
  readonly onViewport: (viewport: Viewport) => void;
  readonly onChoose: (placed: PlacedBox, all: boolean) => void;
}

/** The graph of one of the models, under its name. */
export function GraphSide({ graph, path, viewport, onShown, onViewport, onChoose }: GraphSideProps): JSX.Element {
  const { side, layout, state, costs, marks, alike, active, stage } = graph;
  const selected = useMemo(() => new Set(active ? [active.id] : []), [active]);
  const title = side === "before" ? l10n.t("Before") : l10n.t("After");
  return (
    <section class="compare-graph" aria-label={`${title}: ${path}`} data-side={side}>
      <h2 class="compare-graph-title">
        <span class="compare-side">{title}</span>
        <span class="compare-graph-path">
          <bdi dir="ltr">{path}</bdi>
        </span>
      </h2>
      {layout && layout.boxes.length > 0 ? (
        <GraphStage
          label={l10n.t("Graph of {0}. The tab Layers has the same as a table.", path)}
          layout={layout}
          costs={costs}
          marks={marks}
          alike={alike}
          viewport={viewport}
          selected={selected}
          active={active}
          found={NOTHING}
          target={null}
          stage={stage}
          onShown={onShown}
          onViewport={onViewport}
          onChoose={onChoose}
        />
      ) : (
        <NoPicture state={state} />
      )}
    </section>
  );
}

const NOTHING: ReadonlySet<string> = new Set();
