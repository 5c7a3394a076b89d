import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type * as Ort from "onnxruntime-node";

import { elements, type Network, type Value } from "../../zoo/network.ts";
import { alexnet } from "../../zoo/networks/alexnet.ts";
import { bert } from "../../zoo/networks/bert.ts";
import { enet } from "../../zoo/networks/enet.ts";
import { googlenet } from "../../zoo/networks/googlenet.ts";
import { inceptionV3 } from "../../zoo/networks/inception-v3.ts";
import { mnasnet } from "../../zoo/networks/mnasnet.ts";
import { mobilenetLayer, mobilenetV1 } from "../../zoo/networks/mobilenet-v1.ts";
import { mobilenetV2 } from "../../zoo/networks/mobilenet-v2.ts";
import { nasnetMobile } from "../../zoo/networks/nasnet-mobile.ts";
import { resnet } from "../../zoo/networks/resnet.ts";
import { shufflenetV1 } from "../../zoo/networks/shufflenet-v1.ts";
import { squeezenet } from "../../zoo/networks/squeezenet.ts";
import { vgg } from "../../zoo/networks/vgg.ts";
import { foldBatchNorms } from "../../zoo/passes.ts";
import { toBytes } from "../../zoo/file-segments.ts";
import { toOnnx, writeOnnxFile, type OnnxWeights } from "../../zoo/to-onnx.ts";

/** Small inputs: what is checked is that each network runs, not how fast. The largest make their weights themselves, to stay small. */
const SMALL: readonly (readonly [Network, OnnxWeights])[] = [
  [alexnet({ size: 67, classes: 10 }), "folded"],
  [vgg(16, { size: 32, classes: 10 }), "folded"],
  [googlenet({ size: 32 }), "embedded"],
  [inceptionV3({ size: 75 }), "folded"],
  [resnet(50, { size: 32 }), "folded"],
  [resnet(50, { size: 32, halves: "3x3" }), "folded"],
  [squeezenet("1.0", { size: 35 }), "embedded"],
  [squeezenet("1.1", { size: 32 }), "embedded"],
  [mobilenetV1({ width: 0.25, size: 32 }), "embedded"],
  [mobilenetV1({ width: 0.25, size: 32, convolutions: "plain" }), "embedded"],
  [mobilenetV1({ width: 0.25, size: 32, isShallow: true }), "embedded"],
  [mobilenetLayer({ convolutions: "separable", channels: 32 }), "embedded"],
  [mobilenetV2({ size: 32 }), "embedded"],
  [folded(mobilenetV2({ width: 0.5, size: 32 })), "embedded"],
  [mnasnet("A1", { size: 32 }), "embedded"],
  [mnasnet("B1", { size: 32 }), "embedded"],
  [shufflenetV1({ groups: 3, size: 32 }), "embedded"],
  [shufflenetV1({ groups: 1, size: 32 }), "embedded"],
  [enet({ size: [32, 64] }), "embedded"],
  [folded(enet({ size: [32, 64] })), "embedded"],
  [nasnetMobile({ size: 32 }), "embedded"],
  [bert({ vocabulary: 100, sequence: 16, batch: 2 }), "embedded"],
];

describe("zoo in ONNX Runtime", () => {
  let runtime: typeof Ort;
  before(async () => {
    process.env.ORT_DISABLE_TELEMETRY = "1";
    runtime = await import("onnxruntime-node");
  });

  for (const [network, weights] of SMALL) {
    it(`${network.name} runs, weights ${weights}, and gives the shapes it was built for`, async () => {
      const outputs = await run(runtime, network, toBytes(toOnnx(network, { weights, isDynamic: true }).model));
      network.outputs.forEach(({ shape }, index) => {
        const { dims, data } = outputs[index] ?? {};
        assert.deepEqual(dims, shape);
        assert.ok((data as Float32Array).every(Number.isFinite));
      });
    });
  }

  it("computes the same with external weights", async () => {
    const folder = await mkdtemp(join(tmpdir(), "edgewise-zoo-"));
    try {
      const network = squeezenet("1.1", { size: 32 });
      const path = join(folder, "model.onnx");
      await writeOnnxFile(network, path, { weights: "external" });
      const [external] = await run(runtime, network, path);
      const [embedded] = await run(runtime, network, toBytes(toOnnx(network).model));
      assert.deepEqual(external?.data, embedded?.data);
      assert.ok(new Set(external?.data as Float32Array).size > 1);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

function folded(network: Network): Network {
  return { ...foldBatchNorms(network), name: `${network.name}, batch normalisation folded,` };
}

async function run(runtime: typeof Ort, network: Network, model: Uint8Array | string): Promise<readonly Ort.Tensor[]> {
  const options = { graphOptimizationLevel: "basic", intraOpNumThreads: 1 } as const;
  const { InferenceSession: sessions } = runtime;
  const session: Ort.InferenceSession = await (typeof model === "string"
    ? sessions.create(model, options)
    : sessions.create(model, options));
  const feeds = Object.fromEntries(network.inputs.map(({ value }) => [value.name, exampleOf(runtime, value)]));
  const results = await session.run(feeds);
  const tensors = session.outputNames.flatMap((name) => results[name] ?? []);
  await session.release();
  return tensors;
}

function exampleOf({ Tensor: tensors }: typeof Ort, { shape, type }: Value): Ort.Tensor {
  const length = elements(shape);
  return type === "float"
    ? new tensors(
        "float32",
        Float32Array.from({ length }, (_, index) => Math.sin(index)),
        shape,
      )
    : new tensors(
        "int64",
        BigInt64Array.from({ length }, (_, index) => BigInt(index % 2)),
        shape,
      );
}
