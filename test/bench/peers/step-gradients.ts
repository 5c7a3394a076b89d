/**
 * What a training step's graph has as gradients of all weights of an ONNX model, for torch-gradients.py to hold against torch's.
 *
 * usage: node --import tsx test/bench/peers/step-gradients.ts MODEL FOLDER
 *
 * Inputs and targets are random; the loss is the sum over the outputs of the mean square of the difference. Writes into FOLDER: inputs and
 * targets as float32 files, `gradients.json` with the parameters' places, and `values.bin` and `gradients.bin`, all parameters one behind
 * the other.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { ExternalDataFolder, FileSource } from "../../../profiler/index.ts";
import { readModel } from "../../../profiler/formats/formats.ts";
import { Random } from "../../../profiler/numeric/random.ts";
import { BETA_1 } from "../../../profiler/training/adam.ts";
import { planTraining } from "../../../profiler/training/plan.ts";
import { NAMES, stepGraph } from "../../../profiler/training/step-graph.ts";
import { trainableGraphOf } from "../../../profiler/translation/known-graph.ts";

const BATCH = 4;

interface Numbers {
  readonly name: string;
  readonly shape: readonly number[];
  readonly file: string;
}

async function main([path = "", folder = ""]: readonly string[]): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const model = await readModel(await FileSource.open(path), new ExternalDataFolder(path));
  const lifted = trainableGraphOf(model);
  const shapes = lifted.tensors
    .filter(({ isInput, constant }) => isInput && constant === undefined)
    .map(({ id, shape = [] }) => [id, shape.map((size, axis) => (axis === 0 ? 1 : Number(size)))] as const);
  const sizes = lifted.sizesFor(new Map(shapes));
  const outputs = lifted.tensors.filter(({ isOutput }) => isOutput).map(({ id }) => id);
  const plan = await planTraining(lifted, { targets: outputs, sizes, batch: BATCH, roles: "all" });
  const targets = plan.targets.map((id) => ({ id, energy: 1, weight: 1 }));
  const count = plan.parameters.reduce((sum, { size }) => sum + size, 0);
  const step = await stepGraph(lifted, plan, { sizes, batch: BATCH, targets }, new Float32Array(count).fill(1));

  const values = new Float32Array(count);
  for (const { weights, offset } of plan.parameters) values.set(await weights.read(), offset);
  const random = new Random(11);
  const written: Numbers[] = [];
  const known = new Map([
    [NAMES.weights as string, values],
    ...[NAMES.first, NAMES.second, NAMES.rate].map((name) => [name as string, undefined] as const),
  ]);
  const nameOf = new Map([
    ...plan.fed.map((id) => [NAMES.fed(id), id] as const),
    ...plan.targets.map((id) => [NAMES.target(id), id] as const),
  ]);
  const feeds = [...step.inputs].map(([name, shape]) => {
    const length = shape.reduce((product, size) => product * size, 1);
    if (known.has(name))
      return [name, new Tensor("float32", known.get(name) ?? new Float32Array(length), shape)] as const;
    const data = Float32Array.from(random.normals(length));
    const id = nameOf.get(name);
    if (id === undefined) throw new Error(`input "${name}" of the step is not known`);
    const file = `${written.length}.bin`;
    writeFileSync(join(folder, file), data);
    written.push({ name: lifted.tensor(id).name, shape, file });
    return [name, new Tensor("float32", data, shape)] as const;
  });
  const session = await InferenceSession.create(step.bytes, { logSeverityLevel: 3 });
  const results = await session.run(Object.fromEntries(feeds), [NAMES.newFirst]);
  const first = results[NAMES.newFirst]?.data;
  if (!(first instanceof Float32Array)) throw new Error("the step gives no first moment");
  writeFileSync(join(folder, "values.bin"), values);
  // Adam's first moment, from zero, after one step.
  writeFileSync(
    join(folder, "gradients.bin"),
    first.map((moment) => moment / (1 - BETA_1)),
  );
  const parameters = plan.parameters.map(({ uses, offset, size, weights }) => {
    const [use] = uses;
    return { name: `${use?.name ?? ""} ${use?.role ?? ""}`, offset, size, shape: weights.shape };
  });
  writeFileSync(join(folder, "gradients.json"), JSON.stringify({ tensors: written, parameters }));
}

await main(process.argv.slice(2));
