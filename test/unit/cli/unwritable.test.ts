import assert from "node:assert/strict";
import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { runCli, temporaryFolder } from "./run-cli.ts";

/** Each with where its results go: of work that nobody wants to have waited for. */
const COMMANDS: readonly (readonly [name: string, args: (out: string) => readonly string[]])[] = [
  ["apply", (out) => ["apply", MODEL, "--edit", "weights-float16:", "--out", out]],
  ["apply, its edits", (out) => ["apply", MODEL, "--edit", "weights-float16:", "--out", "a.onnx", "--save-edits", out]],
  ["fit", (out) => ["fit", MODEL, "--max-macs", "1M", "--out", out]],
  [
    "fit, its state",
    (out) => ["fit", MODEL, "--max-macs", "1M", "--out", "a.onnx", "--device", "host", "--state", out],
  ],
  ["compress", (out) => ["compress", MODEL, "--max-file-size", "1MB", "--out", out]],
  ["recover", (out) => ["recover", MODEL, "--teacher", MODEL, "--data", "x.npy", "--out", out]],
  ["run, what it learned", (out) => ["run", MODEL, "--device", "host", "--learn", out]],
];

/** It is not there: whoever says so has begun. */
const MODEL = "missing.onnx";

describe("A place that nothing can be written to", () => {
  let path: string;
  let remove: () => Promise<void>;
  before(async () => {
    ({ path, remove } = await temporaryFolder());
    mkdirSync(join(path, "folder.json"));
    symlinkSync("loop.json", join(path, "loop.json"));
  });
  after(() => remove());

  for (const [name, args] of COMMANDS)
    it(`is refused before the work begins: ${name}`, async () => {
      for (const [out, reason] of [
        ["none/a.json", /none.*its folder does not exist/],
        ["folder.json", /folder\.json: .*it is a folder/],
        ["loop.json", /loop\.json: .*lead in a circle/],
      ] as const) {
        const { code, stderr } = await runCli(...args(join(path, out)));
        assert.match(stderr, reason);
        assert.equal(code, 2);
      }
    });
});
