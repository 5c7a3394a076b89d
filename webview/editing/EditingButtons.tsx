import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { Icon } from "../controls/controls.tsx";
import type { EditingPart } from "../protocol/editing.ts";
import type { EditingClient } from "../state/editing-client.ts";
import { useStore } from "../state/store.ts";

/** Id of the button that opens the panel, where the focus goes when it closes. */
export const EDITING_BUTTON = "editing-button";

interface EditingButtonsProps {
  readonly client: EditingClient;
  readonly part: EditingPart | null;
  readonly showsDifferences: boolean;
  readonly hasDifferences: boolean;
  readonly onPart: (part: EditingPart | null) => void;
  readonly onShowDifferences: (isOn: boolean) => void;
}

/** The way into the suggestions, and what has been edited, beside the model's name. */
export function EditingButtons(props: EditingButtonsProps): JSX.Element {
  const { client, part, showsDifferences, hasDifferences, onPart, onShowDifferences } = props;
  const { edits, isDirty } = useStore(client.document);
  return (
    <>
      <button
        type="button"
        id={EDITING_BUTTON}
        class="editing-button"
        aria-pressed={part === "suggestions"}
        data-tip={l10n.t("Suggest compressions: what would make this model smaller or faster")}
        onClick={() => onPart(part === "suggestions" ? null : "suggestions")}
      >
        <Icon name="lightbulb" />
        {l10n.t("Compress")}
      </button>
      {edits.length > 0 && (
        <button
          type="button"
          class="editing-button"
          aria-pressed={part === "history"}
          data-testid="edit-count"
          data-tip={isDirty ? l10n.t("What was edited; not saved yet") : l10n.t("What was edited; saved")}
          onClick={() => onPart(part === "history" ? null : "history")}
        >
          <Icon name="history" />
          {edits.length === 1 ? l10n.t("1 edit") : l10n.t("{0} edits", edits.length)}
          {isDirty && <Icon name="circle-filled" />}
        </button>
      )}
      {hasDifferences && (
        <button
          type="button"
          class="editing-button"
          aria-pressed={showsDifferences}
          data-tip={l10n.t("Cells show how far the edited model is from its file")}
          onClick={() => onShowDifferences(!showsDifferences)}
        >
          <Icon name="diff" />
          {l10n.t("Differences")}
        </button>
      )}
    </>
  );
}
