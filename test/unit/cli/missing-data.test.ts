import assert from "node:assert/strict";
import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ProfileJson } from "../../../profiler/exports/json.ts";
import { SPLIT_BYTES, splitModel } from "../../vscode/ui/models.ts";
import { runCli, temporaryFolder } from "./run-cli.ts";

describe("Commands beside a data file that is not there", () => {
  let remove: () => Promise<void>;
  let [whole, missing, short] = ["", "", ""];
  before(async () => {
    const folder = await temporaryFolder();
    ({ remove } = folder);
    const place = (name: string): string => {
      mkdirSync(join(folder.path, name));
      writeFileSync(join(folder.path, name, "model.onnx"), splitModel());
      return join(folder.path, name, "model.onnx");
    };
    [whole, missing, short] = [place("whole"), place("missing"), place("short")];
    for (const path of [whole, short]) writeFileSync(join(path, "../weights.bin"), new Uint8Array(SPLIT_BYTES));
    truncateSync(join(short, "../weights.bin"), 1000);
  });
  after(() => remove());

  it("cost the same, and say on standard error what is missing and what needs it", async () => {
    const costs = async (path: string, remark: RegExp): Promise<unknown> => {
      const { code, stdout, stderr } = await runCli("profile", path, "--format", "json");
      assert.equal(code, 0);
      assert.match(stderr, remark);
      const { totals, layers } = JSON.parse(stdout) as ProfileJson;
      return [totals, layers];
    };
    const expected = await costs(whole, /^$/);
    assert.deepEqual(await costs(missing, /warning: .*weights\.bin.* is missing.*running the model/), expected);
    assert.deepEqual(await costs(short, /warning: .*weights\.bin.* but the file has 1000/), expected);
    for (const args of [
      ["check", missing, "--max-macs", "1G"],
      ["compare", whole, missing, "--no-run"],
      ["export-tensor", missing],
    ]) {
      const { code, stderr } = await runCli(...args);
      assert.equal(code, 0, stderr);
      assert.match(stderr, /warning: .*weights\.bin.* is missing/);
    }
  });

  it("suggest by structure", async () => {
    const [expected, found] = [await runCli("suggest", whole, "--json"), await runCli("suggest", missing, "--json")];
    const { suggestions } = JSON.parse(expected.stdout) as { readonly suggestions: readonly unknown[] };
    assert.ok(suggestions.length > 0);
    assert.deepEqual(
      (JSON.parse(found.stdout) as { readonly suggestions: readonly unknown[] }).suggestions,
      suggestions,
    );
    assert.match(found.stderr, /warning: .*weights\.bin.* is missing/);
  });

  it("refuse what needs weights, with the reason", async () => {
    const out = ["--out", join(missing, "../out.onnx")];
    for (const [reason, path] of [
      [/weights\.bin.* is missing, so the weights in it are too/, missing],
      [/weights\.bin.* but the file has 1000/, short],
    ] as const) {
      for (const args of [
        ["run", path],
        ["compare", whole, path],
        ["compress", path, "--max-file-size", "10KB", ...out],
        ["apply", path, "--edit", "quantize-weights:first", ...out],
        ["weights", path],
        ["export-tensor", path, "w", "--output", join(path, "../w.npy")],
      ]) {
        const { code, stderr } = await runCli(...args);
        assert.notEqual(code, 0, `${args.join(" ")}: ${stderr}`);
        assert.match(stderr, reason, args.join(" "));
      }
    }
  });
});
