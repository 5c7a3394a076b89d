import assert from "node:assert/strict";
import fc from "fast-check";
import { printDimension, type Dimension } from "../../../../profiler/model/shape.ts";
import { UNKNOWN_SIZE } from "../../../../profiler/shapes/dimension.ts";
import { graph, node, onnxModel, tensor, value } from "../../../builders/onnx-builder.ts";
import { f32, fileAttribute, runModel, type Result } from "./operator-case.ts";
import { chainOf, OPSET, type Chain } from "./random-chain.ts";

/** The same chains in every run of the tests. */
const SEED = 20_261_121;
const CHAINS = 300;

describe("ONNX shape arithmetic: random graphs", () => {
  it(`gives the types, shapes and values that ONNX Runtime gives in ${CHAINS} graphs`, async () => {
    let nodes = 0;
    let values = 0;
    const step = fc.record({ kind: fc.nat(), picks: fc.array(fc.nat(), { minLength: 8, maxLength: 8 }) });
    const steps = fc.array(step, { minLength: 10, maxLength: 30, size: "max" });
    const shape = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(shape, steps, async (size, drawn) => {
        const chain = chainOf(size, drawn);
        const results = await runChain(chain, size);
        if (results === undefined) return;
        const outputs = new Set(chain.nodes.flatMap((made) => made.outputs));
        for (const { name, inferredType } of chain.tensors.filter((made) => outputs.has(made.name))) {
          const result = results.get(name);
          const label = `${name} of ${JSON.stringify(chain.nodes)}`;
          assert.equal(inferredType.dataType, result?.dataType, `type of ${label}`);
          if (!inferredType.shape?.some((known) => typeof known !== "number")) {
            assert.deepEqual(inferredType.shape, result?.shape, `shape of ${label}`);
          }
          if (inferredType.value !== undefined) {
            const known = inferredType.value.map(comparable);
            const expected: readonly unknown[] | undefined = result?.values.map((element, place) =>
              known[place] === UNKNOWN_SIZE ? UNKNOWN_SIZE : comparable(element),
            );
            assert.deepEqual(known, expected, `values of ${label}`);
            values += 1;
          }
        }
        nodes += chain.nodes.length;
      }),
      { seed: SEED, numRuns: CHAINS },
    );
    assert.ok(nodes > 8 * CHAINS, `only ${nodes} nodes were drawn`);
    assert.ok(values > nodes / 4, `only ${values} values were compared`);
  }).timeout(120_000);
});

/** undefined for a graph that the runtime refuses though it is right: its own propagation of values takes every small tensor for a list. */
async function runChain(chain: Chain, size: readonly number[]): Promise<ReadonlyMap<string, Result> | undefined> {
  try {
    return await runModel(bytesOf(chain), { x: f32(size) });
  } catch (error) {
    if (error instanceof Error && /Invalid rank for \w+ broadcasting|must have same rank/.test(error.message))
      return undefined;
    throw error;
  }
}

/** −0 is 0, and six digits tell whether two floats are the same number. */
function comparable(element: Dimension | string): Dimension | string {
  return typeof element === "number" ? Number(element.toPrecision(6)) + 0 : element;
}

function bytesOf({ constants, nodes, tensors }: Chain): Uint8Array {
  const size = (tensors[0]?.inferredType.shape ?? []).map(printDimension);
  return onnxModel({
    opset: OPSET,
    graph: graph(
      nodes.map(({ op, inputs, outputs, attributes }) =>
        node(
          op,
          inputs,
          outputs,
          Object.fromEntries(Object.entries(attributes).map(([name, held]) => [name, fileAttribute(held)])),
        ),
      ),
      {
        inputs: [value("x", "float32", size)],
        outputs: nodes.flatMap(({ outputs }) => outputs),
        initializers: constants.map(({ name, elements, isScalar }) =>
          tensor(name, "int64", isScalar ? [] : [elements.length], elements),
        ),
      },
    ),
  });
}
