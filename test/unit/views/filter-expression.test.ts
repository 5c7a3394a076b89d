import assert from "node:assert/strict";
import { parseFilter } from "../../../profiler/views/filter-expression.ts";
import { layerProfile, TOTALS } from "../../builders/profile-builder.ts";

const LAYERS = [
  layerProfile("/stem/conv1", { path: ["stem"], macs: 50_000_000, weightBytes: 1_000_000 }),
  layerProfile("/head/fc", { path: ["head"], op: "Gemm", kind: "dense", macs: 4_000_000, weightBytes: 8_000_000 }),
  layerProfile("/head/relu", { path: ["head"], op: "Relu", kind: "activation", macs: 0, weightBytes: 0 }),
  layerProfile("mystery", { op: "com.example.Fast", kind: "unknown", macs: null, notes: ["no rule"] }),
];

/** What is typed, and the names of the rows that pass. */
const EXPRESSIONS: readonly (readonly [string, readonly string[]])[] = [
  ["", ["/stem/conv1", "/head/fc", "/head/relu", "mystery"]],
  ["head", ["/head/fc", "/head/relu"]],
  ["HEAD relu", ["/head/relu"]],
  ["macs>10M", ["/stem/conv1"]],
  ["macs>=4M macs<=50M", ["/stem/conv1", "/head/fc"]],
  ["macs=0", ["/head/relu"]],
  ["macs=unknown", ["mystery"]],
  ["kind:conv", ["/stem/conv1"]],
  ["macs>1M -kind:conv", ["/head/fc"]],
  ["-head", ["/stem/conv1", "mystery"]],
  ["weights>4MiB", ["/head/fc"]],
  ["op=gemm", ["/head/fc"]],
  ['op:"Conv"', ["/stem/conv1"]],
  ['"no rule"', ["mystery"]],
  ["1x16x8x8 module:stem", ["/stem/conv1"]],
  ["latency<2us kind:dense", ["/head/fc"]],
  ["shape:16x8", ["/stem/conv1", "/head/fc", "/head/relu", "mystery"]],
  ["shape:1×16,8*8 module:stem", ["/stem/conv1"]],
  ["shape:6x8", []],
  ["shape=16x8x8", []],
  ["shape=[1,16,8,8] module:stem", ["/stem/conv1"]],
];

describe("parseFilter", () => {
  for (const [text, names] of EXPRESSIONS) {
    it(`passes ${names.length} rows for ${JSON.stringify(text)}`, () => {
      const parsed = parseFilter(text);
      assert.ok(parsed.ok);
      assert.deepEqual(
        LAYERS.filter((layer) => parsed.filter(layer, TOTALS)).map(({ name }) => name),
        names,
      );
    });
  }

  const MISTAKES = [
    ["colour:red", /no column "colour".*macs/],
    ["macs>much", /"much" is not an amount of MACs, such as 10M/],
    ["kind>3", /Kind is text: kind:text/],
    ["conv macs>", /not finished/],
  ] as const;
  for (const [text, message] of MISTAKES) {
    it(`says what is wrong with ${JSON.stringify(text)}`, () => {
      const parsed = parseFilter(text);
      assert.ok(!parsed.ok);
      assert.match(parsed.message, message);
    });
  }
});
