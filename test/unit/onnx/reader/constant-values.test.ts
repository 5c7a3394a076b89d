import assert from "node:assert/strict";

import { MemorySource } from "../../../../profiler/bytes/memory-source.ts";
import { LimitError, ModelFormatError } from "../../../../profiler/errors.ts";
import { readConstant } from "../../../../profiler/model/constant-values.ts";
import type { Constant, Storage } from "../../../../profiler/model/model.ts";
import { encodeRaw } from "../../../builders/raw-tensor.ts";
import { varint } from "./wire-bytes.ts";

const bytes = (content: Uint8Array, encoding: Extract<Storage, { kind: "bytes" }>["encoding"] = "raw"): Storage => ({
  kind: "bytes",
  bytes: content,
  encoding,
});

const constant = (inferredTypes: Pick<Constant, "dataType" | "shape" | "storage">): Constant => ({
  storedBytes: 0,
  ...inferredTypes,
});

describe("model/constant-values", () => {
  it("reads a large range in pieces", async () => {
    const count = 600_001;
    const source = new MemorySource(
      "m",
      Uint8Array.from({ length: count + 3 }, (_, index) => index % 251),
    );
    const storage: Storage = { kind: "range", source, offset: 3, length: count, encoding: "raw" };
    const values = await readConstant(constant({ dataType: "uint8", shape: [count], storage }));
    assert.deepEqual([values?.[0], values?.[262_144], values?.at(-1)], [3, 262_147 % 251, (count + 2) % 251]);
  });

  it("takes the low bytes of varints for narrow types", async () => {
    const packed = Uint8Array.from([-1, 300, 5].flatMap((value) => varint(value)));
    const storage = bytes(packed, "packed-varint-int32");
    assert.deepEqual(
      [...((await readConstant(constant({ dataType: "int8", shape: [3], storage }))) ?? [])],
      [-1, 44, 5],
    );
  });

  it("has nothing to say of strings and of constants without bytes", async () => {
    const none: Storage = { kind: "none" };
    assert.equal(
      await readConstant(constant({ dataType: "string", shape: [1], storage: bytes(Uint8Array.of(65)) })),
      undefined,
    );
    assert.equal(await readConstant(constant({ dataType: "float32", shape: [1], storage: none })), undefined);
  });

  it("refuses bytes that are fewer than the shape asks for, and names the file", async () => {
    const source = new MemorySource("weights.bin", Uint8Array.from([...varint(1), ...varint(2)]));
    const storage: Storage = { kind: "range", source, offset: 0, length: 2, encoding: "packed-varint-int64" };
    await assert.rejects(
      readConstant(constant({ dataType: "int64", shape: [3], storage })),
      (error) => error instanceof ModelFormatError && error.file === "weights.bin",
    );
  });

  it("refuses to write out a sparse tensor that nobody's memory holds", async () => {
    const parts = [bytes(encodeRaw("float32", [1])), bytes(encodeRaw("int64", [0]))];
    const sparse = constant({ dataType: "float32", shape: [2 ** 20, 2 ** 20], storage: { kind: "sparse", parts } });
    await assert.rejects(
      readConstant(sparse),
      (error) => error instanceof LimitError && error.message.includes("LARGEST_DENSE"),
    );
  });
});
