import assert from "node:assert/strict";
import fc from "fast-check";

import { MemorySource } from "../../../../profiler/bytes/memory-source.ts";
import { DEFAULT_HARDWARE } from "../../../../profiler/hardware/hardware.ts";
import type { Model } from "../../../../profiler/model/model.ts";
import { analyseModel, costModel } from "../../../../profiler/profile-model.ts";
import { readModel } from "../../../../profiler/formats/formats.ts";
import type { Totals } from "../../../../profiler/profile.ts";
import { applyEdit, applyEdits, predictEdit, type EditContext } from "../../../../profiler/editing/apply.ts";
import { formatEdit, parseEdit, type Edit } from "../../../../profiler/editing/edit.ts";
import { liftModel } from "../../../../profiler/translation/lift-model.ts";
import { LoweringError } from "../../../../profiler/neutral/lowering-error.ts";
import { RESTRUCTURINGS, restructuringOf } from "../../../../profiler/restructure/registry.ts";
import { isRefusal, NotApplicableError } from "../../../../profiler/restructure/restructuring.ts";
import { modelBytes } from "../../../../profiler/formats/formats.ts";
import { activationsOn } from "../../../../profiler/runtime/activation-source.ts";
import type { NamedTensors } from "../../../../profiler/tensors/numeric-tensor.ts";
import { openSession } from "../../../../profiler/runtime/open-session.ts";
import { Random } from "../../../../profiler/numeric/random.ts";
import { IS_THOROUGH } from "../../../effort.ts";
import type { Network } from "../../../zoo/network.ts";
import { toBytes } from "../../../zoo/file-segments.ts";
import { toOnnx } from "../../../zoo/to-onnx.ts";
import { toTflite } from "../../../zoo/to-tflite.ts";
import { assertSameOutputs, type Outputs } from "../edited-model.ts";
import { networkOf, sketches } from "./random-graph.ts";
import { modelOfBytes } from "../../../builders/read-model.ts";

/** LiteRT.js has the fewer sequences: each session of it starts a thread and compiles it. */
const FORMATS = [
  {
    files: "ONNX files",
    sequences: IS_THOROUGH ? 400 : 24,
    write: (network: Network) => toBytes(toOnnx(network).model),
  },
  { files: "TFLite files", sequences: IS_THOROUGH ? 100 : 4, write: (network: Network) => toBytes(toTflite(network)) },
];
const LONGEST_NETWORK = 5;
const MOST_EDITS = 4;

/** Which edit comes next: a restructuring, and one of the places where it applies then. */
const choice = fc.record({ restructuring: fc.nat(RESTRUCTURINGS.length - 1), place: fc.nat(100) });
const choices = fc.array(choice, { minLength: 1, maxLength: MOST_EDITS });
type Choice = typeof choice extends fc.Arbitrary<infer One> ? One : never;

describe("Sequences of edits of random networks", function () {
  this.timeout(IS_THOROUGH ? 1_800_000 : 300_000);
  for (const { files, sequences, write } of FORMATS) {
    it(`give ${files} that load, cost what was predicted, and compute the same where that is guaranteed`, async () => {
      const applied = new Map<string, number>();
      const property = fc.asyncProperty(
        sketches(LONGEST_NETWORK),
        choices,
        fc.boolean(),
        async (sketch, wanted, hasSamples) => {
          const base = await read(write(networkOf(sketch)));
          const context: EditContext = hasSamples
            ? { activationsOf: (model) => activationsOn(model, { count: 4 }) }
            : {};
          const edits = await applyChoices(base, wanted, context);
          for (const { restructuring } of edits) applied.set(restructuring, (applied.get(restructuring) ?? 0) + 1);
          if (edits.length > 0) await assertRepeatable(base, edits, context);
        },
      );
      await fc.assert(property, { numRuns: sequences, seed: 4 });
      // Enough of everything for the property to mean something.
      const total = [...applied.values()].reduce((sum, count) => sum + count, 0);
      // A third: of weights that files decode themselves TFLite knows few.
      assert.ok(total > sequences && applied.size >= RESTRUCTURINGS.length / 3, JSON.stringify([...applied]));
    });
  }
});

/** Applies what was chosen, one edit behind the other, checks each, and runs what they come to. @returns the edits */
async function applyChoices(base: Model, wanted: readonly Choice[], context: EditContext): Promise<readonly Edit[]> {
  const edits: Edit[] = [];
  let model = base;
  for (const one of wanted) {
    const edit = chosenEdit(model, one);
    const after = edit && (await checked(model, edit, context));
    if (!edit || !after) continue;
    edits.push(edit);
    model = after;
  }
  const outputs = Object.values(await run(await modelBytes(model)));
  assert.ok(
    outputs.length > 0 && outputs.every((values) => values.every(Number.isFinite)),
    edits.map(formatEdit).join(),
  );
  return edits;
}

/** A place where the restructuring applies; the restructuring behind it in the list where there is none. */
function chosenEdit(model: Model, { restructuring, place }: Choice): Edit | undefined {
  const graph = liftModel(model);
  for (let offset = 0; offset < RESTRUCTURINGS.length; offset++) {
    const one = RESTRUCTURINGS[(restructuring + offset) % RESTRUCTURINGS.length];
    // How large a pruned file gets nothing tells before.
    if (one?.predictsNothing) continue;
    const candidates = one?.find(graph).filter((finding) => !isRefusal(finding)) ?? [];
    const candidate = candidates[place % candidates.length];
    if (!one || !candidate || isRefusal(candidate)) continue;
    return { restructuring: one.id, target: candidate.target, options: candidate.options ?? {} };
  }
  return undefined;
}

/** The model behind an edit, whose prediction, file and outputs are checked; undefined where it and its prediction say that it does not fit. */
async function checked(model: Model, edit: Edit, context: EditContext): Promise<Model | undefined> {
  const what = formatEdit(edit);
  const predicted = await fitting(() => predictEdit(model, edit));
  const step = await fitting(() => applyEdit(model, edit, context));
  assert.equal(predicted === undefined, step === undefined, `${what}: prediction and edit agree on whether it fits`);
  if (!predicted || !step) return undefined;
  const after = totals(step.after);
  assertPredicted(edit, totals(predicted), after);
  const bytes = await modelBytes(step.after);
  assert.deepEqual(totals(await read(bytes)), after, `${what}: the written file`);
  if (step.guarantee === "exact") assertSameOutputs(await run(bytes), await run(await modelBytes(model)));
  return step.after;
}

/** The same list, as text, on the same file gives the same bits. */
async function assertRepeatable(base: Model, edits: readonly Edit[], context: EditContext): Promise<void> {
  const [once, again] = [
    await applyEdits(base, edits, context),
    await applyEdits(
      base,
      edits.map((edit) => parseEdit(formatEdit(edit))),
      context,
    ),
  ];
  assert.ok(Buffer.from(await modelBytes(once.model)).equals(await modelBytes(again.model)), "the same bits");
}

/**
 * Where the weights choose the order of the new layers, energy and peak memory follow that order. A bias that samples change is a tensor
 * with a new name, whose length the prediction does not know.
 */
function assertPredicted(edit: Edit, predicted: Totals, actual: Totals): void {
  const { parameters, macs, weightBytes, unknownRows, fileBytes, ...rest } = actual;
  const sizes = { parameters, macs, weightBytes, unknownRows };
  const expected = restructuringOf(edit.restructuring).choosesOrder ? sizes : { ...sizes, ...rest };
  const known = Object.fromEntries(Object.entries(predicted).filter(([total]) => total in expected));
  assert.deepEqual(known, expected, formatEdit(edit));
  assert.ok(Math.abs(predicted.fileBytes - fileBytes) < NAMES, `${formatEdit(edit)}: the size of the file`);
}

/** Bytes that the names of a small network's new tensors may come to. */
const NAMES = 512;

async function fitting<Result>(make: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await make();
  } catch (error) {
    if (error instanceof NotApplicableError || error instanceof LoweringError) return undefined;
    throw error;
  }
}

function read(bytes: Uint8Array): Promise<Model> {
  return readModel(new MemorySource("random", bytes), {
    open: (path) => Promise.reject(new Error(`${path} is not there`)),
  });
}

function totals(model: Model): Totals {
  return costModel(analyseModel(model, {}), DEFAULT_HARDWARE).totals;
}

/** On seeded normal numbers, whatever the size of the input is by now. */
async function run(bytes: Uint8Array): Promise<Outputs> {
  const session = await openSession(await modelOfBytes("random", bytes));
  try {
    const random = new Random(1);
    const feeds: NamedTensors = Object.fromEntries(
      session.inputs.map(({ name, shape }) => {
        const sizes = shape.map(Number);
        const data = random.normals(sizes.reduce((product, size) => product * size, 1));
        return [name, { dataType: "float32" as const, shape: sizes, data }];
      }),
    );
    const outputs = await session.run(feeds);
    return Object.fromEntries(
      Object.entries(outputs).map(([name, { data }]) => [name, Float32Array.from(data, Number)]),
    );
  } finally {
    await session.close();
  }
}
