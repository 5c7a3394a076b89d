import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MemorySource } from "../../../../profiler/bytes/memory-source.ts";
import { profileModel } from "../../../../profiler/profile-model.ts";
import type { LayerProfile } from "../../../../profiler/profile.ts";
import { loadOnnxRuntime } from "../../../../profiler/onnx-runtime.ts";
import { noExternalData } from "../../zoo/no-external-data.ts";
import { QDQ_CASES } from "./qdq-cases.ts";

/** Operators of ONNX Runtime that compute on integers. */
const QUANTIZED = /^(QLinear\w+|QGemm|MatMulIntegerToFloat|MatMulNBits)$/;

/** What is left to run: pairs around nothing, and operators on integers. */
interface Operators {
  readonly quantize: number;
  readonly dequantize: number;
  readonly onIntegers: number;
}

async function layersOf(bytes: Uint8Array): Promise<readonly LayerProfile[]> {
  const { layers } = await profileModel(new MemorySource("model.onnx", bytes), noExternalData);
  return layers.filter(({ role }) => role === "compute");
}

/** As ONNX Runtime runs it on this machine: what it writes when it has put together what it puts together. */
async function asRun(bytes: Uint8Array): Promise<Operators> {
  const folder = await mkdtemp(join(tmpdir(), "edgewise-test-"));
  try {
    const path = join(folder, "optimized.onnx");
    const runtime = await loadOnnxRuntime();
    const session = await runtime.InferenceSession.create(bytes, {
      executionProviders: ["cpu"],
      graphOptimizationLevel: "extended",
      logSeverityLevel: 4,
      optimizedModelFilePath: path,
    });
    await session.release();
    const ops = (await layersOf(await readFile(path))).map(({ op }) => op.split(".").at(-1) ?? "");
    return counted(ops, (op) => QUANTIZED.test(op));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function asListed(bytes: Uint8Array): Promise<Operators> {
  const layers = (await layersOf(bytes)).filter(({ latencySeconds }) => latencySeconds !== 0);
  const onIntegers = new Set(layers.filter(({ notes }) => notes.some((note) => note.startsWith("Computes in"))));
  return counted(
    layers.map(({ op }) => op),
    (_, place) => {
      const layer = layers[place];
      return layer !== undefined && onIntegers.has(layer);
    },
  );
}

function counted(ops: readonly string[], isOnIntegers: (op: string, place: number) => boolean): Operators {
  return {
    quantize: ops.filter((op) => op === "QuantizeLinear").length,
    dequantize: ops.filter((op) => op === "DequantizeLinear").length,
    onIntegers: ops.filter(isOnIntegers).length,
  };
}

describe("Operators that ONNX Runtime runs with the Q and DQ around them", () => {
  for (const { title, bytes } of QDQ_CASES) {
    it(`are listed as it runs them: ${title}`, async () => {
      assert.deepEqual(await asListed(bytes), await asRun(bytes));
    });
  }
});
