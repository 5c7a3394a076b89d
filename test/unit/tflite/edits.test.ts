import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { MemorySource } from "../../../profiler/bytes/memory-source.ts";
import { readTflite } from "../../../profiler/formats/tflite/read.ts";
import { tfliteBytes } from "../../../profiler/formats/tflite/write.ts";
import { DEFAULT_HARDWARE } from "../../../profiler/hardware/hardware.ts";
import type { Model } from "../../../profiler/model/model.ts";
import { analyseModel, costModel } from "../../../profiler/profile-model.ts";
import { applyEdit, predictEdit } from "../../../profiler/editing/apply.ts";
import { liftModel } from "../../../profiler/translation/lift-model.ts";
import { RESTRUCTURINGS } from "../../../profiler/restructure/registry.ts";
import { isRefusal, type Restructuring } from "../../../profiler/restructure/restructuring.ts";
import { openSession } from "../../../profiler/runtime/open-session.ts";
import { skip } from "../../skip.ts";
import { randomInputs } from "./random-inputs.ts";
import { modelOfBytes } from "../../builders/read-model.ts";

const FOLDER = "../shared/models/tflite";
/** Trained models, and to how many restructurings each gives a place: depthwise and pointwise, residual, fully connected layers. */
const MODELS = { "kws_dscnn_float.tflite": 5, "resnet_cifar10_float.tflite": 5, "anomaly_fc_float.tflite": 2 };

function parametersAndMacs(model: Model): unknown {
  const { parameters, macs } = costModel(analyseModel(model, {}), DEFAULT_HARDWARE).totals;
  return { parameters, macs };
}

async function outputOf(name: string, bytes: Uint8Array): Promise<readonly number[]> {
  const session = await openSession(await modelOfBytes(name, bytes));
  try {
    const [output] = Object.values(await session.run(randomInputs(session)));
    return [...(output?.data ?? [])];
  } finally {
    await session.close();
  }
}

/** Applies a restructuring at the first place where it fits, and runs what it makes. @returns whether it fits anywhere */
async function check(name: string, model: Model, bytes: Uint8Array, restructuring: Restructuring): Promise<boolean> {
  const found = restructuring.find(liftModel(model)).find((finding) => !isRefusal(finding));
  if (found === undefined || isRefusal(found)) return false;
  const edit = { restructuring: restructuring.id, target: found.target, options: found.options ?? {} };
  const predicted = await predictEdit(model, edit);
  const { after } = await applyEdit(model, edit);
  const written = await tfliteBytes(after);
  const again = await readTflite(new MemorySource(name, written));
  if (predicted) assert.deepEqual(parametersAndMacs(again), parametersAndMacs(predicted));
  const [edited, before] = [await outputOf(name, written), await outputOf(name, bytes)];
  assert.equal(edited.length, before.length);
  if (restructuring.guarantee !== "exact") return true;
  const range = Math.max(...before) - Math.min(...before);
  before.forEach((value, index) => assert.ok(Math.abs(value - (edited[index] ?? NaN)) <= 1e-5 * range));
  return true;
}

describe("Restructured TFLite models", function () {
  this.timeout(120_000);
  for (const [name, least] of Object.entries(MODELS)) {
    it(`are written, run by LiteRT.js, and as large as predicted: ${name}`, async function () {
      const path = join(FOLDER, name);
      if (!existsSync(path)) skip(this, "no shared models beside the repository");
      const bytes = new Uint8Array(readFileSync(path));
      const model = await readTflite(new MemorySource(name, bytes));
      const applied = new Set<string>();
      for (const restructuring of RESTRUCTURINGS)
        if (await check(name, model, bytes, restructuring)) applied.add(restructuring.id);
      assert.ok(applied.size >= least, [...applied].join(", "));
    });
  }

  it("hand on sizes through layers that stay, where the new ones do not divide the old", async function () {
    const name = "resnet_cifar10_float.tflite";
    const path = join(FOLDER, name);
    if (!existsSync(path)) skip(this, "no shared models beside the repository");
    const model = await readTflite(new MemorySource(name, new Uint8Array(readFileSync(path))));
    const edit = { restructuring: "reduce-channels", target: "", options: { ratio: 0.7 } };
    const { after } = await applyEdit(model, edit);
    assert.equal((await outputOf(name, await tfliteBytes(after))).length, 10);
  });
});
