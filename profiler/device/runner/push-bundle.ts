import { join } from "node:path";
import { FileSource } from "../../bytes/file-source.ts";
import type { AdbDevice } from "../adb/adb-device.ts";
import { PHONE_FOLDER } from "../adb/phone-folder.ts";
import { shellWord } from "../adb/shell-word.ts";
import { DeviceError } from "../device-error.ts";
import { filesFor, type BundledFile, type BundledRuntime, type RunnerBundle } from "./bundle.ts";

/** Enough to tell bundles apart. */
const HASH_DIGITS = 16;

const EXECUTABLE = 0o755;

export interface PushedBundle {
  /** On the phone. */
  readonly folder: string;
  readonly bundle: RunnerBundle;
}

/** Where a bundle is on a phone, by its contents. */
export function bundleFolder({ abi, hash }: RunnerBundle): string {
  return `${PHONE_FOLDER}/bundles/${abi}-${hash.slice(0, HASH_DIGITS)}`;
}

/** The files of a bundle that a phone lacks for a runtime, or has with other contents. */
export async function missingFiles(
  device: AdbDevice,
  bundle: RunnerBundle,
  runtime: BundledRuntime,
  signal?: AbortSignal,
): Promise<readonly BundledFile[]> {
  const { stdout } = await device.shell(
    `cd ${shellWord(bundleFolder(bundle))} 2>/dev/null && sha256sum * 2>/dev/null`,
    { signal },
  );
  const found = new Map(
    stdout.split("\n").map((line) => {
      const [, sha256 = "", name = ""] = /^([0-9a-f]{64})\s+\*?(.+)$/.exec(line.trim()) ?? [];
      return [name, sha256] as const;
    }),
  );
  return filesFor(bundle, runtime).filter(({ name, sha256 }) => found.get(name) !== sha256);
}

/**
 * Brings the files that a phone lacks, looks whether all have arrived, and removes bundles of other versions.
 * @throws {DeviceError} when a file is not what was sent
 */
export async function pushBundle(
  device: AdbDevice,
  bundle: RunnerBundle,
  missing: readonly BundledFile[],
  options: {
    readonly runtime: BundledRuntime;
    readonly signal?: AbortSignal | undefined;
    readonly onSent?: (bytes: number, total: number) => void;
  },
): Promise<PushedBundle> {
  const folder = bundleFolder(bundle);
  if (missing.length === 0) return { folder, bundle };
  const { runtime, signal, onSent } = options;
  const total = missing.reduce((sum, { bytes }) => sum + bytes, 0);
  const others = `for each in ${PHONE_FOLDER}/bundles/*; do [ "$each" = ${shellWord(folder)} ] || rm -rf "$each"; done`;
  await device.shell(others, { signal });
  let before = 0;
  for (const { name, bytes } of missing) {
    const source = await FileSource.open(join(bundle.folder, name));
    const start = before;
    try {
      const sent = (done: number): void => onSent?.(start + done, total);
      await device.push(`${folder}/${name}`, source, { signal, mode: EXECUTABLE, onSent: sent });
    } finally {
      await source.close();
    }
    before += bytes;
  }
  const wrong = await missingFiles(device, bundle, runtime, signal);
  if (wrong.length > 0)
    throw new DeviceError(
      "failed",
      `${device.serial}: ${wrong.map(({ name }) => name).join(", ")} did not arrive as sent`,
      { hint: "Run again; if it stays so, another cable, or more free space on the phone, is what helps" },
    );
  return { folder, bundle };
}
