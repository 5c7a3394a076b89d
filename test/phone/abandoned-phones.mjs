// Phones of test runs that were killed: their mounts and daemons stay behind. The next run takes them away.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Beginning of the name of each phone's folder. */
export const PHONE_FOLDERS = join(tmpdir(), "edgewise-phone-");
const OWNER = "owner";

/** Says in a phone's folder which process plays it. @param {string} folder */
export function claimPhone(folder, pid = process.pid) {
  writeFileSync(join(folder, OWNER), `${pid} ${startOf(pid) ?? "ended"}`);
}

/** Takes away the phones whose processes are gone. Folders that nobody claimed are left alone. */
export function removeAbandonedPhones() {
  if (process.platform !== "linux") return;
  for (const name of readdirSync(tmpdir())) {
    const folder = join(tmpdir(), name);
    if (folder.startsWith(PHONE_FOLDERS) && isAbandoned(folder)) removePhone(folder);
  }
}

/** Ends what runs on a phone, and takes away its mounts and its folder. @param {string} folder */
export function removePhone(folder) {
  for (const pid of processesOf(folder)) read(() => process.kill(pid, "SIGKILL"));
  const root = join(folder, "root");
  if (existsSync(root)) spawnSync("umount", ["-R", "-l", root]);
  // Never into what is still mounted.
  spawnSync("rm", ["-rf", "--one-file-system", folder]);
}

/** Processes whose root is the phone's. @param {string} folder @returns {readonly number[]} */
export function processesOf(folder) {
  const root = join(folder, "root");
  return readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid) && read(() => readlinkSync(`/proc/${pid}/root`)) === root)
    .map(Number);
}

/** @param {string} folder */
function isAbandoned(folder) {
  const [pid, start] = read(() => readFileSync(join(folder, OWNER), "utf8"))?.split(" ") ?? [];
  return pid !== undefined && start !== undefined && startOf(Number(pid)) !== start;
}

/** When a process began, in clock ticks since the computer did (proc_pid_stat(5), field 22): ids are given again. @param {number} pid */
function startOf(pid) {
  const fields = read(() => readFileSync(`/proc/${pid}/stat`, "utf8"))
    ?.split(") ")
    .at(-1)
    ?.split(" ");
  // The first of these is the third field; one in state Z has ended.
  return fields?.[0] === "Z" ? undefined : fields?.[19];
}

/** A process may end while it is looked at. @template T @param {() => T} look */
function read(look) {
  try {
    return look();
  } catch {
    return undefined;
  }
}
