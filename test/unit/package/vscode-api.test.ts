import assert from "node:assert/strict";
import { build, type Plugin } from "esbuild";
import { ROOT } from "../../../install.mjs";
import { VSCODE_API } from "../../../vscode-api.mjs";

/** Two files that import the API, as the extension's do. */
const SOURCES: Readonly<Record<string, string>> = {
  main: 'import * as vscode from "vscode"; import { uri } from "other"; console.log(uri, vscode.window, vscode.LanguageModelError);',
  other: 'import * as vscode from "vscode"; export const uri = vscode.Uri;',
};

const FILES: Plugin = {
  name: "files in memory",
  setup: (build) => {
    build.onResolve({ filter: /^(main|other)$/ }, ({ path }) => ({ path, namespace: "memory" }));
    build.onLoad({ filter: /.*/, namespace: "memory" }, ({ path }) => ({ contents: SOURCES[path] ?? "" }));
  },
};

describe("VS Code's API in a bundle", () => {
  it("is required once, and copied for no file", async () => {
    const { outputFiles } = await build({
      absWorkingDir: ROOT,
      entryPoints: ["main"],
      bundle: true,
      write: false,
      format: "cjs",
      platform: "node",
      plugins: [VSCODE_API, FILES],
    });
    const text = outputFiles[0]?.text ?? "";
    assert.equal(text.split('require("vscode")').length, 2);
    assert.doesNotMatch(text, /__toESM\(require/);
    assert.match(text, /console\.log\(uri, window, LanguageModelError\)/);
  });
});
