import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Builder } from "flatbuffers";
import { zipSync } from "fflate";

import { MemorySource } from "../../../profiler/bytes/memory-source.ts";
import { ModelFormatError } from "../../../profiler/errors.ts";
import { modelsIn } from "../../../profiler/formats/bundles/bundle.ts";
import { openModelFile } from "../../../profiler/formats/bundles/open-model-file.ts";
import { modelBytes, readModel } from "../../../profiler/formats/formats.ts";
import { severalEntries } from "../../builders/several-entries.ts";
import { runCli } from "../cli/run-cli.ts";
import { tfliteConvolution, tfliteRelu } from "../runtime/tiny-models.ts";

const NO_FILES = { open: (path: string) => Promise.reject(new Error(`${path} is not there`)) };
const [CONV, RELU] = [await modelBytes(await tfliteConvolution()), await modelBytes(await tfliteRelu({}))];
const PACKED = { level: 9 } as const;

/** A .litertlm file: the header's flatbuffer, then its sections. */
function litertlm(sections: readonly { readonly type?: string; readonly bytes: Uint8Array }[]): Uint8Array {
  const START = 0x4000;
  const builder = new Builder();
  let at = START;
  const objects = sections.map(({ type, bytes }) => {
    const [begin, end] = [at, at + bytes.length];
    at = Math.ceil(end / 64) * 64;
    const items = type === undefined ? [] : [item(builder, "model_type", type)];
    const list = vector(builder, items);
    builder.startObject(4);
    builder.addFieldOffset(0, list, 0);
    builder.addFieldInt64(1, BigInt(begin), 0n);
    builder.addFieldInt64(2, BigInt(end), 0n);
    builder.addFieldInt8(3, 3, 0);
    return builder.endObject();
  });
  const list = vector(builder, objects);
  builder.startObject(1);
  builder.addFieldOffset(0, list, 0);
  const meta = builder.endObject();
  builder.startObject(2);
  builder.addFieldOffset(1, meta, 0);
  builder.finish(builder.endObject());
  const header = builder.asUint8Array();
  const file = new Uint8Array(at);
  file.set(Buffer.from("LITERTLM"));
  const view = new DataView(file.buffer);
  view.setUint32(8, 1, true);
  view.setBigUint64(24, BigInt(32 + header.length), true);
  file.set(header, 32);
  let place = START;
  for (const { bytes } of sections) {
    file.set(bytes, place);
    place = Math.ceil((place + bytes.length) / 64) * 64;
  }
  return file;
}

function item(builder: Builder, key: string, value: string): number {
  const text = builder.createString(value);
  builder.startObject(1);
  builder.addFieldOffset(0, text, 0);
  const holder = builder.endObject();
  const name = builder.createString(key);
  builder.startObject(3);
  builder.addFieldOffset(0, name, 0);
  builder.addFieldInt8(1, 9, 0);
  builder.addFieldOffset(2, holder, 0);
  return builder.endObject();
}

function vector(builder: Builder, offsets: readonly number[]): number {
  builder.startVector(4, offsets.length, 4);
  for (const offset of offsets.toReversed()) builder.addOffset(offset);
  return builder.endVector();
}

async function namesIn(bytes: Uint8Array): Promise<readonly string[] | undefined> {
  return (await modelsIn(new MemorySource("a bundle", bytes)))?.map(({ name }) => name);
}

describe("Bundles of models", () => {
  const text = new TextEncoder().encode("labels of the classes, one a line");
  const task = zipSync({ "labels.txt": text, "detector.tflite": [CONV, { level: 0 }], TF_LITE_DECODE: [RELU, PACKED] });
  const language = litertlm([
    { type: "tf_lite_prefill_decode", bytes: CONV },
    { bytes: text },
    { type: "tf_lite_embedder", bytes: RELU },
  ]);

  it("tell their models, stored or packed, by what these are", async () => {
    assert.deepEqual(await namesIn(task), ["detector.tflite", "TF_LITE_DECODE"]);
    assert.deepEqual(await namesIn(language), ["tf_lite_prefill_decode", "tf_lite_embedder"]);
    assert.deepEqual(await namesIn(zipSync({ "data.pkl": text })), []);
    assert.equal(await namesIn(CONV), undefined);
  });

  it("number names that repeat", async () => {
    const twice = litertlm([
      { type: "tf_lite_aux", bytes: CONV },
      { type: "tf_lite_aux", bytes: RELU },
    ]);
    assert.deepEqual(await namesIn(twice), ["tf_lite_aux", "tf_lite_aux (2)"]);
  });

  it("give their models as the files that they were", async () => {
    for (const [bytes, expected] of [
      [task, [CONV, RELU]],
      [language, [CONV, RELU]],
    ] as const) {
      const models = (await modelsIn(new MemorySource("a bundle", bytes))) ?? [];
      for (const [index, model] of models.entries()) {
        const source = await model.open();
        assert.deepEqual(Buffer.from(await source.read(0, source.size)), Buffer.from(expected[index] ?? []));
        await assert.rejects(async () => source.read(0, source.size + 1));
      }
    }
  });

  it("open as their only model; of several the names are said", async () => {
    const single = await readModel(new MemorySource("one.task", zipSync({ "m.tflite": CONV })), NO_FILES);
    assert.equal(single.entries[0].graph.nodes[0]?.op, "CONV_2D");
    await assert.rejects(
      readModel(new MemorySource("two.task", task), NO_FILES),
      (error) => error instanceof ModelFormatError && error.message.includes('"detector.tflite", "TF_LITE_DECODE"'),
    );
  });

  describe("on the command line", () => {
    let folder = "";
    before(() => (folder = mkdtempSync(join(tmpdir(), "bundles-"))));
    after(() => rmSync(folder, { recursive: true }));

    it("have each model behind the name of the file", async () => {
      const path = join(folder, "two.litertlm");
      writeFileSync(path, language);
      const { code, stdout } = await runCli("profile", `${path}#tf_lite_embedder`);
      assert.equal(code, 0);
      assert.match(stdout, /RELU/);
      const none = await runCli("profile", path);
      assert.equal(none.code, 2);
      assert.match(none.stderr, /bundle of 2: "tf_lite_prefill_decode", "tf_lite_embedder".*Name one behind the file/);
      assert.equal((await runCli("profile", `${path}#other`)).code, 2);
    });

    it("have the entries of each behind its own name, and are not replaced by one of their models", async () => {
      const path = join(folder, "entries.task");
      const bundle = zipSync({ "two.tflite": [severalEntries(), { level: 0 }], "one.tflite": [CONV, { level: 0 }] });
      writeFileSync(path, bundle);
      const { stdout } = await runCli("profile", `${path}#two.tflite#decode`);
      assert.match(stdout, /WHILE/);
      const edit = ["--edit", "quantize-weights:sums:bits=8"];
      const refused = await runCli("apply", `${path}#two.tflite#decode`, ...edit, "--out", path);
      assert.equal(refused.code, 2);
      assert.match(refused.stderr, /is a bundle, which would be replaced/);
      assert.deepEqual(readFileSync(path), Buffer.from(bundle));
    });

    it("leave alone a file that has the mark in its own name", async () => {
      const path = join(folder, "model#2.tflite");
      writeFileSync(path, CONV);
      const { source } = await openModelFile(path);
      assert.equal(source.size, CONV.length);
      await source.close();
    });
  });

  it("are refused in one sentence where they are broken, wherever that is", async () => {
    for (const bytes of [task, language]) {
      for (let cut = 9; cut < bytes.length; cut += 97) {
        await modelsIn(new MemorySource("cut", bytes.slice(0, cut))).then(
          () => undefined,
          (error: unknown) => assert.ok(error instanceof ModelFormatError, String(error)),
        );
      }
      const limit = Math.min(bytes.length, 600);
      for (let at = 8; at < limit; at += 1) {
        const bent = bytes.slice();
        bent[bytes === task ? bytes.length - at + 8 - 1 : at] = 0xff;
        await modelsIn(new MemorySource("bent", bent)).then(
          () => undefined,
          (error: unknown) => assert.ok(error instanceof Error && "code" in error, String(error)),
        );
      }
    }
  });
});
