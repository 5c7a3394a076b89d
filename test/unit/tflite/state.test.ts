import assert from "node:assert/strict";
import {
  AddOptionsT,
  CallOnceOptionsT,
  VarHandleOptionsT,
} from "../../../profiler/formats/tflite/schema/generated/schema_generated.ts";
import type { Model } from "../../../profiler/model/model.ts";
import { valuesHere } from "../../../profiler/neutral/activations.ts";
import { cutModel } from "../../../profiler/neutral/cut-model.ts";
import { withParts } from "../../../profiler/runtime/model-part.ts";
import { hasState } from "../../../profiler/runtime/model-state.ts";
import { openSession } from "../../../profiler/runtime/open-session.ts";
import { liftModel } from "../../../profiler/translation/lift-model.ts";
import type { OperatorSpec } from "../../builders/tflite-builder.ts";
import { valuesOf } from "../runtime/tiny-models.ts";
import { readSpec } from "./analyse.ts";

const handle: OperatorSpec = {
  ...{ op: "VAR_HANDLE", inputs: [], outputs: ["handle"], options: new VarHandleOptionsT("", "total") },
};
const assign = (value: string): OperatorSpec => ({ op: "ASSIGN_VARIABLE", inputs: ["handle", value], outputs: [] });
const HANDLE = { name: "handle", type: "resource", shape: [] } as const;

/** y is the total of all that was given so far; it begins with 2. */
function adding(): Promise<Model> {
  return readSpec({
    tensors: [{ name: "x", shape: [1, 1] }, HANDLE, { name: "total", shape: [1, 1] }, { name: "y", shape: [1, 1] }],
    operators: [
      { op: "CALL_ONCE", inputs: [], outputs: [], options: new CallOnceOptionsT(1) },
      handle,
      { op: "READ_VARIABLE", inputs: ["handle"], outputs: ["total"] },
      { op: "ADD", inputs: ["total", "x"], outputs: ["y"], options: new AddOptionsT() },
      assign("y"),
    ],
    ...{ inputs: ["x"], outputs: ["y"] },
    subgraphs: [
      {
        tensors: [HANDLE, { name: "begins", shape: [1, 1], data: [2] }],
        operators: [handle, assign("begins")],
        ...{ inputs: [], outputs: [] },
      },
    ],
  });
}

describe("TFLite models with variables", () => {
  it("begin each run with what the first one begins with: no sample's answer depends on those before it", async () => {
    const model = await adding();
    assert.ok(hasState(model));
    const session = await openSession(model);
    const answer = async (x: number): Promise<readonly number[]> => {
      const data = Float32Array.of(x);
      return valuesOf((await session.run({ x: { dataType: "float32", shape: [1, 1], data } })).y);
    };
    assert.deepEqual([await answer(1), await answer(5)], [[3], [7]]);
    await session.close();
  });

  it("are run part by part with their variables filled, as weights are fitted", async () => {
    const model = await adding();
    const { inputs, outputs } = model.entries[0].graph;
    const part = cutModel(model, inputs, outputs, liftModel(model).tensors);
    const made = await withParts(async (parts) => {
      const opened = await parts.open(part);
      const given = valuesHere({ shape: [3, 1], data: Float32Array.of(1, 2, 3) });
      const values = (await opened.run(new Map([[inputs[0] ?? -1, given]]), 3)).get(outputs[0] ?? -1);
      await opened.close();
      return values?.read();
    });
    assert.deepEqual([...(made ?? [])], [3, 4, 5]);
  });
});
