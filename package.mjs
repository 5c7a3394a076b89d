// Packages the extension for one platform: `npm run package [-- --target TARGET]` writes edgewise-TARGET.vsix.
// ONNX Runtime is native, and all its platforms together are 250 MB: each package holds the one of its target.
import { createVSIX } from "@vscode/vsce";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

const ROOT = import.meta.dirname;
const NATIVES = join(ROOT, "node_modules/onnxruntime-node/bin/napi-v6");
/** Beside the bundle that requires it, where Node looks first. */
const STAGED = join(ROOT, "dist/node_modules");

/** VS Code's names of the platforms that ONNX Runtime has a build for. */
const TARGETS = readdirSync(NATIVES).flatMap((platform) =>
  readdirSync(join(NATIVES, platform)).map((architecture) => `${platform}-${architecture}`),
);

/** The same library twice: its binding links to the name without the full version. */
const DUPLICATE = /libonnxruntime\.\d+\.\d+\.\d+\.dylib$/;

const { values } = parseArgs({
  options: { target: { type: "string", default: `${process.platform}-${process.arch}` } },
});
const { target } = values;
if (!TARGETS.includes(target)) {
  process.stderr.write(`There is no ONNX Runtime for "${target}": expected one of ${TARGETS.join(", ")}.\n`);
  process.exit(1);
}

// What phones run is the same for all platforms.
if (spawnSync(process.execPath, [join(ROOT, "build-runner.mjs")], { cwd: ROOT, stdio: "inherit" }).status !== 0) {
  process.stderr.write("The package has no runner: ONNX models cannot be run on phones from it.\n");
}

const packagePath = join(ROOT, `edgewise-${target}.vsix`);
// Staged first: the build that vsce starts leaves what it did not make itself.
stageRuntime(...target.split("-"));
try {
  await createVSIX({
    cwd: ROOT,
    target,
    packagePath,
    dependencies: false,
    allowMissingRepository: true,
    rewriteRelativeLinks: false,
  });
} finally {
  rmSync(STAGED, { recursive: true, force: true });
}

function stageRuntime(platform, architecture) {
  rmSync(STAGED, { recursive: true, force: true });
  const natives = join("onnxruntime-node/bin/napi-v6", platform, architecture);
  for (const part of ["onnxruntime-node/package.json", "onnxruntime-node/dist", natives]) stage(part);
  for (const part of ["onnxruntime-common/package.json", "onnxruntime-common/dist/cjs"]) stage(part);
}

function stage(part) {
  const from = join(ROOT, "node_modules", part);
  if (!existsSync(from)) throw new Error(`${from} is missing: run npm ci.`);
  const isNeeded = (path) => !/\.(map|d\.ts)$/.test(path) && !DUPLICATE.test(path);
  cpSync(from, join(STAGED, part), { recursive: true, filter: isNeeded });
}
