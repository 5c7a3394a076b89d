import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";

import { ExternalDataFolder } from "../../../profiler/bytes/external-data-folder.ts";
import { FileSource } from "../../../profiler/bytes/file-source.ts";
import { applyEdit } from "../../../profiler/editing/apply.ts";
import { checkEdit } from "../../../profiler/editing/check-edit.ts";
import { suggest } from "../../../profiler/editing/suggest.ts";
import { RunError } from "../../../profiler/errors.ts";
import { readModel } from "../../../profiler/formats/formats.ts";
import { findHardware } from "../../../profiler/hardware/hardware.ts";
import type { Tensor } from "../../../profiler/model/model.ts";
import { skip } from "../../skip.ts";

const CASES = "../shared/cases";
const FOLDERS = [
  "media/samples",
  ...["onnx-exact-gate", "onnx-convtranspose", "onnx-metadata", "onnx-qdq", "tflite"].map((name) => join(CASES, name)),
];
/** Larger ones are tried by the tests of the zoo. */
const LARGEST_BYTES = 2 ** 21;
/** A model may have hundreds of one kind. */
const MOST_EDITS = 6;

function models(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  const isModel = (name: string): boolean => /\.(?:onnx|tflite)$/.test(name);
  return readdirSync(folder).filter((name) => isModel(name) && statSync(join(folder, name)).size <= LARGEST_BYTES);
}

describe("Every exact suggestion can be written, and changes nothing", () => {
  for (const folder of FOLDERS) {
    for (const name of existsSync(folder) ? models(folder) : [""]) {
      it(`of ${folder.replace(/^.*\//, "")}${name === "" ? "" : `/${name}`}`, async function () {
        if (name === "") skip(this, "the models are in ../shared");
        const path = join(folder, name);
        const source = await FileSource.open(path);
        try {
          const model = await readModel(source, new ExternalDataFolder(path));
          const isOpen = ({ declared }: Tensor): boolean =>
            declared?.shape?.some((size) => typeof size !== "number") === true;
          if (model.format === "tflite" && model.entries[0].graph.tensors.some(isOpen))
            skip(this, "LiteRT.js is given no sizes for what the file leaves open");
          const suggestions = await suggest(model, { hardware: findHardware("flagship-phone"), guarantee: "exact" });
          for (const { edit } of suggestions.slice(0, MOST_EDITS)) {
            await checkEdit(await applyEdit(model, edit), { calibration: { count: 2 } });
          }
        } catch (error) {
          if (error instanceof RunError) skip(this, error.message);
          throw error;
        } finally {
          await source.close();
        }
      }).timeout(120_000);
    }
  }
});
