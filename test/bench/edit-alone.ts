import { readdirSync } from "node:fs";
import "../../profiler/cli/compile-later.ts";
import { parseData } from "../../profiler/calibration/parse-spec.ts";
import { applyEdit } from "../../profiler/editing/apply.ts";
import { parseEdit } from "../../profiler/editing/edit.ts";
import { readModel } from "../../profiler/formats/formats.ts";
import { ExternalDataFolder, FileSource } from "../../profiler/index.ts";
import { activationsOn } from "../../profiler/runtime/activation-source.ts";
import { childSeconds, processorSeconds } from "./processor-time.ts";

/** Seconds of processor time that an edit takes between a model that is read and one that is edited, the runtime's process included. */
export interface EditTime {
  readonly seconds: number;
}

/** Arguments: MODEL EDIT DATA. Prints the `EditTime` of a fresh process. */
editTime(process.argv.slice(2)).then(
  (time) => {
    console.log(JSON.stringify(time));
    // The runtime's process would be kept for the next model.
    process.exit();
  },
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);

async function editTime([path = "", edit = "", data = ""]: readonly string[]): Promise<EditTime> {
  const source = await FileSource.open(path);
  const model = await readModel(source, new ExternalDataFolder(path));
  const calibration = { inputs: Object.fromEntries([parseData(data)]) };
  const before = processorSeconds();
  await applyEdit(model, parseEdit(edit), { activationsOf: (one) => activationsOn(one, calibration) });
  const seconds = processorSeconds() - before + livingChildrenSeconds();
  await source.close();
  return { seconds };
}

/** Of children that have not ended, which the process's own times know nothing of. */
function livingChildrenSeconds(): number {
  const ids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return ids.reduce((sum, id) => sum + childSeconds(id, process.pid), 0);
}
