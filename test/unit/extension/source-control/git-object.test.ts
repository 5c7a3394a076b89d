import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gitObject } from "../../../../extension/source-control/git-object.ts";

describe("Files of a Git repository", () => {
  const LIMIT = 1_000_000;
  const bytes = Uint8Array.from({ length: 300_000 }, (_, index) => (index * 7919) >> 3);
  let root = "";
  const git = (...args: readonly string[]): void => {
    const identity = ["-c", "user.name=test", "-c", "user.email=test@localhost"];
    execFileSync("git", [...identity, ...args], { cwd: root });
  };

  before("a repository", () => {
    root = mkdtempSync(join(tmpdir(), "edgewise-git-"));
    git("init", "--quiet");
    writeFileSync(join(root, "a model.onnx"), bytes);
    writeFileSync(join(root, "empty.onnx"), "");
    git("add", ".");
    git("commit", "--quiet", "--message", "Models");
    writeFileSync(join(root, "a model.onnx"), bytes.subarray(0, 5));
    git("add", ".");
  });
  after(() => rmSync(root, { recursive: true }));

  it("have their size and bytes, of a revision and of the index", async () => {
    const committed = await gitObject("git", root, "HEAD:a model.onnx", LIMIT);
    assert.equal(committed?.size, bytes.length);
    assert.deepEqual(await committed.bytes, bytes);
    const staged = await gitObject("git", root, ":a model.onnx", LIMIT);
    assert.equal(staged?.size, 5);
    assert.deepEqual(await staged.bytes, bytes.subarray(0, 5));
  });

  it("may be empty", async () => {
    assert.deepEqual(await (await gitObject("git", root, "HEAD:empty.onnx", LIMIT))?.bytes, new Uint8Array());
  });

  it("are not read over the limit", async () => {
    const large = await gitObject("git", root, "HEAD:a model.onnx", 1000);
    assert.deepEqual(large, { size: bytes.length, bytes: undefined });
  });

  it("may not be there, or be none", async () => {
    for (const name of ["HEAD:other.onnx", "main~9:a model.onnx", "HEAD:", "HEAD:a\nb.onnx"])
      assert.equal(await gitObject("git", root, name, LIMIT), undefined, name);
  });

  it("cannot be asked for where Git does not start", async () => {
    assert.equal(await gitObject(join(root, "no-git"), root, "HEAD:a model.onnx", LIMIT), undefined);
    assert.equal(await gitObject("git", join(root, "nowhere"), "HEAD:a model.onnx", LIMIT), undefined);
  });

  it("say so when Git ends before their last byte", async () => {
    const script = join(root, "short-git");
    writeFileSync(script, "#!/bin/sh\nprintf '00ff blob 9\\nabc'\n", { mode: 0o755 });
    const short = await gitObject(script, root, "HEAD:a model.onnx", LIMIT);
    assert.equal(short?.size, 9);
    await assert.rejects(async () => short.bytes, /ended after 3 of 9 bytes/);
  });
});
