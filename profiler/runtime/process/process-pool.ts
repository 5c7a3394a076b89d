import { availableParallelism } from "node:os";
import { runtimeLimits } from "./limits.ts";
import { RuntimeProcess, type RuntimeAnswer, type RuntimeName, type RuntimeRequest } from "./runtime-process.ts";

/** LiteRT.js runs on one thread, so two models that are compared are run side by side; ONNX Runtime shares an operator among all. */
const MOST_PROCESSES: Readonly<Record<RuntimeName, number>> = {
  "ONNX Runtime": 1,
  "LiteRT.js": Math.min(2, availableParallelism()),
};

/** Memory of a WASM module never shrinks, and a native library fragments what it has: a process is not used for ever. */
const MOST_LOADED = 64;

/** A process without models ends when it was not needed for so long. */
const IDLE_MILLISECONDS = 30_000;

/** A process of a runtime, and how much it is needed. */
export interface Place {
  readonly process: RuntimeProcess;
  /** Models that are open in it, or about to be. */
  open: number;
  /** Models that were opened in it so far. */
  loaded: number;
  idle?: NodeJS.Timeout;
}

const places = new Map<RuntimeName, Place[]>();

/** Starts a runtime while something else is done: its process takes as long to load as a model to read. */
export function startRuntime(runtime: RuntimeName): void {
  if (livingPlaces(runtime).length > 0) return;
  rest(added(runtime));
}

/** A process with room for one more model; whoever takes it counts itself in `open`. */
export function placeFor(runtime: RuntimeName): Place {
  // Whoever was started under another limit of memory runs what it has, and nothing new.
  const living = livingPlaces(runtime).filter(({ process }) => process.memoryBytes === runtimeLimits().memoryBytes);
  const [least] = living.toSorted((a, b) => a.open - b.open);
  const place = least && (least.open === 0 || living.length >= MOST_PROCESSES[runtime]) ? least : added(runtime);
  clearTimeout(place.idle);
  return place;
}

/**
 * Something that needs a runtime and no model, of a process that has loaded it.
 * @returns undefined where none has started
 */
export function askStarted(runtime: RuntimeName, request: RuntimeRequest): Promise<RuntimeAnswer> | undefined {
  const [place] = livingPlaces(runtime);
  if (place === undefined) return undefined;
  clearTimeout(place.idle);
  place.open += 1;
  return place.process.request(request).finally(() => {
    place.open -= 1;
    rest(place);
  });
}

function livingPlaces(runtime: RuntimeName): Place[] {
  const living = (places.get(runtime) ?? []).filter(({ process }) => !process.isEnded);
  places.set(runtime, living);
  return living;
}

/** A process that no other model gets. */
export function ownPlace(runtime: RuntimeName): Place {
  return { process: new RuntimeProcess(runtime), open: 0, loaded: 0 };
}

function added(runtime: RuntimeName): Place {
  const place = ownPlace(runtime);
  livingPlaces(runtime).push(place);
  return place;
}

/** Has a process that nobody needs any more end, at once or after a while. */
export function rest(place: Place): void {
  if (place.open > 0) return;
  if (place.loaded >= MOST_LOADED) place.process.end();
  else place.idle = setTimeout(() => place.process.end(), IDLE_MILLISECONDS).unref();
}
