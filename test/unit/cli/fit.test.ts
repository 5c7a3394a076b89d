import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runCli, temporaryFolder, writeChain } from "./run-cli.ts";

interface Fit {
  readonly file: string | null;
  readonly best: number;
  readonly isMet: boolean;
  readonly points: readonly {
    readonly texts: readonly string[];
    readonly totals: { readonly parameters: number; readonly latencySeconds: number };
    readonly excess: number;
  }[];
}

/** 4 products of 8×8: 256 parameters. */
const LAYERS = 4;

describe("edgewise fit", function () {
  this.timeout(120_000);
  let folder = "";
  let model = "";
  let remove: () => Promise<void>;
  before(async () => {
    ({ path: folder, remove } = await temporaryFolder());
    model = join(folder, "chain.onnx");
    await writeChain(model, LAYERS);
  });
  after(() => remove());

  it("writes a model within the budget, and the edits that make it", async () => {
    const [out, list] = [join(folder, "small.onnx"), join(folder, "edits.json")];
    const limits = ["--max-parameters", "150", "--max-macs", "200"];
    const { stdout, stderr, code } = await runCli(
      "fit",
      model,
      ...limits,
      "--out",
      out,
      "--save-edits",
      list,
      "--json",
    );
    assert.equal(code, 0, stderr);
    const result = JSON.parse(stdout) as Fit;
    assert.deepEqual([result.file, result.isMet], [out, true]);
    const best = result.points[result.best];
    assert.ok(best && best.totals.parameters <= 150);
    assert.equal((await runCli("check", out, ...limits)).code, 0, "what was written keeps the budget");

    const again = join(folder, "again.onnx");
    assert.equal((await runCli("apply", model, "--edits", list, "--out", again)).code, 0);
    assert.deepEqual(await readFile(again), await readFile(out), "the same edits make the same file");
  });

  it("prints the curve", async () => {
    const out = join(folder, "table.onnx");
    const { stdout, code } = await runCli("fit", model, "--max-parameters", "200", "--out", out);
    assert.equal(code, 0);
    assert.match(stdout, /Edits +Parameters +MACs +File size +SNR dB/);
    assert.match(stdout, /^ *1 +0 +256 +256 .*∞/m);
    assert.match(stdout, /≤ 200/);
    assert.match(stdout, /←/);
    assert.match(stdout, /^Errors measured on 16 samples: seeded random \(seed 0\)\. They are synthetic/m);
    assert.match(stdout, /--edit reduce-channels:/);
  });

  it("exits with 1 and writes nothing when the budget cannot be kept, and says how near it came", async () => {
    const out = join(folder, "impossible.onnx");
    const { stdout, code } = await runCli("fit", model, "--max-parameters", "10", "--out", out, "--json");
    assert.equal(code, 1);
    assert.equal(existsSync(out), false);
    const { file, isMet, points, best } = JSON.parse(stdout) as Fit;
    assert.deepEqual([file, isMet], [null, false]);
    assert.ok((points[best]?.excess ?? 1) < 0.5);
    const table = await runCli("fit", model, "--max-parameters", "10", "--out", out);
    assert.match(table.stdout, /No model within the budget was found/);
  });

  it("measures on this machine, keeps the search, and goes on with it", async () => {
    const [out, state] = [join(folder, "measured.onnx"), join(folder, "search.json")];
    const args = ["fit", model, "--device", "host", "--state", state, "--out", out] as const;
    const first = await runCli(...args, "--threads", "1", "--max-latency", "10s", "--json");
    assert.equal(first.code, 0, first.stderr);
    const { device, points } = JSON.parse(first.stdout) as Fit & { readonly device: string };
    assert.match(device, /, 1 thread, ONNX Runtime 1\.\d+\.\d+ \(onnxruntime-node, CPU\)$/);
    const seconds = points[0]?.totals.latencySeconds ?? 0;
    assert.ok(seconds > 0 && seconds < 1, `${seconds} s`);

    const again = await runCli(...args, "--threads", "1", "--max-latency", "10s");
    assert.equal(again.code, 0, again.stderr);
    assert.match(again.stdout, /Measured latency[^]*Latencies are measured on .*, 1 thread, ONNX Runtime .*\./);
    const other = await runCli(...args, "--threads", "2", "--max-latency", "10s");
    assert.equal(other.code, 2);
    assert.match(other.stderr, /the search that was kept is of another device/);
  });

  const MISTAKES = [
    [["--max-macs", "1", "--state", "x.json"], /for a device: give --device too/],
    [["--max-error", "2"], /must not be more than 1/],
    [[], /nothing to fit to: give at least one of --max-parameters/],
    [["--min-accuracy", "98%"], /accuracy can only be kept on labelled samples/],
    [["--min-accuracy", "98"], /must not be more than 1/],
    [["--max-latency", "soon"], /a time such as 20ms/],
    [["--max-macs", "1", "--test-labels", "x.txt"], /give --test-data too/],
  ] as const;
  for (const [args, message] of MISTAKES) {
    it(`says what is wrong with ${args.join(" ") || "no limit"}`, async () => {
      const { stderr, code } = await runCli("fit", model, ...args, "--out", join(folder, "x.onnx"));
      assert.equal(code, 2);
      assert.match(stderr, message);
    });
  }

  it("refuses lists that are none", async () => {
    const list = join(folder, "list.json");
    for (const [text, message] of [
      ["{", /it is not JSON/],
      ["{}", /list.json: edits must be a list of edits, but it is missing/],
      ['{"schema": 2, "edits": []}', /schema must be 1, but it is 2/],
      ['{"edits": [{"target": "x"}]}', /edits\[0\].restructuring must be the id of a restructuring, but it is missing/],
      [
        '{"edits": [{"restructuring": "x", "options": {"a": {}}}]}',
        /edits\[0\].options.a must be a number, a text, true or false, but it is an object/,
      ],
      ['{"edits": []}', /nothing to apply/],
    ] as const) {
      await writeFile(list, text);
      const { stderr, code } = await runCli("apply", model, "--edits", list, "--out", join(folder, "x.onnx"));
      assert.equal(code, 2);
      assert.match(stderr, message);
    }
  });
});
