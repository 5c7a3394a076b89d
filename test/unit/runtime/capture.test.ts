import assert from "node:assert/strict";
import { RunError } from "../../../profiler/errors.ts";
import { captureActivations } from "../../../profiler/runtime/capture.ts";
import { openSession } from "../../../profiler/runtime/open-session.ts";
import { graph, node, tensor, value } from "../../builders/onnx-builder.ts";
import { inMemory, scalingModel, tfliteConvolution, valuesOf } from "./tiny-models.ts";

describe("Capturing activations", () => {
  it("gives inputs, inner tensors and outputs batch by batch, as a run has them", async () => {
    const starts: number[] = [];
    for await (const { start, count, activations } of captureActivations(
      await scalingModel(3, -1),
      ["x", "product", "y"],
      { count: 5 },
      { batchSize: 2 },
    )) {
      starts.push(start);
      const [x, product, y] = ["x", "product", "y"].map((name) => activations.get(name));
      assert.deepEqual(x?.shape, [count, 3]);
      const products = valuesOf(x).map((each, index) => Math.fround(each * ((index % 3) + 1)));
      assert.deepEqual(valuesOf(product), products);
      assert.deepEqual(
        valuesOf(y),
        products.map((each) => Math.max(0, Math.fround(each - 1))),
      );
    }
    assert.deepEqual(starts, [0, 2, 4]);
  });

  it("runs a model of a fixed batch sample by sample", async () => {
    let batches = 0;
    for await (const { count, activations } of captureActivations(await tfliteConvolution(), ["products"], {
      count: 3,
    })) {
      batches += 1;
      assert.deepEqual([count, activations.get("products")?.shape], [1, [1, 2, 2, 2]]);
    }
    assert.equal(batches, 3);
  });

  it("stops when the consumer does, and when it is cancelled", async () => {
    for await (const { start } of captureActivations(
      await scalingModel(2),
      ["product"],
      { count: 9 },
      { batchSize: 1 },
    ))
      if (start === 1) break;
    const abort = new AbortController();
    const batches = captureActivations(
      await scalingModel(2),
      ["y"],
      { count: 9 },
      { batchSize: 1, signal: abort.signal },
    );
    await batches.next();
    abort.abort();
    await assert.rejects(batches.next(), { name: "AbortError" });
  });

  it("refuses what no run can give, with the reason", async () => {
    const branch = (name: string, op: string): ReturnType<typeof graph> =>
      graph([node(op, ["x"], [name])], { outputs: [name] });
    const model = await inMemory(
      [
        node(
          "If",
          ["flag"],
          ["y"],
          { then_branch: branch("inside", "Relu"), else_branch: branch("other", "Neg") },
          { name: "choice" },
        ),
      ],
      {
        inputs: [value("x", "float32", [2]), value("flag", "bool", [])],
        initializers: [tensor("w", "float32", [1], [1])],
      },
    );
    const fails = (name: string, message: RegExp): Promise<void> =>
      assert.rejects(
        openSession(model, { tensors: [name] }),
        (error) => error instanceof RunError && message.test(error.message),
      );
    await fails("inside", /"inside" cannot be captured: it is inside a graph that If "choice" runs/);
    await fails("w", /it is a constant/);
    await fails("nowhere", /the model has none of that name/);
  });
});
