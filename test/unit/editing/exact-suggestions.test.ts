import assert from "node:assert/strict";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";

import { ExternalDataFolder } from "../../../profiler/bytes/external-data-folder.ts";
import { FileSource } from "../../../profiler/bytes/file-source.ts";
import { applyEdit, applyEdits, type EditContext } from "../../../profiler/editing/apply.ts";
import { checkEdit } from "../../../profiler/editing/check-edit.ts";
import { formatEdit, parseEdit } from "../../../profiler/editing/edit.ts";
import { EXACT_ERROR } from "../../../profiler/editing/rounding.ts";
import { suggest } from "../../../profiler/editing/suggest.ts";
import { RunError } from "../../../profiler/errors.ts";
import { readModel } from "../../../profiler/formats/formats.ts";
import { findHardware } from "../../../profiler/hardware/hardware.ts";
import type { Model, Tensor } from "../../../profiler/model/model.ts";
import { compareRuns } from "../../../profiler/runtime/compare-runs.ts";
import { modelOfBytes } from "../../builders/read-model.ts";
import { IS_THOROUGH } from "../../effort.ts";
import { skip } from "../../skip.ts";
import { toBytes } from "../../zoo/file-segments.ts";
import { toOnnx } from "../../zoo/to-onnx.ts";
import { networkOf, sketches } from "../restructure/properties/random-graph.ts";

const CASES = "../shared/cases";
const FOLDERS = [
  "media/samples",
  ...["onnx-exact-gate", "onnx-convtranspose", "onnx-metadata", "onnx-qdq", "tflite"].map((name) => join(CASES, name)),
];
/** Larger ones are tried by the tests of the zoo. */
const LARGEST_BYTES = 2 ** 21;
/** A model may have hundreds of one kind. */
const MOST_EDITS = 6;

function models(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  const isModel = (name: string): boolean => /\.(?:onnx|tflite)$/.test(name);
  return readdirSync(folder).filter((name) => isModel(name) && statSync(join(folder, name)).size <= LARGEST_BYTES);
}

describe("Every exact suggestion can be written, and changes nothing", () => {
  for (const folder of FOLDERS) {
    for (const name of existsSync(folder) ? models(folder) : [""]) {
      it(`of ${folder.replace(/^.*\//, "")}${name === "" ? "" : `/${name}`}`, async function () {
        if (name === "") skip(this, "the models are in ../shared");
        const path = join(folder, name);
        const source = await FileSource.open(path);
        try {
          const model = await readModel(source, new ExternalDataFolder(path));
          const isOpen = ({ declared }: Tensor): boolean =>
            declared?.shape?.some((size) => typeof size !== "number") === true;
          if (model.format === "tflite" && model.entries[0].graph.tensors.some(isOpen))
            skip(this, "LiteRT.js is given no sizes for what the file leaves open");
          const suggestions = await suggest(model, { hardware: findHardware("flagship-phone"), guarantee: "exact" });
          for (const { edit } of suggestions.slice(0, MOST_EDITS)) {
            await checkEdit(await applyEdit(model, edit), { calibration: { count: 2 } });
          }
        } catch (error) {
          if (error instanceof RunError) skip(this, error.message);
          throw error;
        } finally {
          await source.close();
        }
      }).timeout(120_000);
    }
  }
});

const hardware = findHardware("flagship-phone");

async function withModel<T>(path: string, use: (model: Model) => Promise<T>): Promise<T> {
  const source = await FileSource.open(path);
  try {
    return await use(await readModel(source, new ExternalDataFolder(path)));
  } finally {
    await source.close();
  }
}

describe("All exact suggestions can be made in one go, in any order", () => {
  /** Whatever they share: what one of them took, another one need not take again. @returns edits that were done before their turn */
  async function assertSame(model: Model, order: readonly number[], context: EditContext = {}): Promise<number> {
    const found = await suggest(model, { hardware, guarantee: "exact" });
    const edits = found.map(({ edit }) => edit);
    const shuffled = edits.toSorted((a, b) => (order[edits.indexOf(a)] ?? 0) - (order[edits.indexOf(b)] ?? 0));
    const { model: after, steps } = await applyEdits(model, shuffled, context);
    const { outputs } = await compareRuns(model, after, { calibration: { count: 2 } });
    for (const { difference } of outputs)
      assert.ok((difference?.maxRelative ?? Infinity) <= EXACT_ERROR, shuffled.map(formatEdit).join(" "));
    return steps.filter(({ doneBy }) => doneBy !== undefined).length;
  }

  const order = fc.array(fc.nat(), { minLength: 40, maxLength: 40 });

  it("of random networks", async () => {
    let done = 0;
    const property = fc.asyncProperty(sketches(5), order, async (sketch, places) => {
      const { model } = toOnnx(networkOf(sketch));
      done += await assertSame(await modelOfBytes("random", toBytes(model)), places);
    });
    await fc.assert(property, { numRuns: IS_THOROUGH ? 200 : 12, seed: 5 });
    assert.ok(done > 5, `${done} of them were done by others`);
  });

  it("of a model whose constants are handed on by operators, which go with what reads them", () =>
    withModel("media/samples/digits_resnet.onnx", async (model) => {
      for (const places of fc.sample(order, { numRuns: 3, seed: 6 })) assert.ok((await assertSame(model, places)) > 0);
    }));

  it("but an edit whose layer one that is not exact took says which", () =>
    withModel("media/samples/digits_vgg_bn.onnx", async (model) => {
      const [fold] = await suggest(model, { hardware, guarantee: "exact" });
      assert.ok(fold);
      const edits = [parseEdit("quantize-model:"), fold.edit];
      const hint = "It fits before quantize-model:, or without it.";
      await assert.rejects(applyEdits(model, edits), { code: "not-applicable", hint });
    }));
});
