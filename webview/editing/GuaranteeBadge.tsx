import * as l10n from "@vscode/l10n";
import type { JSX } from "preact";
import { Icon } from "../controls/controls.tsx";
import type { ListedSuggestion } from "../protocol/editing.ts";

export type GuaranteeOfEdit = ListedSuggestion["guarantee"];

interface Meaning {
  readonly icon: string;
  readonly text: string;
  readonly tip: string;
}

/** What each guarantee means to who applies the edit: a word and a sign, since colours alone tell little. */
export function meaningOf(guarantee: GuaranteeOfEdit): Meaning {
  switch (guarantee) {
    case "exact":
      return {
        icon: "pass",
        text: l10n.t("exact"),
        tip: l10n.t("The same outputs, up to the rounding of float numbers. Checked by running both models."),
      };
    case "approximate":
      return {
        icon: "symbol-misc",
        text: l10n.t("approximate"),
        tip: l10n.t(
          "Nearly the same outputs, by the best weights that a closed form gives. Try it to measure the error.",
        ),
      };
    case "needs training":
      return {
        icon: "mortar-board",
        text: l10n.t("needs training"),
        tip: l10n.t("The new structure is a start for training: until then its answers are wrong."),
      };
  }
}

export function GuaranteeBadge({ guarantee }: { readonly guarantee: GuaranteeOfEdit }): JSX.Element {
  const { icon, text, tip } = meaningOf(guarantee);
  return (
    <span class={`guarantee ${guarantee.replace(" ", "-")}`} data-tip={tip}>
      <Icon name={icon} />
      {text}
    </span>
  );
}
