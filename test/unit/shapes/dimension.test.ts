import assert from "node:assert/strict";
import { parseSize } from "../../../profiler/shapes/parse-size.ts";
import fc from "fast-check";
import type { Dimension } from "../../../profiler/model/shape.ts";
import {
  add,
  ceilDivide,
  evaluate,
  floorDivide,
  larger,
  lowerBound,
  modulo,
  multiply,
  product,
  quotient,
  smaller,
  subtract,
  UNKNOWN_SIZE,
} from "../../../profiler/shapes/dimension.ts";
import { symbol } from "../../../profiler/model/size-expression.ts";
import { size } from "../../builders/size.ts";

describe("arithmetic on sizes", () => {
  const cases: readonly (readonly [string, Dimension, Dimension])[] = [
    ["n − 1 + 1", add(subtract(size("n"), 1), 1), size("n")],
    ["n + n", add(size("n"), size("n")), size("2*n")],
    ["3n − n", subtract(multiply(3, size("n")), size("n")), size("2*n")],
    ["n − n", subtract(size("n"), size("n")), 0],
    ["b + a and a + b", add(size("b"), size("a")), add(size("a"), size("b"))],
    ["b × a and a × b", multiply(size("b"), size("a")), multiply(size("a"), size("b"))],
    ["2 × (4 × (n + 1))", multiply(2, multiply(4, add(size("n"), 1))), size("8*(n+1)")],
    ["n × 0", multiply(size("n"), 0), 0],
    ["1 − n", subtract(1, size("n")), size("-n+1")],
    ["n − (−2)", subtract(size("n"), -2), size("n+2")],
    ["4n ÷ 2", floorDivide(multiply(4, size("n")), 2), size("2*n")],
    ["n ÷ 2", floorDivide(size("n"), 2), size("floor(n/2)")],
    ["(n − 1) ÷ 2", floorDivide(subtract(size("n"), 1), 2), size("floor((n-1)/2)")],
    ["n ÷ 3 rounded up", ceilDivide(size("n"), 3), size("ceil(n/3)")],
    ["n ÷ n", floorDivide(size("n"), size("n")), 1],
    ["n ÷ 0", floorDivide(size("n"), 0), UNKNOWN_SIZE],
    ["floor(n/2) + 1 + 1", add(add(floorDivide(size("n"), 2), 1), 1), size("floor(n/2)+2")],
    ["? − ?", subtract(UNKNOWN_SIZE, UNKNOWN_SIZE), UNKNOWN_SIZE],
    ["? × 2", multiply(UNKNOWN_SIZE, 2), UNKNOWN_SIZE],
    ["the product of a shape", product([size("b"), 12, size("s"), 64]), size("768*b*s")],
    ["a name with a space", multiply(symbol("past + new"), 2), size('2*"past + new"')],
    ["a name with a hyphen", add(symbol("seq-len"), 1), size("seq-len+1")],
    ["n ÷ 2 ÷ 2", floorDivide(floorDivide(size("n"), 2), 2), size("n//4")],
    ["strides of 2 behind each other", down(down(down(size("n")))), size("ceil(n/8)")],
    ["(4n + m + 6) ÷ 4", floorDivide(size("4*n+m+6"), 4), size("n+1+(m+2)//4")],
    ["(2n + 5) ÷ 6", floorDivide(size("2*n+5"), 6), size("(n+2)//3")],
    ["the larger of n + 1 and n", larger(size("n+1"), size("n")), size("n+1")],
    ["the larger of m and n", larger(size("m"), size("n")), larger(size("n"), size("m"))],
    ["the smaller of n and 4", smaller(size("n"), 4), size("Min(4, n)")],
    ["n mod 32 of a multiple", modulo(multiply(32, size("n")), 32), 0],
    ["(n + 1)(m + 1) ÷ (n + 1)", floorDivide(multiply(size("n+1"), size("m+1")), size("n+1")), size("m+1")],
    ["products in any order", product([size("n+1"), size("m"), 2]), product([2, size("m"), size("n+1")])],
    [
      "an expression too long to read",
      product(["a", "b", "c", "d", "e", "f", "g", "h"].map((name) => add(size(name), 1))),
      UNKNOWN_SIZE,
    ],
  ];
  for (const [label, actual, expected] of cases) {
    it(`${label} is ${String(expected)}`, () => {
      assert.equal(actual, expected);
    });
  }

  const quotients: readonly (readonly [readonly Dimension[], readonly Dimension[], Dimension])[] = [
    [[size("n"), 4, size("m")], [size("m"), 2], size("2*n")],
    [[size("n"), 3], [2], size("floor(3*n/2)")],
    [[7], [2], 3.5],
    [[size("n")], [size("m")], size("floor(n/m)")],
    [[size("4*n")], [size("n"), 4], 1],
    [[UNKNOWN_SIZE], [UNKNOWN_SIZE], UNKNOWN_SIZE],
    [[size("n")], [0], UNKNOWN_SIZE],
  ];
  for (const [above, below, expected] of quotients) {
    it(`[${above.join()}] over [${below.join()}] is ${String(expected)}`, () => {
      assert.equal(quotient(above, below), expected);
    });
  }

  it("is unknown where a text divides by nothing", () => {
    for (const text of ["h/0", "h//0", "h % 0", "Mod(h, 0)"]) assert.equal(parseSize(text)?.size, UNKNOWN_SIZE, text);
  });

  it("prints a name as it is, and one that could be taken for arithmetic in quotes", () => {
    assert.equal(String(symbol("seq-len")), "seq-len");
    assert.equal(String(multiply(2, symbol("seq-len"))), '2*"seq-len"');
    assert.equal(String(add(ceilDivide(size("n"), 3), 1)), "ceil(n/3)+1");
    assert.equal(String(subtract(1, size("n"))), "-n+1");
    assert.equal(String(floorDivide(size("n"), size("m"))), "floor(n/m)");
    assert.equal(String(UNKNOWN_SIZE), "?");
  });

  it("says of expressions what holds of the numbers that they stand for, and reads back what it prints", () => {
    const NAMES = ["n", "m", "seq-len"] as const;
    const OPERATIONS = { add, subtract, multiply, floorDivide, ceilDivide, modulo, larger, smaller };
    type Expression = number | (typeof NAMES)[number] | readonly [keyof typeof OPERATIONS, Expression, Expression];
    const { expression } = fc.letrec<{ expression: Expression }>((tie) => ({
      expression: fc.oneof(
        { maxDepth: 4 },
        fc.integer({ min: 0, max: 9 }),
        fc.constantFrom(...NAMES),
        fc.tuple(
          fc.constantFrom("add", "subtract", "multiply", "floorDivide", "ceilDivide", "modulo", "larger", "smaller"),
          tie("expression"),
          tie("expression"),
        ),
      ),
    }));
    const compute = (part: Expression, sizeOf: (name: string) => Dimension): Dimension => {
      if (typeof part === "number") return part;
      if (typeof part === "string") return sizeOf(part);
      const [operation, a, b] = part;
      return OPERATIONS[operation](compute(a, sizeOf), compute(b, sizeOf));
    };
    let symbolic = 0;
    fc.assert(
      fc.property(expression, fc.nat(40), fc.nat(40), fc.nat(40), (part, n, m, length) => {
        const values: Record<string, number> = { n, m, "seq-len": length };
        const open = compute(part, symbol);
        const bound = compute(part, (name) => values[name] ?? NaN);
        // What divides by a size that may be 0 is told for sizes that are not.
        if (open === UNKNOWN_SIZE || bound === UNKNOWN_SIZE) return;
        const value = evaluate(open, (name) => values[name]);
        if (value === UNKNOWN_SIZE) return;
        assert.equal(Number(value) + 0, Number(bound) + 0, `${String(open)} for ${JSON.stringify(values)}`);
        if (typeof open === "number") return;
        symbolic += 1;
        assert.equal(size(String(open)), open, `${String(open)} reads as another expression`);
        assert.ok(lowerBound(open) <= Number(value), `${String(open)} is below its bound`);
      }),
      { seed: 7, numRuns: 4000 },
    );
    assert.ok(symbolic > 1000, `only ${symbolic} expressions were symbolic`);
  });
});

/** A convolution of stride 2 with a kernel of 3 and a padding of 1. */
function down(from: Dimension): Dimension {
  return add(floorDivide(subtract(add(from, 2), 3), 2), 1);
}
