import assert from "node:assert/strict";
import fc from "fast-check";
import { MemorySource } from "../../../profiler/bytes/memory-source.ts";
import { profileModel } from "../../../profiler/profile-model.ts";
import { graph, node, onnxModel, tensor, value, type AttributeValue } from "../../builders/onnx-builder.ts";
import { noSiblings } from "../zoo/no-siblings.ts";
import { CASES as COMPUTE } from "./compute-ops/runtime-cases.ts";
import { CASES as SHAPES } from "./shape-ops/runtime-cases.ts";
import { fileAttribute, type OperatorCase } from "./shape-ops/operator-case.ts";

/** The same files in every run of the tests. */
const SEED = 20_261_121;
const FILES = 3000;

/** Every operator of the tables beside this one, with attributes and integer inputs that no exporter would write. */
const CASES = [...SHAPES, ...COMPUTE];
const NAMES = [...new Set(CASES.flatMap(({ attributes }) => Object.keys(attributes ?? {})))];

const wild = fc.constantFrom(0, 1, -1, 2, 3, 7, 1000, 65_536, 1e9, 2 ** 31 - 1, -(2 ** 31), 2 ** 40, -(2 ** 40));
const attribute: fc.Arbitrary<AttributeValue> = fc.oneof(
  wild,
  fc.array(wild, { minLength: 1, maxLength: 5 }),
  fc.constantFrom("SAME_UPPER", "ij,jk->", "...->a", "a,,b->->", "none"),
  fc.constant(1.5),
);
const hostile = fc.record({
  given: fc.constantFrom(...CASES),
  attributes: fc.dictionary(fc.constantFrom(...NAMES), attribute, { maxKeys: 3 }),
  /** One for each integer input: whether it is a constant of wild numbers. */
  lists: fc.array(fc.option(fc.array(wild, { minLength: 8, maxLength: 8 })), { minLength: 6, maxLength: 6 }),
  /** A first size that stands for the first input's own. */
  size: fc.option(fc.constantFrom<number | string>(0, 1, 2 ** 20, 2 ** 40, "n"), { freq: 3 }),
});

function fileOf({ given, attributes, lists, size }: typeof hostile extends fc.Arbitrary<infer Drawn> ? Drawn : never) {
  const isList = (index: number) => given.inputs[index]?.dataType === "int64" && Array.isArray(lists[index]);
  const shapeOf = (index: number) => {
    const shape = given.inputs[index]?.shape ?? [];
    return index === 0 && size !== null && shape.length > 0 ? [size, ...shape.slice(1)] : shape;
  };
  const options = given.domain === undefined ? {} : { domain: given.domain };
  return onnxModel({
    opset: { "": given.opset ?? 22, "com.microsoft": 1, "ai.onnx.ml": 3 },
    graph: graph([node(given.op, namesOf(given), ["y"], { ...ownAttributes(given), ...attributes }, options)], {
      inputs: given.inputs.flatMap((input, index) =>
        input === null || isList(index) ? [] : [value(`x${index}`, input.dataType, shapeOf(index))],
      ),
      initializers: given.inputs.flatMap((input, index) => {
        if (input === null || !isList(index)) return [];
        const elements = input.shape.reduce((product, length) => product * length, 1);
        const values = Array.from({ length: elements }, (_, place) => lists[index]?.[place % 8] ?? 0);
        return [tensor(`x${index}`, "int64", input.shape, values)];
      }),
      outputs: ["y"],
    }),
  });
}

function namesOf({ inputs }: OperatorCase): readonly string[] {
  return inputs.map((input, index) => (input === null ? "" : `x${index}`));
}

function ownAttributes({ attributes = {} }: OperatorCase): Record<string, AttributeValue> {
  return Object.fromEntries(Object.entries(attributes).map(([name, held]) => [name, fileAttribute(held)]));
}

describe("ONNX operators with hostile attributes", () => {
  it(`are costed, contradicted or unknown in ${FILES} files: no rule stumbles, and no number is impossible`, async () => {
    const profiled = fc.asyncProperty(hostile, async (drawn) => {
      const { layers, warnings } = await profileModel(new MemorySource("hostile.onnx", fileOf(drawn)), noSiblings);
      const label = `${drawn.given.op} ${JSON.stringify(drawn.attributes)}`;
      const stumbles = warnings.filter(({ code }) => code === "internal-error");
      assert.deepEqual(stumbles, [], label);
      for (const { macs, otherOps, parameters, weightBytes, activationBytes, outputs } of layers) {
        const sizes = outputs.flatMap(({ shape }) => shape ?? []).filter((size) => typeof size === "number");
        for (const count of [macs, otherOps, parameters, weightBytes, activationBytes, ...sizes])
          assert.ok(count === null || (Number.isInteger(count) && count >= 0), `${count} of ${label}`);
      }
    });
    await fc.assert(profiled, { seed: SEED, numRuns: FILES });
  });
});
