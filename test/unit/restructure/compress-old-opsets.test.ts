import assert from "node:assert/strict";

import { applyEdit, predictEdit } from "../../../profiler/editing/apply.ts";
import { parseEdit } from "../../../profiler/editing/edit.ts";
import { isRefusal } from "../../../profiler/restructure/restructuring.ts";
import { restructuringOf } from "../../../profiler/restructure/registry.ts";
import { liftModel } from "../../../profiler/translation/lift-model.ts";
import { graph, node, onnxModel, value, type OnnxGraph } from "../../builders/onnx-builder.ts";
import { assertSameOutputs, edit, edited, readBytes, run, seededFeeds, weights } from "./edited-model.ts";

/** Whose weights the divisions of 3 bits a byte at a time do not fill up. */
const CONVS: OnnxGraph = graph(
  [
    node("Conv", ["x", "first"], ["a"], { kernel_shape: [3, 3] }),
    node("Relu", ["a"], ["b"]),
    node("Conv", ["b", "second"], ["y"], { kernel_shape: [3, 3] }),
  ],
  {
    inputs: [value("x", "float32", [1, 3, 8, 8])],
    outputs: [value("y", "float32", [1, 15, 4, 4])],
    initializers: [weights("first", [31, 3, 3, 3]), weights("second", [15, 31, 3, 3])],
  },
);

/** Operator sets that have no BitShift, the first of them no Slice with inputs either, and those that say the same with them. */
const OLD = [7, 9, 10] as const;
const NEW = 13;

describe("Weights that a file of an old operator set decodes", function () {
  this.timeout(60_000);

  for (const text of [
    "quantize-weights::bits=6",
    "quantize-weights::bits=4",
    "quantize-weights::bits=3,block=32",
    "quantize-weights::bits=2",
    "share-weights::bits=3",
    "binarize-weights:",
  ]) {
    it(`has the numbers and answers of a newer one: ${text}`, async () => {
      const change = parseEdit(text);
      const newer = await edited(await readBytes(onnxModel({ graph: CONVS, opset: NEW })), change);
      const feeds = seededFeeds(newer.written);
      const expected = await run(newer.bytes, feeds);
      for (const opset of OLD) {
        const { bytes, written } = await edited(await readBytes(onnxModel({ graph: CONVS, opset })), change);
        assert.deepEqual(await codingsOf(written), await codingsOf(newer.written), `operator set ${opset}`);
        assertSameOutputs(await run(bytes, feeds), expected, 0);
      }
    });
  }

  it("holds no weights with their places, and says so before anything is tried", async () => {
    for (const opset of OLD) {
      const model = await readBytes(onnxModel({ graph: CONVS, opset }));
      const findings = restructuringOf("prune-weights").find(liftModel(model));
      const reason = new RegExp(`operator set 11 has first, and the model uses ${opset}`);
      for (const finding of findings) assert.match(isRefusal(finding) ? finding.reason : "", reason);
      assert.equal(findings.length, 2);
      for (const one of [edit("prune-weights"), edit("mixed-precision", "", { layers: "* sparse0.9/4" })]) {
        await assert.rejects(predictEdit(model, one), reason);
        await assert.rejects(applyEdit(model, one), reason);
      }
    }
  });

  it("is not quantized with its activations where ONNX Runtime could not load it", async () => {
    const biased = (op: string, more: readonly string[], opset: number): Uint8Array =>
      onnxModel({
        graph: graph(
          [
            node("Conv", ["x", "first"], ["a"], { kernel_shape: [3, 3] }),
            node(op, ["a", ...more], ["b"], {}),
            node("Conv", ["b", "last"], ["y"], { kernel_shape: [1, 1] }),
          ],
          {
            inputs: [value("x", "float32", [1, 3, 8, 8])],
            outputs: [value("y", "float32")],
            initializers: [
              weights("first", [8, 3, 3, 3]),
              weights("up", [8, 8, 2, 2]),
              weights("bias", [8]),
              weights("last", [8, 8, 1, 1]),
            ],
          },
        ),
        opset,
      });
    const why = async (bytes: Uint8Array): Promise<string | undefined> => {
      const [finding] = restructuringOf("quantize-model").find(liftModel(await readBytes(bytes)));
      return finding && isRefusal(finding) ? finding.reason : undefined;
    };
    assert.match((await why(biased("ConvTranspose", ["up", "bias"], 10))) ?? "", /rounds the bias of ConvTranspose/);
    assert.equal(await why(biased("ConvTranspose", ["up", "bias"], 11)), undefined);
    assert.equal(await why(biased("ConvTranspose", ["up"], 10)), undefined);
  });
});

async function codingsOf(model: Awaited<ReturnType<typeof readBytes>>): Promise<readonly object[]> {
  const { layers } = liftModel(model, {}, undefined, { decodes: true });
  const codings = layers.flatMap(({ form }) => ("weight" in form ? [form.weight] : []));
  assert.equal(codings.length, 2);
  return Promise.all(
    codings.map(async (weight) => {
      const { coding } = weight;
      assert.ok(coding?.kind === "affine" || coding?.kind === "palette");
      return { ...coding, numbers: await coding.numbers(), elements: await weight.read() };
    }),
  );
}
