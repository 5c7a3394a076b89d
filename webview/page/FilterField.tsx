import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Icon, TextField } from "../controls/controls.tsx";
import { Popover } from "../controls/Popover.tsx";
import { COLUMNS } from "../definitions.ts";

interface FilterFieldProps {
  readonly text: string;
  /** What is wrong with the text; null while nothing is. */
  readonly error: string | null;
  readonly onChange: (text: string) => void;
}

const ERROR_ID = "filter-error";

/** Chooses the rows: by words, by columns, by amounts. The last rows stay while what is typed makes no sense yet. */
export function FilterField({ text, error, onChange }: FilterFieldProps): JSX.Element {
  const [help, setHelp] = useState<DOMRect | null>(null);
  return (
    <>
      <div class="filter-field">
        <TextField
          label={l10n.t("Filter layers")}
          placeholder={l10n.t("Filter, for example macs>10M kind:conv")}
          icon="filter"
          class="filter"
          value={text}
          isInvalid={error !== null}
          describedBy={ERROR_ID}
          onInput={onChange}
          onEscape={() => onChange("")}
        />
        <button
          type="button"
          class="icon-button"
          aria-label={l10n.t("How to filter")}
          aria-haspopup="dialog"
          aria-expanded={help !== null}
          data-tip={l10n.t("How to filter")}
          onClick={({ currentTarget }) => setHelp(currentTarget.getBoundingClientRect())}
        >
          <Icon name="question" />
        </button>
        <span id={ERROR_ID} class="filter-error" role="status">
          {error !== null && (
            <>
              <Icon name="error" /> {error}
            </>
          )}
        </span>
      </div>
      {help && <FilterHelp anchor={help} onChange={onChange} onClose={() => setHelp(null)} />}
    </>
  );
}

interface FilterHelpProps {
  readonly anchor: DOMRect;
  readonly onChange: (text: string) => void;
  readonly onClose: () => void;
}

function FilterHelp({ anchor, onChange, onClose }: FilterHelpProps): JSX.Element {
  return (
    <Popover id="filter-help" label={l10n.t("How to filter")} role="dialog" anchor={anchor} onClose={onClose}>
      <div class="filter-help">
        <p>{l10n.t("Terms that must all hold. Choose an example to try it.")}</p>
        <ul>
          {examples().map(({ text, meaning }) => (
            <li key={text}>
              <button
                type="button"
                class="link"
                onClick={() => {
                  onChange(text);
                  onClose();
                }}
              >
                <code>{text}</code>
              </button>
              <span>{meaning}</span>
            </li>
          ))}
        </ul>
        <p class="column-names">{l10n.t("Columns: {0}", COLUMNS.map(({ id }) => id).join(", "))}</p>
      </div>
    </Popover>
  );
}

function examples(): readonly { readonly text: string; readonly meaning: string }[] {
  return [
    { text: "conv", meaning: l10n.t("the word in name, operator, kind, module, shape or notes") },
    { text: "kind:conv", meaning: l10n.t("the word in one column") },
    { text: 'op:"Conv"', meaning: l10n.t("exactly this in one column") },
    { text: "macs>10M", meaning: l10n.t("compared: >, >=, <, <=, = with k, M, G, KB, MB, mJ, ms, %") },
    { text: "energyShare>5%", meaning: l10n.t("at least so much of the model") },
    { text: "macs=unknown", meaning: l10n.t("rows whose number is unknown") },
    { text: "-kind:activation", meaning: l10n.t("all but these") },
  ];
}
