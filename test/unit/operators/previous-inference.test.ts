import assert from "node:assert/strict";
import { join } from "node:path";

import { countsSince, countsSoFar } from "../../../profiler/counters.ts";
import { predictEdit } from "../../../profiler/editing/apply.ts";
import type { Edit } from "../../../profiler/editing/edit.ts";
import { suggest } from "../../../profiler/editing/suggest.ts";
import { DEFAULT_HARDWARE } from "../../../profiler/hardware/hardware.ts";
import type { Model } from "../../../profiler/model/model.ts";
import { analyseModel, costModel, totalsOf, type AnalysedModel } from "../../../profiler/profile-model.ts";
import { graph, node, onnxModel, tensor, value } from "../../builders/onnx-builder.ts";
import { modelOfFile } from "../../builders/read-model.ts";
import { IS_THOROUGH } from "../../effort.ts";
import { stagedNetwork } from "../../vscode/ui/models.ts";
import { randomNetwork } from "../restructure/channels/random-network.ts";
import { readBytes } from "../restructure/edited-model.ts";

/** Everything that is shown of a model, and what inference found of each tensor. */
function shown(analysed: AnalysedModel): object {
  const inferredTypes = analysed.inferred.map((graph) => graph.inferredTypes);
  const { layers, problems, grouped } = analysed.listing;
  const listing = { layers, problems, grouped: grouped.size };
  return { profile: costModel(analysed, DEFAULT_HARDWARE), listing, inferredTypes };
}

async function suggestedEdits(model: Model): Promise<readonly Edit[]> {
  return (await suggest(model, { hardware: DEFAULT_HARDWARE })).map(({ edit }) => edit);
}

describe("a graph that is inferred after an edit", () => {
  for (const seed of IS_THOROUGH ? [1, 2, 3, 4, 5] : [1, 2]) {
    it(`costs what it costs when it is looked at from nothing (network ${seed})`, async () => {
      const model = await readBytes(randomNetwork(seed, 6));
      const before = analyseModel(model, {});
      const edits = await suggestedEdits(model);
      assert.ok(edits.length > 3);
      for (const edit of edits) {
        const after = await predictEdit(model, edit);
        if (!after) continue;
        const again = analyseModel(after, {}, before);
        const anew = analyseModel(after, {});
        assert.deepEqual(shown(again), shown(anew), `${edit.restructuring} on ${edit.target}`);
        assert.deepEqual(totalsOf(again, DEFAULT_HARDWARE), costModel(anew, DEFAULT_HARDWARE).totals);
      }
    });
  }

  it("asks the rules of nodes alone whose tensors are others", async () => {
    const model = await readBytes(stagedNetwork());
    const before = analyseModel(model, {});
    const { nodes } = model.entries[0].graph;
    const conv = nodes.findLast(({ op }) => op === "Conv");
    const edits = (await suggestedEdits(model)).filter(({ target }) => target === conv?.name);
    assert.ok(edits.length > 0);
    for (const edit of edits) {
      const after = await predictEdit(model, edit);
      assert.ok(after);
      const start = countsSoFar();
      analyseModel(after, {}, before);
      const { inferredNodes } = countsSince(start);
      const added = after.entries[0].graph.nodes.filter((node) => !nodes.some(({ inputs }) => inputs === node.inputs));
      assert.ok(
        inferredNodes > 0 && inferredNodes <= added.length + 4,
        `${edit.restructuring}: ${inferredNodes} nodes`,
      );
      // Weights that the file decodes itself are nodes too.
      assert.ok(after.entries[0].graph.nodes.length > inferredNodes);
    }
  });

  it("finds an operator that ONNX Runtime runs on integers as soon as nothing stands between it and its QuantizeLinear", async () => {
    const model = await readBytes(convBetweenQuantizations());
    const before = analyseModel(model, {});
    assert.equal(before.listing.grouped.size, 0);
    const after = await predictEdit(model, { restructuring: "remove-no-ops", target: "", options: {} });
    assert.ok(after);
    const again = analyseModel(after, {}, before);
    assert.ok(again.listing.grouped.size > 0);
    assert.deepEqual(shown(again), shown(analyseModel(after, {})));
  });

  it("knows what was found of bodies behind the edit, whose nodes have other places", async () => {
    const model = await modelOfFile(join(import.meta.dirname, "../../fixtures/hostile/untyped-lift-conv-pads.onnx"));
    const before = analyseModel(model, {});
    const edits = await suggest(model, {
      hardware: DEFAULT_HARDWARE,
      layers: new Set(["n6"]),
      guarantee: "needs training",
    });
    assert.ok(edits.length > 0);
    for (const { edit } of edits) {
      const after = await predictEdit(model, edit);
      assert.ok(after);
      const start = countsSoFar();
      const again = analyseModel(after, {}, before);
      const { inferredNodes } = countsSince(start);
      assert.ok(inferredNodes < 40, `${edit.restructuring}: ${inferredNodes} nodes, of 144 in bodies`);
      assert.deepEqual(totalsOf(again, DEFAULT_HARDWARE), totalsOf(analyseModel(after, {}), DEFAULT_HARDWARE));
    }
  });
});

/** Its only way to be one operator with the DequantizeLinear before it and the QuantizeLinear behind it is barred by an Identity. */
function convBetweenQuantizations(): Uint8Array {
  const quantization = ["scale", "zero"];
  const nodes = [
    node("QuantizeLinear", ["x", ...quantization], ["x_quantized"]),
    node("DequantizeLinear", ["x_quantized", ...quantization], ["x_read"]),
    node("DequantizeLinear", ["weight", ...quantization], ["weight_read"]),
    node("Conv", ["x_read", "weight_read"], ["product"]),
    node("Identity", ["product"], ["same"]),
    node("QuantizeLinear", ["same", ...quantization], ["y_quantized"]),
    node("DequantizeLinear", ["y_quantized", ...quantization], ["y"]),
  ];
  const initializers = [
    tensor("scale", "float32", [], [0.1]),
    tensor("zero", "int8", [], [0]),
    tensor("weight", "int8", [4, 4, 1, 1]),
  ];
  const shape = [1, 4, 8, 8];
  return onnxModel({
    graph: graph(nodes, {
      inputs: [value("x", "float32", shape)],
      outputs: [value("y", "float32", shape)],
      initializers,
    }),
  });
}
