import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { diagnose } from "../../../profiler/diagnostics/diagnose.ts";
import { applyEdit } from "../../../profiler/editing/apply.ts";
import { parseEdit } from "../../../profiler/editing/edit.ts";
import { formatOf, modelBytes } from "../../../profiler/formats/formats.ts";
import { DEFAULT_HARDWARE } from "../../../profiler/hardware/hardware.ts";
import type { Graph, Model, Node, Tensor } from "../../../profiler/model/model.ts";
import { analyseModel, costModel } from "../../../profiler/profile-model.ts";
import { modelOfBytes, modelOfFile } from "../../builders/read-model.ts";
import { skip } from "../../skip.ts";
import { NetworkBuilder } from "../../zoo/network-builder.ts";
import type { Network } from "../../zoo/network.ts";
import { toBytes } from "../../zoo/file-segments.ts";
import { toTflite } from "../../zoo/to-tflite.ts";

/** Conditions are by the source of tflite-micro: models that were made for it must fulfil them all. */
describe("What LiteRT Micro accepts", () => {
  for (const file of ["kws_dscnn_int8", "resnet_cifar10_int8", "mobilenet_v2_224_int8"])
    it(`is a model that was made for it: ${file}`, async function () {
      const path = `../shared/models/tflite/${file}.tflite`;
      if (!existsSync(path)) skip(this, "needs ../shared");
      assert.deepEqual(reasonsIn(await modelOfFile(path)), []);
    });

  let model: Model;
  before(async () => (model = await quantized(small())));

  it("is what quantize-model writes, and nothing is asked of a float model", async () => {
    assert.deepEqual(reasonsIn(model), []);
    const lrn = await modelOfBytes("float", toBytes(toTflite(withLrn())));
    assert.deepEqual(reasonsIn(lrn), []);
  });

  const weightsOf = ({ inputs }: Node): number => inputs[1] ?? -1;
  const dataOf = ({ inputs }: Node): number => inputs[0] ?? -1;
  const outputOf = ({ outputs }: Node): number => outputs[0] ?? -1;
  const scaled = (tensor: Tensor, scale: number): Tensor => ({
    ...tensor,
    quantization: { granularity: "tensor", scales: [scale], zeroPoints: [0] },
  });
  const typed = (tensor: Tensor, dataType: "uint8" | "int16" | "float16"): Tensor => ({
    ...tensor,
    ...(tensor.constant ? { constant: { ...tensor.constant, dataType } } : {}),
    ...(tensor.declared ? { declared: { ...tensor.declared, dataType } } : {}),
  });
  for (const [op, place, change, reason] of [
    [
      "DEPTHWISE_CONV_2D",
      weightsOf,
      (tensor) => typed(tensor, "float16"),
      /no activations of int8 with weights of float16/,
    ],
    ["DEPTHWISE_CONV_2D", dataOf, (tensor) => typed(tensor, "uint8"), /takes float32, int8 or int16, not uint8/],
    [
      "DEPTHWISE_CONV_2D",
      ({ inputs }) => inputs[2] ?? -1,
      (tensor) => typed(tensor, "int16"),
      /a bias of int32, not int16/,
    ],
    ["MAX_POOL_2D", outputOf, (tensor) => scaled(tensor, 7), /same scale and zero point on both sides/],
    ["SOFTMAX", outputOf, (tensor) => scaled(tensor, 1), /makes int8 with a scale of 1\/256 and a zero point of -128/],
    [
      "CONV_2D",
      weightsOf,
      (tensor) => ({ ...tensor, ...(tensor.constant && { constant: { ...tensor.constant, isSparse: true } }) }),
      /no sparse tensors/,
    ],
    ["CONV_2D", weightsOf, ({ quantization: _, ...tensor }) => tensor, /needs a scale of the weights/],
  ] satisfies readonly (readonly [string, (node: Node) => number, (tensor: Tensor) => Tensor, RegExp])[])
    it(`is nothing else: ${op}, ${reason.source}`, () => {
      const { graph } = model.entries[0];
      const node = graph.nodes.find((each) => each.op === op);
      assert.ok(node);
      const changed = graph.tensors.map((tensor) => (tensor.id === place(node) ? change(tensor) : tensor));
      const found = reasonsIn(withGraph(model, { ...graph, tensors: changed }));
      assert.match(found.join("\n"), reason);
    });

  it("is no operator that it has no kernel for, nor eleven tensors joined, nor slices of sizes that are computed", async () => {
    const { graph } = model.entries[0];
    const renamed = (op: string, as: Partial<Node>): Model =>
      withGraph(model, { ...graph, nodes: graph.nodes.map((node) => (node.op === op ? { ...node, ...as } : node)) });
    assert.match(reasonsIn(renamed("SOFTMAX", { op: "GELU" })).join(), /^it has no kernel for GELU$/);
    assert.match(reasonsIn(renamed("SOFTMAX", { op: "Mine", domain: "custom" })).join(), /the custom operator Mine/);
    assert.deepEqual(reasonsIn(renamed("SOFTMAX", { op: "PRELU" })), []);
    const [wide, narrow] = [await quantized(joined(11)), await quantized(joined(10))];
    assert.deepEqual(reasonsIn(narrow), []);
    assert.match(reasonsIn(wide).join(), /^its CONCATENATION takes up to 10 tensors, and there are 11$/);
    const attributes = new Map([["fused_activation_function", "RELU"]]);
    const { graph: joinedGraph } = narrow.entries[0];
    const fused = joinedGraph.nodes.map((node) => (node.op === "CONCATENATION" ? { ...node, attributes } : node));
    assert.match(reasonsIn(withGraph(narrow, { ...joinedGraph, nodes: fused })).join(), /no fused activation/);
  });

  it("is told at its row, where a model computes in integers", async () => {
    const analysed = analyseModel(await quantized(withLrn()), {});
    const found = diagnose(analysed, costModel(analysed, DEFAULT_HARDWARE)).filter(
      ({ code }) => code === "not-in-litert-micro",
    );
    const [only, ...others] = found;
    assert.deepEqual(others, []);
    assert.equal(analysed.listing.layers[only?.layer ?? -1]?.op, "LOCAL_RESPONSE_NORMALIZATION");
    assert.match(
      only?.message ?? "",
      /^LiteRT Micro does not accept this LOCAL_RESPONSE_NORMALIZATION: it has no kernel/,
    );
  });
});

function reasonsIn(model: Model): readonly string[] {
  return [...formatOf(model).microcontrollerRefusals(model).values()];
}

function withGraph(model: Model, graph: Graph): Model {
  const [main] = model.entries;
  return { ...model, entries: [{ ...main, graph }] };
}

async function quantized(network: Network): Promise<Model> {
  const base = await modelOfBytes(network.name, toBytes(toTflite(network)));
  const { after } = await applyEdit(base, parseEdit("quantize-model:"));
  return modelOfBytes("written", await modelBytes(after));
}

function small(): Network {
  const net = new NetworkBuilder();
  const features = net.maxPool(net.conv(net.image(4, 8), "conv", { out: 8, kernel: 3, pad: 1 }), { kernel: 2 });
  const deep = net.conv(features, "deep", { out: 8, kernel: 3, pad: 1, groups: 8 });
  return net.finish("small", net.softmax(net.dense(net.flatten(deep), "dense", 4)));
}

function withLrn(): Network {
  const net = new NetworkBuilder();
  const features = net.lrn(net.conv(net.image(4, 8), "conv", { out: 8, kernel: 3, pad: 1 }));
  return net.finish("lrn", net.conv(features, "out", { out: 4, kernel: 1 }));
}

function joined(branches: number): Network {
  const net = new NetworkBuilder();
  const image = net.image(4, 8);
  const convs = Array.from({ length: branches }, (_, at) => net.conv(image, `conv${at}`, { out: 2, kernel: 1 }));
  return net.finish("joined", net.conv(net.concat(convs), "out", { out: 4, kernel: 1 }));
}
