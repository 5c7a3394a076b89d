import * as l10n from "@vscode/l10n";
import type { ComponentChildren, JSX } from "preact";
import { COLUMNS, formatCell, formatCellExact, type Total } from "../../profiler/columns.ts";
import { FORMAT_TYPES } from "../../profiler/formats/format-types.ts";
import { BudgetCards } from "../cards/BudgetCards.tsx";
import { DownloadLine } from "../cards/DownloadLine.tsx";
import { TotalsStrip } from "../cards/TotalsStrip.tsx";
import { HardwareButton } from "./HardwareButton.tsx";
import { Icon, IconButton } from "../controls/controls.tsx";
import type { ProfileHeader } from "../protocol/packed-profile.ts";
import { useMedia } from "../state/use-media.ts";
import type { MeasuredLatency } from "../runs/run-text.ts";
import type { ModelClient, ShownProfile } from "../state/model-client.ts";
import type { PicturesState } from "../state/pictures.ts";
import { useStore, type Store } from "../state/store.ts";

interface HeaderProps {
  readonly file: string;
  readonly profile: ShownProfile;
  /** Totals that are lower bounds, with the number of rows missing from them. */
  readonly incomplete: ReadonlyMap<Total["id"], number>;
  /** Of the run that stands beside the model; null without one. */
  readonly measured: MeasuredLatency | null;
  readonly client: ModelClient;
  readonly pictures: Store<PicturesState>;
  /** Budgets give way to the table unless the user wants them. */
  readonly isCompact: boolean;
  /** Stands under the totals. */
  readonly answer: ComponentChildren;
  /** Shows the rows of the table that a filter finds. */
  readonly onFilter: (filter: string) => void;
  /** Stands beside the model's name. */
  readonly children: ComponentChildren;
}

/** Below this the cards, in one line or in two, would leave the table no more than a few rows. */
const ROOM_FOR_CARDS = "((min-width: 1121px) and (min-height: 700px)) or ((min-width: 560px) and (min-height: 860px))";

/** Below this, as at a zoom of 200 %, even a line of totals takes the last rows. What it says stands in the status bar too. */
export const ROOM_FOR_TOTALS = "(min-height: 400px)";

/** Totals that the chosen hardware decides. */
const ESTIMATES: ReadonlySet<Total["id"]> = new Set(["energyPicojoules", "latencySeconds"]);

/** What model this is, and what it costs in all. */
export function Header(props: HeaderProps): JSX.Element {
  const { file, profile, incomplete, measured, client, pictures, isCompact, answer, onFilter, children } = props;
  const { header } = profile;
  const { totals, format } = header;
  const hasRoomForCards = useMedia(ROOM_FOR_CARDS);
  const hasRoomForTotals = useMedia(ROOM_FOR_TOTALS);
  const chosen = useStore(pictures).showsCards;
  const showsCards = chosen ?? (hasRoomForCards && !isCompact);
  const unknown = unknownFilter(incomplete);
  const tip = (total: Total): string => tipOf(total, header, incomplete.get(total.id) ?? 0);
  return (
    <header class="header">
      <div class="model">
        <h1 class="file">{file}</h1>
        <span class="format" data-tip={propertiesText(header)} tabIndex={0}>
          {FORMAT_TYPES[format].shortTitle}
        </span>
        {children}
        <HardwareButton hardware={header.hardwareProfile} onCommand={(command) => client.run(command)} />
        <IconButton icon="export" label={l10n.t("Export…")} onClick={() => client.run("export")} />
        <IconButton
          icon={showsCards ? "fold" : "unfold"}
          label={showsCards ? l10n.t("Hide budgets") : l10n.t("Show budgets")}
          onClick={() => pictures.update({ showsCards: !showsCards })}
        />
      </div>
      {showsCards ? (
        <BudgetCards
          totals={totals}
          incomplete={incomplete}
          measured={measured}
          budgets={client.budgets}
          tipOf={tip}
          onSetBudget={(id, text) => client.setBudget(id, text)}
          download={<DownloadLine client={client.download} profile={profile} />}
        />
      ) : (
        hasRoomForTotals && (
          <TotalsStrip
            totals={totals}
            incomplete={incomplete}
            measured={measured}
            budgets={client.budgets}
            tipOf={tip}
            isCompact={isCompact}
          />
        )
      )}
      {answer}
      {totals.unknownRows > 0 && (
        <p class="unknown-rows" data-testid="unknown-rows">
          <Icon name="warning" />
          {totals.unknownRows === 1
            ? l10n.t("1 layer is missing from these totals, because something about it is unknown.")
            : l10n.t(
                "{0} layers are missing from these totals, because something about them is unknown.",
                totals.unknownRows.toLocaleString(),
              )}
          {unknown !== undefined && (
            <button type="button" class="link" onClick={() => onFilter(unknown)}>
              {totals.unknownRows === 1 ? l10n.t("Show it") : l10n.t("Show them")}
            </button>
          )}
        </p>
      )}
    </header>
  );
}

/** The filter that finds the rows without a value in the total that lacks most of them; undefined where all are known. */
function unknownFilter(incomplete: ReadonlyMap<Total["id"], number>): string | undefined {
  const [most] = [...incomplete].toSorted(([, a], [, b]) => b - a);
  const column = most && COLUMNS.find(({ total }) => total === most[0]);
  return column && `${column.id}=unknown`;
}

function tipOf(total: Total, { totals, peak, hardware }: ProfileHeader, missing: number): string {
  const lines = [formatCellExact(total.unit, totals[total.id]), total.definition];
  if (missing > 0)
    lines.push(l10n.t("A lower bound. Layers left out because they are unknown: {0}.", missing.toLocaleString()));
  if (ESTIMATES.has(total.id)) lines.push(l10n.t("For the hardware profile {0}.", hardware));
  if (total.id === "peakMemoryBytes" && peak.tensors.length > 0) {
    const alive = peak.tensors.map(({ name, bytes }) => `${name} (${formatCell("bytes", bytes)})`);
    lines.push(l10n.t("Alive at the peak: {0}", shorten(alive).join(", ")));
  }
  return lines.join("\n");
}

/** A tooltip is read at a glance. */
const LONGEST_LIST = 5;

function shorten(items: readonly string[]): readonly string[] {
  if (items.length <= LONGEST_LIST) return items;
  return [...items.slice(0, LONGEST_LIST), l10n.t("{0} more", items.length - LONGEST_LIST)];
}

function propertiesText({ properties, entries }: ProfileHeader): string {
  const lines = properties.map(([name, value]) => `${name}: ${value}`);
  if (entries.length > 1) lines.push(l10n.t("Entries: {0}", entries.join(", ")));
  return lines.length > 0 ? lines.join("\n") : l10n.t("The file says nothing about its origin.");
}
