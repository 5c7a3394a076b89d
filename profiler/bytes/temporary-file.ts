import { createHash, randomBytes } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";

/**
 * Temporary files of saves carry who writes them, so that the next save in the folder can tell those of a writer that was killed:
 * `.edgewise-HOST-PROCESS-RANDOM[-LABEL].tmp`. Names do not grow with the file's own, which may be as long as the system allows.
 */
const PATTERN = /^\.edgewise-([0-9a-f]{8})-(\d+)-[0-9a-f]{12}(?:-([0-9a-f]+))?\.tmp$/;

/** Process numbers mean something on the machine alone that gave them: folders may be shared. */
export const HOST = createHash("sha256").update(hostname()).digest("hex").slice(0, 8);

/** @param label hexadecimal digits that whoever sweeps the file is told of */
export function temporaryName(label?: string): string {
  const random = randomBytes(6).toString("hex");
  return `.edgewise-${HOST}-${process.pid}-${random}${label === undefined ? "" : `-${label}`}.tmp`;
}

/**
 * Removes the temporary files of killed writers from a folder.
 * @returns labels of those that had one
 */
export async function sweepTemporaryFiles(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  const labels: string[] = [];
  for (const name of names) {
    const [, host, writer, label] = PATTERN.exec(name) ?? [];
    if (host !== HOST || isRunning(Number(writer))) continue;
    await rm(join(folder, name), { force: true });
    if (label !== undefined) labels.push(label);
  }
  return labels;
}

/** Whether a writer of this machine is there still. */
export function isRunning(process_: number): boolean {
  try {
    process.kill(process_, 0);
    return true;
  } catch (error) {
    // Of another user it says that it may not, and is there.
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
