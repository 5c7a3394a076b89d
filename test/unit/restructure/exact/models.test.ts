import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { liftModel } from "../../../../profiler/translation/lift-model.ts";
import type { Model } from "../../../../profiler/model/model.ts";
import { RESTRUCTURINGS, restructuringOf } from "../../../../profiler/restructure/registry.ts";
import { isRefusal } from "../../../../profiler/restructure/restructuring.ts";
import { skip } from "../../../skip.ts";
import {
  assertSameOutputs,
  edit,
  edited,
  readBytes,
  run,
  seededFeeds,
  type Edited,
  type Feeds,
} from "../edited-model.ts";

const MODELS = "../shared/models/onnx";
const DIGITS = "../shared/data/digits";

/** Of the 540 there are: some of each class. */
const IMAGES = 160;

/** Weights of a hundred million synthetic numbers show nothing that smaller models do not. */
const LARGEST = 64 * 2 ** 20;

const EXACT_ONES = RESTRUCTURINGS.filter(({ guarantee }) => guarantee === "exact");

/** Every exact edit there is, one restructuring after the other; undefined where there is none. */
async function everyExactEdit(base: Model): Promise<Edited | undefined> {
  let result: Edited | undefined;
  for (const { id } of EXACT_ONES) {
    const current = result?.model ?? base;
    const candidates = restructuringOf(id)
      .find(liftModel(current))
      .filter((finding) => !isRefusal(finding));
    const targets = candidates.map(({ target }) => target);
    const edits = (targets.includes("") ? [""] : targets).map((target) => edit(id, target));
    if (edits.length > 0) result = await edited(current, ...edits);
  }
  return result;
}

describe("exact edits of real models", function () {
  this.timeout(120_000);
  if (!existsSync(MODELS)) {
    it("do what they guarantee on ../shared/models/onnx", function () {
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
      if (weightBytes > LARGEST) skip(this, "its synthetic weights take long and show nothing new");
      const result = await everyExactEdit(base);
      if (result === undefined) return;
      const feeds = seededFeeds(base);
      assertSameOutputs(await run(result.bytes, feeds), await run(bytes, feeds));
    });
  }

  it("change no prediction of the digits", async function () {
    const images = join(DIGITS, "digits_test_540x1x32x32_uint8.bin");
    if (!existsSync(images)) skip(this, "needs the digits beside the repository");
    const data = Float32Array.from(readFileSync(images).subarray(0, IMAGES * 32 * 32), (byte) => byte / 255);
    for (const file of files.filter((name) => name.startsWith("digits_"))) {
      const bytes = readFileSync(join(MODELS, file));
      const base = await readBytes(bytes);
      const input = base.entries[0].graph.tensors[base.entries[0].graph.inputs[0] ?? -1]?.name ?? "";
      const feeds: Feeds = { [input]: { shape: [IMAGES, 1, 32, 32], data } };
      const result = await everyExactEdit(base);
      assert.ok(result, "each of them has something to edit");
      const [before, now] = [await run(bytes, feeds), await run(result.bytes, feeds)];
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
