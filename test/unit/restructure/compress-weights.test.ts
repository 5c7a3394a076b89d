import assert from "node:assert/strict";
import { FileSource } from "../../../profiler/bytes/file-source.ts";
import { MemorySource } from "../../../profiler/bytes/memory-source.ts";
import { applyEdit, predictEdit } from "../../../profiler/editing/apply.ts";
import { parseEdit } from "../../../profiler/editing/edit.ts";
import { modelBytes, readModel } from "../../../profiler/formats/formats.ts";
import type { Model } from "../../../profiler/model/model.ts";
import { activationsOn } from "../../../profiler/runtime/activation-source.ts";
import { compareRuns } from "../../../profiler/runtime/compare-runs.ts";

const NO_FILES = { open: (path: string) => Promise.reject(new Error(`${path} is not there`)) };
const CALIBRATION = { count: 48, seed: 1 };
const MEASURED = { count: 32, seed: 2 };

describe("Weights that a file decodes itself", function () {
  this.timeout(120_000);
  let model: Model;

  before(async () => {
    model = await readModel(await FileSource.open("media/samples/digits_inception.onnx"), NO_FILES);
  });

  /** Bytes of the file as a share of the float one's, at most, and dB at the logits, at least. */
  for (const [text, share, decibels] of [
    ["weights-float16:", 0.55, 60],
    ["quantize-weights::bits=8", 0.4, 45],
    ["quantize-weights::bits=7", 0.4, 40],
    ["quantize-weights::bits=6", 0.35, 35],
    ["quantize-weights::bits=4", 0.3, 22],
    ["quantize-weights::bits=3,block=32", 0.3, 16],
    ["share-weights::bits=3", 0.25, 15],
    ["binarize-weights:", 0.2, 4],
    ["prune-weights::sparsity=0.8,bits=4", 0.25, 10],
  ] as const) {
    it(`takes less, answers alike and is as large as was predicted: ${text}`, async () => {
      const edit = parseEdit(text);
      const { after } = await applyEdit(model, edit, { activationsOf: (each) => activationsOn(each, CALIBRATION) });
      const bytes = await modelBytes(after);
      const written = await readModel(new MemorySource("written", bytes), NO_FILES);
      const { outputs } = await compareRuns(model, written, { calibration: MEASURED });
      assert.ok(bytes.length < share * model.fileBytes, `${bytes.length} of ${model.fileBytes} bytes`);
      assert.ok((outputs[0]?.difference?.snr ?? 0) > decibels, `${outputs[0]?.difference?.snr} dB`);
      assert.equal(bytes.length, after.fileBytes);
      const predicted = await predictEdit(model, edit);
      if (predicted) assert.equal(predicted.fileBytes, bytes.length);
      else assert.ok(text.startsWith("prune"));
    });
  }
});
