import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { liftModel } from "../../../../profiler/restructure/lift-model.ts";
import type { Edit } from "../../../../profiler/restructure/edit.ts";
import type { Model } from "../../../../profiler/model/model.ts";
import { RESTRUCTURINGS } from "../../../../profiler/restructure/registry.ts";
import { isRefusal } from "../../../../profiler/restructure/restructuring.ts";
import { skip } from "../../../skip.ts";
import { assertSameOutputs, edit, edited, readBytes, run, seededFeeds, type Feeds } from "../edited-model.ts";

const MODELS = "../shared/models/onnx";
const DIGITS = "../shared/data/digits";

/** Weights of a hundred million made-up numbers show nothing that smaller models do not. */
const LARGEST = 64 * 2 ** 20;

const EXACT_ONES = RESTRUCTURINGS.filter(({ promise }) => promise === "exact");

/** Every exact edit there is, one restructuring after the other, each as long as it finds something. */
async function everyExactEdit(model: Model): Promise<readonly Edit[]> {
  const edits: Edit[] = [];
  let current = model;
  for (const { id, find } of EXACT_ONES) {
    const candidates = find(liftModel(current)).filter((finding) => !isRefusal(finding));
    const targets = candidates.map(({ target }) => target);
    const chosen = targets.includes("") ? [""] : targets;
    edits.push(...chosen.map((target) => edit(id, target)));
    if (chosen.length > 0) current = (await edited(current, ...chosen.map((target) => edit(id, target)))).model;
  }
  return edits;
}

describe("exact edits of real models", function () {
  this.timeout(120_000);
  if (!existsSync(MODELS)) {
    it("do what they promise on ../shared/models/onnx", function () {
      skip(this, "needs the models that stand beside the repository, not in it");
    });
    return;
  }
  const files = readdirSync(MODELS).filter((file) => !file.startsWith("silero"));
  for (const file of files) {
    it(`all of them together leave ${file} what it was`, async function () {
      const bytes = readFileSync(join(MODELS, file));
      const base = await readBytes(bytes);
      const weightBytes = liftModel(base).layers.reduce(
        (sum, { form }) => sum + ("weight" in form ? 4 * form.weight.shape.reduce((a, b) => a * b, 1) : 0),
        0,
      );
      if (weightBytes > LARGEST) skip(this, "its made-up weights take long and show nothing new");
      const edits = await everyExactEdit(base);
      if (edits.length === 0) return;
      const result = await edited(base, ...edits);
      const feeds = seededFeeds(base);
      assertSameOutputs(await run(result.bytes, feeds), await run(bytes, feeds));
    });
  }

  it("change no prediction of the digits", async function () {
    const images = join(DIGITS, "digits_test_540x1x32x32_uint8.bin");
    if (!existsSync(images)) skip(this, "needs the digits beside the repository");
    const data = Float32Array.from(readFileSync(images), (byte) => byte / 255);
    for (const file of files.filter((name) => name.startsWith("digits_"))) {
      const bytes = readFileSync(join(MODELS, file));
      const base = await readBytes(bytes);
      const input = base.entries[0].graph.tensors[base.entries[0].graph.inputs[0] ?? -1]?.name ?? "";
      const feeds: Feeds = { [input]: { shape: [540, 1, 32, 32], data } };
      const { bytes: after } = await edited(base, ...(await everyExactEdit(base)));
      const [before, now] = [await run(bytes, feeds), await run(after, feeds)];
      const [name = ""] = Object.keys(before);
      const expected = classes(before[name]);
      assert.equal(new Set(expected).size, 10, "answers differ from image to image");
      assert.deepEqual(classes(now[name]), expected, file);
    }
  });
});

/** The class of each image by its ten scores. */
function classes(scores: Float32Array = new Float32Array(0)): readonly number[] {
  return Array.from({ length: scores.length / 10 }, (_, image) => {
    const own = scores.subarray(10 * image, 10 * image + 10);
    return own.indexOf(Math.max(...own));
  });
}
