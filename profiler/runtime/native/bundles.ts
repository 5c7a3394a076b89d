import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Processors that `npm run build:runner` makes a bundle for, as Android calls them, the likelier first. */
export const BUNDLED_ABIS = ["arm64-v8a", "x86_64"] as const;
export type BundledAbi = (typeof BUNDLED_ABIS)[number];

/** Beside the built program, or in the repository that runs from its sources. */
const FOLDERS = ["./runner", "../../../dist/runner"];

/** Where `npm run build:runner` wrote the bundles; undefined when it did not. */
export function bundlesFolder(): string | undefined {
  return FOLDERS.map((path) => fileURLToPath(new URL(path, import.meta.url))).find((folder) =>
    BUNDLED_ABIS.some((abi) => existsSync(join(folder, abi, "manifest.json"))),
  );
}

/** What starts TFLite's runner: it brings its own C library, so that any Linux runs it. */
export interface HostTflite {
  readonly program: string;
  /** In front of the runner's own. */
  readonly args: readonly string[];
  readonly version: string;
}

const HOST_ABIS: Readonly<Partial<Record<NodeJS.Architecture, BundledAbi>>> = { x64: "x86_64", arm64: "arm64-v8a" };

/** The bundle that runs on this machine too; undefined where there is none. */
export function hostTflite(): HostTflite | undefined {
  const abi = process.platform === "linux" ? HOST_ABIS[process.arch] : undefined;
  const folder = bundlesFolder();
  if (abi === undefined || folder === undefined) return undefined;
  const home = join(folder, abi);
  const manifest = join(home, "manifest.json");
  if (!existsSync(manifest)) return undefined;
  const { loader, tflite } = JSON.parse(readFileSync(manifest, "utf8")) as { loader: string; tflite?: string };
  // One of before there was TFLite in it.
  if (tflite === undefined) return undefined;
  return { program: join(home, loader), args: ["--library-path", home, join(home, "tflite-runner")], version: tflite };
}

/** Why there is none on this machine, and what helps, in a sentence of its own. */
export function whyNoHostTflite(platform = process.platform, architecture = process.arch): string {
  if (platform !== "linux" || HOST_ABIS[architecture] === undefined)
    return "TFLite's own runtime is for Linux on x86-64 and arm64: measure on a phone (--device SERIAL) for it.";
  return "TFLite's own runtime is not built here: `npm run build:runner` in Edgewise's repository makes it, the packaged extension brings it.";
}

/** What the runner may not inherit: libraries of this machine beside its own C library. */
export function runnerEnvironment(): NodeJS.ProcessEnv {
  const { LD_PRELOAD: _preload, LD_LIBRARY_PATH: _path, ...rest } = process.env;
  return rest;
}
