import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { RunError } from "../../../profiler/errors.ts";
import { describePlace, findCrash, type TryPart } from "../../../profiler/runtime/crash-place.ts";
import { openSession } from "../../../profiler/runtime/open-session.ts";
import { graph, node, tensor, value } from "../../builders/onnx-builder.ts";
import { skip } from "../../skip.ts";
import { busy, canSeeProcesses, marking } from "./marked-processes.ts";
import { inMemory, of, tfliteConvolution } from "./tiny-models.ts";

/** Hundredths of a second of processor time: loading takes less, a loop without an end gets there. */
const BUSY_TICKS = 150;

describe("Where a runtime dies", () => {
  it("is told by the operator and the model, when its process is killed in one", async function () {
    if (!canSeeProcesses) skip(this, "only Linux tells what processes there are");
    this.timeout(120_000);
    const mark = randomUUID();
    // Whatever process comes to the loop is killed in it.
    const killer = setInterval(() => {
      for (const id of busy(mark, BUSY_TICKS)) process.kill(Number(id), "SIGSEGV");
    }, 50);
    try {
      await marking(mark, async () => {
        const options = { threads: 1, optimization: "disabled", isAlone: true } as const;
        const session = await openSession(await withLoop(), options);
        await assert.rejects(
          session.run({ x: of("float32", [1], [1]) }),
          (error) =>
            error instanceof RunError &&
            /^loop\.onnx: ONNX Runtime failed: its process died with SIGSEGV.*, in Loop "for ever"$/.test(
              error.message,
            ),
        );
        await session.close();
      });
    } finally {
      clearInterval(killer);
    }
  });

  it("is not told of a process that something else killed, and its loop is not waited for", async function () {
    if (!canSeeProcesses) skip(this, "only Linux tells what processes there are");
    const mark = randomUUID();
    let isKilled = false;
    const killer = setInterval(() => {
      const [id] = isKilled ? [] : busy(mark, BUSY_TICKS);
      if (id === undefined) return;
      isKilled = true;
      process.kill(Number(id), "SIGSEGV");
    }, 50);
    try {
      await marking(mark, async () => {
        const session = await openSession(await withLoop(), { threads: 1, optimization: "disabled", isAlone: true });
        await assert.rejects(
          session.run({ x: of("float32", [1], [1]) }),
          /^RunError: loop\.onnx: ONNX Runtime failed: its process died with SIGSEGV[^,]*$/,
        );
        await session.close();
      });
    } finally {
      clearInterval(killer);
    }
  });

  it("is found by parts that run, also in TFLite", async () => {
    const model = await tfliteConvolution();
    const parts: string[] = [];
    const x = of("float32", [1, 2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8]);
    const place = await findCrash(model, async (part) => {
      const ops = part.entries[0].graph.nodes.map(({ op }) => op);
      parts.push(ops.join(" "));
      if (ops.includes("RELU")) return "died";
      const session = await openSession(part);
      const { products } = await session.run({ x });
      assert.deepEqual([...(products?.data ?? [])], [2, 6, 6, 12, 10, 18, 14, 24]);
      await session.close();
      return "ran";
    });
    assert.deepEqual(parts, ["CONV_2D RELU", "CONV_2D"]);
    assert.equal(place && describePlace(place), "RELU (node 1)");
  });

  const chain = inMemory(
    Array.from({ length: 100 }, (_, index) =>
      node(
        "Relu",
        [index === 0 ? "x" : `t${index}`],
        [index === 99 ? "y" : `t${index + 1}`],
        {},
        { name: `n${index}` },
      ),
    ),
    { inputs: [value("x", "float32", [1])] },
  );
  const dyingAt =
    (culprit: number, refused: readonly number[] = []): TryPart =>
    (part) => {
      const { length } = part.entries[0].graph.nodes;
      return Promise.resolve(refused.includes(length) ? "refused" : length > culprit ? "died" : "ran");
    };

  it("is halved down to, whichever it is", async () => {
    for (const culprit of [0, 1, 42, 98, 99]) {
      let tries = 0;
      const place = await findCrash(await chain, (part, signal) => {
        tries += 1;
        return dyingAt(culprit)(part, signal);
      });
      assert.equal(place && describePlace(place), `Relu "n${culprit}"`);
      assert.ok(tries <= 9, String(tries));
    }
  });

  it("is told as far as parts are taken", async () => {
    const place = await findCrash(await chain, dyingAt(42, [42, 43]));
    assert.equal(place && describePlace(place), 'something from Relu "n41" to Relu "n43"');
  });

  it("is given up when the whole does not die again as soon as it did", async () => {
    const waiting: TryPart = (_, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
    assert.equal(await findCrash(await chain, waiting, undefined, 10), undefined);
  });

  it("is not made up where it does not die again, and is no longer looked for when nobody waits", async () => {
    assert.equal(await findCrash(await chain, () => Promise.resolve("ran")), undefined);
    const ending = new AbortController();
    const reason = new Error("enough");
    const search = findCrash(
      await chain,
      (part, signal) => {
        ending.abort(reason);
        signal.throwIfAborted();
        return dyingAt(3)(part, signal);
      },
      ending.signal,
    );
    await assert.rejects(search, reason);
  });
});

function withLoop(): ReturnType<typeof inMemory> {
  const body = graph([node("Identity", ["going"], ["goes"]), node("Identity", ["held"], ["still"])], {
    name: "body",
    inputs: [value("turn", "int64", []), value("going", "bool", []), value("held", "float32", [1])],
    outputs: [value("goes", "bool", []), value("still", "float32", [1])],
  });
  const nodes = [
    node("Neg", ["x"], ["before"], {}, { name: "negative" }),
    node("Loop", ["", "always", "before"], ["after"], { body }, { name: "for ever" }),
    node("Relu", ["after"], ["y"]),
  ];
  const inputs = [value("x", "float32", [1])];
  return inMemory(nodes, { inputs, initializers: [tensor("always", "bool", [], [1])] }, "loop.onnx");
}
