import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { costModel, parseEditList, suggest } from "../../profiler/editing/index.ts";
import { diagnose, diagnoseWeights } from "../../profiler/diagnostics/index.ts";
import { EdgewiseError, LimitError, OptionError } from "../../profiler/errors.ts";
import { parseHardwareProfile } from "../../profiler/hardware/hardware-profile.ts";
import { newArray } from "../../profiler/tensors/numeric-tensor.ts";
import { readTextFile } from "../../profiler/bytes/whole-file.ts";
import {
  analyseModel,
  DEFAULT_HARDWARE,
  exportProfile,
  ExternalDataFolder,
  FileSource,
  listModel,
  profileModel,
  readModel,
} from "../../profiler/index.ts";
import { modelOfBytes } from "../builders/read-model.ts";
import { uniqueName } from "../../profiler/operators/layer-names.ts";
import {
  graph,
  node,
  onnxFunction,
  onnxModel,
  tensor,
  value,
  type FunctionOptions,
  type OnnxNode,
} from "../builders/onnx-builder.ts";
import { tfliteModel } from "../builders/tflite-builder.ts";
import { parseSize } from "../../profiler/shapes/parse-size.ts";

/** Files that were made to do harm to a reader, or that one node of spoils a model for. The names say how. */
const FOLDER = join(import.meta.dirname, "../fixtures/hostile");

/** Seconds of processor time, with what a busy machine adds to it. */
const MOST_SECONDS = 2;

const UNFOLDING = /^(?:slow|memory|hang)-/;

describe("A hostile file", () => {
  for (const name of readdirSync(FOLDER)) {
    const path = join(FOLDER, name);
    const open = async (): Promise<FileSource> => FileSource.open(path);

    if (UNFOLDING.test(name)) {
      it(`${name} ends with the limit that it passes, soon`, async () => {
        const before = process.cpuUsage();
        await assert.rejects(readModel(await open(), new ExternalDataFolder(path)), (error: unknown) => {
          assert.ok(error instanceof LimitError, String(error));
          assert.ok(error.message.startsWith(path), error.message);
          return true;
        });
        const { user, system } = process.cpuUsage(before);
        assert.ok((user + system) / 1e6 < MOST_SECONDS, `it took ${(user + system) / 1e6} s of processor time`);
      });
      continue;
    }

    it(`${name} costs itself, never the model: every view works, and no total is wrong`, async function () {
      this.timeout(60_000);
      const model = await readModel(await open(), new ExternalDataFolder(path));
      const analysed = analyseModel(model, {});
      const profile = costModel(analysed, DEFAULT_HARDWARE);
      for (const [total, value] of Object.entries(profile.totals) as [string, unknown][])
        assert.ok(typeof value !== "number" || value >= 0, `${total} is ${String(value)}`);
      assert.ok(listModel(analysed).text.length > 0);
      diagnose(analysed, profile);
      await diagnoseWeights(analysed, profile).catch((error: unknown) => assert.ok(error instanceof EdgewiseError));
      await suggest(model, { hardware: DEFAULT_HARDWARE });
      const whole = await profileModel(await open(), new ExternalDataFolder(path), {});
      for (const format of ["csv", "json", "markdown", "html"] as const) exportProfile(whole, format);
      JSON.parse(exportProfile(whole, "json"));
    });
  }
});

/** A relation of one row, which a function `g` with this body is called in so often. */
function calls(
  count: number,
  body: readonly OnnxNode[],
  { name = "", ...rest }: Partial<FunctionOptions> & { readonly name?: string } = {},
): Uint8Array {
  const nodes = Array.from({ length: count }, (_, index) =>
    node("g", [index === 0 ? "x" : `t${index - 1}`], [`t${index}`], {}, { domain: "local", name }),
  );
  return onnxModel({
    graph: graph(nodes, { inputs: [value("x", "float32", [1, 8])], outputs: [`t${count - 1}`] }),
    functions: [onnxFunction(body, { name: "g", inputs: ["a"], outputs: ["b"], ...rest })],
    opset: { "": 17, local: 1 },
  });
}

const LONG = "n".repeat(50_000);

describe("What a small file unfolds into has a limit", () => {
  const bombs: Readonly<Record<string, Uint8Array>> = {
    "operators of very many inputs in a function": calls(60, [
      node("Concat", new Array<string>(10_000).fill("a"), ["b"], { axis: 0 }),
    ]),
    "rows that are known by a very long name of their call": calls(
      10,
      Array.from({ length: 100 }, (_, index) =>
        node("Relu", [index === 0 ? "a" : `q${index - 1}`], [index === 99 ? "b" : `q${index}`]),
      ),
      { name: LONG },
    ),
    "rows that are known by a very long name of their function": onnxModel({
      graph: graph([node(LONG, ["x"], ["y"], {}, { domain: "local" })], {
        inputs: [value("x", "float32", [1, 8])],
        outputs: ["y"],
      }),
      functions: [
        onnxFunction(
          Array.from({ length: 20 }, (_, index) => node("Relu", ["a"], [index === 0 ? "b" : `q${index}`])),
          { name: LONG, inputs: ["a"], outputs: ["b"] },
        ),
      ],
      opset: { "": 17, local: 1 },
    }),
    "operators of a very long domain in a function": calls(60, [node("F", ["a"], ["b"], {}, { domain: LONG })]),
    "operators that a function notes very much about": calls(60, [
      { ...node("Relu", ["a"], ["b"]), metadataProps: Array.from({ length: 5000 }, () => ({ key: "k", value: "v" })) },
    ]),
    "texts of no characters in a function": calls(60, [
      node("F", ["a"], ["b"], { texts: new Array<string>(10_000).fill("") }),
    ]),
    "a function of very many inputs": calls(60, [node("Relu", ["a"], ["b"])], {
      inputs: ["a", ...Array.from({ length: 5000 }, (_, index) => `i${index}`)],
    }),
    "a function that imports very many operator sets": calls(60, [node("Relu", ["a"], ["b"])], {
      opset: Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`d${index}`, 1])),
    }),
    "tensors of very long names in a function": calls(60, [node("Relu", ["a"], [LONG]), node("Relu", [LONG], ["b"])]),
  };
  for (const [title, bytes] of Object.entries(bombs)) {
    it(title, () => assert.rejects(modelOfBytes("bomb.onnx", bytes), LimitError));
  }

  it("operators that share a tensor of a very long name", async () => {
    const operators = Array.from({ length: 100 }, (_, index) => ({
      op: "ADD" as const,
      inputs: [0, 0],
      outputs: [index + 1],
    }));
    const tensors = [LONG, ...operators.map((_, index) => `t${index}`)].map((name) => ({ name, shape: [1, 8] }));
    const bytes = tfliteModel({ tensors, operators, inputs: [0], outputs: [1] });
    await assert.rejects(modelOfBytes("bomb.tflite", bytes), LimitError);
  });

  it("custom operators of one very long name", async () => {
    const operators = Array.from({ length: 100 }, (_, index) => ({
      op: { custom: LONG },
      inputs: [0],
      outputs: [index + 1],
    }));
    const tensors = ["x", ...operators.map((_, index) => `t${index}`)].map((name) => ({ name, shape: [1, 8] }));
    const bytes = tfliteModel({ tensors, operators, inputs: [0], outputs: [1] });
    await assert.rejects(modelOfBytes("bomb.tflite", bytes), LimitError);
  });

  it("names of sizes are words", async () => {
    const long = new Array<string>(2000).fill("a").join(" + ");
    const bytes = onnxModel({
      graph: graph([node("Relu", ["x"], ["y"])], { inputs: [value("x", "float32", [long])], outputs: ["y"] }),
    });
    await assert.rejects(modelOfBytes("long.onnx", bytes), /value x .* characters; the limit is 4096/);
  });

  it("a weight of very many rows, which the file makes of a number, costs its layer alone", async () => {
    const bytes = onnxModel({
      graph: graph([node("ConstantOfShape", ["r"], ["w"]), node("MatMul", ["x", "w"], ["y"])], {
        inputs: [value("x", "float32", [1, 8])],
        outputs: ["y"],
        initializers: [tensor("r", "int64", [2], [8, 2 ** 40])],
      }),
    });
    await suggest(await modelOfBytes("wide.onnx", bytes), { hardware: DEFAULT_HARDWARE });
  });

  it("a message that names a very long name is still read: its file and its end stay", () => {
    const { message } = new LimitError(`model.onnx: ${LONG}: too long`);
    assert.ok(
      message.length < 2100 && message.startsWith("model.onnx: nn") && message.endsWith("n: too long"),
      message,
    );
  });
});

describe("Nodes of one name", () => {
  it("are told apart in as many steps as there are nodes", () => {
    let looks = 0;
    const names = new Set<string>();
    const taken = { has: (name: string) => ((looks += 1), names.has(name)), add: (name: string) => names.add(name) };
    for (let index = 0; index < 1000; index += 1) uniqueName("conv", taken);
    assert.equal(names.size, 1000);
    assert.ok(names.has("conv#1000"));
    assert.ok(looks <= 3000, `${looks} looks`);
  });
});

describe("A size of very many names", () => {
  it("is read in a time that grows with their number, not with its square", () => {
    const names = Array.from({ length: 40_000 }, (_, index) => `N${index}`);
    const before = process.cpuUsage();
    assert.deepEqual(parseSize(`${names.join(" + ")} - N0`)?.names, names);
    const { user, system } = process.cpuUsage(before);
    assert.ok((user + system) / 1e6 < MOST_SECONDS, `it took ${(user + system) / 1e6} s of processor time`);
  });
});

describe("What a user gives that cannot be meant", () => {
  it("is named in few words, however deep it is", () => {
    const deep = JSON.parse(`${"[".repeat(50_000)}${"]".repeat(50_000)}`) as unknown;
    assert.throws(() => parseHardwareProfile({ name: deep }, "deep.json"), /name must be a text, but it is a list$/);
    const list = JSON.stringify({ edits: [], schema: "x".repeat(5000) });
    assert.throws(
      () => parseEditList(list, "list.json"),
      (error: unknown) => error instanceof OptionError && error.message.length < 200,
    );
  });

  it("a text that nobody writes is not read", async () => {
    const folder = await mkdtemp(join(tmpdir(), "edgewise-text-"));
    try {
      const path = join(folder, "labels.txt");
      await writeFile(path, "");
      await truncate(path, 2 ** 25 + 1);
      await assert.rejects(readTextFile(path), /labels\.txt: a text of 33554433 bytes; the limit is 33554432/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("inputs that fit no memory are a limit, not a fault of ours", () => {
    assert.throws(() => newArray("float32", 3e12), LimitError);
  });
});
