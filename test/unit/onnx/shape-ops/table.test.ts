import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { ONNX_OPERATORS } from "../../../../profiler/formats/onnx/operators/index.ts";
import { describeCase, inferredType, viewOf } from "./operator-case.ts";
import { skip } from "../../../skip.ts";
import { size } from "../../../builders/size.ts";

const FACTS = new URL("../../../../../shared/formats/onnx.operators.json", import.meta.url);

describe("the table of ONNX's operators", () => {
  it("has every operator of the specification", function () {
    if (!existsSync(FACTS)) skip(this, "needs the models and recordings that stand beside the repository, not in it");
    const names = Object.keys(JSON.parse(readFileSync(FACTS, "utf8")) as object);
    const missing = names.filter((name) => {
      const [domain = "", op = ""] = name.split("::");
      const rules = ONNX_OPERATORS.get(domain) ?? {};
      return !Object.hasOwn(rules, op);
    });
    assert.deepEqual(missing, []);
  });

  const rules = ONNX_OPERATORS.get("") ?? {};
  const configurationOf = (op: string, inferredTypes: Parameters<typeof viewOf>[1]): readonly number[] => {
    const configuration = rules[op]?.configuration ?? [];
    return typeof configuration === "function" ? configuration(viewOf({ op }, inferredTypes)) : configuration;
  };

  it("takes the indices of an embedding for data and constant ones for configuration", () => {
    const table = inferredType("float32", [1000, 64]);
    const runtime = inferredType("int64", [size("batch"), size("tokens")]);
    const origin = { name: "indices", elements: 2, dataType: "int64", storedBytes: 16 } as const;
    assert.deepEqual(configurationOf("Gather", [table, runtime]), []);
    assert.deepEqual(configurationOf("Gather", [table, { ...inferredType("int64", [2]), constant: origin }]), [1]);
  });

  const costs: readonly (readonly [string, string, number])[] = [
    ["Add", "elementwise", 1],
    ["Where", "elementwise", 1],
    ["Relu", "activation", 1],
    ["Clip", "activation", 2],
    ["Sigmoid", "activation", 4],
    ["HardSwish", "activation", 5],
    ["Tanh", "activation", 1],
  ];
  for (const [op, kind, opsPerElement] of costs) {
    it(`counts ${opsPerElement} operations an element for ${op}`, () => {
      const { operation } = describeCase({ op }, [inferredType("float32", [2])]);
      assert.ok("geometry" in operation && "opsPerElement" in operation.geometry);
      assert.deepEqual([operation.kind, operation.geometry.opsPerElement], [kind, opsPerElement]);
    });
  }

  it("counts an operation for each further operand of a sum", () => {
    const operands = [inferredType("float32", [2]), inferredType("float32", [2]), inferredType("float32", [2])];
    const { operation } = describeCase({ op: "Sum" }, operands);
    assert.ok(operation.kind === "elementwise");
    assert.equal(operation.geometry.opsPerElement, 2);
  });

  it("knows which outputs are other views of their input", () => {
    const views = Object.keys(rules).filter((op) => rules[op]?.isView);
    for (const op of ["Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity"]) assert.ok(views.includes(op), op);
    assert.ok(!views.includes("Transpose"));
  });

  it("folds no random number", () => {
    for (const op of ["RandomNormal", "RandomUniformLike", "Bernoulli", "Multinomial"]) {
      assert.equal(rules[op]?.isNondeterministic, true, op);
    }
  });
});
