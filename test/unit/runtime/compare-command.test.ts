import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runCommandLine } from "../../../profiler/cli/program.ts";
import type { ComparisonJson } from "../../../profiler/cli/commands/compare.ts";
import { runCli, runProcess, temporaryFolder } from "../cli/run-cli.ts";
import { scalingModel, tflite, tfliteRelu } from "./tiny-models.ts";
import { modelBytes } from "../../../profiler/formats/formats.ts";

/** The process compiles the whole engine first; a busy machine takes its time. */
const PROCESS_TIMEOUT = 120_000;

describe("edgewise compare", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let paths: Readonly<Record<"a" | "b" | "wide" | "data" | "labels" | "quantized", string>>;

  before(async () => {
    folder = await temporaryFolder();
    const path = (name: string): string => join(folder.path, name);
    paths = {
      a: path("a.onnx"),
      b: path("b.onnx"),
      wide: path("wide.onnx"),
      data: path("data.bin"),
      labels: path("labels.txt"),
      quantized: path("quantized.tflite"),
    };
    await writeFile(paths.a, await modelBytes(await scalingModel(3)));
    await writeFile(paths.b, await modelBytes(await scalingModel(3, 1)));
    await writeFile(paths.wide, await modelBytes(await scalingModel(4)));
    await writeFile(
      paths.quantized,
      await modelBytes(await tfliteRelu({ type: "int8", quantization: { scales: [0.5], zeroPoints: [0] } })),
    );
    await writeFile(paths.data, Uint8Array.of(10, 0, 0, 0, 20, 0, 30, 0, 0));
    await writeFile(paths.labels, "0\n1\n1\n");
  });
  after(() => folder.remove());

  it("shows the totals of both, and how far their outputs are apart", async () => {
    const { code, stdout, stderr } = await runCli("compare", paths.a, paths.b, "--tensor", "product");
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /^ +a +b +Change$/m);
    assert.match(stdout, /^MACs +9 +9$/m);
    assert.match(stdout, /^16 samples: seeded random \(seed 0\)$/m);
    assert.match(stdout, /^Tensor +Max error +Of range +RMS +SNR dB +Cosine +Same top 1$/m);
    assert.match(stdout, /^y +1\.00 /m);
    assert.match(stdout, /^product +0 +0 +0 +∞ +1\.000000/m);
  });

  it("measures on labelled samples and writes JSON", async () => {
    const data = `${paths.data}:dtype=uint8,scale=0.1`;
    const { code, stdout } = await runCli(
      "compare",
      paths.a,
      paths.b,
      "--data",
      data,
      "--labels",
      paths.labels,
      "--json",
    );
    assert.equal(code, 0);
    const json = JSON.parse(stdout) as ComparisonJson;
    assert.deepEqual([json.schema, json.samples], [1, { count: 3, description: paths.data, hasLabels: true }]);
    const { samples, agreement, accuracy } = json.outputs[0]?.difference?.top1 ?? {};
    assert.deepEqual([samples, agreement, accuracy], [3, 1, { a: 2 / 3, b: 2 / 3 }]);
    assert.ok(json.totals.some(({ id, before, after }) => id === "macs" && before === 9 && after === 9));
  });

  it("writes a table for a pull request, of costs alone where the models are not to be run", async () => {
    const { code, stdout } = await runCli("compare", paths.a, paths.b, "--format", "markdown");
    assert.equal(code, 0);
    assert.match(stdout, /^\| MACs \| 9 \| 9 \| {2}\|$/m);
    assert.match(stdout, /^No layer costs more or less than before\.$/m);
    assert.match(stdout, /^Answers to 16 samples: seeded random/m);
    assert.match(stdout, /^\| y \| 1\.00 \|/m);
    const costs = await runCli("compare", paths.a, paths.wide, "--format", "markdown", "--no-run");
    assert.equal(costs.code, 0);
    assert.match(costs.stdout, /^\| dense \| MatMul \| 1×3 → 1×4 \| 9 → 16 \|/m);
    assert.doesNotMatch(costs.stdout, /Answers/);
  });

  it("says in one line what is wrong, with exit code 2", async () => {
    const fails = async (message: RegExp, ...args: readonly string[]): Promise<void> => {
      const { code, stdout, stderr } = await runCli("compare", ...args);
      assert.deepEqual([code, stdout, stderr.split("\n").length], [2, "", 2]);
      assert.match(stderr, message);
    };
    await fails(/missing\.onnx: the file cannot be read/, paths.a, "missing.onnx");
    await fails(/the same samples do not fit both/, paths.a, paths.wide);
    await fails(/no option "dtpe"/, paths.a, paths.b, "--data", `${paths.data}:dtpe=uint8`);
    await fails(/expected a multiple of 12 bytes .*, not 9/, paths.a, paths.b, "--data", paths.data);
    await fails(/--labels are not for random samples/, paths.a, paths.b, "--labels", paths.labels);
    await fails(/must be a whole number/, paths.a, paths.b, "--samples", "many");
    await fails(/given twice/, paths.a, paths.b, "--data", paths.data, "--data", paths.data);
  });

  it("tells its progress on a terminal, and takes it away", async () => {
    const progress: string[] = [];
    await runCommandLine(["compare", paths.a, paths.b, "--samples", "3"], {
      write: () => undefined,
      remark: (text) => assert.fail(text),
      progress: (text) => progress.push(text),
      width: 80,
      setExitCode: () => undefined,
    });
    assert.deepEqual(progress, ["3 of 3 samples", ""]);
  });

  it("ends by itself, whichever runtime it used", async () => {
    const { code, stdout } = await runProcess("compare", paths.quantized, paths.quantized, "--samples", "2");
    assert.equal(code, 0);
    assert.match(stdout, /^y +0 /m);
  }).timeout(PROCESS_TIMEOUT);

  it("says in one line that a runtime failed inside, and ends with 2", async () => {
    const end = (name: string): { name: string; shape: number[] } => ({ name, shape: [1] });
    const custom = await tflite([end("x"), end("y")], [{ op: { custom: "Mystery" }, inputs: ["x"], outputs: ["y"] }]);
    const path = join(folder.path, "custom.tflite");
    await writeFile(path, await modelBytes(custom));
    const { code, stdout, stderr } = await runProcess("compare", path, path);
    assert.deepEqual([code, stdout], [2, ""]);
    assert.match(stderr, /^edgewise: [^\n]*LiteRT\.js failed: [^\n]*\n$/);
  }).timeout(PROCESS_TIMEOUT);
});
