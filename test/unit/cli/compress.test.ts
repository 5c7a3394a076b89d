import assert from "node:assert/strict";
import { existsSync, statSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";
import { FileSource } from "../../../profiler/bytes/file-source.ts";
import { Interrupted } from "../../../profiler/cli/context.ts";
import { runCommandLine } from "../../../profiler/cli/program.ts";
import { predictEdit } from "../../../profiler/editing/apply.ts";
import { parseEdit, type Edit } from "../../../profiler/editing/edit.ts";
import type { Sensitivity } from "../../../profiler/editing/sensitivity/sensitivity-points.ts";
import { readModel } from "../../../profiler/formats/formats.ts";
import { graph, node, onnxModel, value } from "../../builders/onnx-builder.ts";
import { runCli, temporaryFolder } from "./run-cli.ts";

interface Compressed {
  readonly file: string | null;
  readonly best: number;
  readonly isMet: boolean;
  readonly points: readonly {
    readonly texts: readonly string[];
    readonly error: number;
    readonly downloadBytes: number;
    readonly totals: { readonly fileBytes: number };
    readonly isWithinBudget: boolean;
  }[];
}

const MODEL = "media/samples/digits_inception.onnx";

describe("edgewise compress", function () {
  this.timeout(120_000);
  let folder = "";
  let remove: () => Promise<void>;
  before(async () => ({ path: folder, remove } = await temporaryFolder()));
  after(() => remove());

  it("writes the model that errs least within a file and a download, by edits that make it again", async () => {
    const [out, list, again] = ["small.onnx", "edits.json", "again.onnx"].map((name) => join(folder, name));
    assert.ok(out && list && again);
    const limits = ["--max-file-size", "36KB", "--max-download", "30KB"];
    const { stdout, stderr, code } = await runCli(
      ...["compress", MODEL, ...limits, "--out", out, "--save-edits", list, "--samples", "8", "--json"],
    );
    assert.equal(code, 0, stderr);
    const { file, points, best } = JSON.parse(stdout) as Compressed;
    assert.equal(file, out);
    const bytes = await readFile(out);
    const chosen = points[best];
    assert.ok(chosen);
    assert.deepEqual(
      [chosen.totals.fileBytes, chosen.downloadBytes],
      [bytes.length, deflateRawSync(bytes, { level: 9 }).length],
    );
    assert.ok(bytes.length <= 36_000 && chosen.downloadBytes <= 30_000);
    assert.ok(points.filter(({ isWithinBudget }) => isWithinBudget).every(({ error }) => error >= chosen.error));
    const ways = new Set(points.flatMap(({ texts }) => texts.map((text) => text.split(":")[0])));
    assert.ok(ways.has("prune-weights") && ways.has("fold-batch-norm"), [...ways].join());
    assert.equal((await runCli("apply", MODEL, "--edits", list, "--out", again)).code, 0);
    assert.deepEqual(await readFile(again), bytes);
  });

  it("takes the smallest model with an error when no size is asked for, and shows the curve", async () => {
    const out = join(folder, "right.onnx");
    const { stdout, code } = await runCli("compress", MODEL, "--min-snr", "35", "--out", out, "--samples", "8");
    assert.equal(code, 0);
    assert.match(stdout, /File size +Download +SNR dB/);
    assert.match(stdout, /≥ 35/);
    assert.match(stdout, /--edit quantize-weights::bits=(8|6)/);
    assert.ok(statSync(out).size < 0.5 * statSync(MODEL).size);
  });

  it("writes nothing when the size cannot be kept", async () => {
    const out = join(folder, "impossible.onnx");
    const { stdout, code } = await runCli("compress", MODEL, "--max-file-size", "5KB", "--out", out, "--samples", "8");
    assert.equal(code, 1);
    assert.match(
      stdout,
      /nothing was written\. The smallest file of all that were tried or predicted has \d+\.\d KB\./,
    );
    assert.equal(existsSync(out), false);
  });

  it("says why a model's weights cannot take less", async () => {
    const [model, out] = [join(folder, "relu.onnx"), join(folder, "smaller.onnx")];
    const relu = graph([node("Relu", ["x"], ["y"])], {
      inputs: [value("x", "float32", [1, 4])],
      outputs: [value("y", "float32", [1, 4])],
    });
    await writeFile(model, onnxModel({ graph: relu }));
    const { stdout, code } = await runCli("compress", model, "--max-file-size", "10", "--out", out);
    assert.equal(code, 1);
    assert.match(
      stdout,
      /nothing was written\. Its weights cannot take less: .*: it has neither a convolution nor a dense layer\.\n$/,
    );
  });

  it("ends as interrupted commands do where nothing was found by then, and writes nothing", async () => {
    const out = join(folder, "interrupted.onnx");
    const ending = new AbortController();
    let [stdout, code] = ["", 0];
    await runCommandLine(["compress", MODEL, "--max-file-size", "30KB", "--out", out, "--samples", "8"], {
      write: (text) => (stdout += text),
      remark: () => undefined,
      progress: () => ending.abort(new Interrupted("interrupted")),
      interruption: () => ending.signal,
      width: undefined,
      setExitCode: (exitCode) => (code = exitCode),
    });
    assert.equal(code, 130);
    assert.match(stdout, /Interrupted before a model within the budget was found: nothing was written/);
    assert.equal(existsSync(out), false);
  });

  it("writes no file under the name of another format", async () => {
    const out = join(folder, "other.tflite");
    for (const args of [
      ["compress", MODEL, "--max-file-size", "100KB"],
      ["apply", MODEL, "--edit", "weights-float16:"],
    ]) {
      const { stderr, code } = await runCli(...args, "--out", out);
      assert.deepEqual([code, existsSync(out)], [2, false]);
      assert.match(stderr, /a model of ONNX is written: let the name end in \.onnx/);
    }
  });

  it("asks for a limit, and for labels where an accuracy is to be kept", async () => {
    const out = join(folder, "no.onnx");
    const without = await runCli("compress", MODEL, "--out", out);
    assert.deepEqual([without.code, without.stderr.includes("give at least one of --max-file-size")], [2, true]);
    const unlabelled = await runCli("compress", MODEL, "--min-accuracy", "90%", "--out", out, "--samples", "8");
    assert.deepEqual([unlabelled.code, unlabelled.stderr.includes("labelled samples")], [2, true]);
  });
});

describe("edgewise sensitivity", function () {
  this.timeout(120_000);

  it("tells how each layer bears each technique, and the mixture that errs least within a size", async () => {
    const layers = ["/3/q/q.1/q.1.0/Conv", "/8/Gemm"];
    const named = layers.flatMap((layer) => ["--layer", layer]);
    const options = ["--technique", "quantize,prune", "--samples", "4", "--max-file-size", "220KB", "--json"];
    const { stdout, stderr, code } = await runCli("sensitivity", MODEL, ...named, ...options);
    assert.equal(code, 0, stderr);
    const found = JSON.parse(stdout) as Sensitivity & { readonly mixed: string };
    assert.deepEqual(
      found.layers.map(({ layer }) => layer),
      layers,
    );
    for (const { points } of found.layers) {
      assert.equal(points.length, 10);
      const [mild, hard] = [points[0], points[4]];
      assert.ok(mild && hard && (mild.error ?? NaN) < (hard.error ?? NaN) && mild.fileBytes > hard.fileBytes);
      const { after } = await predicted(points[2]?.edit);
      assert.equal(after, points[2]?.fileBytes, "the file of the single-layer edit");
    }
    assert.match(found.mixed, /^mixed-precision::layers=/);
    assert.ok((await predicted(parseEdit(found.mixed))).after <= 220_000);
  });

  async function predicted(edit: Edit | undefined): Promise<{ readonly after: number }> {
    assert.ok(edit);
    const model = await readModel(await FileSource.open(MODEL), { open: (path) => Promise.reject(new Error(path)) });
    return { after: (await predictEdit(model, edit))?.fileBytes ?? 0 };
  }
});
