import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { Profile } from "../../profiler/profile.ts";
import { compareProfiles } from "../../profiler/views/compare-profiles.ts";
import { Announcements } from "../controls/Announcements.tsx";
import { IconButton } from "../controls/controls.tsx";
import { TabList, TabPanel } from "../controls/Tabs.tsx";
import { MissingDataBanner } from "../page/MissingData.tsx";
import { Failed, Loading } from "../page/States.tsx";
import { Tooltips } from "../page/Tooltips.tsx";
import type { ModelClient, ShownProfile } from "../state/model-client.ts";
import { useStore, type Store } from "../state/store.ts";
import type { CompareView } from "./compare-view.ts";
import { comparedLayers, comparedTotals } from "./compared-layers.ts";
import { ComparedOutputs, type OutputActions } from "./ComparedOutputs.tsx";
import { CompareLayers } from "./CompareLayers.tsx";
import { CompareTotals } from "./CompareTotals.tsx";
import { LazyGraphs } from "./graphs/LazyGraphs.tsx";
import { SIDES, type OutputsState, type Side } from "./protocol.ts";

interface CompareAppProps {
  readonly clients: Readonly<Record<Side, ModelClient>>;
  readonly paths: Readonly<Record<Side, string>>;
  readonly view: Store<CompareView>;
  readonly outputs: Store<OutputsState>;
  readonly outputActions: OutputActions;
  readonly onOpen: (side: Side) => void;
  readonly onSwap: () => void;
}

/** Two models, side by side. While one of them has no profile, the page says what that one is doing. */
export function CompareApp(props: CompareAppProps): JSX.Element {
  const { clients } = props;
  const [before, after] = [useStore(clients.before.state), useStore(clients.after.state)];
  const waiting = before.phase === "ready" ? after : before;
  const client = before.phase === "ready" ? clients.after : clients.before;
  return (
    <>
      {before.profile?.isComplete === true && after.profile?.isComplete === true ? (
        <ComparisonView {...props} before={before.profile} after={after.profile} />
      ) : waiting.phase === "failed" && waiting.failure ? (
        <main>
          <Failed file={waiting.file} failure={waiting.failure} onCommand={(command) => client.run(command)} />
        </main>
      ) : (
        <main>
          <Loading file={waiting.file} activity={waiting.activity} onCommand={(command) => client.run(command)} />
        </main>
      )}
      <Announcements />
      <Tooltips />
    </>
  );
}

interface ComparisonViewProps extends CompareAppProps {
  readonly before: ShownProfile;
  readonly after: ShownProfile;
}

function ComparisonView(props: ComparisonViewProps): JSX.Element {
  const { clients, before, after, view, outputs, outputActions, onOpen, onSwap } = props;
  const paths = { before: partName(props.paths.before, before), after: partName(props.paths.after, after) };
  const compared = useStore(outputs);
  const comparison = useMemo(() => compareProfiles(profileOf(before), profileOf(after)), [before, after]);
  const layers = useMemo(
    () => comparedLayers(comparison, before.header.totals, after.header.totals),
    [comparison, before, after],
  );
  const { tab } = useStore(view);
  return (
    <main class="profile">
      <header class="header compare-header">
        <h1 class="visually-hidden">{l10n.t("Comparison of {0} and {1}", paths.before, paths.after)}</h1>
        <div class="compare-models">
          <ModelName title={l10n.t("Before")} path={paths.before} onOpen={() => onOpen("before")} />
          <IconButton icon="arrow-swap" label={l10n.t("Swap Before and After")} onClick={onSwap} />
          <ModelName title={l10n.t("After")} path={paths.after} onOpen={() => onOpen("after")} />
        </div>
        <CompareTotals totals={comparedTotals(comparison)} hardware={after.header.hardware} />
      </header>
      <ComparedOutputs outputs={compared} actions={outputActions} />
      {SIDES.map((side) => (
        <MissingDataBanner
          key={side}
          model={paths[side]}
          warnings={{ before, after }[side].header.warnings}
          onRetry={() => clients[side].run("retry")}
        />
      ))}
      <TabList
        label={l10n.t("Views")}
        tabs={[
          { id: "layers", title: l10n.t("Layers"), icon: "list-tree" },
          { id: "graphs", title: l10n.t("Graphs"), icon: "type-hierarchy" },
        ]}
        selected={tab}
        onSelect={(id) => view.update({ tab: id })}
      />
      <TabPanel id={tab}>
        {tab === "layers" ? (
          <CompareLayers layers={layers} view={view} />
        ) : (
          <LazyGraphs clients={clients} before={before} after={after} layers={layers} paths={paths} view={view} />
        )}
      </TabPanel>
    </main>
  );
}

interface ModelNameProps {
  readonly title: string;
  readonly path: string;
  readonly onOpen: () => void;
}

function ModelName({ title, path, onOpen }: ModelNameProps): JSX.Element {
  return (
    <span class="compare-model">
      <span class="compare-side">{title}</span>
      <button type="button" class="link compare-path" onClick={onOpen} data-tip={l10n.t("Open {0}", path)}>
        {path}
      </button>
    </span>
  );
}

/** "chat.task#decoder.tflite": a path, and which part of the file is compared where it is not the only or first one. */
function partName(path: string, { header: { parts } }: ShownProfile): string {
  const part = parts.part ?? parts.model;
  return part === null ? path : `${path}#${part}`;
}

function profileOf({ header, layers }: ShownProfile): Pick<Profile, "layers" | "totals"> {
  return { layers, totals: header.totals };
}
