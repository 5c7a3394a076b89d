import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { DeviceError } from "../device-error.ts";

/** A page, by what it runs models with. */
export interface PageRuntime {
  /** What messages call it. */
  readonly title: string;
  /** What to try where it cannot run a model. */
  readonly instead: string;
  /** Of the built script. */
  readonly script: string;
  /** Further files that it asks for, by the names that it has for them. */
  readonly files: Readonly<Record<string, () => string>>;
}

/** Everything of LiteRT.js's own that a browser asks for by name: single and several threads, with and without relaxed SIMD. */
const LITERT_FILES = [
  "litert_wasm_internal.js",
  "litert_wasm_internal.wasm",
  "litert_wasm_compat_internal.js",
  "litert_wasm_compat_internal.wasm",
  "litert_wasm_threaded_internal.js",
  "litert_wasm_threaded_internal.wasm",
] as const;

/** The build with WebGPU in it, for browsers that cannot suspend WebAssembly by themselves too: 24 MB. */
const ORT_WASM = "ort-wasm-simd-threaded.asyncify.wasm";

export const LITERT_PAGE: PageRuntime = {
  title: "LiteRT.js",
  instead: "TFLite itself may run it (--runtime tflite), or Google's benchmark_model (--benchmark-model)",
  script: "chrome-page.js",
  files: Object.fromEntries(LITERT_FILES.map((name) => [`litert/${name}`, () => litertFile(name)])),
};

export const ONNX_PAGE: PageRuntime = {
  title: "ONNX Runtime Web",
  instead: "ONNX Runtime on the phone's CPU may run it: leave out --runtime",
  script: "chrome-onnx-page.js",
  files: { [`ort/${ORT_WASM}`]: () => besideOr(`./ort/${ORT_WASM}`, "onnxruntime-web/webgpu", ORT_WASM) },
};

/**
 * Beside the built program, or in the repository that runs from its sources.
 * @throws {DeviceError} when it is not built
 */
export function pageScript({ script }: PageRuntime): string {
  const path = [`./${script}`, `../../../dist/${script}`].map(here).find(existsSync);
  if (path !== undefined) return path;
  throw new DeviceError("no-runtime", "the page that runs models in a phone's Chrome is not built", {
    hint: "Run npm run build in Edgewise's repository",
  });
}

/** A file that the build copies, else that of the package in the repository, which is beside what the package gives. */
function besideOr(path: string, entry: string, name: string): string {
  const beside = here(path);
  return existsSync(beside) ? beside : join(dirname(createRequire(import.meta.url).resolve(entry)), name);
}

function litertFile(name: (typeof LITERT_FILES)[number]): string {
  const beside = here(`./litert/${name}`);
  if (existsSync(beside)) return beside;
  return join(dirname(createRequire(import.meta.url).resolve("@litertjs/core")), "../wasm", name);
}

export const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width" />
    <title>Edgewise</title>
    <script type="module" src="page.js"></script>
  </head>
  <body>
    <h1>Edgewise</h1>
    <p id="state">Loading the model …</p>
    <p>Keep this page in front until it is done.</p>
  </body>
</html>
`;

function here(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}
