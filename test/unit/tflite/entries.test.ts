import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { MemorySource } from "../../../profiler/bytes/memory-source.ts";
import { bytesOfSegments } from "../../../profiler/bytes/byte-segments.ts";
import { applyEdit } from "../../../profiler/editing/apply.ts";
import { formatEditList } from "../../../profiler/editing/edit-list.ts";
import { EditSession } from "../../../profiler/editing/edit-session.ts";
import { OptionError } from "../../../profiler/errors.ts";
import { readTflite } from "../../../profiler/formats/tflite/read.ts";
import { tfliteSegments } from "../../../profiler/formats/tflite/write.ts";
import { DEFAULT_HARDWARE } from "../../../profiler/hardware/hardware.ts";
import { withEntry } from "../../../profiler/model/choose-entry.ts";
import type { Model } from "../../../profiler/model/model.ts";
import { analyseModel, costModel } from "../../../profiler/profile-model.ts";
import { NotApplicableError } from "../../../profiler/restructure/restructuring.ts";
import type { NamedTensors, NumericTensor } from "../../../profiler/tensors/numeric-tensor.ts";
import { openSession } from "../../../profiler/runtime/open-session.ts";
import { prepareRun } from "../../../profiler/device/prepared-run.ts";
import { runCli, temporaryFolder } from "../cli/run-cli.ts";
import { severalEntries } from "../../builders/several-entries.ts";

const HALF = { restructuring: "quantize-weights", options: { bits: 8 } } as const;

describe("Entries of a TFLite model", () => {
  let model: Model;
  before(async () => (model = await read(severalEntries())));

  it("are its signatures, and the bodies that operators run", () => {
    const { parts } = profileOf(model);
    assert.deepEqual(
      parts.entries.map(({ name, subgraph, signatures, body }) => [name, subgraph, signatures.length, body?.label]),
      [
        ["encode", 0, 1, undefined],
        ["going", 1, 0, "condition"],
        ["turn", 2, 0, "body"],
        ["decode", 3, 1, undefined],
      ],
    );
    assert.deepEqual([parts.entry, parts.part, parts.refusal], ["encode", null, null]);
  });

  it("are profiled by name, each with its own totals, and the same choice is the same model", () => {
    const decode = withEntry(model, "decode");
    const [first, , second] = [profileOf(model), 0, profileOf(decode)];
    assert.equal(second.parts.part, "decode");
    assert.equal(second.entries[0], "decode");
    assert.ok(second.totals.otherOps > first.totals.otherOps, "the loop is part of it");
    assert.equal(withEntry(model, "decode"), decode);
    assert.equal(withEntry(decode, "encode"), model);
    assert.equal(withEntry(decode, undefined), model);
    assert.equal(decode.file, "several.tflite#decode");
    const turn = profileOf(withEntry(decode, "turn"));
    assert.deepEqual(
      turn.layers.map(({ op }) => op),
      ["ADD", "MUL"],
    );
    assert.match(turn.parts.refusal ?? "", /the body of WHILE/);
    assert.throws(
      () => withEntry(model, "other"),
      (error) => error instanceof OptionError && error.message.includes('"encode", "going", "turn", "decode"'),
    );
  });

  it("run by themselves, bodies too", async () => {
    const x = floats([1, 4], [1, 1, 1, 1]);
    const count: NumericTensor = { dataType: "int32", shape: [], data: Int32Array.of(0) };
    assert.deepEqual(await answers(model, { x }), [[6, 15]]);
    assert.deepEqual(await answers(withEntry(model, "decode"), { start: count, z: x }), [[18, 45]]);
    assert.deepEqual(await answers(withEntry(model, "turn"), { count, state: x }), [[1], [3, 3, 3, 3]]);
    const prepared = await prepareRun(withEntry(model, "decode"), {});
    assert.deepEqual([prepared.identity.part, prepared.identity.fileBytes], ["decode", model.fileBytes]);
    const again = await readTflite(prepared.files[0]?.source ?? new MemorySource("none", new Uint8Array()));
    assert.equal(again.entries[0].name, "decode");
  });

  it("are edited one by one in one file: the others and what they share stay as they are", async () => {
    const decode = await applyEdit(model, { ...HALF, target: "sums", entry: "decode" });
    assert.equal(decode.after.entries[0].name, "decode");
    const written = await rewritten(decode.after);
    assert.deepEqual(profileOf(written).entries, profileOf(model).entries);
    const x = floats([1, 4], [1, 1, 1, 1]);
    assert.deepEqual(await answers(written, { x }), [[6, 15]]);
    const [kept, changed] = [written, withEntry(written, "decode")].map(({ entries: [{ graph }] }) =>
      graph.tensors.map(({ constant }) => constant?.dataType),
    );
    assert.ok(!kept?.includes("int8") && changed?.includes("int8"));
    const both = await applyEdit(decode.after, { ...HALF, target: "sums", entry: "encode" });
    const whole = await rewritten(both.after);
    for (const name of ["encode", "decode"]) {
      const types = withEntry(whole, name).entries[0].graph.tensors.map(({ constant }) => constant?.dataType);
      assert.ok(types.includes("int8"), name);
    }
    const close = await answers(whole, { x });
    assert.ok(
      close[0]?.every((value, place) => Math.abs(value - ([6, 15][place] ?? 0)) < 0.1),
      String(close),
    );
  });

  it("say which weights they share", () => {
    const { warnings } = profileOf(model);
    const shared = warnings.filter(({ code }) => code === "shared-weights").map(({ message }) => message);
    assert.equal(shared.length, 1);
    assert.match(shared[0] ?? "", /^"encode" and "decode" share 1 weight/);
  });

  it("say so where they are suggested for and written, too: what an edit parts, the file holds twice", async () => {
    const folder = await temporaryFolder();
    try {
      const [path, out] = [join(folder.path, "several.tflite"), join(folder.path, "edited.tflite")];
      await writeFile(path, severalEntries());
      assert.match((await runCli("suggest", path)).stderr, /"encode" and "decode" share 1 weight/);
      const one = await runCli("apply", path, "--edit", "quantize-weights:sums:bits=8", "--out", out);
      assert.equal(one.code, 0, one.stderr);
      assert.match(one.stderr, /"decode" keeps 1 weight that it shared with "encode", which was edited/);
      const list = join(folder.path, "edits.json");
      const edits = ["encode", "decode"].map((entry) => ({ ...HALF, target: "sums", entry }));
      await writeFile(list, formatEditList(edits, "several.tflite"));
      const both = await runCli("apply", path, "--edits", list, "--out", out);
      assert.deepEqual([both.code, both.stderr], [0, ""]);
    } finally {
      await folder.remove();
    }
  });

  it("are edited and checked in a session of whichever; bodies are not, and the reason is said", async () => {
    const session = new EditSession(model, { hardware: DEFAULT_HARDWARE });
    try {
      const step = await session.apply({ ...HALF, target: "sums", entry: "decode" });
      const check = await session.check(step);
      assert.deepEqual(
        check.outputs.map(({ names }) => names.a),
        ["w"],
      );
      const back = await session.apply({ ...HALF, target: "sums" }, step.after);
      assert.equal(back.after.entries[0].name, "encode");
      await assert.rejects(
        session.apply({ ...HALF, target: "tripled", entry: "turn" }),
        (error) => error instanceof NotApplicableError && error.message.includes("the body of WHILE"),
      );
    } finally {
      await session.close();
    }
  });
});

function read(bytes: Uint8Array): Promise<Model> {
  return readTflite(new MemorySource("several.tflite", bytes));
}

async function rewritten(model: Model): Promise<Model> {
  return read(await bytesOfSegments(await tfliteSegments(model)));
}

function profileOf(model: Model): ReturnType<typeof costModel> {
  return costModel(analyseModel(model, {}), DEFAULT_HARDWARE);
}

function floats(shape: readonly number[], values: readonly number[]): NumericTensor {
  return { dataType: "float32", shape, data: Float32Array.from(values) };
}

async function answers(model: Model, inputs: NamedTensors): Promise<readonly (readonly number[])[]> {
  const session = await openSession(model);
  try {
    const outputs = await session.run(inputs);
    return session.outputs.map(({ name }) => [...(outputs[name]?.data ?? [])].map(Number));
  } finally {
    await session.close();
  }
}
