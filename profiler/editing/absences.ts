import { formatOf } from "../formats/formats.ts";
import type { Listing } from "../layers/listing.ts";
import type { Body, Model, Node } from "../model/model.ts";
import { analyseModel } from "../profile-model.ts";
import { variableTensors } from "../runtime/model-state.ts";
import { hostTflite, whyNoHostTflite } from "../runtime/native/bundles.ts";

/** Why an edit is not offered at some layers, where a user could expect it. Plain data. */
export interface Absence {
  /** Id of the restructuring; undefined where none reaches the layers. */
  readonly restructuring?: string;
  readonly reason: string;
  /** Names of the layers, in the order they were found. */
  readonly layers: readonly string[];
}

/** Refusals as they are found, those with one reason together. */
export class Absences {
  readonly #found = new Map<string, { readonly absence: Absence; readonly layers: string[] }>();

  add(restructuring: string | undefined, target: string, reason: string): void {
    const key = `${restructuring ?? ""}\n${reason}`;
    const known = this.#found.get(key);
    if (known) known.layers.push(target);
    else {
      const layers = [target];
      this.#found.set(key, {
        absence: { ...(restructuring !== undefined && { restructuring }), reason, layers },
        layers,
      });
    }
  }

  /**
   * What no edit reaches first, then by restructuring; for each the reason of most layers first.
   * @param order ids of the restructurings
   */
  list(order: readonly string[]): readonly Absence[] {
    const rank = ({ restructuring }: Absence): number =>
      restructuring === undefined ? -1 : order.indexOf(restructuring);
    return [...this.#found.values()]
      .map(({ absence }) => absence)
      .sort((a, b) => rank(a) - rank(b) || b.layers.length - a.layers.length);
  }
}

/** What a body is to a user, and what can be done about it. */
const BODIES: Readonly<Record<Body["role"], { readonly what: string; readonly hint: string }>> = {
  call: { what: "function", hint: "inline the functions first, with onnx.inliner.inline_local_functions" },
  then: { what: "branch", hint: "export the branch that is used without the condition" },
  else: { what: "branch", hint: "export the branch that is used without the condition" },
  loop: { what: "loop", hint: "export it unrolled" },
  scan: { what: "loop", hint: "export it unrolled" },
  condition: { what: "loop's condition", hint: "export it unrolled" },
  once: { what: "graph that runs once", hint: "export it as part of the main graph" },
  region: { what: "region", hint: "export it as part of the main graph" },
};

const EXPECTED: ReadonlySet<string> = new Set(["conv", "dense"]);

/** Convolutions and dense layers that are listed and not edited: inside of functions, branches and loops, and in other entries of the file. */
export function outOfReach(model: Model, { layers }: Listing, absences: Absences): void {
  const reasons = reasonsOutOfReach(model);
  for (const { node, name, operation } of layers) {
    const reason = EXPECTED.has(operation.kind) ? reasons.get(node) : undefined;
    if (reason !== undefined) absences.add(undefined, name, reason);
  }
}

/**
 * Layers of operators that the runtime does not know: no edit of such a model is written, as none can be checked.
 * @returns whether there are any
 */
export function foreignOperators(model: Model, { layers }: Listing, absences: Absences): boolean {
  const { isForeign } = formatOf(model);
  const foreign = layers.filter(({ node }) => isForeign(node));
  for (const { node, name } of foreign)
    absences.add(
      undefined,
      name,
      `the runtime knows no operator ${node.domain}.${node.op}: a model with it does not run here, so that no edit could be checked`,
    );
  return foreign.length > 0;
}

/**
 * Layers with a memory that no runtime of this machine has: no edit of such a model is made, as none can be checked.
 * @returns whether there are any
 */
export function unrunnableState(model: Model, { layers }: Listing, absences: Absences): boolean {
  if (hostTflite() !== undefined) return false;
  const keepers = new Set(variableTensors(model).map(({ keeper }) => keeper));
  const found = layers.filter(({ node }) => keepers.has(node));
  for (const { node, name } of found)
    absences.add(
      undefined,
      name,
      `${node.op} has a variable tensor, which LiteRT.js does not support: no edit of the model could be checked. ${whyNoHostTflite()}`,
    );
  return found.length > 0;
}

/** Why no edit reaches the layer of that name, which is none of the graph that is edited; undefined where the model has none either. */
export function whyOutOfReach(model: Model, target: string): string | undefined {
  const reasons = reasonsOutOfReach(model);
  const layers = reasons.size === 0 ? [] : analyseModel(model, {}).listing.layers;
  const found = layers.find(({ node, name }) => name === target && reasons.has(node));
  return found && reasons.get(found.node);
}

/** Of every node that is not one of the main graph's own. */
function reasonsOutOfReach({ entries: [main, ...others] }: Model): ReadonlyMap<Node, string> {
  const reasons = new Map<Node, string>();
  const walk = (node: Node, around: string): void => {
    for (const { role, label, graph } of node.bodies) {
      const { what, hint } = BODIES[role];
      const place = `${what} ${label === "" ? around : `"${label}"`}`;
      for (const inner of graph.nodes) {
        reasons.set(inner, `it stands in the ${place}, and edits are made in the main graph: ${hint}`);
        walk(inner, around);
      }
    }
  };
  for (const { name, graph } of [main, ...others])
    for (const node of graph.nodes) {
      if (graph !== main.graph)
        reasons.set(node, `it stands in another entry of the file: open FILE#${name} to edit it`);
      walk(node, `of ${node.op} "${node.name}"`);
    }
  return reasons;
}
