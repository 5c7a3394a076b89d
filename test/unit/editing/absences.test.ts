import assert from "node:assert/strict";

import type { Absence } from "../../../profiler/editing/absences.ts";
import { applyEdits } from "../../../profiler/editing/apply.ts";
import type { Edit } from "../../../profiler/editing/edit.ts";
import { suggest } from "../../../profiler/editing/suggest.ts";
import { findHardware } from "../../../profiler/hardware/hardware.ts";
import {
  AddOptionsT,
  FullyConnectedOptionsT,
} from "../../../profiler/formats/tflite/schema/generated/schema_generated.ts";
import { hostTflite } from "../../../profiler/runtime/native/bundles.ts";
import { graph, node, onnxFunction, onnxModel, value, type OnnxGraph } from "../../builders/onnx-builder.ts";
import { modelOfBytes } from "../../builders/read-model.ts";
import { severalEntries } from "../../builders/several-entries.ts";
import { readSpec } from "../tflite/analyse.ts";
import { readBytes, weights } from "../restructure/edited-model.ts";

async function absencesOf(bytes: Uint8Array): Promise<readonly Absence[]> {
  let found: readonly Absence[] = [];
  const hardware = findHardware("flagship-phone");
  await suggest(await readBytes(bytes), { hardware, onAbsences: (absences) => (found = absences) });
  return found;
}

const reduce = (target: string): Edit => ({ restructuring: "reduce-channels", target, options: {} });

const W = weights("w", [8, 4, 3, 3]);

/** A branch with a convolution of its own. */
function branch(name: string): OnnxGraph {
  return graph([node("Conv", ["x", "w"], [name], {}, { name })], { outputs: [value(name, "float32")] });
}

describe("What is not suggested", () => {
  it("of convolutions in branches is said, with what can be done", async () => {
    const choice = node(
      "If",
      ["which"],
      ["y"],
      { then_branch: branch("then conv"), else_branch: branch("else conv") },
      { name: "choice" },
    );
    const inputs = [value("x", "float32", [1, 4, 6, 6]), value("which", "bool", [])];
    const bytes = onnxModel({
      graph: graph([choice], { inputs, outputs: [value("y", "float32")], initializers: [W] }),
    });
    const found = (await absencesOf(bytes)).filter(({ restructuring }) => restructuring === undefined);
    assert.deepEqual(
      found.map(({ layers }) => layers),
      [["then conv"], ["else conv"]],
    );
    assert.match(found[0]?.reason ?? "", /stands in the branch "then_branch".*without the condition/);
  });

  it("is all of a model with a memory that no runtime here has, which is said", async () => {
    const model = await readSpec({
      tensors: [
        { name: "x", shape: [1, 64] },
        { name: "memory", shape: [1, 64], isVariable: true },
        { name: "sum", shape: [1, 64] },
        { name: "w", shape: [64, 64], data: Array.from({ length: 64 * 64 }, (_, at) => Math.sin(at)) },
        { name: "b", shape: [64], data: new Array<number>(64).fill(1) },
        { name: "y", shape: [1, 64] },
      ],
      operators: [
        { op: "ADD", inputs: ["x", "memory"], outputs: ["sum"], options: new AddOptionsT() },
        { op: "FULLY_CONNECTED", inputs: ["sum", "w", "b"], outputs: ["y"], options: new FullyConnectedOptionsT() },
      ],
      ...{ inputs: ["x"], outputs: ["y"] },
    });
    let absences: readonly Absence[] = [];
    const hardware = findHardware("flagship-phone");
    const found = await suggest(model, { hardware, onAbsences: (all) => (absences = all) });
    const reasons = absences.filter(({ restructuring }) => restructuring === undefined);
    if (hostTflite() === undefined) {
      assert.deepEqual(found, []);
      assert.match(reasons[0]?.reason ?? "", /^ADD has a variable tensor, which LiteRT.js does not support: no edit/);
    } else {
      assert.ok(found.length > 0);
      assert.deepEqual(reasons, []);
    }
  });

  it("is all, where the runtime does not know an operator, which is said: nothing could be checked", async () => {
    const nodes = [
      node("Conv", ["x", "w"], ["c"], {}, { name: "conv" }),
      node("Norm", ["c"], ["y"], {}, { name: "own norm", domain: "com.example" }),
    ];
    const inputs = [value("x", "float32", [1, 4, 6, 6])];
    const bytes = onnxModel({
      graph: graph(nodes, { inputs, outputs: [value("y", "float32")], initializers: [W] }),
      opset: { "": 17, "com.example": 1 },
    });
    const hardware = findHardware("flagship-phone");
    let absences: readonly Absence[] = [];
    const found = await suggest(await readBytes(bytes), { hardware, onAbsences: (told) => (absences = told) });
    assert.deepEqual(found, []);
    assert.deepEqual(absences, [
      {
        reason:
          "the runtime knows no operator com.example.Norm: a model with it does not run here, so that no edit could be checked",
        layers: ["own norm"],
      },
    ]);
  });

  it("of convolutions in functions too", async () => {
    const body = onnxFunction([node("Conv", ["a", "b"], ["c"], {}, { name: "inner" })], {
      domain: "local",
      name: "Block",
      inputs: ["a", "b"],
      outputs: ["c"],
    });
    const call = node("Block", ["x", "w"], ["y"], {}, { name: "block", domain: "local" });
    const inputs = [value("x", "float32", [1, 4, 6, 6])];
    const bytes = onnxModel({
      graph: graph([call], { inputs, outputs: [value("y", "float32")], initializers: [W] }),
      opset: { "": 17, local: 1 },
      functions: [body],
    });
    const [found] = await absencesOf(bytes);
    assert.equal(found?.restructuring, undefined);
    assert.match(found?.reason ?? "", /stands in the function "Block".*inline the functions/);
    await assert.rejects(
      applyEdits(await readBytes(bytes), [reduce("inner")]),
      /"inner": it stands in the function "Block"/,
    );
    await assert.rejects(applyEdits(await readBytes(bytes), [reduce("none")]), /"none": there is no such layer/);
  });

  it("of layers in other entries and in loops of a TFLite model names the place", async () => {
    const model = await modelOfBytes("several.tflite", severalEntries());
    const found: Absence[] = [];
    await suggest(model, { hardware: findHardware("flagship-phone"), onAbsences: (all) => found.push(...all) });
    const [first] = found;
    assert.ok(first && first.restructuring === undefined);
    assert.deepEqual(first.layers, ["sums"]);
    assert.match(first.reason, /another entry of the file: open FILE#decode/);
    await assert.rejects(applyEdits(model, [reduce("w")]), /open FILE#decode/);
    await assert.rejects(applyEdits(model, [reduce("tripled")]), /stands in the loop "body"/);
  });

  it("by each restructuring is one entry a reason, with all its layers", async () => {
    const nodes = [
      node("Conv", ["x", "w"], ["a"], {}, { name: "first" }),
      node("Conv", ["a", "v"], ["b"], { group: 8 }, { name: "second" }),
      node("Conv", ["b", "v"], ["y"], { group: 8 }, { name: "third" }),
    ];
    const inputs = [value("x", "float32", [1, 4, 9, 9])];
    const initializers = [W, weights("v", [8, 1, 3, 3])];
    const bytes = onnxModel({ graph: graph(nodes, { inputs, outputs: [value("y", "float32")], initializers }) });
    const found = (await absencesOf(bytes)).filter(({ restructuring }) => restructuring === "separable");
    assert.deepEqual(found.find(({ reason }) => reason.includes("group's channels"))?.layers, ["second", "third"]);
  });
});
