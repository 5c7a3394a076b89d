import type { TensorId } from "../../model/model.ts";
import { usedTensors } from "../../operators/execution-order.ts";
import { augmentedSamples } from "./augmented-samples.ts";
import type { Form, LinearForm } from "../../neutral/forms.ts";
import type { Weights } from "../../neutral/weights.ts";
import type { LayerId, NeutralGraph, NeutralLayer } from "../../neutral/neutral-graph.ts";
import type { Rewrite } from "../../neutral/rewrite.ts";
import { valuesHere, type Activations, type GraphPart, type SampleValues } from "../../neutral/activations.ts";
import type { RewriteContext } from "../restructuring.ts";

export type WeightedLayer = NeutralLayer<LinearForm>;

/** What a layer gets on all samples. */
export interface LayerInputs {
  /** In the network as it was. */
  readonly before: SampleValues;
  /** In the network with the layers before this one changed. The same object where none of them leads here. */
  readonly now: SampleValues;
}

/** Tensors where what has been changed so far is changed once more, as integers are rounded. */
export interface Stops {
  readonly tensors: ReadonlySet<TensorId>;
  readonly arrive: (tensor: TensorId, now: Activations) => Activations;
}

/**
 * Follows the calibration samples through the network once, two ways: as it was and with the layers changed so far. Only what later
 * layers need is kept; each part of the network runs once each way.
 * @param layers in the order they run
 * @param change what a layer becomes, with weights that can be read; it is run that way for the layers behind it. undefined: it stays.
 * What it is given holds for the call alone
 * @param copies changed copies of each sample that are looked at too
 * @throws {RangeError} without samples
 */
export async function followSamples<L extends WeightedLayer>(
  graph: NeutralGraph,
  layers: readonly L[],
  context: Pick<RewriteContext, "activations" | "partAfter" | "seed" | "signal" | "onProgress">,
  change: (layer: L, inputs: LayerInputs) => Promise<L["form"] | undefined>,
  { copies = 0, stops = NO_STOPS }: { readonly copies?: number; readonly stops?: Stops } = {},
): Promise<ReadonlyMap<LayerId, L["form"]>> {
  const { activations, partAfter, signal, onProgress } = context;
  if (activations === undefined || partAfter === undefined) throw new RangeError("there are no samples to follow");
  const steps = plannedSteps(graph, layers, stops.tensors);
  const inputs = graph.tensors.filter(({ isInput }) => isInput).map(({ id }) => id);
  const samples = await collected(activations.capture(inputs));
  const given = augmentedSamples(samples, copies, context.seed);
  const before = new Map([...given].map(([id, one]) => [id, valuesHere(one)]));
  const now = new Map(before);
  const count = [...given.values()][0]?.shape[0] ?? 0;
  const changed = new Map<LayerId, L["form"]>();
  // What its weights stand for is the target, not how a runtime rounds to their type.
  const original = new Map(layers.filter(isQuantized).map((layer) => [layer.id, plain(layer.form)]));
  const running = new Map<LayerId, Form>(original);
  for (const [index, { layer, input, from }] of steps.entries()) {
    signal?.throwIfAborted();
    onProgress?.(index / steps.length, layer?.name ?? graph.tensor(input).name);
    if (!before.has(input)) {
      const isSame = from.every((id) => before.get(id) === now.get(id)) && !leadsThrough(graph, input, from, changed);
      const make = async (rewrite: Rewrite, known: ReadonlyMap<TensorId, SampleValues>): Promise<SampleValues> => {
        const part = await partAfter(rewrite, from, [input]);
        return ran(part, from, input, known, count);
      };
      const was = await make({ replace: original }, before);
      const is = isSame ? was : await make({ replace: running }, now);
      before.set(input, was);
      now.set(input, is);
    }
    const reached = { before: before.get(input) ?? EMPTY, now: now.get(input) ?? EMPTY };
    if (layer === undefined) now.set(input, await arrived(input, reached, stops));
    const form = layer && (await change(layer, reached));
    if (layer && form) {
      changed.set(layer.id, form);
      running.set(layer.id, plain(form));
    }
    const needed = new Set(steps.slice(index + 1).flatMap((step) => [step.input, ...step.from]));
    for (const id of [...before.keys()].filter((known) => !needed.has(known))) {
      for (const values of new Set([before.get(id), now.get(id)])) values?.release();
      before.delete(id);
      now.delete(id);
    }
  }
  return changed;
}

function isQuantized({ form }: WeightedLayer): boolean {
  return form.weight.quantization !== undefined;
}

const NO_STOPS: Stops = { tensors: new Set(), arrive: (_, now) => now };

const EMPTY = valuesHere({ shape: [0], data: new Float32Array(0) });

async function arrived(tensor: TensorId, { before, now }: LayerInputs, { arrive }: Stops): Promise<SampleValues> {
  const values = valuesHere(arrive(tensor, { shape: now.shape, data: await now.read() }));
  if (now !== before) now.release();
  return values;
}

interface Step<L> {
  /** undefined: a stop. */
  readonly layer: L | undefined;
  readonly input: TensorId;
  /** Tensors known by then that the input is made of; itself where it is known. */
  readonly from: readonly TensorId[];
}

function plannedSteps<L extends WeightedLayer>(
  graph: NeutralGraph,
  layers: readonly L[],
  stops: ReadonlySet<TensorId>,
): readonly Step<L>[] {
  const inputs = graph.tensors.filter(({ isInput }) => isInput).map(({ id }) => id);
  const known = new Set(inputs);
  const steps: Step<L>[] = [];
  const go = (input: TensorId, layer?: L): void => {
    const from = knownBefore(graph, input, known);
    known.add(input);
    steps.push({ layer, input, from });
  };
  const wanted = new Map<LayerId, L>(layers.map((layer) => [layer.id, layer]));
  for (const id of inputs) if (stops.has(id)) go(id);
  for (const { id, inputs: read, outputs } of graph.layers) {
    const layer = wanted.get(id);
    if (layer) go(read[0] ?? -1, layer);
    for (const made of outputs) if (stops.has(made)) go(made);
  }
  return steps;
}

function knownBefore(graph: NeutralGraph, input: TensorId, known: ReadonlySet<TensorId>): readonly TensorId[] {
  const found = new Set<TensorId>();
  visit(graph, input, (id) => {
    if (!known.has(id)) return true;
    found.add(id);
    return false;
  });
  return [...found];
}

function leadsThrough(
  graph: NeutralGraph,
  input: TensorId,
  from: readonly TensorId[],
  layers: ReadonlyMap<LayerId, Form>,
): boolean {
  let isThrough = false;
  visit(graph, input, (id) => {
    if (from.includes(id)) return false;
    isThrough ||= layers.has(graph.producer(id)?.id ?? -1);
    return true;
  });
  return isThrough;
}

/** Tensors backwards from one, as far as `enter` goes on. */
function visit(graph: NeutralGraph, start: TensorId, enter: (id: TensorId) => boolean): void {
  const seen = new Set<TensorId>([start]);
  const pending = [start];
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    const layer = enter(id) ? graph.producer(id) : undefined;
    for (const input of layer ? usedTensors(layer.node) : []) {
      if (seen.has(input)) continue;
      seen.add(input);
      pending.push(input);
    }
  }
}

async function ran(
  part: GraphPart,
  from: readonly TensorId[],
  input: TensorId,
  known: ReadonlyMap<TensorId, SampleValues>,
  samples: number,
): Promise<SampleValues> {
  try {
    const made = await part.run(new Map(from.map((id) => [id, known.get(id) ?? EMPTY])), samples);
    return made.get(input) ?? EMPTY;
  } finally {
    await part.close();
  }
}

/** As it computes: the numbers of its weights, however they are to be stored. */
function plain(form: LinearForm): Form {
  const { weight, bias } = form;
  return { ...form, weight: floats(weight), bias: bias?.quantization ? floats(bias) : bias };
}

function floats(weights: Weights): Weights {
  return { shape: weights.shape, dataType: "float32", read: () => weights.read() };
}

/** All batches as one. */
async function collected(
  batches: AsyncIterable<ReadonlyMap<TensorId, Activations>>,
): Promise<ReadonlyMap<TensorId, Activations>> {
  const all = new Map<TensorId, Activations[]>();
  for await (const batch of batches) {
    for (const [id, activations] of batch) {
      const list = all.get(id);
      if (list) list.push(activations);
      else all.set(id, [activations]);
    }
  }
  return new Map(
    [...all].map(([id, list]): [TensorId, Activations] => {
      const data = new Float32Array(list.reduce((sum, each) => sum + each.data.length, 0));
      let at = 0;
      for (const each of list) {
        data.set(each.data, at);
        at += each.data.length;
      }
      const samples = list.reduce((sum, { shape }) => sum + (shape[0] ?? 1), 0);
      return [id, { shape: [samples, ...(list[0]?.shape.slice(1) ?? [])], data }];
    }),
  );
}
