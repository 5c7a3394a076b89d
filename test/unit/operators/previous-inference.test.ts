import assert from "node:assert/strict";
import { join } from "node:path";

import { countsSince, countsSoFar } from "../../../profiler/counters.ts";
import { predictEdit } from "../../../profiler/editing/apply.ts";
import type { Edit } from "../../../profiler/editing/edit.ts";
import { suggest } from "../../../profiler/editing/suggest.ts";
import { DEFAULT_HARDWARE } from "../../../profiler/hardware/hardware.ts";
import type { Model } from "../../../profiler/model/model.ts";
import { analyseModel, costModel, totalsOf, type AnalysedModel } from "../../../profiler/profile-model.ts";
import { modelOfFile } from "../../builders/read-model.ts";
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
  for (const seed of [1, 2, 3, 4, 5]) {
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
