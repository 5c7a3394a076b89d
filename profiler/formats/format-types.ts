import type { FormatId } from "../model/format.ts";

/** What a program may say of a format without carrying its reader. Plain data. */
export interface FormatType {
  readonly title: string;
  /** Where there is little room: "TFLite". */
  readonly shortTitle: string;
  /** Endings of its files' names, the usual one first; without the dot. */
  readonly extensions: readonly string[];
  /** Programs on a phone that run it, the one that needs nothing first: runs by one say nothing of the other. */
  readonly phoneRuntimes: readonly PhoneRuntime[];
}

export type PhoneRuntime = "onnxruntime" | "tflite" | "litert" | "webgpu" | "benchmark_model";

export const FORMAT_TYPES = {
  onnx: { title: "ONNX", shortTitle: "ONNX", extensions: ["onnx", "ort"], phoneRuntimes: ["onnxruntime", "webgpu"] },
  tflite: {
    title: "TensorFlow Lite",
    shortTitle: "TFLite",
    extensions: ["tflite", "lite"],
    phoneRuntimes: ["tflite", "litert", "webgpu", "benchmark_model"],
  },
} as const satisfies Readonly<Record<FormatId, FormatType>>;

export const FORMAT_IDS = Object.keys(FORMAT_TYPES) as readonly FormatId[];

/** Endings of bundles, which hold models of a format and what belongs to them: MediaPipe's tasks, and LiteRT-LM's language models. */
export const BUNDLE_TYPE = { extensions: ["task", "litertlm"], holds: "tflite" } as const satisfies {
  readonly extensions: readonly string[];
  readonly holds: FormatId;
};

/** Endings of all files that are opened; without the dot. */
export const MODEL_EXTENSIONS: readonly string[] = [
  ...Object.values(FORMAT_TYPES).flatMap(({ extensions }) => [...extensions]),
  ...BUNDLE_TYPE.extensions,
];

/** Whether a file is a bundle by the ending of its name. */
export function isBundleName(file: string): boolean {
  return BUNDLE_TYPE.extensions.some((extension) => extension === endingOf(file));
}

/** The format whose files have the ending of a name; undefined where the name does not tell. */
export function formatByName(file: string): FormatId | undefined {
  const ending = endingOf(file);
  return FORMAT_IDS.find((id) => FORMAT_TYPES[id].extensions.some((extension) => extension === ending));
}

/** The same of the models in a file, which may be a bundle. */
export function formatIn(file: string): FormatId | undefined {
  return isBundleName(file) ? BUNDLE_TYPE.holds : formatByName(file);
}

function endingOf(file: string): string {
  return /\.([^./\\]+)$/.exec(file)?.[1]?.toLowerCase() ?? "";
}
