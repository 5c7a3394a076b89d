import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DeviceError } from "../device-error.ts";

/** Processors that there is a bundle for, as Android calls them, the likelier first. */
export const BUNDLED_ABIS = ["arm64-v8a", "x86_64"] as const;
export type BundledAbi = (typeof BUNDLED_ABIS)[number];

/** What a phone needs to run ONNX models, on this machine. */
export interface RunnerBundle {
  readonly abi: BundledAbi;
  /** On this machine. */
  readonly folder: string;
  /** Of all files' contents, in hex: bundles of one are the same. */
  readonly hash: string;
  /** Starts the runner with the C library beside it. */
  readonly loader: string;
  /** Version of ONNX Runtime in it. */
  readonly onnxRuntime: string;
  readonly files: readonly BundledFile[];
}

export interface BundledFile {
  readonly name: string;
  readonly bytes: number;
  /** In hex. */
  readonly sha256: string;
}

/** Beside the built program, or in the repository that runs from its sources. */
const FOLDERS = ["./runner", "../../../dist/runner"];

/** Where `npm run build:runner` wrote the bundles; undefined when it did not. */
export function bundlesFolder(): string | undefined {
  return FOLDERS.map((path) => fileURLToPath(new URL(path, import.meta.url))).find((folder) =>
    BUNDLED_ABIS.some((abi) => existsSync(join(folder, abi, "manifest.json"))),
  );
}

/**
 * The bundle for a phone.
 * @param abis the instruction sets that it runs, the preferred one first
 * @throws {DeviceError} when there is none for it, or none was built
 */
export async function findBundle(
  serial: string,
  abis: readonly string[],
  folder = bundlesFolder(),
): Promise<RunnerBundle> {
  const abi = abis.flatMap((each) => BUNDLED_ABIS.filter((bundled) => bundled === each))[0];
  if (abi === undefined)
    throw new DeviceError(
      "unsupported",
      `${serial} runs ${abis.join(", ") || "an unknown processor"}, and ONNX Runtime here needs ${BUNDLED_ABIS.join(" or ")}`,
      { hint: "Phones with 32-bit Android cannot run it" },
    );
  if (folder === undefined)
    throw new DeviceError("no-runtime", "what phones need to run ONNX models is not built", {
      hint: "Run npm run build:runner in Edgewise's repository",
    });
  return readBundle(abi, join(folder, abi));
}

async function readBundle(abi: BundledAbi, folder: string): Promise<RunnerBundle> {
  const { loader, onnxRuntime, files } = JSON.parse(await readFile(join(folder, "manifest.json"), "utf8")) as Pick<
    RunnerBundle,
    "loader" | "onnxRuntime" | "files"
  >;
  const hash = createHash("sha256");
  for (const { name, sha256 } of files) hash.update(`${name} ${sha256}\n`);
  return { abi, folder, hash: hash.digest("hex"), loader, onnxRuntime, files };
}
