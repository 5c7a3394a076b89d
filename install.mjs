// Installs what the other scripts stand on. Plain Node without dependencies: it runs before anything is installed.
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { delimiter, join } from "node:path";

export const ROOT = import.meta.dirname;
export const VSCODE_HOST = join(ROOT, "test/vscode/host");

/** A machine that has just started may be installing its own updates: that is waited for. */
const LOCK_SECONDS = 600;

const HEADLESS = "chromium-headless-shell";
/** Names under which Chromium and its kin are installed: the one without windows first, which takes a quarter less of the processor. */
const CHROMIUM_NAMES = [HEADLESS, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
/** Where macOS keeps the same browsers. */
const CHROMIUM_APPLICATIONS = [
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** Runs `npm ci` in the repository unless node_modules already holds what the lock names. */
export function installPackages() {
  installLocked(ROOT, "Installing packages");
}

/**
 * Installs the npm-hosted VS Code.
 * @returns {string | undefined} why this machine cannot have it
 */
export function installVscodeHost() {
  if (process.platform !== "linux" || !["x64", "arm64"].includes(process.arch)) {
    return "the npm-hosted VS Code runs on Linux (x64, arm64) only; elsewhere use `npm run test:desktop`";
  }
  installLocked(VSCODE_HOST, "Installing VS Code from npm");
  // VS Code's server looks for its modules beside itself; ours are those of the host folder.
  const link = join(VSCODE_HOST, "node_modules/code-server/lib/vscode/node_modules");
  if (!existsSync(link)) {
    // It may lead to where the repository was before it was moved.
    rmSync(link, { force: true });
    symlinkSync(join(VSCODE_HOST, "node_modules"), link, "dir");
  }
  return undefined;
}

/**
 * Finds Chromium, and installs it where that is ours to do: as root on Debian and its kin.
 * @returns {string | undefined} why there is none, with what to install
 */
export function installChromium() {
  if (findChromium()) return undefined;
  // Older releases have it with windows only.
  const reason = installDebian([HEADLESS], "Chromium") && installDebian(["chromium"], "Chromium");
  if (reason === undefined && findChromium()) return undefined;
  return `${reason ?? "apt-get did not bring Chromium"}; or set EDGEWISE_CHROMIUM to the path of one`;
}

/**
 * Installs Debian packages where that is ours to do: as root on Debian and its kin.
 * @param what the reader is told is missing
 * @returns {string | undefined} why they are not installed, with what to do
 */
export function installDebian(packages, what) {
  const advice = `install ${what} (Debian: apt-get install ${packages.join(" ")})`;
  if (process.getuid?.() !== 0 || !findProgram("apt-get")) return `no ${what} found; ${advice}`;
  console.log(`Installing ${what} with apt-get …`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const isInstalled = [["update"], ["install", "-y", "--no-install-recommends", ...packages]].every(
    (args) =>
      spawnSync("apt-get", ["-q", "-o", `DPkg::Lock::Timeout=${LOCK_SECONDS}`, ...args], {
        env,
        stdio: ["ignore", "ignore", "inherit"],
      }).status === 0,
  );
  return isInstalled ? undefined : `apt-get could not install ${what}; ${advice}`;
}

/** @returns {string | undefined} the path of a Chromium, Google Chrome included */
export function findChromium() {
  const named = process.env.EDGEWISE_CHROMIUM;
  if (named) return named;
  return CHROMIUM_NAMES.map(findProgram).find(Boolean) ?? CHROMIUM_APPLICATIONS.find(existsSync);
}

/** @returns {string | undefined} the path of a program on the PATH */
export function findProgram(name) {
  const names = process.platform === "win32" ? [`${name}.exe`, `${name}.cmd`] : [name];
  const folders = (process.env.PATH ?? "").split(delimiter).filter(Boolean);
  return folders.flatMap((folder) => names.map((file) => join(folder, file))).find(isExecutable);
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function installLocked(folder, title) {
  if (isInstalled(folder)) return;
  console.log(`${title} …`);
  const isWindows = process.platform === "win32";
  const { status } = spawnSync("npm", ["ci", "--ignore-scripts", "--loglevel=error"], {
    cwd: folder,
    env: withoutNpmConfig(process.env),
    shell: isWindows, // npm is a .cmd there
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (status !== 0) throw new Error(`npm ci failed in ${folder}`);
}

/** True if node_modules holds every package of the lock at its version. Times of files say nothing after a checkout. */
function isInstalled(folder) {
  const installed = readPackages(join(folder, "node_modules/.package-lock.json"));
  if (!installed) return false;
  const wanted = readPackages(join(folder, "package-lock.json")) ?? {};
  return Object.entries(wanted).every(([path, { version, integrity, optional, devOptional }]) => {
    const found = installed[path];
    if (!found) return path === "" || optional === true || devOptional === true;
    return found.version === version && found.integrity === integrity;
  });
}

function readPackages(lockFile) {
  return existsSync(lockFile) ? JSON.parse(readFileSync(lockFile, "utf8")).packages : undefined;
}

/** `npm test` hands its own settings down as npm_config_…; `npm ci` must read those of the folder it works in. */
function withoutNpmConfig(environment) {
  const ours = /^npm_config_(ignore_scripts|prefix|local_prefix|omit_lockfile_registry_resolved|save_exact)$/;
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !ours.test(name)));
}
