import { ownEntry } from "../../../own-entry.ts";
import type { AttentionGeometry } from "../../../operators/operation.ts";
import type { Dimension, Shape } from "../../../model/shape.ts";
import type { NodeView } from "../../../operators/node-view.ts";
import type { OperatorRule } from "../../../operators/operator-rule.ts";
import { add, floorDivide, multiply, product, UNKNOWN_SIZE } from "../../../shapes/dimension.ts";

/** Queries, keys or values by their axes, however an operator packs them. */
export interface Heads {
  readonly batch: Dimension;
  readonly heads: Dimension;
  readonly length: Dimension;
  /** Per head. */
  readonly size: Dimension;
}

const UNKNOWN_HEADS: Heads = { batch: UNKNOWN_SIZE, heads: UNKNOWN_SIZE, length: UNKNOWN_SIZE, size: UNKNOWN_SIZE };

/** Batch×length×(heads·size), or batch×heads×length×size. Of a lower or unknown rank nothing is known. */
export function toHeads(shape: Shape | undefined, heads: Dimension | undefined): Heads {
  if (shape?.length === 4) {
    const [batch = UNKNOWN_SIZE, count = UNKNOWN_SIZE, length = UNKNOWN_SIZE, size = UNKNOWN_SIZE] = shape;
    return { batch, heads: count, length, size };
  }
  if (shape?.length !== 3) return { ...UNKNOWN_HEADS, heads: heads ?? UNKNOWN_SIZE };
  const [batch = UNKNOWN_SIZE, length = UNKNOWN_SIZE, packed = UNKNOWN_SIZE] = shape;
  return { batch, heads: heads ?? UNKNOWN_SIZE, length, size: floorDivide(packed, heads ?? UNKNOWN_SIZE) };
}

/** Batch×heads×length×size, as caches have it. */
export function fromHeads({ batch, heads, length, size }: Heads): Shape {
  return [batch, heads, length, size];
}

/** Attention of `query` over `length` keys, without projections. */
export function attentionGeometry(query: Heads, value: Heads, length: Dimension): AttentionGeometry {
  return {
    batch: query.batch,
    heads: query.heads,
    queryLength: query.length,
    keyLength: length,
    querySize: query.size,
    valueSize: value.size,
    projections: [],
  };
}

interface Solved {
  readonly query: Heads;
  readonly key: Heads;
  readonly value: Heads;
  /** Of the keys of earlier runs and of this one. */
  readonly length: Dimension;
}

/** Inputs Q, K, V, attn_mask?, past_key?, past_value?, nonpad_kv_seqlen?. */
function solve(view: NodeView): Solved {
  const queryHeads = view.int("q_num_heads");
  const keyHeads = view.int("kv_num_heads") ?? queryHeads;
  const key = toHeads(view.shape(1), keyHeads);
  const length = view.has(4) ? add(view.shape(4)?.[2] ?? UNKNOWN_SIZE, key.length) : key.length;
  return { query: toHeads(view.shape(0), queryHeads), key, value: toHeads(view.shape(2), keyHeads), length };
}

/** Scaled dot-product attention over 3-D or 4-D tensors, with or without the keys and values of earlier runs. */
const ATTENTION_RULE: OperatorRule = {
  describe: (view) => {
    const { query, key, value, length } = solve(view);
    const isPacked = view.shape(0)?.length === 3;
    const output = isPacked
      ? [query.batch, query.length, multiply(query.heads, value.size)]
      : [query.batch, query.heads, query.length, value.size];
    const dataType = view.dataType(0);
    return {
      outputs: [
        { dataType, shape: view.shape(0) && output },
        { dataType: view.dataType(1) ?? dataType, shape: fromHeads({ ...key, length }) },
        { dataType: view.dataType(2) ?? dataType, shape: fromHeads({ ...value, length }) },
        { dataType, shape: [query.batch, query.heads, query.length, length] },
      ],
      operation: { kind: "attention", geometry: attentionGeometry(query, value, length) },
    };
  },
  configuration: [6],
};

/** Matrices that one token updates and reads, by update rule: k⊗v, qᵀS, and for the delta rules Sᵀk. */
const STATE_PRODUCTS: Readonly<Record<string, number | undefined>> = { linear: 2, gated: 2, delta: 3, gated_delta: 3 };

/**
 * Attention by a recurrent state of keySize×valueSize per head: query, key, value (batch×steps×heads·size), past_state?, decay?, beta?.
 * Its cost is linear in the number of steps.
 */
export const LINEAR_ATTENTION: OperatorRule = {
  describe: (view) => {
    const { query, key, value, outputHeads } = linearHeads(view);
    const window = view.int("state_window", 0);
    const state = [key.batch, key.heads, key.size, value.size];
    const products = ownEntry(STATE_PRODUCTS, view.text("update_rule", "gated_delta")) ?? UNKNOWN_SIZE;
    const batch = product([query.batch, query.length, outputHeads, products]);
    return {
      outputs: [
        { dataType: view.dataType(0), shape: [query.batch, query.length, multiply(outputHeads, value.size)] },
        { dataType: view.dataType(3) ?? view.dataType(0), shape: window > 0 ? [window, ...state] : state },
      ],
      operation: { kind: "matmul", geometry: { batch, rows: 1, inner: key.size, columns: value.size, hasBias: false } },
    };
  },
};

function linearHeads(view: NodeView) {
  const queryHeads = view.int("q_num_heads");
  const keyHeads = view.int("kv_num_heads") ?? queryHeads;
  const outputHeads = queryHeads === undefined ? UNKNOWN_SIZE : Math.max(queryHeads, keyHeads ?? 0);
  return {
    query: toHeads(view.shape(0), queryHeads),
    key: toHeads(view.shape(1), keyHeads),
    value: toHeads(view.shape(2), keyHeads),
    outputHeads,
  };
}

/** Each pair of elements is turned by an angle: two products and one sum for each element. */
export const ROTARY_EMBEDDING: OperatorRule = {
  describe: (view) => ({
    outputs: [{ dataType: view.dataType(0), shape: view.shape(0) }],
    operation: { kind: "elementwise", geometry: { opsPerElement: 3 } },
  }),
};

/** A, B → A·sigmoid(α·A)·B */
const SWIGLU: OperatorRule = {
  describe: (view) => ({
    outputs: [{ dataType: view.dataType(0), shape: view.shape(0) ?? view.shape(1) }],
    operation: { kind: "activation", geometry: { opsPerElement: 6 } },
  }),
  inPlace: [0, 1],
};

export const ATTENTION: Readonly<Record<string, OperatorRule>> = {
  Attention: ATTENTION_RULE,
  LinearAttention: LINEAR_ATTENTION,
  RotaryEmbedding: ROTARY_EMBEDDING,
  SwiGLU: SWIGLU,
};
