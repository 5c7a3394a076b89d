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
  readonly tenants: { readonly step: number; readonly name: string }[];
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

class Lifetimes {
  readonly #birth = new Map<string, number>();
  readonly #lastUse = new Map<string, number>();
  readonly #buffer = new Map<string, Buffer>();

  constructor(
    readonly steps: readonly Layer[],
    readonly inputKeys: ReadonlySet<string>,
    readonly outputKeys: ReadonlySet<string>,
  ) {}

  run(): readonly Buffer[] {
    this.#findLifetimes();
    this.steps.forEach((layer, step) => {
      for (const input of layer.inputs) {
        if (input.use === "data" && isActivation(input) && !this.#buffer.has(input.key))
          this.#arrive(input, layer, step);
      }
      layer.outputs.forEach((output, position) => {
        // A node with bodies is listed before the row that really makes its output.
        if (isActivation(output) && this.#birth.get(output.key) === step) this.#produce(output, position, layer, step);
      });
    });
    return [...new Set(this.#buffer.values())];
  }

  #findLifetimes(): void {
    const end = this.steps.length;
    this.steps.forEach(({ outputs }, step) => outputs.forEach(({ key }) => this.#birth.set(key, step)));
    const lastRound = lastRounds(this.steps);
    const use = ({ key, isVariable }: LayerTensor, layer: Layer, step: number): void => {
      const birth = this.#birth.get(key);
      const bornIn = birth === undefined ? (this.inputKeys.has(key) ? 1 : layer.repeats) : this.steps[birth]?.repeats;
      const last = isVariable === true || this.outputKeys.has(key) ? end : lastRound(step, bornIn ?? 1);
      this.#lastUse.set(key, Math.max(last, this.#lastUse.get(key) ?? 0));
    };
    this.steps.forEach((layer, step) => {
      for (const input of layer.inputs) if (isActivation(input)) use(input, layer, step);
      for (const output of layer.outputs) if (isActivation(output)) use(output, layer, step);
    });
  }

  /** A tensor that no step makes: the caller's, a variable, or what a loop hands to its body. */
  #arrive(tensor: LayerTensor, layer: Layer, step: number): void {
    const isGiven = this.inputKeys.has(tensor.key) || tensor.isVariable === true;
    this.#open(tensor, { first: isGiven ? 0 : step, repeats: isGiven ? 1 : layer.repeats, isPinned: isGiven });
  }

  #produce(output: LayerTensor, position: number, layer: Layer, step: number): void {
    const host = position === 0 && output.isVariable !== true ? this.#host(output, layer, step) : undefined;
    if (!host) {
      const isPinned = output.isVariable === true;
      this.#open(output, { first: isPinned ? 0 : step, repeats: layer.repeats, isPinned });
      return;
    }
    host.last = Math.max(host.last, this.#last(output));
    host.tenants.push({ step, name: output.name });
    this.#buffer.set(output.key, host);
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
    return tensor && isActivation(tensor) ? this.#buffer.get(tensor.key) : undefined;
  }

  #open(tensor: LayerTensor, born: Pick<Buffer, "first" | "repeats" | "isPinned">): void {
    const tenants = [{ step: born.first, name: tensor.name }];
    const { first, repeats, isPinned } = born;
    const bytes = tensorBytes(tensor);
    this.#buffer.set(tensor.key, { bytes, first, last: this.#last(tensor), tenants, repeats, isPinned });
  }

  #last({ key }: LayerTensor): number {
    return this.#lastUse.get(key) ?? 0;
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
