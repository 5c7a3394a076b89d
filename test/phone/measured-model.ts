import type { MeasuredModel } from "../../profiler/device/target.ts";
import { analyseModel, costModel } from "../../profiler/profile-model.ts";
import { modelOfFile } from "../builders/read-model.ts";
import { DEFAULT_HARDWARE } from "../../profiler/hardware/hardware.ts";

/** A model's file with the rows of its table. */
export async function measuredModel(
  path: string,
  bindings: Readonly<Record<string, number>> = {},
): Promise<MeasuredModel> {
  const model = await modelOfFile(path);
  const { layers } = costModel(analyseModel(model, bindings), DEFAULT_HARDWARE);
  return { model, layers };
}
