import assert from "node:assert/strict";
import fc from "fast-check";
import { MemorySource } from "../../../profiler/bytes/memory-source.ts";
import { profileModel } from "../../../profiler/profile-model.ts";
import { IS_THOROUGH } from "../../effort.ts";
import { graph, node, onnxModel, tensor, value, type AttributeValue } from "../../builders/onnx-builder.ts";
import { noExternalData } from "../zoo/no-external-data.ts";
import { CASES as COMPUTE } from "./compute-ops/runtime-cases.ts";
import { CASES as SHAPES } from "./shape-ops/runtime-cases.ts";
import { fileAttribute, type OperatorCase } from "./shape-ops/operator-case.ts";

/** The same files in every run of the tests. */
const SEED = 20_261_121;
const FILES = IS_THOROUGH ? 30_000 : 1000;

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
  /** In place of the operator's own, by their places, and beside them. */
  changed: fc.array(fc.tuple(fc.nat({ max: 5 }), attribute), { maxLength: 2 }),
  added: fc.dictionary(fc.constantFrom(...NAMES), attribute, { maxKeys: 1 }),
  /** One for each integer input: whether it is a constant of wild numbers. */
  lists: fc.array(fc.option(fc.array(wild, { minLength: 8, maxLength: 8 }), { freq: 2 }), {
    minLength: 6,
    maxLength: 6,
  }),
  /** A first size that stands for the own one of an input. */
  sizes: fc.array(fc.option(fc.constantFrom<number | string>(0, 1, 2 ** 40, "n"), { freq: 2 }), {
    minLength: 4,
    maxLength: 4,
  }),
});

type Hostile = typeof hostile extends fc.Arbitrary<infer Drawn> ? Drawn : never;

function attributesOf({ given, changed, added }: Hostile): Record<string, AttributeValue> {
  const own = Object.entries(given.attributes ?? {});
  const others = changed.flatMap(([place, held]) => own.slice(place, place + 1).map(([name]) => [name, held] as const));
  return {
    ...Object.fromEntries(own.map(([name, held]) => [name, fileAttribute(held)])),
    ...Object.fromEntries(others),
    ...added,
  };
}

function fileOf(drawn: Hostile): Uint8Array {
  const { given, lists, sizes } = drawn;
  const isList = (index: number) => given.inputs[index]?.dataType === "int64" && Array.isArray(lists[index]);
  const shapeOf = (index: number) => {
    const shape = given.inputs[index]?.shape ?? [];
    const size = sizes[index] ?? null;
    return size === null ? shape : shape.map((own, axis) => (axis === 0 ? size : own));
  };
  const options = given.domain === undefined ? {} : { domain: given.domain };
  return onnxModel({
    opset: { "": given.opset ?? 22, "com.microsoft": 1, "ai.onnx.ml": 3 },
    graph: graph([node(given.op, namesOf(given), ["y"], attributesOf(drawn), options)], {
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

describe("ONNX operators with hostile attributes", () => {
  it(`are costed, contradicted or unknown in ${FILES} files: no rule stumbles, and no number is impossible`, async () => {
    const profiled = fc.asyncProperty(hostile, async (drawn) => {
      const { layers, warnings } = await profileModel(new MemorySource("hostile.onnx", fileOf(drawn)), noExternalData);
      const label = `${drawn.given.op} ${JSON.stringify(attributesOf(drawn))}`;
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
