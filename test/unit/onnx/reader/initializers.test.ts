import assert from "node:assert/strict";

import { MemorySource } from "../../../../profiler/bytes/memory-source.ts";
import { ExternalDataError, ModelFormatError } from "../../../../profiler/errors.ts";
import { readOnnx } from "../../../../profiler/formats/onnx/read.ts";
import type { DataType } from "../../../../profiler/model/data-type.ts";
import { readConstant } from "../../../../profiler/model/constant-values.ts";
import type { Constant, Tensor } from "../../../../profiler/model/model.ts";
import { requireData } from "../../../../profiler/model/require-data.ts";
import {
  externalTensor,
  graph,
  onnxModel,
  sparseTensor,
  tensor,
  type ExternalRange,
  type OnnxSparseTensor,
  type OnnxTensor,
} from "../../../builders/onnx-builder.ts";
import { encodeRaw } from "../../../builders/raw-tensor.ts";
import { MemoryExternalData, readGraph, readModel, refuses, tensorOf, type Files } from "./read-model.ts";
import { integer, tag, varint } from "./wire-bytes.ts";

const withTensor = (initializer: OnnxTensor): Uint8Array =>
  onnxModel({ graph: graph([], { initializers: [initializer] }) });
const withSparse = (initializer: OnnxSparseTensor): Uint8Array =>
  onnxModel({ graph: graph([], { sparseInitializers: [initializer] }) });

async function constantOf(bytes: Uint8Array, files: Files = {}): Promise<Constant> {
  const { constant }: Tensor = tensorOf(await readGraph(bytes, files), "w");
  assert.ok(constant);
  return constant;
}

/** Values that each type can hold exactly. */
const SAMPLES: readonly (readonly [DataType, readonly number[]])[] = [
  ["float32", [0, -1.5, 3.25]],
  ["float64", [0.1, -2, 1e300]],
  ["float16", [0, 1, -2.5]],
  ["bfloat16", [0, 1, -2.5]],
  ["int64", [-1, 2 ** 40, -(2 ** 40)]],
  ["int32", [-1, 2 ** 30, 7]],
  ["int16", [-300, 300, 0]],
  ["int8", [-128, 127, -1]],
  ["uint8", [0, 255, 128]],
  ["uint16", [0, 65535, 1]],
  ["uint32", [0, 2 ** 32 - 1, 1]],
  ["uint64", [0, 2 ** 50, 1]],
  ["bool", [1, 0, 1]],
  ["int4", [-8, 7, -1]],
  ["uint4", [15, 0, 9]],
  ["int2", [-2, 1, 0]],
  ["uint2", [3, 0, 2]],
];

describe("onnx reader: initializers", () => {
  for (const [type, values] of SAMPLES) {
    for (const form of ["raw", "typed"] as const) {
      it(`decodes ${type} in its ${form} form`, async () => {
        const constant = await constantOf(withTensor(tensor("w", type, [3], values, form)));
        assert.deepEqual(constant.values, values);
        assert.deepEqual([constant.dataType, constant.shape], [type, [3]]);
        assert.deepEqual([...((await readConstant(constant)) ?? [])], values);
      });
    }
  }

  it("decodes bit patterns of the 8- and 4-bit floats", async () => {
    const samples: readonly (readonly [DataType, readonly number[], readonly number[]])[] = [
      ["float8e4m3fn", [0x38, 0xc0, 0x7e], [1, -2, 448]],
      ["float8e4m3fnuz", [0x40, 0x80, 0x7f], [1, NaN, 240]],
      ["float8e5m2", [0x3c, 0x7c, 0x01], [1, Infinity, 2 ** -16]],
      ["float8e5m2fnuz", [0x40, 0x80, 0x7f], [1, NaN, 57344]],
      ["float8e8m0", [127, 128, 255], [1, 2, NaN]],
      ["float4e2m1", [2, 7, 0xb], [1, 6, -1.5]],
    ];
    for (const [type, patterns, values] of samples) {
      assert.deepEqual((await constantOf(withTensor(tensor("w", type, [3], patterns)))).values, values, type);
    }
  });

  it("knows types without real numbers by their size", async () => {
    const complex = await constantOf(withTensor(tensor("w", "complex64", [1], [1, 2], "typed")));
    assert.deepEqual([complex.storedBytes, complex.values], [8, undefined]);
    assert.equal(await readConstant(complex), undefined);
    const text = await constantOf(withTensor(tensor("w", "string", [2], ["a", "bc"])));
    assert.deepEqual([text.dataType, text.values, text.storage.kind], ["string", undefined, "none"]);
  });

  it("leaves large weights in the file", async () => {
    const values = Array.from({ length: 5000 }, (_, index) => index / 4);
    for (const form of ["raw", "typed"] as const) {
      const constant = await constantOf(withTensor(tensor("w", "float32", [50, 100], values, form)));
      assert.equal(constant.values, undefined);
      assert.deepEqual([constant.storedBytes, constant.storage.kind], [20000, "range"]);
      assert.deepEqual([...((await readConstant(constant)) ?? [])], values);
    }
  });

  it("reads typed elements that have a tag each, few and many", async () => {
    for (const count of [3, 2000]) {
      const values = Array.from({ length: count }, (_, index) => index - 1);
      const fields = values.map((value) => Uint8Array.from(integer(7, value)));
      const constant = await constantOf(withTensor({ ...tensor("w", "int64", [count], []), $unknowns: fields }));
      assert.deepEqual(constant.values, count === 3 ? values : undefined);
      assert.equal(constant.storedBytes, 8 * count);
      assert.deepEqual([...((await readConstant(constant)) ?? [])], values);
    }
    const floats = [0.5, -2].map((value) => Uint8Array.from([...tag(4, 5), ...encodeRaw("float32", [value])]));
    const constant = await constantOf(withTensor({ ...tensor("w", "float32", [2], []), $unknowns: floats }));
    assert.deepEqual(constant.values, [0.5, -2]);
  });

  it("reads scalars and empty tensors", async () => {
    assert.deepEqual((await constantOf(withTensor(tensor("w", "float32", [], [2])))).values, [2]);
    const empty = await constantOf(withTensor(tensor("w", "float32", [0, 5], [])));
    assert.deepEqual([empty.values, empty.storedBytes], [[], 0]);
  });

  describe("in data files", () => {
    const files = { "w.bin": encodeRaw("float32", [9, 1, 2, 3]) };
    const external = (range: Partial<ExternalRange> = {}, dims = [3]): Uint8Array =>
      withTensor(externalTensor("w", "float32", dims, { location: "w.bin", offset: 4, length: 12, ...range }));

    it("reads small values and keeps the range", async () => {
      const constant = await constantOf(external(), files);
      assert.deepEqual(constant.values, [1, 2, 3]);
      assert.ok(constant.storage.kind === "range");
      assert.deepEqual(
        [constant.storage.source.name, constant.storage.offset, constant.storage.length],
        ["w.bin", 4, 12],
      );
    });

    it("takes the length from the shape where the file gives none", async () => {
      const bytes = withTensor(externalTensor("w", "float32", [2], { location: "w.bin" }));
      assert.deepEqual((await constantOf(bytes, files)).values, [9, 1]);
    });

    it("opens a file once and counts its bytes once", async () => {
      const initializers = [0, 4, 8].map((offset, index) =>
        externalTensor(`w${index}`, "float32", [1], { location: index === 1 ? "./w.bin" : "w.bin", offset }),
      );
      const bytes = onnxModel({ graph: graph([], { initializers }) });
      const model = await readModel(bytes, files);
      assert.equal(model.fileBytes, bytes.length + 16);
      assert.deepEqual(
        model.entries[0].graph.tensors.map(({ constant }) => constant?.values),
        [[9], [1], [2]],
      );
    });

    it("refuses what is missing, short, or has no place", async () => {
      await refuses(external(), ExternalDataError, /w\.bin/, {});
      await refuses(external({ offset: 8 }), ExternalDataError, /w is at bytes 8 to 20, but the file has 16/, files);
      await refuses(external({ location: "" }), ExternalDataError, /no location/, files);
      await refuses(
        withTensor({
          ...externalTensor("w", "float32", [3], { location: "w.bin" }),
          externalData: [
            { key: "location", value: "w.bin" },
            { key: "offset", value: "-4" },
          ],
        }),
        ExternalDataError,
        /offset must be a number of bytes, not "-4"/,
        files,
      );
    });

    it("reads a graph whose data files are missing or too short, where that is allowed; the weights say why they are none", async () => {
      const short = encodeRaw("float32", [9, 1]);
      const cases: readonly (readonly [Uint8Array, Files, number | null, RegExp])[] = [
        [external(), {}, null, /w\.bin is missing/],
        [external(), { "w.bin": short }, 8, /w is at bytes 4 to 16, but the file has 8/],
        [
          withTensor(externalTensor("w", "float32", [3], { location: "w.bin" })),
          { "w.bin": short },
          8,
          /bytes 0 to 12/,
        ],
      ];
      for (const [bytes, dataFiles, has, message] of cases) {
        const source = new MemorySource("test.onnx", bytes);
        const model = await readOnnx(source, new MemoryExternalData(dataFiles), { allowsMissingData: true });
        assert.deepEqual(
          model.missingData?.map((missing) => [missing.location, missing.bytes]),
          [["w.bin", has]],
        );
        const constant = tensorOf(model.entries[0].graph, "w").constant;
        assert.deepEqual([constant?.shape, constant?.storedBytes, constant?.values], [[3], 12, undefined]);
        // What the model says of the file, since what it has says nothing.
        assert.equal(model.fileBytes, bytes.length + (has === null || bytes === cases[1]?.[0] ? 16 : 12));
        assert.ok(constant);
        await assert.rejects(
          readConstant(constant),
          (error) => error instanceof ExternalDataError && message.test(error.message),
        );
        assert.throws(() => requireData(model), message);
      }
    });

    it("takes no bytes of a file that is too short, whichever of its tensors comes first", async () => {
      const initializers = [0, 4].map((offset, index) =>
        externalTensor(`w${index}`, "float32", [1 + index], { location: "w.bin", offset, length: 4 + 4 * index }),
      );
      const source = new MemorySource("test.onnx", onnxModel({ graph: graph([], { initializers }) }));
      const dataFiles = new MemoryExternalData({ "w.bin": encodeRaw("float32", [9, 1]) });
      const model = await readOnnx(source, dataFiles, { allowsMissingData: true });
      assert.deepEqual(
        model.entries[0].graph.tensors.map(({ constant }) => constant?.values),
        [undefined, undefined],
      );
    });

    it("refuses files outside the folder, missing or not", async () => {
      const elsewhere = { open: () => Promise.reject(new ExternalDataError("it lies outside")) };
      await assert.rejects(
        readOnnx(new MemorySource("test.onnx", external()), elsewhere, { allowsMissingData: true }),
        /lies outside/,
      );
    });

    it("refuses a length that disagrees with the shape", async () => {
      await refuses(
        external({ length: 8 }),
        ModelFormatError,
        /initializer w .*asks for 12 bytes, but its external data has 8/,
        files,
      );
    });
  });

  describe("sparse", () => {
    it("expands positions and per-axis indices", async () => {
      const flat = await constantOf(withSparse(sparseTensor("w", "float32", [2, 3], [1, 5], [7, 8])));
      assert.deepEqual(flat.values, [0, 7, 0, 0, 0, 8]);
      assert.deepEqual([flat.isSparse, flat.storedBytes, flat.shape], [true, 8 + 16, [2, 3]]);
      const perAxis = {
        ...sparseTensor("w", "float32", [2, 3], [], [7, 8]),
        indices: tensor("", "int64", [2, 2], [0, 1, 1, 2]),
      };
      assert.deepEqual((await constantOf(withSparse(perAxis))).values, [0, 7, 0, 0, 0, 8]);
    });

    it("leaves large ones in the file", async () => {
      const constant = await constantOf(withSparse(sparseTensor("w", "float32", [1000, 1000], [999_999], [4])));
      assert.equal(constant.values, undefined);
      assert.equal(constant.storedBytes, 12);
      assert.equal((await readConstant(constant))?.[999_999], 4);
    });

    it("refuses indices that do not fit", async () => {
      await refuses(
        withSparse(sparseTensor("w", "float32", [2, 3], [6], [1])),
        ModelFormatError,
        /an index from 0 to 5, not 6/,
      );
      await refuses(withSparse(sparseTensor("w", "float32", [2, 3], [0, 1], [1])), ModelFormatError, /one int64 index/);
    });
  });

  describe("refuses what disagrees with itself, by name", () => {
    const cases: readonly (readonly [string, OnnxTensor, RegExp])[] = [
      [
        "too few raw bytes",
        tensor("w", "float32", [4], [1, 2, 3]),
        /initializer w .*\[4\] of float32 asks for 16 bytes, but it has 12/,
      ],
      ["too many raw bytes", tensor("w", "float32", [2], [1, 2, 3]), /asks for 8 bytes, but it has 12/],
      ["too few typed elements", tensor("w", "int64", [4], [1, 2, 3], "typed"), /asks for 32 bytes, but it has 24/],
      [
        "too few of many typed elements",
        { ...tensor("w", "int64", [90000], []), int64Data: new Array<number>(15000).fill(1) },
        /asks for 720000 bytes/,
      ],
      ["no elements", tensor("w", "float32", [2], []), /asks for 2 elements, but it has none/],
      ["too few strings", tensor("w", "string", [2], ["a"]), /asks for 2 strings, but it has 1/],
      [
        "a field for other types",
        { ...tensor("w", "int64", [1], []), floatData: [1] },
        /int64 elements do not stand in float_data/,
      ],
      ["a negative dimension", tensor("w", "float32", [-1], []), /a dimension of -1/],
      ["an absurd dimension", tensor("w", "float32", [2 ** 41], []), /LARGEST_DIMENSION/],
      ["too many elements", tensor("w", "float32", [2 ** 30, 2 ** 30], []), /elements; nothing holds so many/],
      ["a type that is none", { ...tensor("w", "float32", [1]), dataType: 99 }, /element type 99/],
      [
        "a varint cut off",
        { ...tensor("w", "int64", [1], []), $unknowns: [Uint8Array.from([...tag(7, 2), ...varint(1), 0x80])] },
        /asks for 8 bytes, but it has 0/,
      ],
    ];
    for (const [what, initializer, message] of cases) {
      it(what, async () => {
        await refuses(withTensor(initializer), ModelFormatError, message);
      });
    }

    it("an initializer twice, or without a name", async () => {
      const twice = graph([], { initializers: [tensor("w", "float32", [1]), tensor("w", "float32", [1])] });
      await refuses(onnxModel({ graph: twice }), ModelFormatError, /initializer w .*twice/);
      await refuses(withTensor(tensor("", "float32", [1])), ModelFormatError, /expected a name/);
    });
  });
});
