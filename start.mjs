// npm start [-- MODEL] [--no-open]: installs, builds, prints the table of MODEL, and opens it in VS Code with the extension loaded.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { ROOT, findProgram, installPackages, installVscodeHost } from "./install.mjs";

const SAMPLE = join(ROOT, "media/samples/digits_resnet.onnx");

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { "no-open": { type: "boolean", default: Boolean(process.env.EDGEWISE_NO_OPEN) } },
});
// npm runs us in the repository; a relative path is meant where the user stands.
const model = positionals[0] ? resolve(process.env.INIT_CWD ?? ".", positionals[0]) : SAMPLE;
if (!existsSync(model)) {
  console.error(`There is no file ${model}`);
  process.exit(2);
}

installPackages();
run("build.mjs");
run("dist/cli.js", "profile", model);
if (!values["no-open"] && !openInDesktop()) await openInBrowser();

/** Opens the user's own VS Code. @returns whether there is one that starts */
function openInDesktop() {
  const code = findProgram("code");
  if (!code) return false;
  console.log(`\nOpening ${model} in VS Code …`);
  const args = [`--extensionDevelopmentPath=${ROOT}`, model];
  const isWindows = process.platform === "win32";
  const { status } = spawnSync(isWindows ? `"${code}"` : code, isWindows ? args.map((arg) => `"${arg}"`) : args, {
    shell: isWindows, // code is a .cmd there
    stdio: "inherit",
  });
  if (status === 0) return true;
  console.log("VS Code did not start; trying the one from npm.");
  return false;
}

/** Serves VS Code from npm until Ctrl+C. */
async function openInBrowser() {
  const whyNot = installVscodeHost();
  if (whyNot) {
    console.log(`\nTo open the model, install VS Code with its command \`code\` (here ${whyNot.replace(/;.*/, "")}).`);
    return;
  }
  const { register } = await import("tsx/esm/api");
  register();
  const { serve } = await import("./test/vscode/run/serve.ts");
  await serve(model);
}

/** Runs Node in the repository; a step that fails ends us with its exit code. */
function run(...args) {
  const { status } = spawnSync(process.execPath, args, { cwd: ROOT, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
