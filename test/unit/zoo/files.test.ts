import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { FileSource } from "../../../profiler/bytes/file-source.ts";
import { ExternalDataFolder } from "../../../profiler/bytes/external-data-folder.ts";
import { profileModel } from "../../../profiler/profile-model.ts";
import type { Profile, Totals } from "../../../profiler/profile.ts";
import { countNetwork } from "../../zoo/count.ts";
import { NetworkBuilder } from "../../zoo/network-builder.ts";
import type { Network } from "../../zoo/network.ts";
import { alexnet } from "../../zoo/networks/alexnet.ts";
import { bert } from "../../zoo/networks/bert.ts";
import { resnet } from "../../zoo/networks/resnet.ts";
import { squeezenet } from "../../zoo/networks/squeezenet.ts";
import { vgg } from "../../zoo/networks/vgg.ts";
import { foldBatchNorms } from "../../zoo/passes.ts";
import { HollowSource, toBytes, totalLength } from "../../zoo/file-segments.ts";
import { toOnnx, writeOnnxFile, type OnnxOptions } from "../../zoo/to-onnx.ts";
import { toTflite } from "../../zoo/to-tflite.ts";
import { elementAt, permuted, stored, weightSegment } from "../../zoo/weights.ts";
import { noExternalData } from "./no-external-data.ts";

describe("zoo files", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "edgewise-zoo-"));
  });
  after(() => rm(folder, { recursive: true }));

  const profileOnnx = (network: Network, options: OnnxOptions = {}, bindings = {}): Promise<Profile> =>
    profileModel(new HollowSource("zoo.onnx", toOnnx(network, options).model), noExternalData, { bindings });

  it("are written segment by segment as they are in memory", async () => {
    const path = join(folder, "squeezenet.onnx");
    const network = squeezenet("1.1", { size: 64 });
    await writeOnnxFile(network, path);
    assert.deepEqual(new Uint8Array(await readFile(path)), new Uint8Array(toBytes(toOnnx(network).model)));
  });

  it("of 553 MB are written hollow, and profiled from 2 MB of them", async () => {
    const path = join(folder, "vgg16.onnx");
    await writeOnnxFile(vgg(16), path, { fill: "hollow" });
    assert.equal(Math.floor((await stat(path)).size / 1e6), 553);
    const source = await FileSource.open(path);
    const { totals } = await profileModel(source, noExternalData);
    await source.close();
    assert.equal(totals.parameters, 138_357_544);
    assert.equal(totals.weightBytes, 4 * 138_357_544);
  });

  it("cost the same wherever their weights are", async () => {
    const network = resnet(50, { size: 64 });
    const path = join(folder, "resnet50.onnx");
    await writeOnnxFile(network, path, { weights: "external", fill: "hollow" });
    const source = await FileSource.open(path);
    const external = await profileModel(source, new ExternalDataFolder(path));
    await source.close();
    const embedded = await profileOnnx(network);
    const folded = await profileOnnx(network, { weights: "folded" });
    const parts = ({ parameters, macs, weightBytes, unknownRows }: Totals): object => ({
      parameters,
      macs,
      weightBytes,
      unknownRows,
    });
    assert.deepEqual(parts(external.totals), parts(embedded.totals));
    assert.deepEqual(parts(folded.totals), parts(embedded.totals));
  });

  it("with folded weights stay tiny", () => {
    assert.ok(totalLength(toOnnx(vgg(19), { weights: "folded" }).model) < 64 * 1024);
  });

  it("cost the same with a TFLite file's buffers inside and outside of the flatbuffer", async () => {
    const [inside, outside] = await Promise.all(
      (["inside", "outside"] as const).map((weights) =>
        profileModel(new HollowSource("zoo.tflite", toTflite(alexnet(), { weights })), noExternalData),
      ),
    );
    assert.equal(outside?.totals.macs, inside?.totals.macs);
    assert.equal(outside?.totals.weightBytes, inside?.totals.weightBytes);
    assert.equal(inside?.totals.weightBytes, 4 * 60_965_224);
  });

  it("cost a bound batch and sequence as the network of that size", async () => {
    const profile = await profileOnnx(bert(), { isDynamic: true }, { batch: 2, sequence: 48 });
    const { macs, parameters } = countNetwork(bert({ batch: 2, sequence: 48 }));
    assert.equal(profile.totals.macs, macs);
    assert.equal(profile.totals.parameters, parameters);
    assert.deepEqual(profile.layers.at(-1)?.outputs[0]?.shape, [2, 128]);
  });

  it("of images take any batch", async () => {
    const profile = await profileOnnx(resnet(50, { size: 64 }), { isDynamic: true }, { batch: 3 });
    assert.equal(profile.totals.macs, 3 * countNetwork(resnet(50, { size: 64 })).macs);
  });

  it("say which modules a layer stands in", async () => {
    const modules = ["layer1", "block2", "conv1"];
    const network = resnet(50, { size: 64 });
    const onnx = await profileOnnx(network);
    const row = onnx.layers.find(({ name }) => name === "/layer1/block2/conv1/Conv");
    assert.deepEqual(row?.path, modules);
    const tflite = await profileModel(new HollowSource("zoo.tflite", toTflite(network)), noExternalData);
    assert.ok(tflite.layers.some(({ op, path }) => op === "CONV_2D" && path.slice(0, 2).join() === "layer1,block2"));
  });

  it("tell the shape arithmetic of a transformer from its layers", async () => {
    const { layers } = await profileOnnx(bert(), { isDynamic: true });
    const concat = layers.find(({ name }) => name.endsWith("split_heads/Concat"));
    assert.equal(concat?.role, "shape");
    assert.equal(layers.find(({ name }) => name.endsWith("scores/MatMul"))?.role, "compute");
  });
});

describe("zoo weights", () => {
  const weight = { name: "conv.weight", shape: [3, 2, 2], center: 1, spread: 0.5 };

  it("are the same at every asking, spread around their centre, and others for another name", () => {
    const values = Array.from({ length: 12 }, (_, index) => elementAt(stored(weight))(index));
    assert.ok(values.every((value) => value >= 0.5 && value < 1.5));
    assert.equal(new Set(values).size, 12);
    assert.notEqual(elementAt(stored({ ...weight, name: "other" }))(0), values[0]);
    const bytes = toBytes([weightSegment(stored(weight))]);
    assert.equal(new DataView(bytes.buffer, bytes.byteOffset).getFloat32(20, true), Math.fround(values[5] ?? 0));
  });

  it("change places with their axes", () => {
    const [before, after] = [elementAt(stored(weight)), elementAt(permuted(weight, [2, 0, 1]))];
    // [k, i, j] of 2×3×2 is [i, j, k] of 3×2×2.
    for (const [i, j, k] of [
      [0, 0, 0],
      [2, 1, 0],
      [1, 0, 1],
      [2, 1, 1],
    ] as const) {
      assert.equal(after((k * 3 + i) * 2 + j), before((i * 2 + j) * 2 + k));
    }
    assert.deepEqual(permuted(weight, [2, 0, 1]).shape, [2, 3, 2]);
  });
});

describe("folding batch normalisation", () => {
  it("leaves a convolution its bias, and a scale and a shift where there is no convolution", () => {
    const net = new NetworkBuilder();
    const conv = net.batchNorm(net.conv(net.image(3, 8), "conv", { out: 4, kernel: 3, hasBias: false }));
    const { steps } = foldBatchNorms(net.finish("norms", net.batchNorm(net.relu(conv))));
    assert.deepEqual(
      steps.map(({ kind, weights }) => [kind, ...weights.map(({ shape }) => shape.join("×"))]),
      [["conv", "4×3×3×3", "4"], ["activation"], ["affine", "4", "4"]],
    );
  });

  it("leaves a convolution alone whose output goes elsewhere too", () => {
    const net = new NetworkBuilder();
    const conv = net.conv(net.image(3, 8), "conv", { out: 4, kernel: 3 });
    const { steps } = foldBatchNorms(net.finish("branch", net.plus(net.batchNorm(conv), conv)));
    assert.deepEqual(
      steps.map(({ kind }) => kind),
      ["conv", "affine", "binary"],
    );
  });
});
