import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { PackageManager, listFiles } from "@vscode/vsce";
import { ROOT } from "../../../install.mjs";
import { skip } from "../../skip.ts";

/** "// node_modules/@scope/name/file.js", as a bundle that is not for production says it. */
const PART = /^\s*\/\/ (?:\S*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)\//gm;

/** `from"./part.js"`, `import("./part.js")`, `require("./part.cjs")`: parts of bundles lie beside each other. */
const BESIDE = /(?:from\s*|import\s*|import\(|require\()"\.\/([\w-]+\.c?js)"/g;

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
        "dist/webview-layout.js",
        "LICENSE",
        "dist/THIRD-PARTY-NOTICES.txt",
      ]),
      [],
    );
  });

  it("holds all parts of its bundles", () => {
    const bundles = files.filter((path) => /^dist\/[^/]+\.c?js$/.test(path));
    const parts = bundles.flatMap((path) =>
      [...readFileSync(join(ROOT, path), "utf8").matchAll(BESIDE)].map(([, name]) => `dist/${name}`),
    );
    for (const bundle of ["webview-chunk", "compare-chunk", "worker-chunk"])
      assert.ok(
        parts.some((part) => part.startsWith(`dist/${bundle}`)),
        bundle,
      );
    assert.deepEqual(missing(parts), []);
  });

  it("holds no source and no test, and of the samples only the one that new users are offered", () => {
    const foreign = files.filter((path) => /\.(ts|tsx|mjs|map|onnx|tflite)$|^(test|node_modules)\//.test(path));
    assert.deepEqual(foreign, ["media/samples/digits_resnet.onnx"]);
  });

  it("has the licence of every package that is in it, with its text", function () {
    const notices = readFileSync(join(ROOT, "dist/THIRD-PARTY-NOTICES.txt"), "utf8").split(`\n${"=".repeat(80)}\n`);
    const named = new Map(notices.slice(1).map((notice) => [notice.slice(0, notice.indexOf(" ")), notice]));
    // What bundles say of themselves: esbuild names the file that each part came from.
    const bundles = readdirSync(join(ROOT, "dist"), { recursive: true, encoding: "utf8" }).filter((path) =>
      /\.c?js$/.test(path),
    );
    const held = bundles
      .filter((path) => !path.startsWith("node_modules"))
      .flatMap((path) => [...readFileSync(join(ROOT, "dist", path), "utf8").matchAll(PART)])
      .map(([, name]) => name ?? "");
    if (held.length === 0) skip(this, "built for production, where bundles do not say what they are made of");
    const expected = new Set([
      ...held,
      "onnxruntime-node",
      "onnxruntime-common",
      "@litertjs/core",
      "@dagrejs/dagre",
      "@vscode/codicons",
    ]);
    assert.deepEqual(
      [...expected].filter((name) => !named.has(name)),
      [],
    );
    assert.ok(expected.size > 20);
    for (const [name, notice] of named) assert.ok(/copyright/i.test(notice) && notice.length > 500, name);
  });

  function missing(paths: readonly string[]): readonly string[] {
    return paths.filter((path) => !files.includes(path));
  }
});

function stringsOf(value: unknown): readonly string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(stringsOf) : [];
}
