import { useEffect, useMemo, useState } from "preact/hooks";
import type { EditingPart, Suggestions } from "../protocol/editing.ts";
import { unpackLayers } from "../protocol/packed-layers.ts";
import type { ModelClient, ShownProfile } from "../state/model-client.ts";
import { useStore } from "../state/store.ts";
import { differencesFrom, UNMARKED, type Differences, type RowMarks } from "./differences.ts";
import { suggestionsByRow } from "./suggestion-list.ts";
import { useAsked, type Asked } from "./use-asked.ts";

export interface Editing {
  readonly suggestions: Asked<Suggestions>;
  /** Looks for suggestions, or gives up looking for them. */
  readonly onLook: (isWanted: boolean) => void;
  readonly differences: Differences | null;
  readonly marks: RowMarks;
}

/**
 * What editing knows of the shown profile. Suggestions are looked for once their part has been opened, and from then on for every
 * revision whose weights are there; differences are asked for while there are edits.
 */
export function useEditing(
  client: ModelClient,
  profile: ShownProfile,
  part: EditingPart | null,
  showsDifferences: boolean,
  { onSuggest, onExplain }: Pick<RowMarks, "onSuggest" | "onExplain">,
): Editing {
  const { editing } = client;
  const { edits, computing, refusal } = useStore(editing.document);
  const highlighted = useStore(editing.highlighted);
  const found = useStore(editing.found);
  const measures = useStore(editing.measures);
  const calibration = useStore(editing.calibration);
  const [isWanted, setIsWanted] = useState(false);
  useEffect(() => {
    if (part === "suggestions") setIsWanted(true);
  }, [part]);

  const { revision, isComplete } = profile;
  // What was asked for one model and its samples is not asked for the next: it takes long.
  useEffect(() => editing.measures.set(null), [revision, calibration]);
  const isSettled = computing === null && isComplete && refusal === null;
  const isMeasured = measures?.revision === revision && measures.calibration === calibration;
  const suggestions = useAsked(
    `${revision}${isMeasured ? ", measured" : ""}`,
    isWanted && isSettled
      ? (signal) => (isMeasured ? editing.suggestMeasured(revision, signal) : editing.suggest(revision, signal))
      : undefined,
  );
  const isEdited = (computing?.edits ?? edits).some(({ isOn }) => isOn);
  const base = useAsked(String(revision), isEdited && isComplete ? () => editing.baseProfile(revision) : undefined);
  const differences = useMemo(() => {
    if (!isEdited || !isComplete || base.value === null) return null;
    const { header, chunks } = base.value;
    return differencesFrom(
      { layers: chunks.flatMap((chunk) => unpackLayers(chunk)), totals: header.totals },
      { layers: profile.layers, totals: profile.header.totals },
    );
  }, [isEdited, isComplete, base.value, profile]);

  const isLooking = suggestions.isWaiting && found?.revision === revision;
  const marks = useMemo((): RowMarks => {
    const list = suggestions.value?.revision === revision ? suggestions.value.list : null;
    return {
      ...UNMARKED,
      // Rows need not wait for all of them to be found and ranked.
      suggestions: suggestionsByRow(list ?? (isLooking ? found.list : [])),
      differences,
      showsDifferences: showsDifferences && differences !== null,
      highlighted: new Set(highlighted),
      onSuggest,
      onExplain,
    };
  }, [suggestions, isLooking, found, revision, differences, showsDifferences, highlighted]);
  return { suggestions, onLook: setIsWanted, differences, marks };
}
