import assert from "node:assert/strict";
import { noticesText, noticing } from "../../../profiler/cli/weight-notices.ts";
import type { ByteSource } from "../../../profiler/bytes/byte-source.ts";
import { MemorySource } from "../../../profiler/bytes/memory-source.ts";
import { readModel } from "../../../profiler/formats/formats.ts";
import { analyseModel } from "../../../profiler/profile-model.ts";
import { weightReports } from "../../../profiler/views/weight-report.ts";
import { graph, node, onnxModel, tensor, value } from "../../builders/onnx-builder.ts";

const CHANNELS = 8;
const SIXTY_FOURTHS = Array.from({ length: CHANNELS ** 2 }, (_, index) => (((index * 37) % 255) - 127) / 64);

/** @returns lengths of what is read of it, as they are read */
function counted(inner: ByteSource): { readonly source: ByteSource; readonly reads: number[] } {
  const reads: number[] = [];
  const { name, size } = inner;
  const read: ByteSource["read"] = (offset, length) => {
    reads.push(length);
    return inner.read(offset, length);
  };
  return { source: { name, size, read, close: () => inner.close() }, reads };
}

describe("What edgewise weights says is noticed", () => {
  it("holds the listing's diagnostics of weights, once for all layers of which the same is said", async () => {
    const nodes = Array.from({ length: 5 }, (_, at) =>
      node("Conv", [at === 0 ? "x" : `t${at}`, `w${at}`], [at === 4 ? "y" : `t${at + 1}`], {}, { name: `conv${at}` }),
    );
    const main = graph(nodes, {
      inputs: [value("x", "float32", [1, CHANNELS, 8, 8])],
      outputs: ["y"],
      initializers: nodes.map((_, at) => tensor(`w${at}`, "float32", [CHANNELS, CHANNELS, 1, 1], SIXTY_FOURTHS)),
    });
    const { source, reads } = counted(new MemorySource("m.onnx", onnxModel({ graph: main })));
    const analysed = analyseModel(
      await readModel(source, { open: () => Promise.reject(new Error("no other file")) }),
      {},
    );
    const { look, notices: noticed } = noticing(analysed);
    reads.length = 0;
    await weightReports(analysed, { look });
    const notices = noticed();
    // The download's bytes, and the numbers: for the report and for what is noticed alike.
    assert.equal(
      reads.reduce((sum, length) => sum + length, 0),
      2 * 4 * nodes.length * SIXTY_FOURTHS.length,
    );
    assert.deepEqual(
      notices.map(({ layer, code }) => `${layer} ${code}`),
      nodes.map((_, at) => `conv${at} int8-weights`),
    );
    const [text, ...others] = noticesText(notices);
    assert.deepEqual(others, []);
    assert.match(
      text ?? "",
      /^conv0, conv1, conv2 and 2 more: All weights lie on a grid .*\(int8-weights: quantize-weights, share-weights, quantize-model\)$/,
    );
  });

  it("names which layers compute in float among integers, and nothing of others", () => {
    const one = { layer: "fc\u001b[2J", code: "float-in-integers", message: "It computes in float.", edits: [] };
    const [text] = noticesText([one]);
    assert.ok(text?.endsWith("It computes in float. (float-in-integers)"), text);
    assert.ok(!text?.includes("\u001b"), "names of a file steer no terminal");
    assert.deepEqual(noticesText([]), []);
  });
});
