import assert from "node:assert/strict";
import { deepCompressionOf, huffmanBits } from "../../../profiler/compression/deep-compression.ts";
import { plainError } from "../../../profiler/compression/output-error.ts";
import { clustered, indicesOf } from "../../../profiler/compression/palette.ts";
import { matrix } from "../../../profiler/numeric/matrix.ts";
import { Random } from "../../../profiler/numeric/random.ts";
import { FileSource } from "../../../profiler/bytes/file-source.ts";
import { applyEdit, predictEdit } from "../../../profiler/editing/apply.ts";
import { parseEdit } from "../../../profiler/editing/edit.ts";
import { analyseModel } from "../../../profiler/profile-model.ts";
import { weightReports } from "../../../profiler/views/weight-report.ts";
import { readModel } from "../../../profiler/formats/formats.ts";
import { liftModel } from "../../../profiler/translation/lift-model.ts";
import { alexnet } from "../../zoo/networks/alexnet.ts";
import { HollowSource } from "../../zoo/file-segments.ts";
import { toOnnx } from "../../zoo/to-onnx.ts";
import { noExternalData } from "../zoo/no-external-data.ts";
import { runCli } from "../cli/run-cli.ts";

/** Bytes of the scales of the widest layer of the sample: 128 outputs. */
const SCALES = 4 * 128;

describe("Huffman codes", () => {
  it("are the shortest there are", () => {
    // 5·1 + 2·2 + 1·3 + 1·3, and 3 bits each for eight of a kind.
    assert.equal(huffmanBits([5, 1, 2, 1]), 15);
    assert.equal(huffmanBits(new Array<number>(8).fill(10)), 240);
    assert.equal(huffmanBits([7, 0]), 7);
    assert.equal(huffmanBits([]), 0);
  });
});

describe("The estimate of Deep Compression", () => {
  it("counts gaps, stored zeros within long ones, places and the table", () => {
    const weights = new Float32Array(600);
    weights[0] = weights[10] = 1;
    weights[599] = -1;
    const { kept, values, storedBytes } = deepCompressionOf(weights) ?? {};
    assert.deepEqual([kept, values], [3, 2]);
    // With 8 bits a gap: 0, 9, two of 255 that are stored zeros, and the rest, 2 bits a place; two floats.
    assert.equal(storedBytes, Math.ceil((5 * (8 + 2)) / 8) + 8);
  });

  it("is none of floats without a table", () => {
    assert.equal(deepCompressionOf(Float32Array.from({ length: 300 }, (_, at) => at + 1)), null);
  });

  it("codes the levels of weights that are quantized with a scale for each output", () => {
    const [rows, columns] = [40, 90];
    const random = new Random(3);
    const levels = Array.from({ length: rows * columns }, () => Math.round(15 * random.uniform()) - 8);
    const scales = Array.from({ length: rows }, () => 0.01 + random.uniform());
    const weights = Float32Array.from(levels, (level, at) => level * (scales[Math.floor(at / columns)] ?? 1));
    assert.equal(deepCompressionOf(weights), null, "too many values for one table");
    const found = deepCompressionOf(weights, rows);
    assert.deepEqual(found?.values, 15);
    assert.equal(found.kept, levels.filter((level) => level !== 0).length);
    assert.ok(found.huffmanBytes >= (3.7 / 8) * levels.length && found.huffmanBytes <= 0.5 * levels.length + 4 * rows);
    assert.equal(deepCompressionOf(random.normals(rows * columns), rows), null, "floats are no levels");
    assert.equal(deepCompressionOf(random.normals(600), 300), null, "nor are a few of them");
  });

  /** Weights in thousands, the share of them that stays, and bits of the table: Han et al. (2016), table 4. */
  const ALEXNET = [
    [35, 0.84, 8],
    [307, 0.38, 8],
    [885, 0.35, 8],
    [663, 0.37, 8],
    [442, 0.37, 8],
    [37_749, 0.09, 5],
    [16_777, 0.09, 5],
    [4_096, 0.25, 5],
  ] as const;
  /** Iandola et al. (2016), table 2: 6 bits, 33 % of the weights. */
  const SQUEEZENET = [[1_248, 0.33, 6]] as const;
  const SAMPLED = 35_000;

  /** Normal weights of which the smallest are pruned and the others clustered. */
  function codedWeights(random: Random, density: number, bits: number): Float32Array {
    const values = random.normals(SAMPLED);
    const bound = values.map(Math.abs).sort()[Math.floor((1 - density) * SAMPLED)] ?? 0;
    const mask = Uint8Array.from(values, (value) => (Math.abs(value) > bound ? 1 : 0));
    const dense = matrix(1, SAMPLED, values);
    const table = clustered(dense, plainError(SAMPLED), 2 ** bits - 1, mask);
    const places = indicesOf(dense, table);
    return values.map((_, at) => (mask[at] === 1 ? (table[places[at] ?? 0] ?? 0) : 0));
  }

  function megabytes(layers: readonly (readonly [number, number, number])[]): Record<string, number> {
    const random = new Random(7);
    const sums = { float: 0, kept: 0, stored: 0, huffman: 0 };
    for (const [thousands, density, bits] of layers) {
      const estimate = deepCompressionOf(codedWeights(random, density, bits));
      assert.ok(estimate);
      const scale = (1000 * thousands) / SAMPLED;
      sums.float += 4e-3 * thousands;
      sums.kept += 4e-6 * scale * estimate.kept;
      sums.stored += 1e-6 * scale * estimate.storedBytes;
      sums.huffman += 1e-6 * scale * estimate.huffmanBytes;
    }
    return sums;
  }

  it("codes two levels of each of a few outputs as levels, though all of them are few values", () => {
    const rows = 40;
    const weights = Float32Array.from({ length: rows * 64 }, (_, at) =>
      Math.fround((at % 3 === 0 ? -1 : 1) * (1 + Math.floor(at / 64) / 7)),
    );
    const found = deepCompressionOf(weights, rows);
    assert.deepEqual([found?.values, found?.huffmanBytes], [2, (rows * 64) / 8 + 4 * rows]);
  });

  it("is told of weights that a file decodes itself", async () => {
    const model = await readModel(await FileSource.open("media/samples/digits_inception.onnx"), noExternalData);
    for (const [text, values] of [
      // Of blocks with zero points of their own, which are levels too.
      ["quantize-weights::bits=3,block=32", 15],
      ["share-weights::bits=4", 16],
      ["prune-weights::sparsity=0.9,bits=4", 15],
      ["binarize-weights:", 2],
    ] as const) {
      const edit = parseEdit(text);
      const { after, changed } = await applyEdit(model, edit);
      const reports = await weightReports(analyseModel(after, {}));
      const coded = reports.filter(({ layer }) => changed.includes(layer));
      assert.ok(coded.length > 3);
      for (const { layer, storedBytes, deepCompression } of coded) {
        assert.ok(deepCompression, `${text}: ${layer}`);
        assert.ok(deepCompression.values <= values, `${text}: ${layer} has ${deepCompression.values} values`);
        // Scales are counted here, which are settings to the file's decoding.
        assert.ok(deepCompression.huffmanBytes < 1.1 * storedBytes + SCALES, `${text}: ${layer}`);
      }
    }
  });

  it("comes to what was published of AlexNet: 9 times by pruning, 27 by tables, 35 by Huffman codes", () => {
    const { float = 0, kept = 0, stored = 0, huffman = 0 } = megabytes(ALEXNET);
    assert.ok(float > 240 && float < 245);
    const [pruned, shared, coded] = [float / kept, float / stored, float / huffman];
    assert.ok(pruned > 8.5 && pruned < 9.7, `${pruned}`);
    // Places of trained weights lie nearer together than random ones, for whose gaps no code is as short.
    assert.ok(shared > 23 && shared < 29, `${shared}`);
    assert.ok(coded > 29 && coded < 37, `${coded}`);
  });

  it("stands beside the fivefold that low ranks make of AlexNet's fully connected layers", async () => {
    // Denton et al. (2014), as Han et al. and Iandola et al. cite it: 240 MB to 48 MB, without sharing, pruning or codes.
    let model = await readModel(new HollowSource("alexnet.onnx", toOnnx(alexnet()).model), noExternalData);
    const before = model.fileBytes;
    const dense = liftModel(model).layers.flatMap(({ name, form }) => (form.kind === "dense" ? [name] : []));
    assert.equal(dense.length, 3);
    for (const target of dense) {
      const edit = { restructuring: "dense-low-rank", target, options: { cost: 1 / 6 } };
      const after = await predictEdit(model, edit);
      assert.ok(after);
      model = after;
    }
    assert.ok(before > 243e6 && before < 245e6);
    assert.ok(before / model.fileBytes > 4.9 && before / model.fileBytes < 5.2, `${before / model.fileBytes}`);
  });

  it("comes to what was published of SqueezeNet: a tenth of its floats, a 510th of AlexNet's", () => {
    const { float = 0, huffman = 0 } = megabytes(SQUEEZENET);
    const alexnet = 240;
    assert.ok(float / huffman > 9 && float / huffman < 13, `${float / huffman}`);
    assert.ok(alexnet / huffman > 450 && alexnet / huffman < 600, `${alexnet / huffman}`);
  });

  it("stands beside what the file and a download take, layer by layer", async () => {
    const { stdout, code } = await runCli("weights", "media/samples/digits_inception.onnx");
    assert.equal(code, 0);
    assert.match(stdout, /Layer +Weights +Stored +Download +Not zero +Values +Huffman estimate/);
    assert.match(stdout, /^Total .*KB/m);
  });
});
