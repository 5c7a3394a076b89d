import assert from "node:assert/strict";
import { join } from "node:path";

import { countsSince, countsSoFar } from "../../../profiler/counters.ts";
import { predictEdit } from "../../../profiler/editing/apply.ts";
import type { Edit } from "../../../profiler/editing/edit.ts";
import { suggest } from "../../../profiler/editing/suggest.ts";
import { DEFAULT_HARDWARE } from "../../../profiler/hardware/hardware.ts";
import type { KernelFactors } from "../../../profiler/hardware/kernel-parts.ts";
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

  it("costs what it costs beside bodies, with constants that others share, and with another memory than before", async () => {
    const model = await readBytes(convsBesideBodies());
    const before = analyseModel(model, {});
    const edits = await suggestedEdits(model);
    // The weights of all, and those of most edits, on either side of what fits; the activations too.
    const placed = [0, 20_000, 24_000, 45_000, 2 ** 30].map((onChipBytes) => ({ ...DEFAULT_HARDWARE, onChipBytes }));
    const hardwares = [...placed, { ...DEFAULT_HARDWARE, kernels: LEARNED }];
    let edited = 0;
    for (const edit of edits) {
      const after = await predictEdit(model, edit);
      if (!after) continue;
      const again = analyseModel(after, {}, before);
      const anew = analyseModel(after, {});
      if (again.listing.edit) edited += 1;
      assert.deepEqual(shown(again), shown(anew), `${edit.restructuring} on ${edit.target}`);
      assert.deepEqual(again.listing.found.length, anew.listing.found.length);
      for (const hardware of hardwares)
        assert.deepEqual(
          totalsOf(again, hardware),
          costModel(anew, hardware).totals,
          `${edit.restructuring} on ${edit.target}`,
        );
    }
    assert.ok(edited > 0, "no edit is listed by what it touches");
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

/** How many times longer kernels of a device take than its full rates, as a profile learns it. */
const LEARNED: KernelFactors = {
  conv: 1.7,
  pointwise: 1.3,
  "conv-maps": 2.1,
  dense: 3,
  "far-weights": 0.7,
  layout: 1.1,
};

/** Convolutions between two nodes with bodies. Clips, normalizations and two of the convolutions share constants: the first has them. */
function convsBesideBodies(): Uint8Array {
  const norm = ["scale", "bias", "mean", "variance"];
  const nodes = [
    node("If", ["c"], ["chosen"], { then_branch: body("x", "Relu"), else_branch: body("x", "Tanh") }),
    node("Conv", ["chosen", "first"], ["a"], {}, { name: "a" }),
    node("Clip", ["a", "low", "high"], ["clipped"]),
    node("Conv", ["clipped", "own"], ["e"], {}, { name: "e" }),
    node("BatchNormalization", ["e", ...norm], ["e_norm"], {}, { name: "e_norm" }),
    node("Clip", ["e_norm", "low", "high"], ["clipped_e"]),
    node("BatchNormalization", ["clipped_e", ...norm], ["kept"], {}, { name: "kept" }),
    node("Conv", ["kept", "shared"], ["b"], {}, { name: "b" }),
    node("Clip", ["b", "low", "high"], ["again"]),
    node("Conv", ["again", "shared"], ["d"], {}, { name: "d" }),
    node("If", ["c"], ["y"], { then_branch: body("d", "Relu"), else_branch: body("d", "Tanh") }),
  ];
  const weights = Array.from({ length: 64 * 64 }, (_, index) => Math.sin(index));
  return onnxModel({
    graph: graph(nodes, {
      inputs: [value("c", "bool", []), value("x", "float32", [1, 64, 6, 6])],
      outputs: [value("y", "float32", [1, 64, 6, 6])],
      initializers: [
        tensor("first", "float32", [64, 64, 1, 1], weights),
        tensor("own", "float32", [64, 64, 1, 1], weights),
        tensor("shared", "float32", [64, 64, 1, 1], weights),
        ...norm.map((name, place) => tensor(name, "float32", [64], new Array<number>(64).fill(place + 1))),
        tensor("low", "float32", [], [0]),
        tensor("high", "float32", [], [6]),
      ],
    }),
  });
}

function body(read: string, op: string): ReturnType<typeof graph> {
  return graph([node(op, [read], [`${op}_${read}`])], { outputs: [`${op}_${read}`] });
}

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
