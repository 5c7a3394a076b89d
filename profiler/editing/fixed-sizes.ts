import { ownEntry } from "../own-entry.ts";
import { dynamicNames, type Bindings } from "../bindings.ts";
import type { Model } from "../model/model.ts";
import { withFixedSizes } from "../translation/fixed-sizes.ts";
import { neutralGraphOf } from "../translation/known-graph.ts";
import type { NeutralGraph } from "../neutral/neutral-graph.ts";
import { isNotApplicable } from "../restructure/restructuring.ts";

/**
 * A bound dimension is a way of looking at a model: edits work on the graph with its sizes as open as the file leaves them. An edit that
 * cannot writes the sizes it needs into the inputs of the file, and this is where it is found which those are. An exact edit never does:
 * it changes no answer at any size.
 */

/** A model that an edit works on. */
export interface EditBase {
  readonly model: Model;
  readonly graph: NeutralGraph;
  /** Sizes of dynamic dimensions that it declares as numbers and the file does not. */
  readonly fixes: Bindings;
}

export function openBase(model: Model, bindings?: Bindings): EditBase {
  return { model, graph: neutralGraphOf(model, bindings), fixes: {} };
}

/** Whether a dynamic dimension of the model has a binding. */
export function hasFixable(model: Model, bindings: Bindings = {}): boolean {
  return Object.keys(bindings).length > 0 && dynamicNames(model).some((name) => ownEntry(bindings, name) !== undefined);
}

/**
 * The model with every dynamic dimension that has a binding declared as a number; undefined where there is none.
 * @param except names that stay open
 */
export function fixedBase(
  model: Model,
  bindings: Bindings = {},
  except: ReadonlySet<string> = new Set(),
): EditBase | undefined {
  const names = dynamicNames(model).filter((name) => ownEntry(bindings, name) !== undefined && !except.has(name));
  if (names.length === 0) return undefined;
  const fixes = Object.fromEntries(names.map((name) => [name, ownEntry(bindings, name) ?? 0]));
  const fixed = withFixedSizes(model, fixes);
  return { model: fixed, graph: neutralGraphOf(fixed, bindings), fixes };
}

/**
 * What the edit is done on: the model as it is, else with as few sizes fixed as it takes.
 * @param attempt throws NotApplicableError or LoweringError where the edit cannot be done
 * @throws what it throws on the model as it is, where no fixed size helps
 */
export async function baseFor(
  model: Model,
  bindings: Bindings | undefined,
  mayFix: boolean,
  attempt: (base: EditBase) => Promise<unknown>,
): Promise<EditBase> {
  const refusalOn = async (base: EditBase): Promise<Error | undefined> => {
    try {
      await attempt(base);
      return undefined;
    } catch (error) {
      if (isNotApplicable(error)) return error;
      throw error;
    }
  };
  const open = openBase(model, bindings);
  const refusal = await refusalOn(open);
  if (refusal === undefined) return open;
  let base = mayFix ? fixedBase(model, bindings) : undefined;
  if (base === undefined || (await refusalOn(base)) !== undefined) throw refusal;
  const except = new Set<string>();
  for (const name of Object.keys(base.fixes)) {
    const fewer = fixedBase(model, bindings, new Set([...except, name]));
    if (fewer === undefined || (await refusalOn(fewer)) !== undefined) continue;
    except.add(name);
    base = fewer;
  }
  return base;
}

/** "the file then fixes height and width, which a run decides now"; "" where nothing is fixed. */
export function describeFixes(fixes: Bindings): string {
  const names = Object.keys(fixes);
  const list = names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1) ?? ""}`;
  return names.length === 0 ? "" : `the file then fixes ${list}, which a run decides now`;
}
