import type { Parts } from "../../profiler/profile.ts";
import type { ShownPart } from "./profiling-session.ts";

/** What comes first has no name, so that it is one and the same thing to whoever keeps or reads it. */
export function namedPart(
  { models: [firstModel], model: shown, entries: [firstEntry] }: Parts,
  { model = shown ?? undefined, entry }: ShownPart,
): ShownPart {
  const isFirst = entry === firstEntry?.name && model === (shown ?? undefined);
  return {
    ...(model !== undefined && model !== firstModel && { model }),
    ...(entry !== undefined && !isFirst && { entry }),
  };
}
