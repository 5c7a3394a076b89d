import fc from "fast-check";
import { f32, i64, operand, type CaseAttribute, type OperatorCase } from "../shape-ops/operator-case.ts";
import { filled, flag, int } from "./random-windows.ts";

/** Random cases of matrix products, recurrent cells, attention and resizing. */

const batches = fc.array(fc.tuple(int(1, 3), fc.constantFrom("both", "left", "right", "neither")), { maxLength: 2 });

/** Batch axes of two operands that broadcast: an axis is there, 1, or missing at the front. */
function broadcastable(axes: readonly (readonly [number, string])[]) {
  const left = axes.map(([size, side]) => (side === "right" || side === "neither" ? 1 : size));
  const right = axes.map(([size, side]) => (side === "left" || side === "neither" ? 1 : size));
  return { left, right: right[0] === 1 ? right.slice(1) : right };
}

export const MATRIX_PRODUCTS: fc.Arbitrary<OperatorCase> = fc
  .record({
    op: fc.constantFrom("MatMul", "MatMulInteger", "FusedMatMul", "MatMulIntegerToFloat", "DynamicQuantizeMatMul"),
    axes: batches,
    rows: int(1, 4),
    inner: int(1, 4),
    columns: int(1, 4),
    vector: fc.constantFrom("none", "none", "left", "right", "both"),
    transA: flag,
    transB: flag,
  })
  .map(({ op, axes, rows, inner, columns, vector, transA, transB }): OperatorCase => {
    const { left, right } = broadcastable(axes);
    const swapped = op === "FusedMatMul";
    const isPlain = op === "MatMul";
    const a =
      isPlain && (vector === "left" || vector === "both")
        ? [inner]
        : [...left, ...(swapped && transA ? [inner, rows] : [rows, inner])];
    const b =
      isPlain && (vector === "right" || vector === "both")
        ? [inner]
        : [...right, ...(swapped && transB ? [columns, inner] : [inner, columns])];
    const one = f32([], [0.5]);
    switch (op) {
      case "MatMulInteger":
        return { op, inputs: [filled("uint8", a), filled("int8", b)] };
      case "MatMulIntegerToFloat":
        return { op, domain: "com.microsoft", inputs: [filled("uint8", a), filled("uint8", b), one, one] };
      case "DynamicQuantizeMatMul":
        return { op, domain: "com.microsoft", inputs: [f32(a), filled("uint8", b), one] };
      case "FusedMatMul":
        return { op, domain: "com.microsoft", inputs: [f32(a), f32(b)], attributes: { transA, transB } };
      default:
        return { op, inputs: [f32(a), f32(b)] };
    }
  });

export const GEMMS: fc.Arbitrary<OperatorCase> = fc
  .record({
    op: fc.constantFrom("Gemm", "FusedGemm", "QGemm"),
    opset: fc.constantFrom(7, 9, 11, 13),
    rows: int(1, 4),
    inner: int(1, 4),
    columns: int(1, 4),
    transA: flag,
    transB: flag,
    bias: fc.constantFrom("scalar", "row", "column", "full"),
    isQuantized: fc.boolean(),
  })
  .map(({ op, opset, rows, inner, columns, transA, transB, bias, isQuantized }): OperatorCase => {
    const a = transA ? [inner, rows] : [rows, inner];
    const b = transB ? [columns, inner] : [inner, columns];
    const attributes = { transA, transB };
    if (op === "QGemm") {
      const [scale, zero] = [f32([], [0.5]), operand("uint8", [], [3])];
      const inputs = [filled("uint8", a), scale, zero, filled("uint8", b), scale, zero, null];
      return {
        op,
        domain: "com.microsoft",
        inputs: isQuantized ? [...inputs, scale, zero] : inputs.slice(0, 6),
        attributes,
      };
    }
    const c = { scalar: [1], row: [columns], column: [rows, 1], full: [rows, columns] }[bias];
    const fused =
      op === "FusedGemm"
        ? { domain: "com.microsoft", attributes: { ...attributes, activation: "Relu" } }
        : { attributes };
    return { op, opset, inputs: [f32(a), f32(b), f32(c)], ...fused };
  });

const EQUATIONS: readonly (readonly [string, number])[] = [
  ["ij,jk->ik", 2],
  ["ij,jk", 2],
  ["bij,bjk->bik", 2],
  ["...ij,...jk->...ik", 2],
  ["i...->...", 1],
  ["ii->i", 1],
  ["ij->ji", 1],
  ["ij->", 1],
  ["ba", 1],
  ["bhid,bhjd->bhij", 2],
  ["ij,jk,kl->il", 3],
  ["a,b->ab", 2],
  ["...d,de->...e", 2],
  ["i j , j k -> k i", 2],
];

export const EINSUMS: fc.Arbitrary<OperatorCase> = fc
  .record({
    equation: fc.constantFrom(...EQUATIONS),
    sizes: fc.array(int(1, 4), { minLength: 26, maxLength: 26 }),
    spread: fc.array(int(2, 3), { maxLength: 2 }),
  })
  .map(({ equation: [equation], sizes, spread }) => {
    const terms = (equation.split("->")[0] ?? "").replaceAll(" ", "").split(",");
    const sizeOf = (letter: string) => sizes[letter.charCodeAt(0) - "a".charCodeAt(0)] ?? 1;
    const shapeOf = (term: string) => {
      const [before = "", after] = term.split("...");
      const letters = (text: string) => text.split("").map(sizeOf);
      return after === undefined ? letters(before) : [...letters(before), ...spread, ...letters(after)];
    };
    return { op: "Einsum", inputs: terms.map((term) => f32(shapeOf(term))), attributes: { equation } };
  });

const GATES = { RNN: 1, GRU: 3, LSTM: 4 } as const;

export const RECURRENT_CELLS: fc.Arbitrary<OperatorCase> = fc
  .record({
    op: fc.constantFrom("RNN" as const, "GRU" as const, "LSTM" as const),
    direction: fc.constantFrom("forward", "reverse", "bidirectional"),
    steps: int(1, 4),
    batch: int(1, 3),
    input: int(1, 4),
    hidden: int(1, 4),
    opset: fc.constantFrom(7, 14, 22),
    outputs: int(1, 3),
  })
  .map(({ op, direction, steps, batch, input, hidden, opset, outputs }) => {
    const directions = direction === "bidirectional" ? 2 : 1;
    const gates = GATES[op];
    return {
      op,
      opset,
      inputs: [
        f32([steps, batch, input]),
        f32([directions, gates * hidden, input]),
        f32([directions, gates * hidden, hidden]),
        f32([directions, 2 * gates * hidden]),
      ],
      attributes: { direction, hidden_size: hidden },
      outputs: op === "LSTM" ? outputs : Math.min(outputs, 2),
    };
  });

export const RESIZES: fc.Arbitrary<OperatorCase> = fc
  .record({
    opset: fc.constantFrom(10, 11, 13, 18, 19),
    size: fc.tuple(int(1, 9), int(1, 9)),
    scales: fc.tuple(
      fc.constantFrom(0.3, 0.5, 0.6, 0.7, 1, 1.1, 1.4, 2, 2.5, 3),
      fc.constantFrom(0.4, 0.9, 1.3, 1.7, 2, 3.3),
    ),
    target: fc.tuple(int(1, 12), int(1, 12)),
    bySizes: fc.boolean(),
    withAxes: fc.boolean(),
    policy: fc.constantFrom("stretch", "not_larger", "not_smaller"),
    mode: fc.constantFrom("nearest", "linear"),
  })
  .filter(({ size, scales }) => size.every((one, axis) => Math.floor(one * (scales[axis] ?? 1)) > 0))
  .map(({ opset, size, scales, target, bySizes, withAxes, policy, mode }): OperatorCase => {
    const x = f32([1, 2, ...size]);
    if (opset === 10) return { op: "Resize", opset, inputs: [x, f32([4], [1, 1, ...scales])], attributes: { mode } };
    const isNew = opset >= 18;
    const axes = isNew && withAxes ? [2, 3] : [0, 1, 2, 3];
    const before = axes.length === 4 ? [1, 1] : [];
    const roi = f32([0]);
    const attributes: Record<string, CaseAttribute> = { mode, ...(axes.length === 2 && { axes }) };
    if (!bySizes) {
      const inputs = [x, opset === 11 ? roi : null, f32([axes.length], [...before, ...scales])];
      return { op: "Resize", opset, inputs, attributes };
    }
    const sizes = i64(axes.length === 4 ? [1, 2, ...target] : target);
    if (axes.length === 2) attributes.keep_aspect_ratio_policy = policy;
    return {
      op: "Resize",
      opset,
      inputs: [x, opset === 11 ? roi : null, opset === 11 ? f32([0]) : null, sizes],
      attributes,
    };
  });

export const ATTENTIONS: fc.Arbitrary<OperatorCase> = fc
  .record({
    op: fc.constantFrom("Attention", "ms.Attention", "MultiHeadAttention", "GroupQueryAttention", "QAttention"),
    batch: int(1, 2),
    heads: int(1, 2),
    groups: int(1, 2),
    length: int(1, 4),
    past: int(0, 3),
    size: fc.constantFrom(8, 16),
    isPacked: fc.boolean(),
    keyLength: int(1, 4),
  })
  .map(({ op, batch, heads, groups, length, past, size, isPacked, keyLength }): OperatorCase => {
    const hidden = heads * size;
    const small = (shape: readonly number[]) =>
      f32(
        shape,
        Array.from({ length: shape.reduce((p, s) => p * s, 1) }, (_, i) => (i % 5) / 9),
      );
    const cache = past > 0 ? [small([batch, heads, past, size]), small([batch, heads, past, size])] : [];
    const domain = "com.microsoft";
    switch (op) {
      case "Attention": {
        const queryHeads = heads * groups;
        const query = isPacked ? [batch, length, queryHeads * size] : [batch, queryHeads, length, size];
        const key = isPacked ? [batch, keyLength, hidden] : [batch, heads, keyLength, size];
        const counts = isPacked ? { q_num_heads: queryHeads, kv_num_heads: heads } : {};
        const inputs = [small(query), small(key), small(key), ...(past > 0 ? [null, ...cache] : [])];
        return { op, opset: 23, inputs, attributes: counts, outputs: past > 0 ? 3 : 1 };
      }
      case "ms.Attention":
        return {
          op: "Attention",
          domain,
          inputs: [
            small([batch, length, 6]),
            small([6, 3 * hidden]),
            small([3 * hidden]),
            ...(past > 0 ? [null, small([2, batch, heads, past, size])] : []),
          ],
          attributes: { num_heads: heads },
          outputs: 2,
        };
      case "MultiHeadAttention":
        return {
          op,
          domain,
          inputs: [
            small([batch, length, hidden]),
            small([batch, past > 0 ? length : keyLength, hidden]),
            small([batch, past > 0 ? length : keyLength, hidden]),
            ...(past > 0 ? [null, null, null, ...cache] : []),
          ],
          attributes: { num_heads: heads },
          outputs: past > 0 ? 3 : 1,
        };
      case "GroupQueryAttention": {
        const total = past + 1;
        const lengths = operand(
          "int32",
          [batch],
          Array.from({ length: batch }, () => total - 1),
        );
        const query = isPacked
          ? [small([batch, 1, (heads * groups + 2 * heads) * size]), null, null]
          : [small([batch, 1, heads * groups * size]), small([batch, 1, hidden]), small([batch, 1, hidden])];
        const held = past > 0 ? cache : [null, null];
        const inputs = [...query, ...held, lengths, operand("int32", [], [total])];
        return { op, domain, inputs, attributes: { num_heads: heads * groups, kv_num_heads: heads }, outputs: 3 };
      }
      default: {
        const [scale, zero] = [f32([], [0.1]), operand("uint8", [], [3])];
        const inputs = [
          filled("uint8", [batch, length, 8]),
          filled("uint8", [8, 3 * hidden]),
          small([3 * hidden]),
          scale,
          scale,
          null,
          zero,
          zero,
        ];
        return { op, domain, inputs, attributes: { num_heads: heads } };
      }
    }
  });
