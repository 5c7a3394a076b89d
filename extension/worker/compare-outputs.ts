import { EdgewiseError } from "../../profiler/index.ts";
import { atSizes, compareRuns, openSession, type Model, type RunProgress } from "../../profiler/editing/index.ts";
import type { Check } from "../../webview/protocol/editing.ts";
import { RpcError, toFailure } from "../../webview/protocol/rpc.ts";
import { asCheck } from "./as-check.ts";
import type { ModelStore } from "./model-store.ts";
import type { ComparedModel, ComparisonRequest } from "./protocol.ts";

/**
 * Runs two files on the same samples and measures how far their outputs are apart.
 * @throws {RpcError} that calls the model as it is called in the request, when one cannot be read or run, or the samples do not fit both
 */
export async function compareOutputs(
  store: ModelStore,
  { before, after, calibration }: ComparisonRequest,
  { signal, onProgress }: { readonly signal: AbortSignal; readonly onProgress: (progress: RunProgress) => void },
): Promise<Check> {
  const [a, b] = [await store.base(before.location, before.entry), await store.base(after.location, after.entry)];
  const comparison = compareRuns(a, b, {
    calibration,
    signal,
    onProgress,
    open: async (model, options) => {
      const asked = model === a ? before : after;
      const session = await calling(asked, model, openSession(atSizes(model, calibration.dimensions), options));
      return { ...session, run: (inputs, ending) => calling(asked, model, session.run(inputs, ending)) };
    },
  });
  return asCheck(await calling(after, b, comparison, isOfOther), calibration);
}

/** What is wrong with neither alone is told of the second one; samples have names of their own. */
const isOfOther = (message: string, file: string): boolean => message.startsWith(`${file}: `);

/** Versions of one file have one name: what is said of either says which. */
async function calling<T>(
  { name }: ComparedModel,
  { file }: Model,
  work: Promise<T>,
  isOf: (message: string, file: string) => boolean = () => true,
): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof EdgewiseError) || !isOf(error.message, file)) throw error;
    const said = error.message.startsWith(`${file}: `) ? error.message.slice(file.length + 2) : error.message;
    throw new RpcError({ ...toFailure(error), message: `${name}: ${said}` });
  }
}
