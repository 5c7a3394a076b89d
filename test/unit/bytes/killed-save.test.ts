import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { ExternalDataFolder } from "../../../profiler/bytes/external-data-folder.ts";
import { FileSource } from "../../../profiler/bytes/file-source.ts";
import { applyEdit } from "../../../profiler/editing/apply.ts";
import { writeOnnx } from "../../../profiler/formats/onnx/write.ts";
import type { Model } from "../../../profiler/model/model.ts";
import { readModel } from "../../../profiler/formats/formats.ts";
import { ROOT } from "../../../install.mjs";
import { externalTensor, graph, node, onnxModel, tensor, value } from "../../builders/onnx-builder.ts";
import { IS_THOROUGH } from "../../effort.ts";

/** A save of the one that is killed takes about so many steps. */
const MOST_STEPS = 12;
/** How often after each step: when exactly the signal comes differs. */
const KILLS_A_STEP = IS_THOROUGH ? 84 : 3;
const KILLS = MOST_STEPS * KILLS_A_STEP;
/** So that a machine that does much else does not fail it: a process of its own each time. */
const MILLISECONDS_A_KILL = 5000;
const CHANNELS = 16;
const WEIGHTS = CHANNELS * 4 * 9;

function modelWithData(): Uint8Array {
  const vector = (name: string): ReturnType<typeof tensor> =>
    tensor(name, "float32", [CHANNELS], new Array<number>(CHANNELS).fill(1));
  return onnxModel({
    graph: graph(
      [
        node("Conv", ["x", "w"], ["c"], {}, { name: "conv" }),
        node("BatchNormalization", ["c", "scale", "shift", "mean", "variance"], ["y"], {}, { name: "bn" }),
      ],
      {
        inputs: [value("x", "float32", ["n", 4, 8, 8])],
        outputs: [value("y", "float32")],
        initializers: [
          externalTensor("w", "float32", [CHANNELS, 4, 3, 3], { location: "weights.bin" }),
          ...["scale", "shift", "mean", "variance"].map(vector),
        ],
      },
    ),
  });
}

describe("A save whose process is killed", () => {
  let folder = "";
  let program = "";

  before(async () => {
    // Beside the packages that it leaves out.
    program = join(ROOT, "node_modules/.cache/edgewise", `killed-writer-${process.pid}.mjs`);
    await build({
      entryPoints: [join(import.meta.dirname, "killed-writer.ts")],
      outfile: program,
      bundle: true,
      platform: "node",
      format: "esm",
      packages: "external",
      logLevel: "error",
    });
    folder = mkdtempSync(join(tmpdir(), "edgewise-killed-"));
    writeFileSync(join(folder, "weights.bin"), new Uint8Array(Float32Array.from({ length: WEIGHTS }, Math.sin).buffer));
    writeFileSync(join(folder, "base.onnx"), modelWithData());
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
    rmSync(program, { force: true });
  });

  const open = async (name: string): Promise<Model> =>
    readModel(await FileSource.open(join(folder, name)), new ExternalDataFolder(join(folder, name)));

  it(`leaves a whole file, the old or the new one, ${KILLS} times, and the next save leaves nothing else`, async function () {
    this.timeout(KILLS * MILLISECONDS_A_KILL);
    const base = await open("base.onnx");
    const target = join(folder, "target.onnx");
    const { after: edited } = await applyEdit(base, { restructuring: "fold-batch-norm", target: "bn", options: {} });
    await writeOnnx(edited, target);
    const versions = [readFileSync(target)];
    const [data = ""] = dataFiles();
    const weights = readFileSync(join(folder, data));
    await writeOnnx(base, target);
    versions.push(readFileSync(target));
    rmSync(join(folder, data));
    for (let kill = 0; kill < KILLS; kill += 1) {
      await killAfter(1 + (kill % MOST_STEPS));
      const found = readFileSync(target);
      assert.ok(
        versions.some((version) => version.equals(found)),
        `after kill ${kill} there is another file`,
      );
      if (found.equals(versions[0] ?? found)) assert.ok(readFileSync(join(folder, data)).equals(weights));
      for (const name of dataFiles()) {
        const digest = createHash("sha256")
          .update(readFileSync(join(folder, name)))
          .digest("hex");
        assert.ok(name.includes(digest.slice(0, 12)), `${name} holds other numbers than its name says`);
      }
    }
    await writeOnnx(edited, target);
    assert.deepEqual(readdirSync(folder).toSorted(), ["base.onnx", "target.onnx", data, "weights.bin"].toSorted());
  });

  function dataFiles(): readonly string[] {
    return readdirSync(folder).filter((name) => name.endsWith(".data"));
  }

  async function killAfter(steps: number): Promise<void> {
    const child = spawn(process.execPath, [program, folder], { stdio: ["ignore", "pipe", "inherit"] });
    let seen = 0;
    child.stdout.on("data", (bytes: Buffer) => {
      seen += bytes.length;
      if (seen >= steps) child.kill("SIGKILL");
    });
    const [, signal] = (await once(child, "close")) as [number | null, string | null];
    assert.equal(signal, "SIGKILL");
  }
});
