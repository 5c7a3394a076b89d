import { readFile } from "node:fs/promises";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { BUNDLED_ABIS, bundlesFolder, type BundledAbi } from "../../runtime/native/bundles.ts";
import { DeviceError } from "../device-error.ts";

/** What runs models in a bundle. */
export type BundledRuntime = "onnxruntime" | "tflite";

/** What a phone needs to run models, on this machine. */
export interface RunnerBundle {
  readonly abi: BundledAbi;
  /** On this machine. */
  readonly folder: string;
  /** Of all files' contents, in hex: bundles of one are the same. */
  readonly hash: string;
  /** Starts a runner with the C library beside it. */
  readonly loader: string;
  /** Version of ONNX Runtime in it. */
  readonly onnxRuntime: string;
  /** Of TFLite in it. */
  readonly tflite: string;
  readonly files: readonly BundledFile[];
}

export interface BundledFile {
  readonly name: string;
  /** Which runtime it is of; left out for what all need. */
  readonly runtime?: BundledRuntime;
  readonly bytes: number;
  /** In hex. */
  readonly sha256: string;
}

/** The files that a runtime needs; the C library is every runtime's. */
export function filesFor({ files }: RunnerBundle, runtime: BundledRuntime): readonly BundledFile[] {
  return files.filter((file) => (file.runtime ?? runtime) === runtime);
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
      `${serial} runs ${abis.join(", ") || "an unknown processor"}, and the runtimes here need ${BUNDLED_ABIS.join(" or ")}`,
      { hint: "Phones with 32-bit Android cannot run it" },
    );
  if (folder === undefined)
    throw new DeviceError("no-runtime", "what phones need to run models is not built", {
      hint: "Run npm run build:runner in Edgewise's repository",
    });
  return readBundle(abi, join(folder, abi));
}

async function readBundle(abi: BundledAbi, folder: string): Promise<RunnerBundle> {
  const { loader, onnxRuntime, tflite, files } = JSON.parse(
    await readFile(join(folder, "manifest.json"), "utf8"),
  ) as Pick<RunnerBundle, "loader" | "onnxRuntime" | "tflite" | "files">;
  const hash = createHash("sha256");
  for (const { name, sha256 } of files) hash.update(`${name} ${sha256}\n`);
  return { abi, folder, hash: hash.digest("hex"), loader, onnxRuntime, tflite, files };
}
