import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Edit } from "../../profiler/editing/edit.ts";
import type { LayerProfile, Totals } from "../../profiler/profile.ts";
import { SAVED_TOTALS } from "../../profiler/editing/suggestion.ts";
import { Button, Checkbox, IconButton } from "../controls/controls.tsx";
import type { DocumentEdit, DocumentState, ListedEdit, Savings } from "../protocol/editing.ts";
import type { PageCommand } from "../protocol/page.ts";
import { triedText } from "./check-text.ts";
import type { Differences } from "./differences.ts";
import { moved, rewritten, switched, without } from "./edit-list.ts";
import { isRecover } from "./recover-edit.ts";
import { OptionFields } from "./OptionFields.tsx";
import { SavingsGrid } from "./SavingsGrid.tsx";

interface HistoryPaneProps {
  readonly document: DocumentState;
  /** From the file without edits; null until they are known, and while there are no edits. */
  readonly differences: Differences | null;
  readonly now: Totals;
  readonly onChange: (edits: readonly ListedEdit[]) => void;
  readonly onRun: (command: PageCommand) => void;
  /** Trains the edited model. */
  readonly onRecover: () => void;
}

/** The edits of the document in their order: each can be switched off, changed, moved and taken out. */
export function HistoryPane({ document, differences, now, onChange, onRun, onRecover }: HistoryPaneProps): JSX.Element {
  const { edits, computing } = document;
  const isBusy = computing !== null;
  return (
    <>
      <div class="suggestion-tools" role="toolbar" aria-label={l10n.t("Edits")}>
        <IconButton icon="discard" label={l10n.t("Undo")} onClick={() => onRun("undo")} />
        <IconButton icon="redo" label={l10n.t("Redo")} onClick={() => onRun("redo")} />
        <span class="suggestion-count" role="status">
          {document.isDirty ? l10n.t("not saved") : edits.length > 0 ? l10n.t("saved") : ""}
        </span>
        <IconButton
          icon="export"
          label={l10n.t("Export the list of edits…")}
          isDisabled={edits.length === 0}
          onClick={() => onRun("export-edits")}
        />
        <IconButton
          icon="cloud-upload"
          label={l10n.t("Import a list of edits…")}
          onClick={() => onRun("import-edits")}
        />
      </div>
      {edits.length === 0 ? (
        <p class="panel-state">
          {l10n.t(
            "This is the file as it is on the disk. What you apply is listed here, and can be switched off, changed and moved.",
          )}
        </p>
      ) : (
        <>
          {differences && <SavingsGrid before={differences.base} after={now} saves={savesOf(differences.base, now)} />}
          {differences && differences.removed.length > 0 && <RemovedLayers layers={differences.removed} />}
          <ol class="edits" aria-label={l10n.t("Edits, in the order in which they apply")}>
            {edits.map((item, position) => (
              <EditItem
                key={item.id}
                item={item}
                isFirst={position === 0}
                isLast={position === edits.length - 1}
                isBusy={isBusy}
                onSwitch={(isOn) => onChange(switched(edits, item.id, isOn))}
                onMove={(step) => onChange(moved(edits, item.id, step))}
                onRemove={() => onChange(without(edits, item.id))}
                onRewrite={(edit) => onChange(rewritten(edits, item.id, edit))}
              />
            ))}
          </ol>
          <div class="suggestion-buttons">
            {!edits.some(({ edit, isOn }) => isOn && isRecover(edit)) && (
              <Button appearance="secondary" isDisabled={isBusy} onClick={onRecover}>
                {l10n.t("Recover accuracy")}
              </Button>
            )}
            <Button appearance="secondary" icon="save-as" onClick={() => onRun("save-as")}>
              {l10n.t("Save as…")}
            </Button>
            <Button icon="save" isDisabled={!document.isDirty || isBusy} onClick={() => onRun("save")}>
              {l10n.t("Save")}
            </Button>
          </div>
        </>
      )}
    </>
  );
}

/** Rows of the file that the table has no place for any more. */
function RemovedLayers({ layers }: { readonly layers: readonly LayerProfile[] }): JSX.Element {
  return (
    <details class="removed" data-testid="removed">
      <summary>
        {layers.length === 1
          ? l10n.t("1 layer of the file is gone")
          : l10n.t("{0} layers of the file are gone", layers.length)}
      </summary>
      <ul>
        {layers.map(({ index, name, op }) => (
          <li key={index}>{`${name} (${op})`}</li>
        ))}
      </ul>
    </details>
  );
}

interface EditItemProps {
  readonly item: DocumentEdit;
  readonly isFirst: boolean;
  readonly isLast: boolean;
  readonly isBusy: boolean;
  readonly onSwitch: (isOn: boolean) => void;
  readonly onMove: (step: -1 | 1) => void;
  readonly onRemove: () => void;
  readonly onRewrite: (edit: Edit) => void;
}

function EditItem(props: EditItemProps): JSX.Element {
  const { item, isFirst, isLast, isBusy, onSwitch, onMove, onRemove, onRewrite } = props;
  const { edit, label, isOn, options } = item;
  const [draft, setDraft] = useState<Edit | null>(null);
  const tried = item.tried ? triedText(item.tried) : null;
  return (
    <li class={isOn ? "edit" : "edit off"} data-testid="edit">
      <div class="edit-head">
        <Checkbox label={label} isChecked={isOn} onChange={onSwitch} />
        <span class="edit-buttons">
          {options.length > 0 && (
            <IconButton
              icon="settings-gear"
              label={l10n.t("Change the options of {0}", label)}
              onClick={() => setDraft(draft ? null : edit)}
            />
          )}
          <IconButton
            icon="arrow-up"
            label={l10n.t("Apply {0} earlier", label)}
            isDisabled={isFirst || isBusy}
            onClick={() => onMove(-1)}
          />
          <IconButton
            icon="arrow-down"
            label={l10n.t("Apply {0} later", label)}
            isDisabled={isLast || isBusy}
            onClick={() => onMove(1)}
          />
          <IconButton icon="trash" label={l10n.t("Remove {0}", label)} isDisabled={isBusy} onClick={onRemove} />
        </span>
      </div>
      {tried && (
        <p class="edit-tried" data-testid="edit-tried" data-tip={tried.tip} tabIndex={0}>
          {l10n.t("Tried: {0}", tried.text)}
        </p>
      )}
      {draft && (
        <div class="edit-body">
          <OptionFields edit={draft} options={options} onChange={setDraft} />
          <div class="suggestion-buttons">
            <Button appearance="secondary" onClick={() => setDraft(null)}>
              {l10n.t("Cancel")}
            </Button>
            <Button
              isDisabled={isBusy || draft === edit}
              onClick={() => {
                onRewrite(draft);
                setDraft(null);
              }}
            >
              {l10n.t("Change")}
            </Button>
          </div>
        </div>
      )}
    </li>
  );
}

function savesOf(before: Totals, after: Totals): Savings {
  const part = (id: (typeof SAVED_TOTALS)[number]): number | null => {
    const [old, now] = [before[id], after[id]];
    if (old === null || now === null) return null;
    return old === 0 ? 0 : 1 - now / old;
  };
  return Object.fromEntries(SAVED_TOTALS.map((id) => [id, part(id)])) as Savings;
}
