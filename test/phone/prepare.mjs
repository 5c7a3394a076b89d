// What the tests of a phone stand on: adb, a Debian that a real adbd runs in, and the runner. Plain Node: `npm test` calls it before the suite.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT, findProgram, installDebian } from "../../install.mjs";
import { PHONE_FOLDERS, removeAbandonedPhones } from "./abandoned-phones.mjs";

/** The release whose adbd runs outside Android. */
const RELEASE = "trixie";
const PROGRAMS = { adb: "adb", debootstrap: "debootstrap", "qemu-aarch64-static": "qemu-user-static" };

/** The Debian of all test phones, read-only: each has a layer of its own above it. */
export const BASE = `${PHONE_FOLDERS}${RELEASE}`;

/**
 * @returns {string | undefined} why this machine cannot play a phone
 */
export function preparePhones() {
  if (process.platform !== "linux" || process.arch !== "x64") return "a real adbd runs on Linux on x86-64 only";
  if (process.getuid?.() !== 0) return "a real adbd in a Debian of its own needs root";
  if (!findProgram("apt-get")) return "a real adbd comes from Debian's packages, and there is no apt-get";
  removeAbandonedPhones();
  const missing = Object.entries(PROGRAMS).filter(([program]) => !findProgram(program));
  const packages = missing.map(([, name]) => name);
  return (
    (packages.length > 0 ? installDebian(packages, packages.join(", ")) : undefined) ??
    makeBase() ??
    whyNoMounts() ??
    buildRunner()
  );
}

/** Made beside its place and moved there, so that one that is there is whole. */
function makeBase() {
  if (existsSync(BASE)) return undefined;
  console.log(`Installing a Debian ${RELEASE} with adbd …`);
  const part = mkdtempSync(`${BASE}-`);
  const made = spawnSync("debootstrap", ["--variant=minbase", "--include=adbd", RELEASE, part], { encoding: "utf8" });
  if (made.status !== 0) {
    rmSync(part, { recursive: true, force: true });
    return `debootstrap failed: ${made.stdout.trim().split("\n").at(-1) ?? ""}`;
  }
  mkdirSync(join(part, "data/local/tmp"), { recursive: true });
  renameSync(part, BASE);
  return undefined;
}

/** Root in a container may be refused what each phone's own layer is made of. */
function whyNoMounts() {
  const folder = mkdtempSync(join(tmpdir(), "edgewise-mount-"));
  const [root, upper, work] = ["root", "upper", "work"].map((name) => join(folder, name));
  for (const each of [root, upper, work]) mkdirSync(each);
  const layers = `lowerdir=${BASE},upperdir=${upper},workdir=${work}`;
  const mounted = spawnSync("mount", ["-t", "overlay", "overlay", "-o", layers, root], { encoding: "utf8" });
  if (mounted.status === 0) spawnSync("umount", ["-l", root]);
  rmSync(folder, { recursive: true, force: true });
  return mounted.status === 0 ? undefined : `this machine may not mount file systems: ${mounted.stderr.trim()}`;
}

function buildRunner() {
  const built = spawnSync(process.execPath, ["build-runner.mjs"], { cwd: ROOT, encoding: "utf8" });
  return built.status === 0 ? undefined : `the runner was not built: ${built.stderr.trim() || built.stdout.trim()}`;
}
