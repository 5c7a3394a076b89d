import { BODY_OPTION_NAMES } from "../nodes.ts";
import type { ModelT, OperatorT } from "../schema/generated/schema_generated.ts";

/** Fields of operators' options that name subgraphs, as the generated code calls them. */
const BODY_FIELDS: ReadonlySet<string> = new Set([...BODY_OPTION_NAMES].map(camelCase));

/**
 * Makes another subgraph the first one, from which runtimes start: the two change places, and what names them by number follows.
 * @param tables which are changed
 */
export function makeMain(tables: ModelT, place: number): void {
  const [main] = tables.subgraphs;
  const chosen = tables.subgraphs[place];
  if (place === 0 || main === undefined || chosen === undefined) return;
  [tables.subgraphs[0], tables.subgraphs[place]] = [chosen, main];
  const renumbered = (subgraph: number): number => (subgraph === 0 ? place : subgraph === place ? 0 : subgraph);
  for (const signature of tables.signatureDefs) signature.subgraphIndex = renumbered(signature.subgraphIndex);
  for (const { operators } of tables.subgraphs) for (const operator of operators) renumberBodies(operator, renumbered);
}

function renumberBodies(
  { builtinOptions, builtinOptions2 }: OperatorT,
  renumbered: (subgraph: number) => number,
): void {
  for (const options of [builtinOptions, builtinOptions2]) {
    if (options === null) continue;
    for (const [field, value] of Object.entries(options) as [string, unknown][]) {
      if (!BODY_FIELDS.has(field)) continue;
      if (typeof value === "number") Object.assign(options, { [field]: renumbered(value) });
      else if (Array.isArray(value))
        Object.assign(options, { [field]: value.map((subgraph) => renumbered(Number(subgraph))) });
    }
  }
}

/** The generated code's name of a field of the schema. */
function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
