import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as vscode from "vscode";

interface Manifest {
  readonly name: string;
  readonly publisher: string;
  readonly contributes: { readonly commands: readonly { readonly command: string }[] };
}

describe("The extension in VS Code", () => {
  const root = process.env.EDGEWISE_TEST_ROOT ?? "";
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;

  it("activates", async () => {
    const extension = vscode.extensions.getExtension(`${manifest.publisher}.${manifest.name}`);
    assert.ok(extension, "VS Code did not load the extension");
    const start = performance.now();
    await extension.activate();
    console.log(`Activated in ${Math.round(performance.now() - start)} ms`);
    assert.equal(extension.isActive, true);
  });

  it("registers every command of its manifest", async () => {
    const registered = new Set(await vscode.commands.getCommands(true));
    const missing = manifest.contributes.commands.filter(({ command }) => !registered.has(command));
    assert.deepEqual(missing, []);
  });
});
