import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../../install.mjs";
import { EngineWorker } from "../../../extension/worker/engine-worker.ts";
import type { ComparedModel } from "../../../extension/worker/protocol.ts";
import type { CalibrationSpec, RunProgress } from "../../../profiler/editing/index.ts";
import type { Check } from "../../../webview/protocol/editing.ts";
import { RpcError } from "../../../webview/protocol/rpc.ts";
import { externalTensor, graph, node, onnxModel, tensor, value, type OnnxNode } from "../../builders/onnx-builder.ts";
import { skip } from "../../skip.ts";

const BIASED = [node("Add", ["x", "b"], ["y"])];

function file(
  nodes: readonly OnnxNode[],
  {
    bias = 0,
    width = 4,
    outputs = ["y"],
    isSplit = false,
  }: { bias?: number; width?: number; outputs?: readonly string[]; isSplit?: boolean } = {},
): Uint8Array {
  const b = isSplit
    ? externalTensor("b", "float32", [1], { location: "weights.bin" })
    : tensor("b", "float32", [1], [bias]);
  return onnxModel({
    graph: graph(nodes, { inputs: [value("x", "float32", ["batch", width])], outputs, initializers: [b] }),
  });
}

/** Two versions of one file as source control has them: of one name, and no path. */
describe("Two models that a worker runs on the same samples", () => {
  const script = join(ROOT, "dist/worker.cjs");
  const files = new Map<string, Uint8Array>();
  const steps: RunProgress[] = [];
  let engine: EngineWorker;

  before(function () {
    engine = new EngineWorker(script, {
      handlers: {
        readRemote: ({ model, relativePath }) => {
          assert.equal(relativePath, "", "no data file is there");
          return files.get(model) ?? assert.fail(`nobody asked for ${model}`);
        },
        sizeOfRemote: () => {
          throw new RpcError({ code: "missing-data", message: "weights.bin cannot be read.", place: "beside it" });
        },
      },
      listeners: { compared: (progress) => steps.push(progress) },
    });
    if (!existsSync(script)) skip(this, "nothing is built; run `npm run build`");
  });
  after(() => engine.dispose());

  let version = 0;
  const located = (ref: string, bytes: Uint8Array): ComparedModel => {
    const uri = `git:/net.onnx?${ref}`;
    files.set(uri, bytes);
    version += 1;
    return { location: { kind: "remote", uri, name: "net.onnx", size: bytes.length, version }, name: `net (${ref})` };
  };
  const compared = (before: Uint8Array, after: Uint8Array, calibration: CalibrationSpec = {}): Promise<Check> =>
    engine.request("compareOutputs", { before: located("HEAD", before), after: located("Index", after), calibration });
  const refused =
    (code: string, words: RegExp) =>
    (error: unknown): boolean =>
      error instanceof RpcError && error.failure.code === code && words.test(error.message);

  it("are told apart by their URIs, and measured one against the other", async () => {
    steps.length = 0;
    const { samples, outputs } = await compared(file(BIASED), file(BIASED, { bias: 0.5 }), { count: 3 });
    assert.deepEqual([samples.count, samples.isRandom, steps.at(-1)], [3, true, { done: 3, total: 3 }]);
    const [difference] = outputs.map((output) => output.difference);
    assert.ok(Math.abs((difference?.maxAbsolute ?? 0) - 0.5) < 1e-6, JSON.stringify(outputs));
    assert.ok(Math.abs((difference?.rms ?? 0) - 0.5) < 1e-6);
  });

  it("have outputs by both names, those without a partner, and those that are others at each run with that reason", async () => {
    const noise = [node("RandomNormalLike", ["x"], ["noise"])];
    const { outputs, unmatched } = await compared(
      file([...BIASED, ...noise, node("Relu", ["x"], ["z"])], { outputs: ["y", "noise", "z"] }),
      file([node("Add", ["x", "b"], ["renamed"]), ...noise], { outputs: ["renamed", "noise"] }),
    );
    assert.deepEqual(
      outputs.map(({ name, difference }) => [name, difference?.isIdentical]),
      [
        ["y → renamed", true],
        ["noise", undefined],
      ],
    );
    assert.match(outputs[1]?.reason ?? "", /random numbers/);
    assert.deepEqual(unmatched, ["z"]);
  });

  it("are refused with the reason where one cannot run, and the next ones run all the same", async () => {
    const [plain, unlike] = [file(BIASED), file(BIASED, { width: 5 })];
    const unknown = file([node("Nonsense", ["x", "b"], ["y"])]);
    await assert.rejects(
      compared(plain, unlike),
      refused("calibration", /^net \(Index\): input "x" takes float32 batch×5/),
    );
    await assert.rejects(compared(plain, unknown), refused("run", /^net \(Index\): .*Nonsense/));
    await assert.rejects(
      compared(file(BIASED, { isSplit: true }), plain),
      refused("external-data", /^net \(HEAD\): weights\.bin/),
    );
    assert.equal((await compared(plain, plain)).outputs[0]?.difference?.isIdentical, true);
  });
});
