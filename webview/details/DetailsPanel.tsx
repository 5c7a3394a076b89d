import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useContext, useEffect, useMemo, useState } from "preact/hooks";
import type { LayerProfile } from "../../profiler/profile.ts";
import type { LayerDetails } from "../../profiler/views/layer-details.ts";
import { Breakable } from "../controls/Breakable.tsx";
import { Icon, IconButton } from "../controls/controls.tsx";
import { RpcError } from "../protocol/rpc.ts";
import type { ModelClient, ShownProfile } from "../state/model-client.ts";
import { whyUnknown } from "../table/page-columns.ts";
import { RowMarksContext } from "../editing/differences.ts";
import { Costs } from "./Costs.tsx";
import { detailsText, documentationOf } from "./layer-text.ts";
import { Section } from "./Section.tsx";
import { TensorList } from "./TensorList.tsx";
import { tensorLinks } from "./tensor-links.ts";

interface DetailsPanelProps {
  readonly client: ModelClient;
  readonly profile: ShownProfile;
  readonly layer: LayerProfile;
  readonly onSelectLayer: (index: number) => void;
  readonly onClose: () => void;
}

/** Everything there is to know of one layer. What the rows do not hold is asked of the host. */
export function DetailsPanel({ client, profile, layer, onSelectLayer, onClose }: DetailsPanelProps): JSX.Element {
  const details = useDetails(client, profile, layer);
  const links = useMemo(() => tensorLinks(profile.layers), [profile.layers]);
  const marks = useContext(RowMarksContext);
  const documentation =
    details && !(details instanceof Error) ? documentationOf(profile.header.format, details) : undefined;
  const leaf = layer.name.slice(layer.name.lastIndexOf("/") + 1);
  return (
    <section class="details" aria-label={l10n.t("Details of {0}", layer.name)} data-testid="details">
      <header class="details-head">
        <div class="details-title">
          <Breadcrumb path={layer.path} />
          <h2 data-tip={layer.name}>
            <Breakable text={leaf} />
          </h2>
          <p class="details-op">
            {documentation === undefined ? (
              layer.op
            ) : (
              <a href={documentation} data-tip={l10n.t("Documentation of the operator")}>
                {layer.op}
              </a>
            )}
            <span class="muted">
              {" "}
              {[layer.kind === layer.op.toLowerCase() ? "" : layer.kind, versionText(details)]
                .filter(Boolean)
                .join(" · ")}
            </span>
          </p>
        </div>
        <IconButton
          icon="lightbulb"
          label={l10n.t("Suggestions for this layer")}
          onClick={() => marks.onSuggest(layer.index)}
        />
        <IconButton
          icon="copy"
          label={l10n.t("Copy details")}
          isDisabled={!(details && !(details instanceof Error))}
          onClick={() => details && !(details instanceof Error) && copy(detailsText(layer, details))}
        />
        <IconButton icon="close" label={l10n.t("Close details")} onClick={onClose} />
      </header>
      <div class="details-body" tabIndex={0} role="group" aria-label={l10n.t("Details")}>
        <Notes layer={layer} onSelectLayer={onSelectLayer} layers={profile.layers} />
        {details instanceof Error ? (
          <p class="details-error" role="alert">
            <Icon name="error" /> {details.message}
          </p>
        ) : (
          details && (
            <div class="details-columns">
              <Pairs title={l10n.t("Attributes")} pairs={details.attributes} />
              <TensorList
                key={`inputs-${layer.index}`}
                title={l10n.t("Inputs")}
                side="input"
                tensors={details.inputs}
                layer={layer}
                client={client}
                links={links}
                onSelectLayer={onSelectLayer}
              />
              <TensorList
                key={`outputs-${layer.index}`}
                title={l10n.t("Outputs")}
                side="output"
                tensors={details.outputs}
                layer={layer}
                client={client}
                links={links}
                onSelectLayer={onSelectLayer}
              />
              <Costs layer={layer} details={details} hardware={profile.header.hardwareProfile} />
              <Pairs title={l10n.t("Exporter’s notes")} pairs={details.metadata} />
            </div>
          )
        )}
      </div>
    </section>
  );
}

/** The details, null while they are on their way, or why there are none. Those of the layer before stay until then. */
function useDetails(client: ModelClient, profile: ShownProfile, { index }: LayerProfile): LayerDetails | Error | null {
  const [details, setDetails] = useState<LayerDetails | Error | null>(null);
  useEffect(() => {
    let isWanted = true;
    client.layerDetails(index).then(
      (found) => isWanted && setDetails(found),
      (error: unknown) => {
        // A newer profile is on its way, and asks again.
        if (error instanceof RpcError && error.failure.code === "stale") return;
        if (isWanted) setDetails(error instanceof Error ? error : new Error(String(error)));
      },
    );
    return () => {
      isWanted = false;
    };
  }, [client, profile.revision, index]);
  return details instanceof Error || details?.index === index ? details : null;
}

function versionText(details: LayerDetails | Error | null): string {
  if (details === null || details instanceof Error) return "";
  const { domain, version } = details;
  return domain === "" ? l10n.t("version {0}", version) : l10n.t("{0}, version {1}", domain, version);
}

function Breadcrumb({ path }: { readonly path: readonly string[] }): JSX.Element | null {
  if (path.length === 0) return null;
  return (
    <ol class="breadcrumb" aria-label={l10n.t("Modules")}>
      {path.map((module, depth) => (
        <li key={depth}>{module}</li>
      ))}
    </ol>
  );
}

interface NotesProps {
  readonly layer: LayerProfile;
  readonly layers: readonly LayerProfile[];
  readonly onSelectLayer: (index: number) => void;
}

/** What should be known beside the numbers. A note that names another layer leads there. */
function Notes({ layer, layers, onSelectLayer }: NotesProps): JSX.Element | null {
  const notes = [
    ...(hasUnknown(layer)
      ? [whyUnknown(layer)].filter((reason) => reason !== "" && !layer.notes.includes(reason))
      : []),
    ...(layer.isCounted ? [] : [l10n.t("Shown, but in no total.")]),
    ...(layer.role === "shape" || layer.role === "constant"
      ? [l10n.t("Settled before an inference runs: it costs nothing in one.")]
      : []),
    ...(layer.isFixed === true
      ? [l10n.t("Computed from shapes and constants alone: the same in every inference.")]
      : []),
    ...layer.notes,
  ];
  if (notes.length === 0) return null;
  return (
    <ul class="details-notes">
      {notes.map((note) => {
        const lender = /^Shares weights with (.+)\.$/.exec(note)?.[1];
        const target = lender === undefined ? undefined : layers.find(({ name }) => name === lender);
        return (
          <li key={note}>
            <Icon name="info" />
            {target ? (
              <button type="button" class="link" onClick={() => onSelectLayer(target.index)}>
                {note}
              </button>
            ) : (
              note
            )}
          </li>
        );
      })}
    </ul>
  );
}

/** Whether a cell of the row says "unknown": the reason stands among the notes. */
function hasUnknown({
  kind,
  parameters,
  macs,
  otherOps,
  activationBytes,
  energy,
  latencySeconds,
}: LayerProfile): boolean {
  return kind === "unknown" || [parameters, macs, otherOps, activationBytes, energy, latencySeconds].includes(null);
}

function copy(text: string): void {
  void navigator.clipboard.writeText(text);
}

interface PairsProps {
  readonly title: string;
  readonly pairs: readonly (readonly [name: string, value: string])[];
}

function Pairs({ title, pairs }: PairsProps): JSX.Element | null {
  if (pairs.length === 0) return null;
  return (
    <Section title={title}>
      <dl class="pairs">
        {pairs.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}
