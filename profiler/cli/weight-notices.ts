import { diagnose, diagnoseWeights, type Diagnosis } from "../diagnostics/index.ts";
import { INTEGER_RULES } from "../diagnostics/integer-rules.ts";
import { printable } from "../exports/printable.ts";
import { DEFAULT_HARDWARE } from "../hardware/hardware.ts";
import { costModel, type AnalysedModel } from "../profile-model.ts";

/** What the listing marks of how a layer's numbers are stored or computed with. */
export interface WeightNotice {
  readonly layer: string;
  /** Of the diagnostic: docs/diagnostics.md. */
  readonly code: string;
  readonly message: string;
  /** Edits that answer it, the best first. */
  readonly edits: readonly string[];
}

const OF_INTEGERS: ReadonlySet<string> = new Set(INTEGER_RULES.map(({ code }) => code));

/** @throws the signal's reason when it aborts */
export async function weightNotices(model: AnalysedModel, signal?: AbortSignal): Promise<readonly WeightNotice[]> {
  const profile = costModel(model, DEFAULT_HARDWARE);
  const integers = diagnose(model, profile).filter(({ code }) => OF_INTEGERS.has(code));
  const { diagnoses } = await diagnoseWeights(model, profile, {}, { ...(signal && { signal }) });
  return [...integers, ...diagnoses].map(({ layer, code, message, answers }: Diagnosis) => ({
    layer: profile.layers[layer]?.name ?? "",
    code,
    message,
    edits: answers.map(({ restructuring }) => restructuring),
  }));
}

/** Layers that are named where several have the same. */
const NAMED = 3;

/** What is said of each, once for all layers of which the same is said. */
export function noticesText(notices: readonly WeightNotice[]): readonly string[] {
  const alike = new Map<string, { readonly said: string; readonly layers: string[] }>();
  for (const { layer, code, message, edits } of notices) {
    const answers = edits.length === 0 ? code : `${code}: ${[...new Set(edits)].join(", ")}`;
    const said = `${printable(message)} (${answers})`;
    const one = alike.get(said) ?? { said, layers: [] };
    alike.set(said, one);
    one.layers.push(printable(layer));
  }
  return Array.from(alike.values(), ({ said, layers }) => {
    const more = layers.length > NAMED ? ` and ${layers.length - NAMED} more` : "";
    return `${layers.slice(0, NAMED).join(", ")}${more}: ${said}`;
  });
}
