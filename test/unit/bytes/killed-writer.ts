import { writeSync } from "node:fs";
import { join } from "node:path";
import { ExternalDataFolder } from "../../../profiler/bytes/external-data-folder.ts";
import { FileSource } from "../../../profiler/bytes/file-source.ts";
import { applyEdit } from "../../../profiler/editing/apply.ts";
import { writeOnnx } from "../../../profiler/formats/onnx/write.ts";
import { readModel } from "../../../profiler/formats/formats.ts";

/** A process that saves two versions of a model over one another until it is killed; a byte on standard output for each step of a save. */

const [folder = ""] = process.argv.slice(2);
const base = join(folder, "base.onnx");
const target = join(folder, "target.onnx");
const read = await readModel(await FileSource.open(base), new ExternalDataFolder(base));
const { after } = await applyEdit(read, { restructuring: "fold-batch-norm", target: "bn", options: {} });
const step = (): void => void writeSync(1, ".");
for (;;) {
  for (const model of [after, read]) {
    step();
    await writeOnnx(model, target, { onProgress: step });
    step();
  }
}
