import { existsSync } from "node:fs";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { ExternalDataFolder } from "../../profiler/bytes/external-data-folder.ts";
import { FileSource } from "../../profiler/bytes/file-source.ts";
import { readModel } from "../../profiler/formats/formats.ts";
import { Random } from "../../profiler/numeric/random.ts";
import { stepSizes } from "../../profiler/training/adam.ts";
import { planTraining } from "../../profiler/training/plan.ts";
import { errorGraph, stepGraph, type BuiltGraph } from "../../profiler/training/step-graph.ts";
import { outputPairs } from "../../profiler/training/targets.ts";
import { trainableGraphOf } from "../../profiler/translation/known-graph.ts";
import type { Finding } from "./finding.ts";

/** A network, and what torch 2.6 takes for a step of it: one thread, milliseconds of processor time (`../shared/lab/setup.sh`, `peers/torch-step.py`). */
interface Net {
  readonly path: string;
  readonly batch: number;
  readonly torch: number;
  /** As many times torch's as a step may take. */
  readonly most: number;
}

const NETS: readonly Net[] = [
  { path: "media/samples/digits_vgg_bn.onnx", batch: 32, torch: 155, most: 1.2 },
  { path: "../shared/models/tflite/kws_dscnn_float.tflite", batch: 32, torch: 29, most: 1.4 },
  { path: "../shared/models/onnx/torchvision_mobilenet_v2.onnx", batch: 8, torch: 2405, most: 2 },
];

const STEPS = 20;
/** Arenas grow, and kernels pack their weights. */
const WARM_UP = 3;

/** A training step against torch's, and against the forward pass with its errors. */
export async function benchTraining(): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const { path, batch, torch, most } of NETS) {
    if (!existsSync(path)) continue;
    const source = await FileSource.open(path);
    const lifted = trainableGraphOf(await readModel(source, new ExternalDataFolder(path)));
    const shapes = new Map(
      lifted.tensors
        .filter(({ isInput, constant }) => isInput && constant === undefined)
        .map(({ id, shape = [] }) => [id, [1, ...shape.slice(1)]] as const),
    );
    const sizes = lifted.sizesFor(shapes);
    const targets = outputPairs(lifted, lifted).map(({ student }) => ({ id: student, energy: 1, weight: 1 }));
    const options = { sizes, batch, targets };
    const plan = await planTraining(lifted, { ...options, targets: targets.map(({ id }) => id), roles: "all" });
    const start = new Float32Array(plan.parameters.reduce((sum, { size }) => sum + size, 0));
    for (const { weights, offset } of plan.parameters) start.set(await weights.read(), offset);
    const step = await millisecondsOf(await stepGraph(lifted, plan, options, stepSizes(plan.parameters, start)), start);
    const forward = await millisecondsOf(await errorGraph(lifted, plan, options), start);
    await source.close();
    const name = path.slice(path.lastIndexOf("/") + 1);
    findings.push(
      { what: `${name}, a step of ${batch} samples`, value: step, unit: "ms" },
      { what: `${name}, the same over torch's ${torch} ms`, value: step / torch, unit: "×", limit: most },
      { what: `${name}, the same over its forward pass`, value: step / forward, unit: "×" },
    );
  }
  return findings;
}

/** Processor time of a run, on random samples. */
async function millisecondsOf({ bytes, inputs }: BuiltGraph, weights: Float32Array): Promise<number> {
  const session = await InferenceSession.create(bytes, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 4,
  });
  const random = new Random(1);
  const feeds = Object.fromEntries(
    [...inputs].map(([name, shape]) => {
      const size = shape.reduce((product, each) => product * each, 1);
      const isState = size === weights.length && shape.length === 1;
      const data =
        isState && name === "weights"
          ? weights
          : Float32Array.from({ length: size }, () => (isState ? 0 : random.normal()));
      return [name, new Tensor("float32", data, shape)];
    }),
  );
  for (let run = 0; run < WARM_UP; run += 1) await session.run(feeds);
  const begun = process.cpuUsage();
  for (let run = 0; run < STEPS; run += 1) await session.run(feeds);
  const { user, system } = process.cpuUsage(begun);
  await session.release();
  return (user + system) / 1e3 / STEPS;
}
