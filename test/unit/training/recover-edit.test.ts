import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { applyEdits, type EditContext } from "../../../profiler/editing/apply.ts";
import { formatEditList, parseEditList } from "../../../profiler/editing/edit-list.ts";
import type { Edit } from "../../../profiler/editing/edit.ts";
import { ModelFormatError } from "../../../profiler/errors.ts";
import { modelBytes } from "../../../profiler/formats/formats.ts";
import { formatLearned, parseLearned } from "../../../profiler/training/learned-file.ts";
import { TrainingError } from "../../../profiler/training/training-error.ts";
import { runCli } from "../cli/run-cli.ts";
import { convNet, readNet } from "./nets.ts";

const SHRINK: Edit = { restructuring: "shrink-kernel", target: "conv", options: { share: 1 } };
const RECOVER: Edit = {
  restructuring: "recover",
  target: "",
  options: { steps: 50, copies: 2, rate: 0.02, augment: "mixup" },
};

async function trainedWith(context: Partial<NonNullable<EditContext["training"]>> = {}): Promise<EditContext> {
  return { training: { teacher: await readNet(convNet()), calibration: { count: 64, seed: 5 }, ...context } };
}

describe("recover as an edit", () => {
  it("trains towards the model that the list starts from, and names what it learned", async () => {
    const base = await readNet(convNet());
    const { steps } = await applyEdits(base, [SHRINK, RECOVER], await trainedWith());
    const [, trained] = steps;
    assert.equal(trained?.edit.learned, trained?.learned?.hash);
    const { points = [], best = 0 } = trained?.learned?.recovery ?? {};
    assert.ok((points[best]?.heldOut ?? 1) < 0.5 * (points[0]?.heldOut ?? 0));
  });

  it("takes what it learned before instead of training again, to the same bits", async () => {
    const base = await readNet(convNet());
    const { model, steps } = await applyEdits(base, [SHRINK, RECOVER], await trainedWith());
    const learned = steps[1]?.learned;
    assert.ok(learned);
    const edits = parseEditList(formatEditList(steps.map(({ edit }) => edit)), "list.json");
    const stored = parseLearned(formatLearned(new Map([[learned.hash, learned.bytes]])), "list.weights");
    const again = await applyEdits(
      base,
      edits,
      await trainedWith({ calibration: undefined, learned: (hash) => Promise.resolve(stored.get(hash)) }),
    );
    assert.deepEqual(await modelBytes(again.model), await modelBytes(model));
    assert.equal(again.steps[1]?.learned?.recovery, undefined);
  });

  it("says so when what it learned is for other weights", async () => {
    const base = await readNet(convNet());
    const { steps } = await applyEdits(base, [SHRINK, RECOVER], await trainedWith());
    const { edit = RECOVER, learned } = steps[1] ?? {};
    const other = await readNet(convNet({ off: 1 }));
    const context = await trainedWith({ calibration: undefined, learned: () => Promise.resolve(learned?.bytes) });
    await assert.rejects(applyEdits(other, [SHRINK, edit], context), TrainingError);
  });

  it("needs samples, where nothing was learned before", async () => {
    const base = await readNet(convNet());
    await assert.rejects(applyEdits(base, [SHRINK, RECOVER], {}), /no samples to train on/);
    await assert.rejects(
      applyEdits(base, [SHRINK, RECOVER], await trainedWith({ calibration: undefined })),
      TrainingError,
    );
  });

  it("refuses a file of learned weights that is none, is cut, or was changed", () => {
    const whole = formatLearned(new Map([["0".repeat(32), new Uint8Array([1, 2, 3])]]));
    for (const bytes of [new Uint8Array(), whole.subarray(0, 12), whole.subarray(0, whole.length - 1), whole])
      assert.throws(() => parseLearned(bytes, "list.weights"), ModelFormatError);
  });

  it("goes through the command line: trained once, then taken from the file beside the list", async () => {
    const folder = mkdtempSync(join(tmpdir(), "edgewise-recover-"));
    try {
      const at = (name: string): string => join(folder, name);
      writeFileSync(at("net.onnx"), convNet().bytes);
      const samples = Float32Array.from({ length: 64 * 36 }, (_, index) => Math.sin(index * index));
      writeFileSync(at("samples.bin"), new Uint8Array(samples.buffer));
      const edits = [
        "--edit",
        "shrink-kernel:conv:share=1",
        "--edit",
        "recover::steps=50,copies=2,rate=0.02,augment=mixup",
      ];
      writeFileSync(at("labels.json"), JSON.stringify(Array.from({ length: 64 }, (_, index) => index % 3)));
      const data = ["--data", at("samples.bin")];
      const first = await runCli(
        "apply",
        at("net.onnx"),
        ...edits,
        ...data,
        "--out",
        at("a.onnx"),
        "--save-edits",
        at("list.json"),
      );
      assert.equal(first.code, 0, first.stderr);
      // What the edit before gives depends on the samples too.
      const list = ["--edits", at("list.json"), ...data];
      const second = await runCli("apply", at("net.onnx"), ...list, "--out", at("b.onnx"));
      assert.equal(second.code, 0, second.stderr);
      const student = await runCli(
        "apply",
        at("net.onnx"),
        "--edit",
        "shrink-kernel:conv:share=1",
        "--out",
        at("s.onnx"),
      );
      assert.equal(student.code, 0, student.stderr);
      const recovered = await runCli(
        "recover",
        at("s.onnx"),
        "--teacher",
        at("net.onnx"),
        ...data,
        "--steps",
        "50",
        "--rate",
        "0.02",
        "--labels",
        at("labels.json"),
        "--cross-entropy",
        "0.01",
        "--out",
        at("r.onnx"),
      );
      assert.equal(recovered.code, 0, recovered.stderr);
      assert.match(
        recovered.stdout,
        /Held-out SNR dB {2}Same top 1 +Right[\s\S]*The original says the right class of \d[\s\S]*Wrote/,
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
