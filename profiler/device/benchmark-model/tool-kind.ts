import { RunError } from "../../errors.ts";
import type { TfliteDelegate } from "../target.ts";

/**
 * The two programs that are called `benchmark_model`: TFLite's, which runs an interpreter with delegates, and LiteRT 2's, which runs a
 * CompiledModel on accelerators, takes no inputs and writes no outputs.
 */
export type ToolKind = "interpreter" | "compiled-model";

/** What to do where the tool is not good enough, or crashes. */
export const NEWER_TOOL = "Name a newer benchmark_model, or none: Edgewise brings runtimes of its own";
export const OTHER_DELEGATE =
  "Run it without the delegate (--delegate xnnpack), or name another version of benchmark_model";

/** What only LiteRT 2's says: its source's name, its table of results, flags in its help. */
const COMPILED = [
  /\[?benchmark_litert_model\.(?:h|cc)\b/,
  /^=+ BENCHMARK RESULTS =+$/m,
  /--(?:use_npu|use_profiler|dispatch_library_path|compiler_plugin_library_path)\b/,
  /CompiledModel/,
];
/** What only TFLite's says, of itself or in its help. */
const INTERPRETER = [
  /--(?:input_layer|use_nnapi|external_delegate_path|enable_op_profiling)\b=/,
  /^\S*\s*(?:INFO: )?STARTING!$/m,
];

/** @returns undefined where neither shows itself */
export function toolKindOf(said: string): ToolKind | undefined {
  // It lists flags that it does not know: those are ours.
  const own = said.replaceAll(/^.*Unconsumed cmdline flags:.*$/gm, "");
  if (COMPILED.some((mark) => mark.test(own))) return "compiled-model";
  if (INTERPRETER.some((mark) => mark.test(own))) return "interpreter";
  return said === own ? undefined : unconsumed(said);
}

/** An interpreter of any age knows the shape of an input. */
function unconsumed(said: string): ToolKind | undefined {
  return /Unconsumed cmdline flags:.*--input_layer_shape/.test(said) ? "compiled-model" : undefined;
}

interface DelegateFlags {
  readonly flags: (library: DelegateLibrary) => readonly string[];
}

/** Where a vendor's libraries lie on the phone, and what its delegate is told. */
export interface DelegateLibrary {
  readonly path: string | undefined;
  readonly options: string | undefined;
}

/** Everything runs where it is asked to, or the program says why not: what silently ran elsewhere would be measured as what it is not. */
const FULLY = "--require_full_delegation=true";

const FLAGS: Readonly<Record<ToolKind, Partial<Record<TfliteDelegate, DelegateFlags>>>> = {
  interpreter: {
    xnnpack: { flags: () => ["--use_xnnpack=true"] },
    gpu: { flags: () => ["--use_gpu=true"] },
    nnapi: { flags: () => ["--use_nnapi=true"] },
    qnn: {
      flags: ({ path = "", options = "backend_type:htp" }) => [
        `--external_delegate_path=${path}`,
        `--external_delegate_options=${options}`,
      ],
    },
  },
  "compiled-model": {
    xnnpack: { flags: () => ["--use_cpu=true"] },
    gpu: { flags: () => ["--use_gpu=true", "--use_cpu=false", FULLY] },
    npu: {
      flags: ({ path }) => [
        "--use_npu=true",
        "--use_cpu=false",
        FULLY,
        ...(path === undefined ? [] : [`--dispatch_library_path=${path}`]),
      ],
    },
  },
};

const TITLES: Readonly<Record<ToolKind, string>> = {
  interpreter: "TFLite's benchmark_model",
  "compiled-model": "LiteRT 2's benchmark_model",
};

/** @throws {RunError} for a delegate that this kind does not have, or that needs a library which is not named */
export function delegateFlags(
  kind: ToolKind,
  delegate: TfliteDelegate | null,
  library: DelegateLibrary,
): readonly string[] {
  if (delegate === null) return [];
  const known = FLAGS[kind][delegate];
  if (known === undefined)
    throw new RunError(`${TITLES[kind]} has no ${delegate}: it takes ${Object.keys(FLAGS[kind]).join(", ")}`, {
      hint:
        kind === "interpreter"
          ? "NPUs are LiteRT 2's: name its benchmark_model"
          : "Name TFLite's benchmark_model for others",
    });
  if (delegate === "qnn" && library.path === undefined)
    throw new RunError("the QNN delegate is a library of Qualcomm's that must be on the phone", {
      hint: "Name it with --delegate-library, such as /data/local/tmp/qnn/libQnnTFLiteDelegate.so",
    });
  return known.flags(library);
}
