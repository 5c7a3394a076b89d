import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { CountingSource } from "../../../../profiler/bytes/counting-source.ts";
import { FileSource } from "../../../../profiler/bytes/file-source.ts";
import { ExternalDataFolder } from "../../../../profiler/bytes/external-data-folder.ts";
import { readOnnx } from "../../../../profiler/formats/onnx/read.ts";
import type { Graph, Model } from "../../../../profiler/model/model.ts";
import { bodyOf, nodeOf } from "./read-model.ts";
import { skip } from "../../../skip.ts";

const SHARED = "../shared";
const MODELS = join(SHARED, "models/onnx");

async function open(file: string): Promise<{ readonly model: Model; readonly source: CountingSource }> {
  const path = join(MODELS, file);
  const source = new CountingSource(await FileSource.open(path));
  const model = await readOnnx(source, new ExternalDataFolder(path));
  await source.close();
  return { model, source };
}

function elements({ tensors }: Graph): number {
  return tensors.reduce(
    (sum, { constant }) => sum + (constant?.shape.reduce((product, size) => product * size, 1) ?? 0),
    0,
  );
}

describe("onnx reader: real models", function () {
  if (!existsSync(MODELS)) {
    it("opens the models in ../shared/models/onnx", function () {
      skip(this, "needs the models and recordings that stand beside the repository, not in it");
    });
    return;
  }
  for (const file of readdirSync(MODELS)) {
    it(`opens ${file}`, async () => {
      const { model, source } = await open(file);
      const [{ graph }] = model.entries;
      assert.deepEqual(model.warnings, []);
      assert.ok(source.bytesRead < 2 ** 20 + 1000, `${source.bytesRead} bytes read`);
      const oraclePath = join(SHARED, "oracle", file.replace(".onnx", ".json"));
      if (!existsSync(oraclePath)) return;
      const oracle = JSON.parse(readFileSync(oraclePath, "utf8")) as { initializer_elements?: number };
      assert.equal(elements(graph), oracle.initializer_elements);
    });
  }

  it("keeps two bodies with the same names apart", async () => {
    const { model } = await open("silero_vad.onnx");
    const choice = model.entries[0].graph.nodes.find(({ op }) => op === "If");
    assert.ok(choice);
    assert.deepEqual(
      choice.bodies.map(({ role }) => role),
      ["else", "then"],
    );
    const [then, otherwise] = [bodyOf(choice, 0), bodyOf(choice, 1)];
    const shared = then.tensors.filter(({ name }) => otherwise.tensors.some((other) => other.name === name));
    assert.ok(shared.length > 0);
    assert.equal(nodeOf(then, 0).index, 0);
    for (const body of [then, otherwise]) {
      for (const { outer } of body.tensors)
        assert.ok(outer === undefined || outer < model.entries[0].graph.tensors.length);
    }
  });
});
