import { ABSENT, type Model, type Node, type TensorId } from "../model/model.ts";
import { executionOrder, usedTensors } from "../operators/execution-order.ts";
import { cutModel } from "../neutral/cut-model.ts";
import { liftModel } from "../translation/lift-model.ts";

/** What became of a part of a model that was run by itself. */
export type PartOutcome = "ran" | "died" | "refused";

/** Runs a part of a model in a process that may die of it. */
export type TryPart = (part: Model, signal: AbortSignal) => Promise<PartOutcome>;

/** The operators that a runtime died in: from the first to the last, in the order of computation. One, unless parts of the model are refused. */
export interface CrashPlace {
  readonly first: Node;
  readonly last: Node;
}

/** All tries together: a message is waited for. */
const MOST_MILLISECONDS = 60_000;
/** Of 10,000 operators 14 halve to one; the rest is for parts that are refused. */
const MOST_TRIES = 40;

/**
 * Finds the operator that a runtime dies in: the model is run up to one operator after the other, by bisection, each part in a process of
 * its own.
 *
 * @param withinMilliseconds it dies again, or was killed by something else
 * @returns undefined where it does not die of it again, or not soon enough
 * @throws the signal's reason when it aborts
 */
export async function findCrash(
  model: Model,
  tryPart: TryPart,
  signal?: AbortSignal,
  withinMilliseconds = MOST_MILLISECONDS,
): Promise<CrashPlace | undefined> {
  const limit = AbortSignal.timeout(MOST_MILLISECONDS);
  const ending = signal === undefined ? limit : AbortSignal.any([signal, limit]);
  const again = AbortSignal.timeout(Math.min(MOST_MILLISECONDS, Math.ceil(withinMilliseconds)));
  const { graph } = model.entries[0];
  const order = executionOrder(graph);
  const { tensors } = liftModel(model);
  const upTo = (last: number, within = ending): Promise<PartOutcome> =>
    tryPart(cutModel(model, graph.inputs, endsOf(order, last), tensors), within);
  try {
    // It runs as far as `ran`, and no longer to `dies`; a part that is refused says nothing.
    let [ran, dies] = [-1, order.length - 1];
    if (dies < 0 || (await upTo(dies, AbortSignal.any([ending, again]))) !== "died") return undefined;
    let open = order.slice(0, -1).map((_, position) => position);
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const middle = open[open.length >> 1];
      if (middle === undefined) break;
      const outcome = await upTo(middle);
      if (outcome === "ran") ran = middle;
      if (outcome === "died") dies = middle;
      open = open.filter((position) => position > ran && position < dies && position !== middle);
    }
    const [first, last] = [order[ran + 1], order[dies]];
    return first && last && { first, last };
  } catch (error) {
    signal?.throwIfAborted();
    if (limit.aborted || again.aborted) return undefined;
    throw error;
  }
}

/** All operators of a model. */
export function wholePlace(model: Model): CrashPlace | undefined {
  const order = executionOrder(model.entries[0].graph);
  const [first, last] = [order[0], order.at(-1)];
  return first && last && { first, last };
}

/** What nodes up to one make and none of them reads: all of them are needed for it. */
function endsOf(order: readonly Node[], last: number): readonly TensorId[] {
  const part = order.slice(0, last + 1);
  const read = new Set(part.flatMap((node) => usedTensors(node)));
  return part.flatMap(({ outputs }) => outputs.filter((id) => id !== ABSENT && !read.has(id)));
}

/** "Conv "conv1"", or from one to another. */
export function describePlace({ first, last }: CrashPlace): string {
  return first === last ? describeNode(last) : `something from ${describeNode(first)} to ${describeNode(last)}`;
}

function describeNode({ op, name, index }: Node): string {
  return name === "" ? `${op} (node ${index})` : `${op} "${name}"`;
}
