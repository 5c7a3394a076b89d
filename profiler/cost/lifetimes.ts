import type { Layer, LayerTensor } from "../layers/layer.ts";
import { isActivation, tensorBytes } from "./tensor-bytes.ts";

/** A stretch of memory from the step that first writes it to the last step that needs it; several tensors may pass through it. */
export interface Buffer {
  /** null when a size in it is unknown. */
  bytes: number | null;
  readonly first: number;
  /** The number of steps, one behind the last, for what must outlive the run. */
  last: number;
  /** In the order in which they take it over. */
  readonly occupants: { readonly step: number; readonly name: string }[];
  /** How often the layers around its birth run. */
  readonly repeats: number;
  /** The caller's or the next run's: may be looked at again, so nothing overwrites it. */
  readonly isPinned: boolean;
}

export interface EntryKeys {
  /** Keys of the tensors that the caller gives. */
  readonly inputKeys: readonly string[];
  /** Keys of the tensors that the caller gets. */
  readonly outputKeys: readonly string[];
}

/**
 * Which buffers a run needs, and when. Views live in their input's buffer; an operator that allows it overwrites an input of equal size
 * that nobody needs afterwards. Graph inputs live from the start, graph outputs to the end, variables throughout, and what a loop
 * reads from outside until its last round is over.
 * @param steps counted layers that compute, in the order in which they run
 */
export function buffersOf(steps: readonly Layer[], { inputKeys, outputKeys }: EntryKeys): readonly Buffer[] {
  return new Lifetimes(steps, new Set(inputKeys), new Set(outputKeys)).run();
}

/** What the walks below find out about one tensor. */
interface Lifetime {
  /** The step that makes it; undefined for what comes from outside. */
  birth: number | undefined;
  lastUse: number;
  buffer: Buffer | undefined;
}

class Lifetimes {
  readonly #lifetimes = new Map<string, Lifetime>();
  readonly #buffers = new Set<Buffer>();

  constructor(
    readonly steps: readonly Layer[],
    readonly inputKeys: ReadonlySet<string>,
    readonly outputKeys: ReadonlySet<string>,
  ) {}

  run(): readonly Buffer[] {
    this.#findBirths();
    this.#findLastUses();
    this.steps.forEach((layer, step) => {
      for (const input of layer.inputs) {
        if (input.use === "data" && isActivation(input)) this.#arrive(input, this.#lifetime(input), layer, step);
      }
      layer.outputs.forEach((output, position) => {
        if (isActivation(output)) this.#produce(output, position, layer, step);
      });
    });
    return [...this.#buffers];
  }

  #findBirths(): void {
    // A node with bodies is listed before the row that really makes its output.
    this.steps.forEach(({ outputs }, step) => {
      for (const output of outputs) if (isActivation(output)) this.#lifetime(output).birth = step;
    });
  }

  #findLastUses(): void {
    const lastRound = lastRounds(this.steps);
    const use = (tensor: LayerTensor, layer: Layer, step: number): void => {
      const lifetime = this.#lifetime(tensor);
      lifetime.lastUse = Math.max(
        lifetime.lastUse,
        this.#isKept(tensor) ? this.steps.length : lastRound(step, this.#bornIn(tensor, lifetime, layer)),
      );
    };
    this.steps.forEach((layer, step) => {
      const read = this.#lastRead(layer, step);
      for (const input of layer.inputs) if (isActivation(input)) use(input, layer, read);
      for (const output of layer.outputs) if (isActivation(output)) use(output, layer, step);
    });
  }

  /** A loop reads what it is given in every round of its body, whose rows follow. */
  #lastRead({ node, repeats }: Layer, step: number): number {
    const isLoop = node.bodies.some(({ role }) => role === "loop" || role === "scan");
    return isLoop && (this.steps[step + 1]?.repeats ?? 0) > repeats ? step + 1 : step;
  }

  /** Whether somebody wants a tensor after the run. */
  #isKept({ key, isVariable }: LayerTensor): boolean {
    return isVariable === true || this.outputKeys.has(key);
  }

  /** How often the place runs where a tensor is made; of one from outside that a layer uses, the layer's own. */
  #bornIn({ key }: LayerTensor, { birth }: Lifetime, layer: Layer): number {
    if (birth !== undefined) return this.steps[birth]?.repeats ?? 1;
    return this.inputKeys.has(key) ? 1 : layer.repeats;
  }

  /** A tensor that no step has made: the caller's, a variable, or what a loop hands to its body. */
  #arrive(tensor: LayerTensor, lifetime: Lifetime, layer: Layer, step: number): void {
    if (lifetime.buffer !== undefined) return;
    const isGiven = this.inputKeys.has(tensor.key) || tensor.isVariable === true;
    this.#open(tensor, lifetime, {
      first: isGiven ? 0 : step,
      repeats: isGiven ? 1 : layer.repeats,
      isPinned: isGiven,
    });
  }

  #produce(output: LayerTensor, position: number, layer: Layer, step: number): void {
    const lifetime = this.#lifetime(output);
    if (lifetime.birth !== step) return;
    const host = position === 0 && output.isVariable !== true ? this.#host(output, layer, step) : undefined;
    if (!host) {
      const isPinned = output.isVariable === true;
      this.#open(output, lifetime, { first: isPinned ? 0 : step, repeats: layer.repeats, isPinned });
      return;
    }
    host.last = Math.max(host.last, lifetime.lastUse);
    host.occupants.push({ step, name: output.name });
    lifetime.buffer = host;
  }

  /** The buffer of an input that the first output takes over, if it may. */
  #host(output: LayerTensor, layer: Layer, step: number): Buffer | undefined {
    if (layer.isView) return this.#bufferOf(layer.inputs.find(({ use }) => use === "data"));
    if (layer.inPlace.length === 0) return undefined;
    const bytes = tensorBytes(output);
    for (const position of layer.inPlace) {
      const buffer = this.#bufferOf(layer.inputs[position]);
      if (!buffer || buffer.isPinned || bytes === null || buffer.bytes !== bytes) continue;
      if (buffer.last !== step || buffer.repeats !== layer.repeats) continue;
      if (!this.#isReadElsewhere(buffer, layer)) return buffer;
    }
    return undefined;
  }

  /** Whether a layer reads a buffer by an input that it may not overwrite. */
  #isReadElsewhere(buffer: Buffer, { inputs, inPlace }: Layer): boolean {
    return inputs.some((input, at) => !inPlace.includes(at) && this.#bufferOf(input) === buffer);
  }

  #bufferOf(tensor: LayerTensor | undefined): Buffer | undefined {
    return tensor && isActivation(tensor) ? this.#lifetimes.get(tensor.key)?.buffer : undefined;
  }

  #open(
    tensor: LayerTensor,
    lifetime: Lifetime,
    { first, repeats, isPinned }: Pick<Buffer, "first" | "repeats" | "isPinned">,
  ): void {
    const occupants = [{ step: first, name: tensor.name }];
    if (lifetime.buffer !== undefined) this.#buffers.delete(lifetime.buffer);
    lifetime.buffer = { bytes: tensorBytes(tensor), first, last: lifetime.lastUse, occupants, repeats, isPinned };
    this.#buffers.add(lifetime.buffer);
  }

  #lifetime({ key }: LayerTensor): Lifetime {
    let lifetime = this.#lifetimes.get(key);
    if (lifetime === undefined)
      this.#lifetimes.set(key, (lifetime = { birth: undefined, lastUse: 0, buffer: undefined }));
    return lifetime;
  }
}

/**
 * For a tensor that is used at a step inside a loop, but was born outside: the loop's last step, since every round reads it again.
 * @returns (step, how often the birth of the tensor runs) → last step that needs it
 */
function lastRounds(steps: readonly Layer[]): (step: number, bornIn: number) => number {
  // Next step that runs less often: one pass from the end, each candidate skipped once.
  const nextRarer: number[] = [];
  for (let step = steps.length - 1; step >= 0; step--) {
    let next = step + 1;
    while (next < steps.length && (steps[next]?.repeats ?? 0) >= (steps[step]?.repeats ?? 0)) {
      next = nextRarer[next] ?? steps.length;
    }
    nextRarer[step] = next;
  }
  return (step, bornIn) => {
    let next = step;
    while ((steps[next]?.repeats ?? 0) > bornIn) next = nextRarer[next] ?? steps.length;
    return next === step ? step : next - 1;
  };
}
