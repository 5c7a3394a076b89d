import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PackageManager, listFiles } from "@vscode/vsce";
import { ROOT } from "../../../install.mjs";
import { skip } from "../../skip.ts";

describe("The package for VS Code", () => {
  let files: readonly string[] = [];

  before(async function () {
    if (!existsSync(join(ROOT, "dist/extension.cjs"))) skip(this, "nothing is built; run `npm run build`");
    files = await listFiles({ cwd: ROOT, packageManager: PackageManager.None });
  });

  it("holds every file that the manifest names", () => {
    const manifest: unknown = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"), (key, value: unknown) =>
      key === "scripts" || key === "bin" ? undefined : value,
    );
    const named = stringsOf(manifest).filter((text) => /^(\.\/)?(dist|media|l10n)\//.test(text));
    assert.ok(named.includes("dist/extension.cjs"));
    assert.deepEqual(missing(named.map((path) => path.replace(/^\.\//, ""))), []);
  });

  it("holds what the extension loads by path", () => {
    assert.deepEqual(
      missing([
        "dist/worker.cjs",
        "dist/webview.js",
        "dist/compare.js",
        "dist/compare.css",
        "dist/codicons/codicon.css",
        "dist/elk/elk-worker.min.js",
        "dist/elk/LICENSE.md",
        "LICENSE",
      ]),
      [],
    );
  });

  it("holds no source and no test, and of the samples only the one that new users are offered", () => {
    const foreign = files.filter((path) => /\.(ts|tsx|mjs|map|onnx|tflite)$|^(test|node_modules)\//.test(path));
    assert.deepEqual(foreign, ["media/samples/digits_resnet.onnx"]);
  });

  function missing(paths: readonly string[]): readonly string[] {
    return paths.filter((path) => !files.includes(path));
  }
});

function stringsOf(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(stringsOf) : [];
}
