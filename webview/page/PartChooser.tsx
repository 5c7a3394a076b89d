import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { EntryPart, Parts } from "../../profiler/profile.ts";
import { Icon } from "../controls/controls.tsx";
import { Select } from "../controls/Select.tsx";
import { RpcError } from "../protocol/rpc.ts";

interface PartChooserProps {
  readonly parts: Parts;
  /** Rejects with an RpcError when it cannot be shown. */
  readonly onChoose: (part: { readonly model?: string; readonly entry?: string }) => Promise<void>;
}

/** Whether there is anything to choose, or to say of the file. */
function hasParts({ models, entries }: Parts): boolean {
  return models.length > 0 || entries.length > 1;
}

/** Which model of a bundle, and which signature or subgraph of a model, the page is of; another one is profiled at once. */
export function PartChooser({ parts, onChoose }: PartChooserProps): JSX.Element | null {
  const { models, model, entries, entry } = parts;
  const [asked, setAsked] = useState<{ readonly model?: string; readonly entry?: string }>({});
  const [fault, setFault] = useState<string | null>(null);
  useEffect(() => {
    setAsked({});
    setFault(null);
  }, [parts.part]);
  if (!hasParts(parts)) return null;

  const choose = async (part: { readonly model?: string; readonly entry?: string }): Promise<void> => {
    setAsked(part);
    setFault(null);
    try {
      await onChoose(part);
    } catch (failure) {
      setAsked({});
      setFault(failure instanceof RpcError ? failure.message : String(failure));
    }
  };

  return (
    <section class="dimensions part-chooser" aria-label={l10n.t("Part of the file")} data-testid="parts">
      {models.length > 0 && (
        <div class="dimension">
          <h2>{l10n.t("Model")}</h2>
          {models.length > 1 ? (
            <Select
              label={l10n.t("Model of the bundle")}
              value={asked.model ?? model ?? ""}
              choices={models.map((name) => ({ value: name, text: name }))}
              onChange={(name) => void choose({ model: name })}
            />
          ) : (
            <span class="dimension-name">{model}</span>
          )}
        </div>
      )}
      {entries.length > 1 && (
        <div class="dimension">
          <h2>{l10n.t("Entry")}</h2>
          <Select
            label={l10n.t("Entry: a signature or a subgraph")}
            value={asked.entry ?? entry}
            choices={entries.map((one) => ({ value: one.name, text: entryText(one) }))}
            onChange={(name) => void choose({ entry: name })}
          />
        </div>
      )}
      {models.length > 0 && (
        <span class="remark">
          <Icon name="lock" /> {l10n.t("A bundle is not written: its edited model is saved as a file of its own.")}
        </span>
      )}
      {fault !== null && (
        <span class="error" role="alert">
          <Icon name="error" /> {fault}
        </span>
      )}
    </section>
  );
}

function entryText({ name, subgraph, signatures, body }: EntryPart): string {
  if (body) return l10n.t("{0} ({1} of {2}, subgraph {3})", name, body.label, body.op, subgraph);
  if (signatures.length === 0) return l10n.t("{0} (subgraph {1})", name, subgraph);
  const others = signatures.filter((key) => key !== name);
  return others.length === 0
    ? l10n.t("{0} (signature, subgraph {1})", name, subgraph)
    : l10n.t("{0} (signature, as is {1}, subgraph {2})", name, others.join(", "), subgraph);
}
