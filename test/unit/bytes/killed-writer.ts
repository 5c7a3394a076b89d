import { writeSync } from "node:fs";
import { join } from "node:path";
import { ExternalDataFolder } from "../../../profiler/bytes/external-data-folder.ts";
import { FileSource } from "../../../profiler/bytes/file-source.ts";
import { readOnnx } from "../../../profiler/formats/onnx/read.ts";
import { writeOnnx } from "../../../profiler/formats/onnx/write.ts";
import { FOLD_BATCH_NORM } from "../../../profiler/restructure/restructurings/fold-batch-norm.ts";
import { liftModel } from "../../../profiler/translation/lift-model.ts";
import { lowerRewrite } from "../../../profiler/translation/lower-model.ts";

/**
 * A process that saves two versions of a model over one another until it is killed; a byte on standard output for each step of a save. It is
 * started so often that it loads no more than it needs: neither runtimes nor the other restructurings.
 */

const [folder = ""] = process.argv.slice(2);
const base = join(folder, "base.onnx");
const target = join(folder, "target.onnx");
const read = await readOnnx(await FileSource.open(base), new ExternalDataFolder(base));
const graph = liftModel(read);
const rewrite = await FOLD_BATCH_NORM.rewrite(graph, "bn", {}, { seed: 0 });
const after = await lowerRewrite(read, graph, rewrite, { readsWeights: true });
const step = (): void => void writeSync(1, ".");
for (;;) {
  for (const model of [after, read]) {
    step();
    await writeOnnx(model, target, { onProgress: step });
    step();
  }
}
