import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Locator } from "playwright-core";
import { externalTensor, graph, node, onnxModel, value } from "../../builders/onnx-builder.ts";
import { longChain } from "./models.ts";
import { useWindow } from "./window.ts";

/** Models whose first bytes hold no NUL: VS Code takes them for text. */
const [MODEL, OTHER, SPLIT, HALF, POINTER] = ["model.onnx", "other.onnx", "split.onnx", "half.onnx", "large.onnx"];

const git = (folder: string, ...args: readonly string[]): void => {
  const identity = ["-c", "user.name=test", "-c", "user.email=test@localhost", "-c", "init.defaultBranch=main"];
  execFileSync("git", [...identity, ...args], { cwd: folder });
};

/** A product with a weight in a file beside the model. */
function withData(file: string, rows: number): Uint8Array {
  const nodes = [node("MatMul", ["x", "w"], ["y"], {}, { name: "product" })];
  const weight = externalTensor("w", "float32", [rows, 4], { location: file, offset: 0, length: rows * 16 });
  return onnxModel({
    graph: graph(nodes, { inputs: [value("x", "float32", [1, rows])], outputs: ["y"], initializers: [weight] }),
  });
}

function prepare(folder: string): void {
  const write = (name: string, bytes: string | Uint8Array): void => writeFileSync(join(folder, name), bytes);
  write(MODEL, longChain(10));
  write(OTHER, longChain(20));
  write(SPLIT, withData("split.data", 4));
  write("split.data", new Uint8Array(64));
  write(HALF, withData("half.data", 4));
  write("half.data", new Uint8Array(64));
  write(POINTER, `version https://git-lfs.github.com/spec/v1\noid sha256:${"a".repeat(64)}\nsize 1234567\n`);
  write(".gitignore", "half.data\n");
  git(folder, "init", "--quiet");
  git(folder, "add", ".");
  git(folder, "commit", "--quiet", "--message", "Models");
  write(MODEL, longChain(12));
  write(OTHER, longChain(21));
  write(SPLIT, withData("split.data", 2));
  write(HALF, withData("half.data", 2));
  write(POINTER, longChain(3));
}

describe("Models in source control", () => {
  const vscode = useWindow({
    builtIn: ["git", "git-base"],
    settings: { "git.enabled": true, "git.openRepositoryInParentFolders": "never" },
    prepare,
    keepsOpen: true,
  });

  const page = () => vscode().webview();
  const changes = (name: string): Locator =>
    vscode().page.locator(".scm-view .monaco-list-row").filter({ hasText: name }).first();
  const count = (): Locator => page().getByTestId("shown-count");
  const tabs = (): Promise<string[]> =>
    vscode().server.run((api) => api.window.tabGroups.all.flatMap((group) => group.tabs.map(({ label }) => label)));

  before(async function () {
    this.timeout(120_000);
    await vscode().server.run((api) => api.commands.executeCommand("workbench.view.scm"));
    await changes(MODEL).waitFor();
    // In a browser all webviews are of one origin, and register its service worker. The first ones there are must not be those of a
    // diff, which are removed for the comparison at once: one time in eight VS Code 1.139 then leaves that blank.
    await vscode().openFile(MODEL);
    await page().getByTestId("layers").waitFor();
    await vscode().server.run((api) => api.commands.executeCommand("workbench.action.closeAllEditors"));
    await vscode().page.locator("iframe.webview").waitFor({ state: "detached" });
  });

  it("opens the comparison at a click on a change, and no bytes as text", async () => {
    assert.equal(readFileSync(vscode().path(MODEL)).includes(0), false);
    await changes(MODEL).click();
    await count().filter({ hasText: "12 of 12 rows, 2 differ" }).waitFor();
    assert.deepEqual(await tabs(), [`${MODEL} (Index ↔ Working Tree)`]);
    await page()
      .locator(".compare-path")
      .first()
      .filter({ hasText: `${MODEL} (Index)` })
      .waitFor();
    assert.equal(await vscode().page.locator(".part.editor .monaco-editor").count(), 0);
  });

  it("shows the next change in the same place", async () => {
    await changes(OTHER).click();
    await count().filter({ hasText: "21 of 21 rows, 1 differ" }).waitFor();
    assert.deepEqual(await tabs(), [`${OTHER} (Index ↔ Working Tree)`]);
  });

  it("reads the data file that was committed with a version", async () => {
    await changes(SPLIT).click();
    await page()
      .locator("[data-total=weightBytes] dd")
      .filter({ hasText: /64 B\s*→\s*32 B/ })
      .waitFor();
  });

  it("compares without the data file that was not committed with a version, and names it", async () => {
    await changes(HALF).click();
    const banner = page().getByTestId("missing-data");
    await banner.getByText(`${HALF} (Index): the data file “half.data” is missing.`).waitFor();
    await banner.getByText("Expected at half.data (Index)").waitFor();
    await count().filter({ hasText: "1 of 1 rows, 1 differ" }).waitFor();
    await page()
      .locator("[data-total=weightBytes] dd")
      .filter({ hasText: /64 B\s*→\s*32 B/ })
      .waitFor();
  });

  it("names a pointer of Git LFS whose file is not on this machine", async () => {
    await changes(POINTER).click();
    await page().getByTestId("failed").getByText("Git LFS pointer").first().waitFor();
  });

  it("compares with the last commit, and with a revision that the user chooses", async () => {
    await vscode().server.run(
      (api, path) => api.commands.executeCommand("edgewise.compareWithHead", api.Uri.file(path)),
      vscode().path(MODEL),
    );
    await page()
      .locator(".compare-path")
      .first()
      .filter({ hasText: `${MODEL} (HEAD)` })
      .waitFor();
    await count().filter({ hasText: "12 of 12 rows, 2 differ" }).waitFor();
    await vscode().server.run((api, path) => {
      void api.commands.executeCommand("edgewise.compareWithRevision", api.Uri.file(path));
    }, vscode().path(OTHER));
    const commit = vscode().page.locator(".quick-input-widget .monaco-list-row").filter({ hasText: "Models" });
    await commit.first().click();
    await page()
      .locator(".compare-path")
      .first()
      .filter({ hasText: new RegExp(`${OTHER.replace(".", "[.]")} \\([0-9a-f]{7}\\)`) })
      .waitFor();
    await count().filter({ hasText: "21 of 21 rows, 1 differ" }).waitFor();
  });

  it("puts a model back that a text editor has saved", async () => {
    const before = readFileSync(vscode().path(MODEL));
    await vscode().server.run(async (api, path) => {
      await api.commands.executeCommand("vscode.openWith", api.Uri.file(path), "default");
      const editor = api.window.activeTextEditor;
      await editor?.edit((edit) => edit.insert(new api.Position(0, 0), "x"));
      await editor?.document.save();
    }, vscode().path(MODEL));
    await vscode().page.getByText("the file was put back as it was").last().waitFor();
    assert.deepEqual(readFileSync(vscode().path(MODEL)), before);
  });
});
