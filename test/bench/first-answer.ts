import { readFileSync } from "node:fs";
import { loadOnnxRuntime } from "../../profiler/onnx-runtime.ts";
import { ExternalDataFolder } from "../../profiler/bytes/external-data-folder.ts";
import { FileSource } from "../../profiler/bytes/file-source.ts";
import { readModel } from "../../profiler/formats/formats.ts";
import type { Model } from "../../profiler/model/model.ts";
import { openSession } from "../../profiler/runtime/open-session.ts";
import { startRuntime } from "../../profiler/runtime/process/process-pool.ts";

/**
 * Prints the milliseconds from the start of this process to a model's first answer, and those of processor time that it and the process that it
 * started took until then. Arguments: MODEL, and "apart" or "inside".
 */

/** What Linux counts processor time in: a hundredth of a second. */
const TICK_MILLISECONDS = 10;

const [path = "", where] = process.argv.slice(2);
if (where === "apart") startRuntime("ONNX Runtime");
void main();

async function main(): Promise<void> {
  const source = await FileSource.open(path);
  const model = await readModel(source, new ExternalDataFolder(path));
  await (where === "apart" ? answerApart(model) : answerInside());
  const { user, system } = process.cpuUsage();
  process.stdout.write(`${performance.now()} ${(user + system) / 1000 + childrenMilliseconds()}\n`);
  await source.close();
}

/** NaN where the system does not tell. */
function childrenMilliseconds(): number {
  try {
    const children = readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").split(" ").filter(Boolean);
    const ticks = children.map((id) => {
      const stat = readFileSync(`/proc/${id}/stat`, "utf8");
      const [user, system] = stat
        .slice(stat.lastIndexOf(")") + 2)
        .split(" ")
        .slice(11)
        .map(Number);
      return (user ?? NaN) + (system ?? NaN);
    });
    return ticks.reduce((sum, each) => sum + each * TICK_MILLISECONDS, 0);
  } catch {
    return NaN;
  }
}

/** As Edgewise does it. */
async function answerApart(model: Model): Promise<void> {
  const session = await openSession(model);
  const inputs = session.inputs.map(({ name, dataType, shape }) => {
    const sizes = shape.map(sizeOf);
    return [name, { dataType, shape: sizes, data: new Float32Array(product(sizes)) }] as const;
  });
  await session.run(Object.fromEntries(inputs));
}

/** As it is without a process of its own. */
async function answerInside(): Promise<void> {
  const { InferenceSession, Tensor } = await loadOnnxRuntime();
  const session = await InferenceSession.create(path, { logSeverityLevel: 4 });
  const inputs = session.inputMetadata.flatMap((port) => {
    if (!port.isTensor) return [];
    const sizes = port.shape.map(sizeOf);
    return [[port.name, new Tensor("float32", new Float32Array(product(sizes)), sizes)] as const];
  });
  await session.run(Object.fromEntries(inputs));
}

function sizeOf(size: number | string): number {
  return typeof size === "number" ? size : 1;
}

function product(sizes: readonly number[]): number {
  return sizes.reduce((all, size) => all * size, 1);
}
