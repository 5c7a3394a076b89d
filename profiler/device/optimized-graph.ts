import type { ByteSource, ExternalDataFiles } from "../bytes/byte-source.ts";
import { LimitError, ModelFormatError } from "../errors.ts";
import { readModel } from "../formats/formats.ts";

/** An operator of a graph by the names of its tensors. */
export interface OptimizedOperator {
  readonly op: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/**
 * The operators of the main graph that ONNX Runtime ran, in the order in which it runs them: what it made of the model, as it wrote it
 * beside the run, and read as any other model.
 *
 * @returns undefined where what it wrote cannot be read: of some models with bodies it writes weights twice
 */
export async function readOptimized(source: ByteSource): Promise<readonly OptimizedOperator[] | undefined> {
  try {
    const { nodes, tensors } = (await readModel(source, NO_WEIGHTS)).entries[0].graph;
    const named = (ids: readonly number[]): readonly string[] => ids.map((id) => tensors[id]?.name ?? "");
    return nodes.map(({ op, name, inputs, outputs }) => ({ op, name, inputs: named(inputs), outputs: named(outputs) }));
  } catch (error) {
    if (error instanceof ModelFormatError || error instanceof LimitError) return undefined;
    throw error;
  }
}

/** Names alone are looked at: weights are not brought, and zeros stand for those few that the reader looks into. */
const NO_WEIGHTS: ExternalDataFiles = {
  open: (path) =>
    Promise.resolve({
      name: path,
      size: Number.MAX_SAFE_INTEGER,
      read: (_, length) => Promise.resolve(new Uint8Array(length)),
      close: () => Promise.resolve(),
    }),
};
