import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { ExternalDataFolder } from "../../../profiler/bytes/external-data-folder.ts";
import { FileSource } from "../../../profiler/bytes/file-source.ts";
import { profileModel } from "../../../profiler/profile-model.ts";
import type { LayerProfile, Profile } from "../../../profiler/profile.ts";
import { alignStructure } from "../../../profiler/views/align-structure.ts";
import { compareProfiles } from "../../../profiler/views/compare-profiles.ts";
import { layerProfile } from "../../builders/profile-builder.ts";
import { skip } from "../../skip.ts";

const MODELS = "../shared/models";

const output = (...shape: readonly number[]): Pick<LayerProfile, "outputs"> => ({
  outputs: [{ name: "y", dtype: "float32", shape, isConstant: false }],
});
const names = (before: readonly LayerProfile[], after: readonly LayerProfile[]): readonly string[] =>
  alignStructure(before, after).map(({ before: a, after: b }) => `${a?.name ?? "·"}|${b?.name ?? "·"}`);

async function profileOfFile(path: string): Promise<Profile> {
  const source = await FileSource.open(path);
  try {
    return await profileModel(source, new ExternalDataFolder(path));
  } finally {
    await source.close();
  }
}

describe("alignStructure", () => {
  it("pairs layers of other names, operators and layouts by kind, shape and MACs", () => {
    const before = [
      layerProfile("/stem/Conv", { ...output(1, 16, 8, 8), macs: 100 }),
      layerProfile("/stem/Relu", { ...output(1, 16, 8, 8), op: "Relu", kind: "activation", macs: 0 }),
      layerProfile("/head/Conv", { ...output(1, 32, 4, 4), macs: 400 }),
    ];
    const after = [
      layerProfile("pad", { ...output(1, 10, 10, 3), op: "PAD", kind: "reshape", macs: 0 }),
      layerProfile("n1", { ...output(1, 8, 8, 16), op: "CONV_2D", macs: 100 }),
      layerProfile("n2", { ...output(1, 4, 4, 32), op: "CONV_2D", macs: 400 }),
    ];
    assert.deepEqual(names(before, after), ["·|pad", "/stem/Conv|n1", "/stem/Relu|·", "/head/Conv|n2"]);
  });

  it("finds which of several alike layers is gone", () => {
    const layers = [10, 20, 30, 40].map((macs) => layerProfile(`a${macs}`, { macs }));
    const after = [10, 20, 40].map((macs) => layerProfile(`b${macs}`, { macs }));
    assert.deepEqual(names(layers, after), ["a10|b10", "a20|b20", "a30|·", "a40|b40"]);
  });

  it("never pairs two kinds, and keeps the order of both models", () => {
    const conv = layerProfile("c", { kind: "conv" });
    const dense = layerProfile("d", { kind: "dense" });
    assert.deepEqual(names([conv], [dense]), ["c|·", "·|d"]);
    assert.deepEqual(names([conv, dense], [dense, conv]).length, 3);
  });

  it("takes a mean over the image for the pooling that it is", () => {
    const pool = layerProfile("GlobalAveragePool", { kind: "pool", ...output(1, 32, 1, 1) });
    assert.deepEqual(names([pool], [layerProfile("MEAN", { kind: "reduce", ...output(1, 32) })]), [
      "GlobalAveragePool|MEAN",
    ]);
  });

  it("pairs nearly all of MobileNetV2 in ONNX with its int8 TFLite", async function () {
    const files = [`${MODELS}/onnx/torchvision_mobilenet_v2.onnx`, `${MODELS}/tflite/mobilenet_v2_224_int8.tflite`];
    if (!files.every((file) => existsSync(file))) skip(this, "needs ../shared/models");
    const [onnx, tflite] = await Promise.all(files.map(profileOfFile));
    assert.ok(onnx && tflite);
    const { rows } = compareProfiles(onnx, tflite);
    const withMacs = rows.filter(({ before, after }) => (before?.macs ?? 0) > 0 || (after?.macs ?? 0) > 0);
    assert.equal(withMacs.length, 53);
    for (const { before, after } of withMacs) assert.equal(before?.macs, after?.macs);
    assert.ok(rows.filter(({ before, after }) => before && after).length >= 64);
  });
});
