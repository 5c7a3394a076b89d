import { deflateRawSync, inflateRawSync } from "node:zlib";
import * as v from "valibot";
import { toFloat16 } from "../model/encode-elements.ts";
import { fromFloat16 } from "../model/raw-elements.ts";
import type { Form } from "../neutral/forms.ts";
import type { Weights } from "../neutral/weights.ts";
import type { NeutralGraph } from "../neutral/neutral-graph.ts";
import type { Rewrite } from "../neutral/rewrite.ts";
import { fields, jsonOf, size } from "../outside-data.ts";
import { hashOf } from "./learned-file.ts";
import type { Parameter } from "./parameters.ts";
import { storedFormOf } from "./stored-forms.ts";
import { TrainingError } from "./training-error.ts";

/** What a training came to, beside the edit that it belongs to: it takes minutes to compute, and cannot be had by a formula. */
export interface LearnedWeights {
  /** Names the bytes: the first half of their SHA-256. */
  readonly hash: string;
  readonly bytes: Uint8Array;
}

/** One tensor of weights: its difference to what the edits before give. */
const ENTRY = fields({
  uses: v.pipe(v.array(fields({ layer: v.string(), role: v.string() })), v.nonEmpty()),
  size,
  type: v.picklist(["float16", "float32"]),
  /** Mean square of what it is the difference to. */
  energy: v.number(),
});
type Entry = v.InferOutput<typeof ENTRY>;

const HEADER = fields({ schema: v.literal(1), entries: v.array(ENTRY) });
type Header = v.InferOutput<typeof HEADER>;

/** Largest number of half precision. */
const LARGEST_FLOAT16 = 65504;
/** By how much the mean square of the weights before may differ: other rounding on another machine, but not other samples. */
const SAME_ENERGY = 0.02;

/**
 * Trained weights as bytes: differences of half precision where they fit into it. What is learned is what the bytes say, so nothing is
 * lost when they are applied again.
 * @param start the weights before, of all parameters, each at its offset
 */
export function encodeLearned(
  parameters: readonly Parameter[],
  start: Float32Array,
  weights: Float32Array,
): LearnedWeights {
  const parts: Uint8Array[] = [];
  const entries = parameters.map(({ uses, offset, size }): Entry => {
    const differences = weights
      .slice(offset, offset + size)
      .map((value, index) => value - (start[offset + index] ?? 0));
    const fits = differences.every((value) => Math.abs(value) <= LARGEST_FLOAT16);
    const elements = fits ? Uint16Array.from(differences, toFloat16) : differences;
    parts.push(new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength));
    const named = uses.map(({ name, role }) => ({ layer: name, role }));
    return {
      uses: named,
      size,
      type: fits ? "float16" : "float32",
      energy: energyOf(start.subarray(offset, offset + size)),
    };
  });
  const header = new TextEncoder().encode(JSON.stringify({ schema: 1, entries } satisfies Header));
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, header.length, true);
  const bytes = new Uint8Array(deflateRawSync(Buffer.concat([length, header, ...parts])));
  return { hash: hashOf(bytes), bytes };
}

/**
 * Puts learned weights into the graph that they were trained in.
 * @throws {TrainingError} when the bytes are none, or the graph is another
 */
export async function learnedRewrite(graph: NeutralGraph, bytes: Uint8Array): Promise<Rewrite> {
  const { header, payload } = decoded(bytes);
  const replace = new Map<number, Form>();
  let offset = 0;
  for (const { uses, size, type, energy } of header.entries) {
    const [first] = uses;
    const before = first && weightsOf(graph, first.layer, first.role);
    if (before === undefined)
      throw new TrainingError(
        `the model has no ${first?.role ?? "weights"} of "${first?.layer ?? ""}" that learned weights are for`,
      );
    const start = await before.read();
    if (start.length !== size || Math.abs(energyOf(start) - energy) > SAME_ENERGY * energy)
      throw new TrainingError(`"${first?.layer ?? ""}" has other weights than those that were trained`, {
        hint: "The edits before give other weights now: give the same samples, or recover again.",
      });
    const width = type === "float16" ? 2 : 4;
    const difference = elementsOf(payload.slice(offset, offset + width * size), type);
    offset += width * size;
    const form = await storedFormOf(before);
    const after = form.stored(start.map((value, index) => value + (difference[index] ?? 0)));
    for (const { layer: name, role } of uses) {
      const layer = graph.layer(name);
      if (layer) replace.set(layer.id, { ...(replace.get(layer.id) ?? layer.form), [role]: after });
    }
  }
  return { replace };
}

function decoded(bytes: Uint8Array): { readonly header: Header; readonly payload: Uint8Array } {
  try {
    const whole = new Uint8Array(inflateRawSync(bytes, { maxOutputLength: MOST_BYTES }));
    const length = new DataView(whole.buffer, whole.byteOffset).getUint32(0, true);
    const header = jsonOf(HEADER, new TextDecoder().decode(whole.subarray(4, 4 + length)));
    if (header === undefined) throw new Error("its header is none");
    const payload = whole.slice(4 + length);
    const wanted = header.entries.reduce((sum, { size, type }) => sum + size * (type === "float16" ? 2 : 4), 0);
    if (payload.length !== wanted) throw new Error(`${payload.length} bytes where its header says ${wanted}`);
    return { header, payload };
  } catch (cause) {
    throw new TrainingError("learned weights cannot be read: expected what a recovery wrote", { cause });
  }
}

/** Weights of more than half a billion parameters: they are trained elsewhere. */
const MOST_BYTES = 2 ** 31 - 1;

function elementsOf(bytes: Uint8Array, type: Entry["type"]): Float32Array {
  const { buffer, byteOffset, byteLength } = bytes;
  if (type === "float32") return new Float32Array(buffer, byteOffset, byteLength / 4);
  return Float32Array.from(new Uint16Array(buffer, byteOffset, byteLength / 2), fromFloat16);
}

function weightsOf(graph: NeutralGraph, layer: string, role: string): Weights | undefined {
  const form = graph.layer(layer)?.form;
  const member: unknown = form && (Object.entries(form) as [string, unknown][]).find(([name]) => name === role)?.[1];
  return typeof member === "object" && member !== null && "read" in member ? (member as Weights) : undefined;
}

function energyOf(elements: Float32Array): number {
  let sum = 0;
  for (const value of elements) sum += value * value;
  return sum / Math.max(1, elements.length);
}
