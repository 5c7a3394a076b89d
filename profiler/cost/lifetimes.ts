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
  readonly isInput: boolean;
  readonly isOutput: boolean;
  /** The step that makes it; undefined for what comes from outside. */
  birth: number | undefined;
  lastUse: number;
  buffer: Buffer | undefined;
}

/** What a layer reads or makes, by the places of its inputs or outputs: undefined for constants and what is left out. */
type Places = readonly (Lifetime | undefined)[];

class Lifetimes {
  readonly #lifetimes = new Map<string, Lifetime>();
  readonly #buffers = new Set<Buffer>();
  /** Of each step. A key is looked up once for each place where it stands. */
  readonly #inputs: readonly Places[];
  readonly #outputs: readonly Places[];

  constructor(
    readonly steps: readonly Layer[],
    readonly inputKeys: ReadonlySet<string>,
    readonly outputKeys: ReadonlySet<string>,
  ) {
    this.#outputs = steps.map(({ outputs }) => this.#placesOf(outputs));
    this.#inputs = steps.map(({ inputs }) => this.#placesOf(inputs));
  }

  run(): readonly Buffer[] {
    this.#findBirths();
    this.#findLastUses();
    this.steps.forEach((layer, step) => {
      this.#inputs[step]?.forEach((lifetime, place) => {
        const input = layer.inputs[place];
        if (lifetime && input?.use === "data") this.#arrive(input, lifetime, layer, step);
      });
      this.#outputs[step]?.forEach((lifetime, place) => {
        const output = layer.outputs[place];
        if (lifetime && output) this.#produce(output, lifetime, place, step);
      });
    });
    return [...this.#buffers];
  }

  #findBirths(): void {
    // A node with bodies is listed before the row that really makes its output.
    this.#outputs.forEach((made, step) => {
      for (const lifetime of made) if (lifetime) lifetime.birth = step;
    });
  }

  #findLastUses(): void {
    const isLooped = this.steps.some(({ repeats }) => repeats !== 1);
    const lastRound = isLooped ? lastRounds(this.steps) : (step: number): number => step;
    const use = (tensor: LayerTensor | undefined, lifetime: Lifetime, layer: Layer, step: number): void => {
      const isKept = lifetime.isOutput || tensor?.isVariable === true;
      const last = isKept ? this.steps.length : lastRound(step, isLooped ? this.#bornIn(lifetime, layer) : 1);
      if (last > lifetime.lastUse) lifetime.lastUse = last;
    };
    this.steps.forEach((layer, step) => {
      const read = this.#lastRead(layer, step);
      this.#inputs[step]?.forEach((lifetime, place) => lifetime && use(layer.inputs[place], lifetime, layer, read));
      this.#outputs[step]?.forEach((lifetime, place) => lifetime && use(layer.outputs[place], lifetime, layer, step));
    });
  }

  /** A loop reads what it is given in every round of its body, whose rows follow. */
  #lastRead({ node, repeats }: Layer, step: number): number {
    const isLoop = node.bodies.some(({ role }) => role === "loop" || role === "scan");
    return isLoop && (this.steps[step + 1]?.repeats ?? 0) > repeats ? step + 1 : step;
  }

  /** How often the place runs where a tensor is made; of one from outside that a layer uses, the layer's own. */
  #bornIn({ isInput, birth }: Lifetime, layer: Layer): number {
    if (birth !== undefined) return this.steps[birth]?.repeats ?? 1;
    return isInput ? 1 : layer.repeats;
  }

  /** A tensor that no step has made: the caller's, a variable, or what a loop hands to its body. */
  #arrive(tensor: LayerTensor, lifetime: Lifetime, layer: Layer, step: number): void {
    if (lifetime.buffer !== undefined) return;
    const isGiven = lifetime.isInput || tensor.isVariable === true;
    this.#open(tensor, lifetime, {
      first: isGiven ? 0 : step,
      repeats: isGiven ? 1 : layer.repeats,
      isPinned: isGiven,
    });
  }

  #produce(output: LayerTensor, lifetime: Lifetime, position: number, step: number): void {
    if (lifetime.birth !== step) return;
    const host = position === 0 && output.isVariable !== true ? this.#host(output, step) : undefined;
    if (!host) {
      const isPinned = output.isVariable === true;
      const repeats = this.steps[step]?.repeats ?? 1;
      this.#open(output, lifetime, { first: isPinned ? 0 : step, repeats, isPinned });
      return;
    }
    host.last = Math.max(host.last, lifetime.lastUse);
    host.occupants.push({ step, name: output.name });
    lifetime.buffer = host;
  }

  /** The buffer of an input that the first output takes over, if it may. */
  #host(output: LayerTensor, step: number): Buffer | undefined {
    const [layer, inputs] = [this.steps[step], this.#inputs[step]];
    if (layer === undefined || inputs === undefined) return undefined;
    if (layer.isView) return inputs[layer.inputs.findIndex(({ use }) => use === "data")]?.buffer;
    if (layer.inPlace.length === 0) return undefined;
    const bytes = tensorBytes(output);
    for (const position of layer.inPlace) {
      const buffer = inputs[position]?.buffer;
      if (!buffer || buffer.isPinned || bytes === null || buffer.bytes !== bytes) continue;
      if (buffer.last !== step || buffer.repeats !== layer.repeats) continue;
      // By an input that it may not overwrite.
      const isReadElsewhere = inputs.some((input, at) => input?.buffer === buffer && !layer.inPlace.includes(at));
      if (!isReadElsewhere) return buffer;
    }
    return undefined;
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

  #placesOf(tensors: readonly LayerTensor[]): Places {
    return tensors.map((tensor) => (isActivation(tensor) ? this.#lifetime(tensor.key) : undefined));
  }

  #lifetime(key: string): Lifetime {
    const known = this.#lifetimes.get(key);
    if (known) return known;
    const [isInput, isOutput] = [this.inputKeys.has(key), this.outputKeys.has(key)];
    const lifetime = { isInput, isOutput, birth: undefined, lastUse: 0, buffer: undefined };
    this.#lifetimes.set(key, lifetime);
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
