import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Random } from "../../../../profiler/numeric/random.ts";
import { graph, node, onnxModel, tensor, value } from "../../../builders/onnx-builder.ts";
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

/** 36 → 48 → 8 numbers with a ReLU between: every channel counts, so that what is taken away is missed. */
function denseNet(): Uint8Array {
  const random = new Random(3);
  const draw = (count: number): readonly number[] => Array.from({ length: count }, () => random.normal() / 6);
  const nodes = [
    node("Gemm", ["x", "w", "b"], ["wide"], { transB: 1 }, { name: "first" }),
    node("Relu", ["wide"], ["active"]),
    node("Gemm", ["active", "v", "c"], ["y"], { transB: 1 }, { name: "second" }),
  ];
  const initializers = [
    tensor("w", "float32", [48, 36], draw(48 * 36)),
    tensor("b", "float32", [48], draw(48)),
    tensor("v", "float32", [8, 48], draw(8 * 48)),
    tensor("c", "float32", [8], draw(8)),
  ];
  const inputs = [value("x", "float32", ["n", 36])];
  return onnxModel({ graph: graph(nodes, { inputs, outputs: ["y"], initializers }) });
}

describe("a search that recovers", function () {
  this.timeout(60_000);
  let folder = "";
  let remove: () => Promise<void>;
  const at = (name: string): string => join(folder, name);
  const searched = (command: string, ...limits: readonly string[]): ReturnType<typeof runCli> =>
    runCli(command, at("net.onnx"), ...limits, "--out", at(`${command}.onnx`), "--json");
  const recovering = (): readonly string[] => ["--data", at("samples.bin"), "--recover", "--recover-steps", "60"];
  before(async () => {
    ({ path: folder, remove } = await temporaryFolder());
    await writeFile(at("net.onnx"), denseNet());
    await writeFile(at("samples.bin"), new Uint8Array(Float32Array.from(new Random(5).normals(256 * 36)).buffer));
  });
  after(() => remove());

  it("trains the model to take, tells its error before and after, and saves what was learned", async () => {
    const limits = ["--max-parameters", "1200", "--save-edits", at("list.json")];
    const { stdout, stderr, code } = await searched("fit", ...limits, ...recovering());
    assert.equal(code, 0, stderr);
    const { points, best, recovery } = JSON.parse(stdout) as Found;
    const [trained] = recovery.models;
    assert.ok(trained?.to === best, JSON.stringify(recovery));
    assert.deepEqual(points[best]?.texts, [...(points[trained.from]?.texts ?? []), "recover::steps=60"]);
    assert.ok((points[best]?.error ?? 1) < (points[trained.from]?.error ?? 0));
    const again = at("again.onnx");
    const samples = ["--data", at("samples.bin")];
    const applied = await runCli("apply", at("net.onnx"), "--edits", at("list.json"), ...samples, "--out", again);
    assert.equal(applied.code, 0, applied.stderr);
    assert.deepEqual(await readFile(again), await readFile(at("fit.onnx")), "the list makes the same file again");
  });

  it("trains what is small enough and errs too much, until it may be taken", async () => {
    const limits = ["--max-file-size", "2KB", "--min-snr", "8"];
    const { stdout, stderr } = await searched("compress", ...limits, ...recovering());
    assert.equal(stderr, "");
    console.log(stdout);
    const { points, best, isMet, recovery } = JSON.parse(stdout) as Found;
    const trained = recovery.models.find(({ to }) => to === best);
    assert.ok(isMet && trained, JSON.stringify(recovery));
    assert.ok((points[trained.from]?.error ?? 0) > 10 ** -0.8 && (points[best]?.error ?? 1) <= 10 ** -0.8);
  });

  it("refuses without samples, too few of them, and where none are left to judge an accuracy", async () => {
    const limit = ["--max-parameters", "1200"];
    const refused = async (expected: RegExp, ...options: readonly string[]): Promise<void> => {
      const { code, stderr } = await searched("fit", ...options);
      assert.equal(code, 2, stderr);
      assert.match(stderr, expected);
    };
    await refused(/recovery trains on samples of your own, and there are none/, ...limit, "--recover");
    await refused(/expected at least 16 samples to train on, not 8/, ...limit, ...recovering(), "--samples", "8");
    await refused(/--test-data/, ...limit, "--min-accuracy", "50%", ...recovering());
    await refused(/--recover-steps says nothing without --recover/, ...limit, "--recover-steps", "5");
  });
});
