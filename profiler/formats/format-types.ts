import type { FormatId } from "../model/format.ts";

/** What a program may say of a format without carrying its reader. Plain data. */
export interface FormatType {
  readonly title: string;
  /** Endings of its files' names, the usual one first; without the dot. */
  readonly extensions: readonly string[];
  /** Programs on a phone that run it, the one that needs nothing first: runs by one say nothing of the other. */
  readonly phoneRuntimes: readonly PhoneRuntime[];
}

export type PhoneRuntime = "onnxruntime" | "tflite" | "litert" | "webgpu" | "benchmark_model";

export const FORMAT_TYPES = {
  onnx: { title: "ONNX", extensions: ["onnx", "ort"], phoneRuntimes: ["onnxruntime", "webgpu"] },
  tflite: {
    title: "TensorFlow Lite",
    extensions: ["tflite", "lite"],
    phoneRuntimes: ["tflite", "litert", "webgpu", "benchmark_model"],
  },
} as const satisfies Readonly<Record<FormatId, FormatType>>;

/** The format whose files have the ending of a name; undefined where the name does not tell. */
export function formatByName(file: string): FormatId | undefined {
  const ending = /\.([^./\\]+)$/.exec(file)?.[1]?.toLowerCase() ?? "";
  const ids: readonly FormatId[] = ["onnx", "tflite"];
  return ids.find((id) => FORMAT_TYPES[id].extensions.some((extension) => extension === ending));
}
