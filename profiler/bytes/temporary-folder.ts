import { rmSync } from "node:fs";
import { lstat, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HOST, isRunning } from "./temporary-file.ts";

/** They carry who made them, as temporary files do: `edgewise-run-HOST-PROCESS-RANDOM`. */
const PATTERN = /^edgewise-run-([0-9a-f]{8})-(\d+)-\w{6}$/;

/** Of this program, so that one that is interrupted takes them with it. */
const made = new Set<string>();
process.on("exit", () => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

/** A folder of its own among the system's temporary files, which `removeTemporaryFolder` takes away. Those of killed programs are removed. */
export async function makeTemporaryFolder(): Promise<string> {
  const place = tmpdir();
  await sweepTemporaryFolders(place);
  const folder = await mkdtemp(join(place, `edgewise-run-${HOST}-${process.pid}-`));
  made.add(folder);
  return folder;
}

export async function removeTemporaryFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  made.delete(folder);
}

/** Others may call theirs what they like: only folders of this user's own are removed. */
async function sweepTemporaryFolders(place: string): Promise<void> {
  for (const name of await readdir(place).catch(() => [])) {
    const [, host, writer] = PATTERN.exec(name) ?? [];
    if (host !== HOST || isRunning(Number(writer))) continue;
    const folder = join(place, name);
    const found = await lstat(folder).catch(() => undefined);
    if (found?.isDirectory() !== true || found.uid !== (process.getuid?.() ?? found.uid)) continue;
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}
