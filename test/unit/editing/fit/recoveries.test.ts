import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseData } from "../../../../profiler/calibration/parse-spec.ts";
import { parseEdit } from "../../../../profiler/editing/edit.ts";
import { Trials } from "../../../../profiler/editing/fit/trials.ts";
import { modelBytes } from "../../../../profiler/formats/formats.ts";
import { DEFAULT_HARDWARE } from "../../../../profiler/hardware/hardware.ts";
import { Random } from "../../../../profiler/numeric/random.ts";
import { denseNet } from "../../../builders/dense-net.ts";
import { modelOfBytes } from "../../../builders/read-model.ts";
import { runCli, temporaryFolder } from "../../cli/run-cli.ts";

interface Found {
  readonly isMet: boolean;
  readonly best: number;
  readonly points: readonly { readonly texts: readonly string[]; readonly error: number }[];
  readonly recovery: {
    readonly isMeasuredApart: boolean;
    readonly models: readonly { readonly from: number; readonly to: number | null; readonly why: string | null }[];
  };
}

function errorAt(points: Found["points"], position: number): number {
  return points[position]?.error ?? Number.NaN;
}

describe("a search that recovers", function () {
  this.timeout(120_000);
  let folder = "";
  let remove: () => Promise<void>;
  const at = (name: string): string => join(folder, name);
  const searched = (command: string, ...limits: readonly string[]): ReturnType<typeof runCli> =>
    runCli(command, at(`${command}-net.onnx`), ...limits, "--out", at(`${command}.onnx`), "--json");
  const recovering = (steps: number): readonly string[] => [
    ...["--data", at("samples.bin"), "--recover", "--recover-steps", `${steps}`],
  ];
  before(async () => {
    ({ path: folder, remove } = await temporaryFolder());
    await writeFile(
      at("fit-net.onnx"),
      denseNet([36, 48, 8], () => 1 / 6, 1 / 6),
    );
    await writeFile(
      at("compress-net.onnx"),
      denseNet([36, 32, 32, 32, 32, 8], (inputs) => Math.sqrt(2 / inputs), 0.1),
    );
    await writeFile(at("samples.bin"), new Uint8Array(Float32Array.from(new Random(5).normals(512 * 36)).buffer));
  });
  after(() => remove());

  it("trains the model to take, tells its error before and after, and saves what was learned", async () => {
    const limits = ["--max-parameters", "1200", "--samples", "256", "--save-edits", at("list.json")];
    const { stdout, stderr, code } = await searched("fit", ...limits, ...recovering(60));
    assert.equal(code, 0, stderr);
    const { points, best, recovery } = JSON.parse(stdout) as Found;
    const [trained] = recovery.models;
    assert.ok(trained?.to === best, JSON.stringify(recovery));
    assert.deepEqual(points[best]?.texts, [...(points[trained.from]?.texts ?? []), "recover::steps=60"]);
    assert.ok(errorAt(points, best) < errorAt(points, trained.from));
    const again = at("again.onnx");
    const samples = ["--data", at("samples.bin"), "--samples", "256"];
    const applied = await runCli("apply", at("fit-net.onnx"), "--edits", at("list.json"), ...samples, "--out", again);
    assert.equal(applied.code, 0, applied.stderr);
    assert.deepEqual(await readFile(again), await readFile(at("fit.onnx")), "the list makes the same file again");
  });

  it("trains after steps of the search too, goes on from there, and trains what it comes to at the end", async () => {
    const limits = ["--max-parameters", "900", "--samples", "256", "--save-edits", at("between.json")];
    const { stdout, stderr, code } = await searched("fit", ...limits, ...recovering(60), "--recover-between", "20");
    assert.equal(code, 0, stderr);
    const { points, best, recovery } = JSON.parse(stdout) as Found;
    const texts = points[best]?.texts ?? [];
    const [between, last] = ["recover::steps=20", "recover::steps=60"].map((edit) => texts.indexOf(edit));
    assert.ok(between !== undefined && last !== undefined && between > 0 && between + 1 < last, texts.join(" "));
    assert.equal(last, texts.length - 1);
    for (const { from, to } of recovery.models)
      if (to !== null) assert.ok(errorAt(points, to) < errorAt(points, from), "the curve shows both");
    const samples = ["--data", at("samples.bin"), "--samples", "256"];
    const again = ["--edits", at("between.json"), ...samples, "--out", at("again.onnx")];
    const applied = await runCli("apply", at("fit-net.onnx"), ...again);
    assert.equal(applied.code, 0, applied.stderr);
    assert.deepEqual(await readFile(at("again.onnx")), await readFile(at("fit.onnx")));
  });

  it("keeps what it learns where a search is gone on with", async () => {
    const model = await modelOfBytes("fit-net.onnx", await readFile(at("fit-net.onnx")));
    const inputs = { "": parseData(at("samples.bin"))[1] };
    const options = { hardware: DEFAULT_HARDWARE, calibration: { inputs, count: 256 }, recovery: {} };
    const shrink = parseEdit("reduce-channels::ratio=0.75");
    const first = await Trials.on(model, options);
    const smaller = await first.edited(model, shrink, "all");
    const trained = await first.recovered(smaller, parseEdit("recover::steps=30,copies=1"), () => undefined);
    await first.close();
    const second = await Trials.on(model, options);
    const again = await second.edited(smaller, trained.edit, "all");
    await second.close();
    assert.deepEqual([...second.learned.keys()], [trained.edit.learned]);
    assert.deepEqual(await modelBytes(again), await modelBytes(trained.model));
  });

  it("trains what is small enough and errs too much, what errs least first", async () => {
    const limits = ["--max-file-size", "4000", "--min-snr", "22"];
    const { stdout, stderr } = await searched("compress", ...limits, ...recovering(80));
    assert.equal(stderr, "");
    const { points, recovery } = JSON.parse(stdout) as Found;
    const { models, isMeasuredApart } = recovery;
    assert.equal(isMeasuredApart, false);
    const before = models.map(({ from }) => errorAt(points, from));
    assert.ok(models.length > 0 && before.every((error, place) => error >= (before[place - 1] ?? 10 ** -2.2)));
    const kept = models.filter(({ to }) => to !== null);
    assert.ok(kept.length > 0, stdout);
    for (const { from, to, why } of models)
      assert.ok(to === null ? why !== null : errorAt(points, to) < errorAt(points, from), stdout);
  });

  it("refuses without samples, too few of them, and where none are left to judge an accuracy", async () => {
    const limit = ["--max-parameters", "1200"];
    const refused = async (expected: RegExp, ...options: readonly string[]): Promise<void> => {
      const { code, stderr } = await searched("fit", ...options);
      assert.equal(code, 2, stderr);
      assert.match(stderr, expected);
    };
    await refused(/recovery trains on samples of your own, and there are none/, ...limit, "--recover");
    await refused(/expected at least 16 samples to train on, not 8/, ...limit, ...recovering(1), "--samples", "8");
    await refused(/--test-data/, ...limit, "--min-accuracy", "50%", ...recovering(1));
    await refused(/--recover-steps says nothing without --recover/, ...limit, "--recover-steps", "5");
    await refused(/--recover-between says nothing without --recover/, ...limit, "--recover-between", "5");
  });
});
