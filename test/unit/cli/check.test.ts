import assert from "node:assert/strict";
import { join } from "node:path";
import { runCli, temporaryFolder, writeChain, writeUnknown } from "./run-cli.ts";

describe("edgewise check", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let chain: string;
  let unknown: string;

  before(async () => {
    folder = await temporaryFolder();
    chain = join(folder.path, "chain.onnx");
    unknown = join(folder.path, "unknown.onnx");
    await Promise.all([writeChain(chain, 2), writeUnknown(unknown)]);
  });
  after(() => folder.remove());

  it("passes a model at its limits", async () => {
    const limits = [
      "--max-parameters",
      "128",
      "--max-macs",
      "0.128k",
      "--max-peak-memory",
      "64B",
      "--max-file-size",
      "1MiB",
    ];
    const { code, stdout, stderr } = await runCli("check", chain, ...limits);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /within all 4 limits/);
  });

  it("exits with 1 and lists what exceeds, and only that", async () => {
    const { code, stdout, stderr } = await runCli("check", chain, "--max-parameters", "100", "--max-macs", "1k");
    assert.deepEqual([code, stderr], [1, ""]);
    assert.match(stdout, /^Parameters +128 elements +100 elements +exceeds by 28\.0 %$/m);
    assert.doesNotMatch(stdout, /^MACs/m);
  });

  it("checks with the dimensions that it is given", async () => {
    const limit = ["--max-macs", "128"];
    const [one, two] = await Promise.all([
      runCli("check", chain, ...limit),
      runCli("check", chain, ...limit, "--dim", "batch=2"),
    ]);
    assert.deepEqual([one.code, two.code], [0, 1]);
  });

  it("does not pass what is unknown, but passes a known total beside it", async () => {
    const [macs, memory, size] = await Promise.all([
      runCli("check", unknown, "--max-macs", "1G"),
      runCli("check", unknown, "--max-peak-memory", "1G"),
      runCli("check", unknown, "--max-file-size", "1G"),
    ]);
    assert.match(macs.stdout, /^MACs .*unknown: 1 row is missing$/m);
    assert.match(memory.stdout, /^Peak memory +unknown +1,000,000,000 bytes +unknown$/m);
    assert.deepEqual([macs.code, memory.code, size.code], [1, 1, 0]);
  });

  it("fails with exit code 2 without a limit or with one that is no number", async () => {
    const [none, bad] = await Promise.all([runCli("check", chain), runCli("check", chain, "--max-macs", "many")]);
    assert.match(
      none.stderr,
      /nothing to check: give at least one of --max-parameters, --max-macs, --max-peak-memory, --max-file-size/,
    );
    assert.match(bad.stderr, /argument 'many' is invalid\. It must be a number such as/);
    assert.deepEqual([none.code, bad.code], [2, 2]);
  });
});
