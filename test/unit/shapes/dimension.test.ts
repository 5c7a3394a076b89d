import assert from "node:assert/strict";
import fc from "fast-check";
import type { Dimension } from "../../../profiler/model/shape.ts";
import {
  add,
  ceilDivide,
  floorDivide,
  multiply,
  product,
  quotient,
  subtract,
  UNKNOWN_SIZE,
} from "../../../profiler/shapes/dimension.ts";

describe("arithmetic on sizes", () => {
  const cases: readonly (readonly [string, Dimension, Dimension])[] = [
    ["n − 1 + 1", add(subtract("n", 1), 1), "n"],
    ["n + n", add("n", "n"), "2*n"],
    ["3n − n", subtract(multiply(3, "n"), "n"), "2*n"],
    ["n − n", subtract("n", "n"), 0],
    ["b + a and a + b", add("b", "a"), add("a", "b")],
    ["b × a and a × b", multiply("b", "a"), multiply("a", "b")],
    ["2 × (4 × (n + 1))", multiply(2, multiply(4, add("n", 1))), "8*(n+1)"],
    ["n × 0", multiply("n", 0), 0],
    ["1 − n", subtract(1, "n"), "-n+1"],
    ["n − (−2)", subtract("n", -2), "n+2"],
    ["4n ÷ 2", floorDivide(multiply(4, "n"), 2), "2*n"],
    ["n ÷ 2", floorDivide("n", 2), "floor(n/2)"],
    ["(n − 1) ÷ 2", floorDivide(subtract("n", 1), 2), "floor((n-1)/2)"],
    ["n ÷ 3 rounded up", ceilDivide("n", 3), "ceil(n/3)"],
    ["n ÷ n", floorDivide("n", "n"), 1],
    ["n ÷ 0", floorDivide("n", 0), UNKNOWN_SIZE],
    ["floor(n/2) + 1 + 1", add(add(floorDivide("n", 2), 1), 1), "floor(n/2)+2"],
    ["? − ?", subtract(UNKNOWN_SIZE, UNKNOWN_SIZE), UNKNOWN_SIZE],
    ["? × 2", multiply(UNKNOWN_SIZE, 2), UNKNOWN_SIZE],
    ["the product of a shape", product(["b", 12, "s", 64]), "768*b*s"],
    ["a name with a space", multiply("past + new", 2), "2*(past + new)"],
    ["an expression too long to read", product(["a".repeat(20), "b".repeat(20)]), UNKNOWN_SIZE],
  ];
  for (const [label, actual, expected] of cases) {
    it(`${label} is ${String(expected)}`, () => {
      assert.equal(actual, expected);
    });
  }

  const quotients: readonly (readonly [readonly Dimension[], readonly Dimension[], Dimension])[] = [
    [["n", 4, "m"], ["m", 2], "2*n"],
    [["n", 3], [2], "floor(3*n/2)"],
    [[7], [2], 3.5],
    [["n"], ["m"], "floor(n/m)"],
    [["4*n"], ["n", 4], 1],
    [[UNKNOWN_SIZE], [UNKNOWN_SIZE], UNKNOWN_SIZE],
    [["n"], [0], UNKNOWN_SIZE],
  ];
  for (const [above, below, expected] of quotients) {
    it(`[${above.join()}] over [${below.join()}] is ${String(expected)}`, () => {
      assert.equal(quotient(above, below), expected);
    });
  }

  it("says of expressions what holds of the numbers that they stand for", () => {
    type Expression = number | "n" | "m" | readonly ["+" | "-" | "*", Expression, Expression];
    const { expression } = fc.letrec<{ expression: Expression }>((tie) => ({
      expression: fc.oneof(
        { maxDepth: 3 },
        fc.integer({ min: 0, max: 5 }),
        fc.constantFrom("n" as const, "m" as const),
        fc.tuple(fc.constantFrom("+" as const, "-" as const, "*" as const), tie("expression"), tie("expression")),
      ),
    }));
    const symbolic = (part: Expression): Dimension => {
      if (typeof part !== "object") return part;
      const [operator, a, b] = part;
      const operation = { "+": add, "-": subtract, "*": multiply }[operator];
      return operation(symbolic(a), symbolic(b));
    };
    const numeric = (part: Expression, names: Record<"n" | "m", number>): number => {
      if (typeof part === "number") return part;
      if (typeof part === "string") return names[part];
      const [a, b] = [numeric(part[1], names), numeric(part[2], names)];
      return { "+": a + b, "-": a - b, "*": a * b }[part[0]];
    };
    fc.assert(
      fc.property(expression, fc.nat(9), fc.nat(9), (part, n, m) => {
        const result = symbolic(part);
        if (result === UNKNOWN_SIZE) return;
        const text = String(result).replaceAll("n", String(n)).replaceAll("m", String(m)).replaceAll("--", "- -");
        assert.match(text, /^[-+*() \d]+$/);
        // Adding 0 makes −0 equal to it.
        assert.equal(evaluate(text) + 0, numeric(part, { n, m }) + 0, `${String(result)} for n = ${n}, m = ${m}`);
      }),
      { seed: 7, numRuns: 2000 },
    );
  });
});

/** Sums, products and parentheses over whole numbers. */
function evaluate(text: string): number {
  const tokens = text.match(/\d+|[-+*()]/g) ?? [];
  let at = 0;
  const factor = (): number => {
    const token = tokens[at++];
    if (token === "-") return -factor();
    if (token !== "(") return Number(token);
    const inner = sum();
    at += 1;
    return inner;
  };
  const term = (): number => {
    let total = factor();
    while (tokens[at] === "*") {
      at += 1;
      total *= factor();
    }
    return total;
  };
  const sum = (): number => {
    let total = term();
    while (tokens[at] === "+" || tokens[at] === "-") total += tokens[at++] === "+" ? term() : -term();
    return total;
  };
  return sum();
}
