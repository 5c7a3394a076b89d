import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { DeviceError } from "../device-error.ts";

/** Beside the built program, or in the repository that runs from its sources. */
const SCRIPTS = ["./chrome-page.js", "../../../dist/chrome-page.js"];

/** Everything of LiteRT.js's own that a browser asks for by name: single and several threads, with and without relaxed SIMD. */
export const LITERT_FILES = [
  "litert_wasm_internal.js",
  "litert_wasm_internal.wasm",
  "litert_wasm_compat_internal.js",
  "litert_wasm_compat_internal.wasm",
  "litert_wasm_threaded_internal.js",
  "litert_wasm_threaded_internal.wasm",
] as const;

/** @throws {DeviceError} when it is not built */
export function pageScript(): string {
  const path = SCRIPTS.map(here).find(existsSync);
  if (path !== undefined) return path;
  throw new DeviceError("no-runtime", "the page that runs TFLite models in a phone's Chrome is not built", {
    hint: "Run npm run build in Edgewise's repository",
  });
}

export function litertFile(name: (typeof LITERT_FILES)[number]): string {
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
