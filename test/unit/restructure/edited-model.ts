import assert from "node:assert/strict";

import type { ExternalDataFiles } from "../../../profiler/bytes/byte-source.ts";
import { MemorySource } from "../../../profiler/bytes/memory-source.ts";
import { readOnnx } from "../../../profiler/formats/onnx/read.ts";
import { onnxBytes } from "../../../profiler/formats/onnx/write.ts";
import { DEFAULT_HARDWARE } from "../../../profiler/hardware/hardware.ts";
import type { Model } from "../../../profiler/model/model.ts";
import { Random } from "../../../profiler/numeric/random.ts";
import { analyseModel, costModel } from "../../../profiler/profile-model.ts";
import { applyEdit, predictEdit } from "../../../profiler/editing/apply.ts";
import type { Edit } from "../../../profiler/editing/edit.ts";
import type { EditOptions } from "../../../profiler/restructure/options.ts";
import { loadOnnxRuntime } from "../../../profiler/onnx-runtime.ts";
import { tensor, type OnnxTensor } from "../../builders/onnx-builder.ts";

/** What an exact edit may differ by, relative to the range of the output. */
export const EXACT = 1e-5;

export type Feeds = Readonly<Record<string, { readonly shape: readonly number[]; readonly data: Float32Array }>>;
export type Outputs = Readonly<Record<string, Float32Array>>;

const NO_FILES: ExternalDataFiles = { open: (path) => Promise.reject(new Error(`${path} is not there`)) };

export function readBytes(bytes: Uint8Array): Promise<Model> {
  return readOnnx(new MemorySource("test.onnx", bytes), NO_FILES);
}

export function edit(restructuring: string, target = "", options: EditOptions = {}): Edit {
  return { restructuring, target, options };
}

export interface Edited {
  /** As the edit made it. */
  readonly model: Model;
  readonly bytes: Uint8Array;
  /** Read again from its bytes. */
  readonly written: Model;
}

/** Applies edits in order and writes; each must cost what was predicted, and the file what the edited model costs. */
export async function edited(base: Model, ...edits: readonly Edit[]): Promise<Edited> {
  let model = base;
  for (const one of edits) {
    const predicted = await predictEdit(model, one);
    model = (await applyEdit(model, one)).after;
    if (predicted)
      assert.deepEqual(costs(predicted), costs(model), `prediction of ${one.restructuring} on ${one.target}`);
  }
  const bytes = await onnxBytes(model);
  const written = await readBytes(bytes);
  assert.deepEqual(costs(written), costs(model), "the file costs what the edited model does");
  assert.deepEqual(written.warnings, base.warnings);
  return { model, bytes, written };
}

/** What the model costs, the size of its file among it. */
export function costs(model: Model): object {
  const { totals, layers, peak, warnings } = costModel(analyseModel(model, {}), DEFAULT_HARDWARE);
  return { totals, layers, peak, warnings };
}

export function ops(model: Model): readonly string[] {
  return model.entries[0].graph.nodes.map(({ op }) => op);
}

/** Float inputs of a model at their default sizes, seeded. */
export function seededFeeds(model: Model, seed = 1, bindings: Readonly<Record<string, number>> = {}): Feeds {
  const random = new Random(seed);
  const { graph } = model.entries[0];
  const { inferredTypes } = analyseModel(model, bindings).inputs;
  return Object.fromEntries(
    graph.inputs.map((id, index) => {
      const shape = (inferredTypes[index]?.shape ?? []).map(Number);
      const data = random.normals(shape.reduce((product, size) => product * size, 1));
      return [graph.tensors[id]?.name ?? "", { shape, data }];
    }),
  );
}

/** Runs a model as it stands in its bytes, without the runtime's own optimizations. */
export async function run(bytes: Uint8Array, feeds: Feeds): Promise<Outputs> {
  const { InferenceSession, Tensor } = await loadOnnxRuntime();
  const session = await InferenceSession.create(bytes, { graphOptimizationLevel: "disabled", logSeverityLevel: 3 });
  const tensors = Object.entries(feeds).map(
    ([name, { shape, data }]) => [name, new Tensor("float32", data, shape)] as const,
  );
  const outputs = await session.run(Object.fromEntries(tensors));
  await session.release();
  return Object.fromEntries(
    Object.entries(outputs).map(([name, output]) => [name, Float32Array.from(output.data as Float32Array)]),
  );
}

/** The outputs must be the same within float rounding, relative to the largest magnitude. */
export function assertSameOutputs(actual: Outputs, expected: Outputs, tolerance = EXACT): void {
  assert.deepEqual(Object.keys(actual).toSorted(), Object.keys(expected).toSorted());
  for (const [name, values] of Object.entries(expected)) {
    const others = actual[name] ?? new Float32Array(0);
    assert.equal(others.length, values.length, name);
    const range = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const difference = values.reduce(
      (most, value, index) => Math.max(most, Math.abs(value - (others[index] ?? NaN))),
      0,
    );
    assert.ok(difference <= tolerance * range, `${name} differs by ${difference} in a range of ${range}`);
  }
}

/** Applies edits and holds outputs of the written file against those of the base. */
export async function assertExact(bytes: Uint8Array, ...edits: readonly Edit[]): Promise<Edited> {
  const base = await readBytes(bytes);
  const result = await edited(base, ...edits);
  const feeds = seededFeeds(base);
  assertSameOutputs(await run(result.bytes, feeds), await run(bytes, feeds));
  return result;
}

/** A constant of seeded normal numbers; `positive` for variances. */
export function weights(name: string, dims: readonly number[], sign: "any" | "positive" = "any"): OnnxTensor {
  const seed = Buffer.from(name).reduce((sum, byte) => 31 * sum + byte, 7);
  const numbers = new Random(seed).normals(dims.reduce((product, size) => product * size, 1));
  return tensor(
    name,
    "float32",
    dims,
    Array.from(numbers, (value) => (sign === "any" ? value : 0.5 + Math.abs(value))),
  );
}
