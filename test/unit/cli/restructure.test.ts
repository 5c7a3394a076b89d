import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Random } from "../../../profiler/numeric/random.ts";
import { graph, node, onnxModel, tensor, value } from "../../builders/onnx-builder.ts";
import { weights } from "../restructure/edited-model.ts";
import { bytesOf, npyFile } from "../runtime/npy-file.ts";
import { runCli, temporaryFolder } from "./run-cli.ts";

const MODEL = join(import.meta.dirname, "../../../media/samples/digits_lenet.onnx");

interface Suggested {
  readonly suggestions: readonly {
    readonly text: string;
    readonly guarantee: string;
    readonly standing: string;
    readonly saves: { readonly parameters: number; readonly macs: number };
    readonly conflicts: readonly number[];
  }[];
}

describe("edgewise suggest and apply", function () {
  this.timeout(120_000);
  let folder = "";
  let remove: () => Promise<void>;
  before(async () => ({ path: folder, remove } = await temporaryFolder()));
  after(() => remove());

  it("suggests what saves most first, with its conflicts", async () => {
    const { stdout, code } = await runCli("suggest", MODEL, "--json");
    assert.equal(code, 0);
    const { suggestions } = JSON.parse(stdout) as Suggested;
    const find = (start: string): number => suggestions.findIndex(({ text }) => text.startsWith(start));
    const pooled = find("dense-to-pooled-conv:/7/Gemm");
    const lowRank = suggestions[find("dense-low-rank:/7/Gemm")];
    assert.ok(lowRank && pooled >= 0);
    assert.ok(lowRank.conflicts.includes(pooled), "both take the same layer");
    assert.ok(lowRank.saves.parameters > 0.4, "the first dense layer holds nine tenths of the parameters");
    assert.match(lowRank.standing, /^It saves 6\d\.\d % of the weights' bytes, .* of which half counts/);
  });

  it("prints a table that names each edit as apply takes it", async () => {
    const { stdout } = await runCli("suggest", MODEL);
    assert.match(stdout, /dense-low-rank:\/7\/Gemm:cost=0\.25 +approximate\* +−6\d/);
    assert.match(stdout, /\* Its weights are fitted to calibration data: without it, .* --data SPEC/);
    assert.match(stdout, /dense-to-conv:\/7\/Gemm +exact /, "what is exact needs no samples");
  });

  it("refuses a number of samples where nothing is measured", async () => {
    const { code, stderr } = await runCli("suggest", MODEL, "--samples", "5");
    assert.equal(code, 2);
    assert.match(stderr, /--samples says nothing without --data/);
  });

  it("says why what a user could expect is not there", async () => {
    const { stdout } = await runCli("suggest", MODEL);
    assert.match(
      stdout,
      /Not offered:\n(?:.*\n)*  reduce-channels of \/9\/Gemm: its channels must stay: they are an output/,
    );
    const { absences } = JSON.parse((await runCli("suggest", MODEL, "--json")).stdout) as {
      absences: readonly { restructuring?: string; reason: string; layers: readonly string[] }[];
    };
    const outputs = absences.find(({ reason }) => reason.includes("they are an output of the model"));
    assert.deepEqual(outputs?.layers, ["/9/Gemm"]);
  });

  it("says before and after that nothing was fitted, and shows no agreement of random inputs that land in one class", async () => {
    const inception = join(import.meta.dirname, "../../../media/samples/digits_inception.onnx");
    const applied = await runCli(
      "apply",
      inception,
      "--edit",
      "reduce-channels::ratio=0.75",
      "--out",
      join(folder, "i.onnx"),
    );
    assert.equal(applied.code, 0);
    assert.match(applied.stdout, /Not fitted to data: without --data no layer was fitted/);
    assert.doesNotMatch(applied.stdout, /Same top 1/);
    const exact = await runCli("apply", MODEL, "--edit", "dense-to-conv:/7/Gemm", "--out", join(folder, "e.onnx"));
    assert.doesNotMatch(exact.stdout, /Not fitted/);
  });

  it("applies edits in order, measures each, and writes a file that profiles as predicted", async () => {
    const out = join(folder, "slim.onnx");
    const { stdout, code } = await runCli(
      ...["apply", MODEL, "--edit", "dense-low-rank:/7/Gemm:rank=16", "--edit", "split-spatial:/3/Conv:cost=0.3"],
      ...["--out", out, "--json"],
    );
    assert.equal(code, 0);
    const { steps } = JSON.parse(stdout) as {
      steps: readonly { edit: string; check: { outputs: readonly unknown[] } }[];
    };
    assert.deepEqual(
      steps.map(({ edit }) => edit),
      ["dense-low-rank:/7/Gemm:rank=16", "split-spatial:/3/Conv:cost=0.3"],
    );
    assert.ok(steps.every(({ check }) => check.outputs.length === 1));
    const profile = await runCli("profile", out, "--format", "json");
    const { layers } = JSON.parse(profile.stdout) as { layers: readonly { name: string; parameters: number }[] };
    assert.equal(layers.find(({ name }) => name === "/7/Gemm")?.parameters, 16 * 128 + 128);
  });

  it("measures what a changed layer makes beside the outputs", async () => {
    const out = join(folder, "inner.onnx");
    const { stdout } = await runCli(
      "apply",
      MODEL,
      "--edit",
      "split-channels:/3/Conv:cost=0.3",
      "--out",
      out,
      "--json",
    );
    const { steps } = JSON.parse(stdout) as {
      steps: readonly { check: { tensors: readonly { names: { a: string; b: string }; difference?: object }[] } }[];
    };
    const tensors = steps[0]?.check.tensors ?? [];
    assert.deepEqual(
      tensors.map(({ names }) => names),
      [{ a: "/3/Conv_output_0", b: "/3/Conv_output_0" }],
    );
    assert.ok(tensors[0]?.difference);
  });

  it("checks and fits edits behind one of the resolution on samples of the old size", async () => {
    const [model, data, out] = ["maps.onnx", "maps.npy", "small.onnx"].map((name) => join(folder, name));
    assert.ok(model && data && out);
    const nodes = [
      node("Conv", ["x", "w"], ["c"], { pads: [1, 1, 1, 1] }, { name: "c" }),
      node("GlobalAveragePool", ["c"], ["y"]),
    ];
    const inputs = [value("x", "float32", ["n", 1, 8, 8])];
    writeFileSync(
      model,
      onnxModel({ graph: graph(nodes, { inputs, outputs: ["y"], initializers: [weights("w", [4, 1, 3, 3])] }) }),
    );
    const maps = new Random(0).normals(20 * 64);
    writeFileSync(data, npyFile("<f4", [20, 1, 8, 8], bytesOf(maps)));
    const edits = ["--edit", "reduce-resolution:", "--edit", "split-spatial:c:rank=2"];
    const { stdout, stderr, code } = await runCli("apply", model, ...edits, "--data", data, "--out", out, "--json");
    assert.equal(code, 0, stderr);
    const { steps } = JSON.parse(stdout) as {
      steps: readonly { check: { samples: { count: number }; outputs: readonly { difference?: object }[] } }[];
    };
    assert.deepEqual(
      steps.map(({ check }) => [
        check.samples.count,
        check.outputs.every(({ difference }) => difference !== undefined),
      ]),
      [
        [20, true],
        [20, true],
      ],
    );
  });

  it("takes sizes of dynamic dimensions to check with", async () => {
    const [model, out] = [join(folder, "lengths.onnx"), join(folder, "bound.onnx")];
    const nodes = [node("Identity", ["x"], ["i"]), node("Pad", ["i", "pads"], ["y"], { mode: "reflect" })];
    const inputs = [value("x", "float32", ["n", "length"])];
    const initializers = [tensor("pads", "int64", [4], [0, 2, 0, 2])];
    writeFileSync(model, onnxModel({ graph: graph(nodes, { inputs, outputs: ["y"], initializers }) }));
    const edit = ["apply", model, "--edit", "remove-no-ops:", "--out", out];
    const { stderr } = await runCli(...edit);
    assert.match(stderr, /ONNX Runtime failed: .*Pad/, "a length of 1 leaves nothing to reflect");
    assert.match(stderr, /leaves sizes open that are 1 unless .*: length\./);
    const said = await runCli(...edit, "--dim", "length=2");
    assert.match(said.stderr, /ONNX Runtime failed/);
    assert.doesNotMatch(said.stderr, /leaves sizes open/, "what was said is not asked for");
    assert.equal((await runCli(...edit, "--dim", "length=8")).code, 0);
  });

  it("replaces the model it reads from only when all is done", async () => {
    const out = join(folder, "whole.onnx");
    const { stderr, code } = await runCli("apply", MODEL, "--edit", "dense-low-rank:/0/Conv", "--out", out);
    assert.equal(code, 2);
    assert.match(stderr, /dense-low-rank on "\/0\/Conv": Conv is not a dense layer/);
    assert.equal(existsSync(out), false);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.includes("whole")),
      [],
    );
  });

  it("writes an exact edit and keeps every other byte of the weights", async () => {
    const out = join(folder, "conv.onnx");
    const { code } = await runCli("apply", MODEL, "--edit", "dense-to-conv:/7/Gemm", "--out", out);
    assert.equal(code, 0);
    const weights = readFileSync(MODEL).subarray(2000, 4000);
    assert.ok(readFileSync(out).includes(weights));
  });

  const MISTAKES = [
    [
      ["apply", MODEL, "--edit", "no-such-thing:x", "--out", "x.onnx"],
      /"no-such-thing" is not known. There are fold-batch-norm/,
    ],
    [
      ["apply", MODEL, "--edit", "dense-low-rank:/7/Gemm:rnak=3", "--out", "x.onnx"],
      /option "rnak" is not known: rank/,
    ],
    [["apply", MODEL, "--edit", "dense-low-rank:/7/Gemm:rank=0", "--out", "x.onnx"], /must be a whole number from 1/],
    [["apply", MODEL, "--out", "x.onnx"], /--edit/],
  ] as const;
  for (const [args, message] of MISTAKES) {
    it(`says what is wrong with ${args.slice(2).join(" ")}`, async () => {
      const { stderr, code } = await runCli(...args);
      assert.equal(code, 2);
      assert.match(stderr, message);
    });
  }
});
