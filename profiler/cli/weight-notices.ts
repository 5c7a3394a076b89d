import { diagnose, weightInspector, type Diagnosis } from "../diagnostics/index.ts";
import { INTEGER_RULES } from "../diagnostics/integer-rules.ts";
import { printable } from "../exports/printable.ts";
import { DEFAULT_HARDWARE } from "../hardware/hardware.ts";
import type { NeutralLayer } from "../neutral/neutral-graph.ts";
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

export interface Noticing {
  /** To be shown the numbers of each layer as they are read. */
  readonly look: (layer: NeutralLayer, elements: Float32Array) => void;
  /** What was noticed so far, in the order of the table, and what needs no numbers before it. */
  readonly notices: () => readonly WeightNotice[];
}

/** Notices what the listing marks while something else reads the weights: nothing is read twice. */
export function noticing(model: AnalysedModel): Noticing {
  const profile = costModel(model, DEFAULT_HARDWARE);
  const inspect = weightInspector(model, profile);
  const integers = diagnose(model, profile).filter(({ code }) => OF_INTEGERS.has(code));
  const found: Diagnosis[] = [];
  const notice = ({ layer, code, message, answers }: Diagnosis): WeightNotice => ({
    layer: profile.layers[layer]?.name ?? "",
    code,
    message,
    edits: answers.map(({ restructuring }) => restructuring),
  });
  return {
    look: (layer, elements) => {
      found.push(...inspect(layer, elements));
    },
    notices: () => [...integers, ...found.toSorted((a, b) => a.layer - b.layer)].map(notice),
  };
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
