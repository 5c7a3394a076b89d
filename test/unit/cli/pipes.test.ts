import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { skip } from "../../skip.ts";
import { runCli, temporaryFolder, writeChain } from "./run-cli.ts";

describe("A pipe where a file is expected", () => {
  let folder: string;
  let remove: () => Promise<void>;
  before(async function () {
    if (process.platform === "win32") skip(this, "Windows has no pipes among files");
    ({ path: folder, remove } = await temporaryFolder());
    await writeChain(join(folder, "chain.onnx"), 1);
    await writeFile(join(folder, "x.bin"), new Float32Array(8));
    await mkdir(join(folder, "pictures"));
    for (const name of ["pipe", "pipe.onnx", "pipe.npy", "pipe.txt", "pipe.json", "pictures/pipe.png"])
      execFileSync("mkfifo", [join(folder, name)]);
  });
  after(() => remove());

  // Nobody ever writes into them: what waited for that would not end.
  const CASES: Readonly<Record<string, readonly string[]>> = {
    "a model": ["profile", "pipe.onnx"],
    samples: ["compare", "chain.onnx", "chain.onnx", "--data", "pipe.npy"],
    "raw samples": ["compare", "chain.onnx", "chain.onnx", "--data", "pipe:dtype=float32"],
    labels: ["compare", "chain.onnx", "chain.onnx", "--data", "x.bin:dtype=float32", "--labels", "pipe.txt"],
    pictures: ["compare", "chain.onnx", "chain.onnx", "--data", "pictures"],
    "a list of edits": ["apply", "chain.onnx", "--edits", "pipe", "--out", "out.onnx"],
    "a hardware profile": ["profile", "chain.onnx", "--hardware", "pipe.json"],
    "what was learned": ["run", "chain.onnx", "--device", "host", "--runs", "1", "--learn", "pipe.json"],
  };
  for (const [what, args] of Object.entries(CASES))
    it(`is refused: ${what}`, async () => {
      const placed = args.map((arg) => (/^(pipe|chain|x\.bin|pictures|out)/.test(arg) ? join(folder, arg) : arg));
      const { code, stdout, stderr } = await runCli(...placed);
      assert.deepEqual([code, stdout], [2, ""]);
      assert.match(stderr, /(pipe|pictures)/);
    });

  it("is refused by the kind that it is of, and named", async () => {
    const { stderr } = await runCli("profile", "/dev/null");
    assert.equal(stderr, "edgewise: /dev/null: the file cannot be read: it is not a file\n");
  });
});
