import assert from "node:assert/strict";
import { notComparedText } from "../../../profiler/cli/tensor-table.ts";
import type { Model } from "../../../profiler/model/model.ts";
import { compareRuns } from "../../../profiler/runtime/compare-runs.ts";
import { countsSince, countsSoFar } from "../../../profiler/counters.ts";
import { graph, node, tensor, value, type OnnxNode } from "../../builders/onnx-builder.ts";
import { inMemory } from "./tiny-models.ts";
import { withSession } from "./with-session.ts";

const NOISE: Readonly<Record<string, readonly OnnxNode[]>> = {
  RandomNormal: [node("RandomNormal", [], ["noise"], { shape: [1, 64] }, { name: "n" })],
  RandomUniformLike: [node("RandomUniformLike", ["x"], ["noise"])],
  Bernoulli: [node("Sigmoid", ["x"], ["p"]), node("Bernoulli", ["p"], ["noise"])],
  Multinomial: [
    node("Multinomial", ["x"], ["drawn"], { sample_size: 64 }),
    node("Cast", ["drawn"], ["noise"], { to: 1 }),
  ],
  "Dropout in training": [node("Dropout", ["x", "half", "training"], ["noise"])],
  "one in a branch": [
    node("If", ["training"], ["noise"], {
      then_branch: graph([node("RandomNormalLike", ["x"], ["t"])], { name: "then", outputs: ["t"] }),
      else_branch: graph([node("Identity", ["x"], ["e"])], { name: "else", outputs: ["e"] }),
    }),
  ],
};

/** y depends on the noise, plain does not. */
function noisy(nodes: readonly OnnxNode[], isTraining = true): Promise<Model> {
  return inMemory([...nodes, node("Add", ["x", "noise"], ["y"]), node("Relu", ["x"], ["plain"])], {
    inputs: [value("x", "float32", [1, 64])],
    outputs: ["y", "plain"],
    initializers: [tensor("half", "float32", [], [0.5]), tensor("training", "bool", [], [isTraining ? 1 : 0])],
  });
}

describe("Models with random numbers", () => {
  for (const [name, nodes] of Object.entries(NOISE))
    it(`are not called wrong for them: ${name}`, async () => {
      const model = await noisy(nodes);
      const { outputs, tensors, unmatched } = await compareRuns(model, await noisy(nodes), { tensors: ["noise"] });
      assert.deepEqual(
        outputs.map(({ names, difference }) => [names.a, difference?.maxAbsolute]),
        [["plain", 0]],
      );
      assert.deepEqual(unmatched, ["y"]);
      assert.match(tensors[0]?.reason ?? "", /depends on random numbers/);
    });

  it("are reported with the reason why an output is not compared", async () => {
    const model = await noisy(NOISE.RandomNormal ?? []);
    assert.equal(
      notComparedText(await compareRuns(model, model)),
      'Not compared: y (it depends on random numbers, which RandomNormal "n" draws anew at each run)',
    );
  });

  it("say which operator draws them, and still run", () =>
    withSession(noisy(NOISE.RandomNormal ?? []), async (session) => {
      assert.match(session.skipped[0]?.reason ?? "", /RandomNormal "n" draws anew/);
      const before = countsSoFar();
      const given = await session.run({
        x: { dataType: "float32", shape: [1, 64], data: new Float32Array(64).fill(2) },
      });
      assert.deepEqual([Object.keys(given), countsSince(before).runs], [["plain"], 1]);
    }));

  it("are compared where a Dropout is not in training", async () => {
    const model = await noisy(NOISE["Dropout in training"] ?? [], false);
    const { outputs, unmatched } = await compareRuns(model, model);
    assert.deepEqual([outputs.length, unmatched], [2, []]);
  });
});
