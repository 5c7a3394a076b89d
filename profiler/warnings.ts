import type { BoundInputs } from "./bindings.ts";
import type { Layer } from "./layers/layer.ts";
import type { Listing } from "./layers/listing.ts";
import type { Model } from "./model/model.ts";
import { sharedWeights } from "./model/shared-weights.ts";
import type { Warning } from "./profile.ts";

/** What the user should know before trusting the numbers: what was assumed, what is unknown, what disagrees in the file. */
export function warningsOf(
  model: Model,
  { dimensions }: Pick<BoundInputs, "dimensions">,
  { layers, problems }: Listing,
): readonly Warning[] {
  return [
    ...(model.missingData ?? []).map((missing) => ({
      code: "missing-data",
      severity: "warning" as const,
      message: `${missing.message}. Shapes and costs need no weights; the file's size counts what the model says of it.`,
      missing,
    })),
    ...model.warnings.map((message) => ({ code: "reader", severity: "warning" as const, message })),
    ...dimensions
      .filter(({ source }) => source === "default")
      .map(({ name, value, works }) =>
        works === undefined
          ? {
              code: "dimension-default",
              severity: "info" as const,
              message: `${name} is dynamic: ${value} is used, its default.`,
            }
          : {
              code: "dimension-unrunnable",
              severity: "warning" as const,
              message: `${name} is dynamic, and the model cannot run with ${value}, its default: ${works} works.`,
            },
      ),
    ...model.entries
      .slice(1)
      .map(({ name }) => ({
        code: "other-entry",
        severity: "info" as const,
        message: `"${name}" is another entry of this model: its rows are shown and not counted.`,
      })),
    ...sharedWeights(model).map((message) => ({ code: "shared-weights", severity: "info" as const, message })),
    ...unknownOperators(layers, problems),
    ...problems
      .filter(({ code }) => code !== "unknown-operator")
      .map(({ code, message, layer }) => ({
        code,
        severity: "warning" as const,
        message: `${layers[layer]?.name ?? ""}: ${message}`,
        layer,
      })),
  ];
}

/** One warning an operator, however often it occurs. */
function unknownOperators(layers: readonly Layer[], problems: Listing["problems"]): readonly Warning[] {
  const rows = new Map<string, { readonly first: number; readonly count: number; readonly what: string }>();
  for (const { code, layer, message, isExplained } of problems) {
    const op = layers[layer]?.op;
    if (code !== "unknown-operator" || op === undefined) continue;
    const what = isExplained ? `${op} is ${message}` : `No rule for ${op}`;
    const known = rows.get(op) ?? { first: layer, count: 0, what };
    rows.set(op, { ...known, count: known.count + 1 });
  }
  return [...rows.values()].map(({ first, count, what }) => ({
    code: "unknown-operator",
    severity: "warning",
    message: `${what}: ${count === 1 ? "1 row is" : `${count} rows are`} missing from the totals.`,
    layer: first,
  }));
}
